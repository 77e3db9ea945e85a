// SPDX-License-Identifier: Apache-2.0
// Is this block the valid successor of that state (state/validation.go)? Pure. What it holds as evidence is only well-formed
// when this passes: whether it is true is for the evidence pool.
#pragma once

#include <optional>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "chain/block.hpp"
#include "chain/state.hpp"
#include "chain/verify_commit.hpp"

namespace tetrad::chain {

struct block_validation {
    /// The wall clock and by how much a block's time may be ahead of it; not compared where absent, as in a replay.
    std::optional<timestamp> now;
    duration time_tolerance = 60s;
    /// check_shape(block) has passed already.
    bool shape_checked = false;
    /// Its last commit was verified already.
    bool skip_last_commit = false;
};

result<void> validate_block(const state&, const block&, const block_validation& = {},
                            const verifier& = first_invalid);

/// One time and how much it counts.
struct weighted_time {
    timestamp time;
    std::int64_t weight = 0;
};
/// The first time, in their order, at which half of the total is reached; year 1 of none.
timestamp weighted_median(std::vector<weighted_time>, std::int64_t total);

/// The time of the block that holds this commit: the median of the times in it, also of those for nil, weighted by power.
/// Fails where a signer is not in the set (MedianTime, v0.38).
result<timestamp> median_time(const commit&, const validator_set&);

}  // namespace tetrad::chain
