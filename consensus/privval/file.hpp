// SPDX-License-Identifier: Apache-2.0
// Who signs for a validator, and the one whose key is a file of the home. Consensus shard, one request at a time.
//
// A signature is given out only after the record of it is durable, its directory included. After a failed save nothing is signed any
// more: what the disk holds is not known, and the node stops.
#pragma once

#include <string>

#include "base/crypto/keys.hpp"
#include "base/result.hpp"
#include "chain/proposal.hpp"
#include "chain/vote.hpp"
#include "consensus/privval/guard.hpp"
#include "runtime/task.hpp"

namespace tetrad::consensus::privval {

class signer {
public:
    virtual ~signer() = default;
    virtual const crypto::public_key& public_key() const = 0;
    /// Fills in the signature, and of a precommit for a block, where extensions are enabled, that of the extension. The time becomes
    /// that of an earlier signature of the same vote. errc::invalid: the guard refuses (nothing was signed, the node may go on);
    /// anything else: the signer cannot be relied on any more.
    virtual runtime::task<result<void>> sign(chain::vote&, bool extension) = 0;
    virtual runtime::task<result<void>> sign(chain::proposal&) = 0;
};

class file_signer final : public signer {
public:
    /// `last` is what stands in the state file at `state_path`; key and record belong together.
    file_signer(crypto::private_key key, sign_record last, std::string state_path,
                std::string chain_id);

    const crypto::public_key& public_key() const override { return public_key_; }
    runtime::task<result<void>> sign(chain::vote&, bool extension) override;
    runtime::task<result<void>> sign(chain::proposal&) override;
    const sign_record& last() const { return last_; }

private:
    template <class T>
    runtime::task<result<void>> sign_once(T& what);
    runtime::task<result<void>> save(sign_record next);

    crypto::private_key key_;
    crypto::public_key public_key_;
    sign_record last_;
    std::string state_path_;
    std::string chain_id_;
    bool saved_ = false;  // last_, by this process
    bool broken_ = false;
};

}  // namespace tetrad::consensus::privval
