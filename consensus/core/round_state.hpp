// SPDX-License-Identifier: Apache-2.0
// What the consensus core knows of the height that is being decided (consensus/types/round_state.go). Only the core changes it; the
// functions that change a field are named beside it.
#pragma once

#include <memory>
#include <optional>

#include "base/strong.hpp"
#include "base/time.hpp"
#include "chain/ids.hpp"
#include "chain/proposal.hpp"
#include "chain/validator_set.hpp"
#include "consensus/core/height_votes.hpp"
#include "consensus/core/vote_set.hpp"

namespace tetrad::consensus::core {

/// The numbers are those of the wire and of the WAL.
enum class step_t : std::uint8_t {
    new_height = 1,  // the last block is decided; its late precommits are welcome
    new_round = 2,   // waiting for transactions
    propose = 3,
    prevote = 4,
    prevote_wait = 5,
    precommit = 6,
    precommit_wait = 7,  // names a timeout only: the step stays precommit
    commit = 8,          // decided; the block may be missing still, or is being applied
};

/// A block of which all parts are here. Its bytes are with whoever runs the core.
struct candidate {
    chain::block_id id;  // the block's own hash, and the header of the parts that it came in
    timestamp time;
    std::optional<bool> valid;  // does it follow on the state? Nothing: not known yet
};
using candidate_ptr = std::shared_ptr<candidate>;

inline bool is_block(const candidate_ptr& c, const chain::block_id& id) {
    return c && c->id.hash == id.hash;
}

struct round_state {
    // ---- set by start_height ----
    height_t height;
    timestamp start_time;  // when round 0 begins
    std::optional<vote_set>
        last_commit;  // precommits of the last block; none at the initial height. Also on_vote
    chain::validator_set last_validators;

    // ---- the round; enter_* ----
    round_t round;
    step_t step = step_t::new_height;
    chain::validator_set validators;    // with the turn of this round. enter_new_round
    bool precommit_wait_begun = false;  // in this round. enter_precommit_wait

    // ---- what is proposed in this round; on_proposal, on_block, enter_new_round, and whoever learns of a majority for another one ----
    std::optional<chain::proposal> proposal;
    std::optional<chain::part_set_header> proposal_parts;  // what is being collected
    candidate_ptr proposal_block;                          // once complete

    // ---- what we precommitted last and may not leave without a proof; enter_precommit, on_prevote ----
    round_t locked_round{-1};
    candidate_ptr locked_block;

    // ---- the last block that two thirds prevoted, to be proposed again; on_prevote, on_block ----
    round_t valid_round{-1};
    candidate_ptr valid_block;

    // ---- votes; on_vote ----
    height_votes votes;

    // ---- the decision; enter_commit ----
    round_t commit_round{-1};
    timestamp commit_time;

    // ---- answers that are being waited for ----
    bool prevote_pending =
        false;  // the verdict on proposal_block, before our prevote. enter_prevote
    bool precommit_pending = false;  // the same, before we lock it. enter_precommit
    bool applying = false;           // the decided block is being applied. try_commit

    /// The round of the commit that we hold of the last height; -1 at the initial height.
    round_t last_commit_round() const { return last_commit ? last_commit->round() : round_t(-1); }
    /// The proposal, its block, and the prevotes that it names as proof are all here.
    bool is_proposal_complete() const {
        if (!proposal || !proposal_block)
            return false;
        return proposal->pol_round.v < 0 || votes.polka(proposal->pol_round).has_value();
    }
};

}  // namespace tetrad::consensus::core
