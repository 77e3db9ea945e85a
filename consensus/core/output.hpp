// SPDX-License-Identifier: Apache-2.0
// Everything the consensus core can ask for. Carried out in the order given. What speaks for us (sign_vote, make_proposal) is carried
// out only when the WAL holds, synced, all inputs that led to it.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/strong.hpp"
#include "base/time.hpp"
#include "chain/commit.hpp"
#include "chain/ids.hpp"
#include "chain/proposal.hpp"
#include "consensus/core/round_state.hpp"

namespace tetrad::consensus::core {

/// To be written to the WAL and told to all peers (NewRoundStep); the round state has the rest.
struct step_entered {
    height_t height;
    round_t round;
    step_t step{};
};
/// Replaces whatever timeout was scheduled; fires as timeout_fired. May be zero or negative: at once.
struct schedule_timeout {
    duration after{};
    height_t height;
    round_t round;
    step_t step{};
};
/// It is our turn. Make a block (or take this one), sign a proposal for it and give both back as inputs.
struct make_proposal {
    height_t height;
    round_t round;
    round_t pol_round;  // -1: none
    std::optional<chain::block_id>
        block;  // the valid block; nothing: make a new one on last_commit
};
/// Does it follow on the state, and (if asked) does the application accept it? Answered by block_validated.
struct validate_block {
    height_t height;
    round_t round;
    chain::block_id id;
    bool ask_application = false;
};
/// Sign and give back as vote_received from ourselves. Its time is now, but not before `not_before`.
struct sign_vote {
    chain::vote_type type{};
    height_t height;
    round_t round;
    chain::block_id block;  // zero: nil
    timestamp not_before;
};
/// Begin to collect parts under this header; those of another are of no use now.
struct collect_parts {
    height_t height;
    chain::part_set_header parts;
};
/// To be told to all peers (NewValidBlock), with the parts that are here.
struct valid_block_known {
    height_t height;
    round_t round;
    chain::part_set_header parts;
};
/// Taken as the round's proposal; to be passed on to peers.
struct proposal_accepted {
    chain::proposal proposal;
};
/// Counted for the first time; to be passed on, and told to all peers (HasVote).
struct vote_added {
    vote_ptr vote;
    source from;
};
/// One validator signed both: evidence.
struct votes_conflict {
    vote_ptr first, second;
};
/// Decided. Apply it; answered by block_applied.
struct apply_block {
    chain::block_id id;
    chain::extended_commit commit;
};
/// Something that a peer did and that is of no consequence; for the log and the counters.
struct input_refused {
    std::string why;
};
/// More than a third of the power lies, or our state is wrong: stop.
struct halt {
    std::string why;
};

using output = std::variant<step_entered, schedule_timeout, make_proposal, validate_block,
                            sign_vote, collect_parts, valid_block_known, proposal_accepted,
                            vote_added, votes_conflict, apply_block, input_refused, halt>;
using outputs = std::vector<output>;

}  // namespace tetrad::consensus::core
