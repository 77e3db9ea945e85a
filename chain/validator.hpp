// SPDX-License-Identifier: Apache-2.0
// One validator, a change to one, and the form in which a set of them is sent and stored. Plain values: any shard. What a set
// does (order, priorities, proposer) is chain/validator_set.hpp.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/crypto/keys.hpp"
#include "base/result.hpp"
#include "base/strong.hpp"
#include "chain/codec.hpp"
#include "chain/ids.hpp"

namespace tetrad::chain {

/// tendermint.types.Validator.
struct validator {
    chain::address address;
    crypto::public_key key;
    power_t power;
    std::int64_t priority = 0;

    static constexpr auto schema =
        fields(field<1>("address", &validator::address), field<2>("pub_key", &validator::key),
               field<3>("voting_power", &validator::power),
               field<4>("proposer_priority", &validator::priority));

    /// With the address that follows from the key.
    static validator of(const crypto::public_key& k, power_t p) { return {k.address(), k, p, 0}; }
    /// The leaf of validators_hash: tendermint.types.SimpleValidator, of key and power only.
    bytes leaf() const;
    bool operator==(const validator&) const = default;
};

/// Has a key, the address that follows from it, and no negative power (Validator.ValidateBasic).
result<void> check_shape(const validator&);
/// Validator{<address> PubKeyEd25519{<key>} VP:10 A:-5}.
std::string to_string(const validator&);
/// PubKeyEd25519{<hex>}.
std::string to_string(const crypto::public_key&);

/// What an application returns to change one validator; power 0 removes it (tendermint.abci.ValidatorUpdate).
struct validator_update {
    crypto::public_key key;
    power_t power;
    static constexpr auto schema = fields(field<1>("pub_key", &validator_update::key),
                                          field<2>("power", &validator_update::power));
    bool operator==(const validator_update&) const = default;
};

/// tendermint.types.ValidatorSet as it is sent and stored. One of a peer may be anything: order, doubles and proposer are as
/// it says, and are kept so, because evidence that holds such a set is hashed in its encoded form.
struct validator_set_record {
    std::vector<validator> validators;
    std::optional<validator> proposer;
    static constexpr auto schema =
        fields(field<1>("validators", &validator_set_record::validators, wire::plain, votes_max),
               field<2>("proposer", &validator_set_record::proposer));
    bool operator==(const validator_set_record&) const = default;
};

}  // namespace tetrad::chain

TETRAD_CODEC(extern, tetrad::chain::validator);
TETRAD_CODEC(extern, tetrad::chain::validator_set_record);
