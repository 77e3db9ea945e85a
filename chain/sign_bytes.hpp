// SPDX-License-Identifier: Apache-2.0
// The sign bytes of many votes that differ only in their time: those of one commit. Everything but the time is made once, so
// that verifying a commit of a hundred signatures writes a hundred short buffers and no more. Plain values: any shard.
#pragma once

#include <string_view>

#include "base/bytes.hpp"
#include "base/strong.hpp"
#include "base/time.hpp"
#include "chain/ids.hpp"
#include "chain/vote.hpp"

namespace tetrad::chain {

class vote_sign_bytes {
public:
    /// `block` zero: of nil votes.
    vote_sign_bytes(std::string_view chain_id, vote_type, height_t, round_t, const block_id&);

    /// Never more than this for one vote.
    std::size_t size_max() const;
    /// Appends the sign bytes of the vote with this time; returns how many.
    std::size_t append_to(bytes& out, timestamp) const;

private:
    bytes head_;  // what stands before the time
    bytes tail_;  // and after it
};

}  // namespace tetrad::chain
