// SPDX-License-Identifier: Apache-2.0
// What the network shard knows of our own consensus, so that gossip can decide what a peer lacks without asking anybody: a copy that
// the engine keeps up to date by news (consensus/engine/ports.hpp), in the order in which the core produced them. Votes and parts are
// here as they go on the wire, encoded once and shared by all peers that get them.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "base/bit_array.hpp"
#include "base/bytes.hpp"
#include "base/strong.hpp"
#include "chain/ids.hpp"
#include "chain/part_set.hpp"
#include "chain/proposal.hpp"
#include "chain/validator_set.hpp"
#include "chain/vote.hpp"
#include "consensus/core/round_state.hpp"

namespace tetrad::consensus::gossip {

/// The votes of one type and round that we have: who, for what, and each as a message (chain::messages::vote_message, encoded).
struct held_votes {
    explicit held_votes(std::size_t validators) : have(validators), messages(validators) {}
    bit_array have;
    std::vector<slice> messages;                            // by validator; empty where we have none
    std::map<chain::block_id::key_type, bit_array> by_block;  // who voted for it
    std::optional<chain::block_id> majority;
};

/// Of the height that we are at.
struct view {
    height_t height;
    round_t round;
    core::step_t step = core::step_t::new_height;
    timestamp start_time;
    height_t initial_height;
    height_t store_base;                                    // the lowest block that we can serve
    chain::validator_set validators;                        // of this height, round 0's turn
    round_t last_commit_round{-1};
    std::optional<held_votes> last_commit;                  // precommits of height - 1
    std::map<std::pair<round_t, chain::vote_type>, held_votes> votes;
    std::optional<chain::proposal> proposal;
    slice proposal_message;                                 // encoded
    std::optional<chain::part_set> parts;                   // of the block that is being collected, or is complete

    const held_votes* find(round_t r, chain::vote_type t) const {
        const auto found = votes.find({r, t});
        return found == votes.end() ? nullptr : &found->second;
    }
};

}  // namespace tetrad::consensus::gossip
