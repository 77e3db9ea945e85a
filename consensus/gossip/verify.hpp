// SPDX-License-Identifier: Apache-2.0
// What a peer sent that may be of use, and whether it is what it says it is. A candidate holds all that verifying it takes, so that it
// may be done wherever there is time. Pure. What does not verify is refused and counted, no more: an honest peer may pass it on.
#pragma once

#include <string_view>

#include "base/result.hpp"
#include "chain/part_set.hpp"
#include "chain/proposal.hpp"
#include "chain/validator_set.hpp"
#include "consensus/core/vote_set.hpp"

namespace tetrad::consensus::gossip {

/// Of our height and round. `validators` of the height at round 0's turn.
struct candidate_proposal {
    chain::proposal proposal;
    chain::validator_set validators;
};
/// Of the block that is being collected.
struct candidate_part {
    chain::part part;
    chain::part_set_header block;
};
/// Of our height, or a late precommit of the one before.
struct candidate_vote {
    core::vote_ptr vote;
    chain::validator_set validators;  // of the vote's height
    bool extensions = false;          // enabled there
};
/// Signed by whoever's turn it is. Takes time with the round, which is ours.
result<void> verify(const candidate_proposal&, std::string_view chain_id);
/// Its proof says that it is that part of the block.
result<void> verify(const candidate_part&);
/// Signed by the validator with that index and address. A precommit for a block has its extension signed where extensions are
/// enabled; elsewhere there is none.
result<void> verify(const candidate_vote&, std::string_view chain_id);

}  // namespace tetrad::consensus::gossip
