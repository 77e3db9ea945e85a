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
#include "chain/params.hpp"
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
    std::vector<slice> messages;  // by validator; empty where we have none
    std::map<chain::block_id::key_type, bit_array> by_block;  // who voted for it
    std::optional<chain::block_id> majority;

    /// nullptr where nobody did, to our knowledge.
    const bit_array* voters_for(const chain::block_id& id) const {
        const auto found = by_block.find(id.key());
        return found == by_block.end() ? nullptr : &found->second;
    }
};

/// Of the height that we are at. No height: we take no part yet, because we are syncing; only initial_height is set then.
struct view {
    height_t height;
    round_t round;
    core::step_t step = core::step_t::new_height;
    timestamp start_time;
    height_t initial_height;
    height_t store_base;              // the lowest block that we can serve
    chain::validator_set validators;  // of this height, round 0's turn
    chain::validator_set
        last_validators;                // of height - 1, whose late precommits are verified with it
    std::int64_t block_bytes_max = -1;  // the parameter: what a proposal may announce
    chain::abci_params abci;            // at which heights precommits carry extensions
    round_t last_commit_round{-1};
    std::optional<held_votes> last_commit;  // precommits of height - 1
    std::map<std::pair<round_t, chain::vote_type>, held_votes> votes;
    std::optional<chain::proposal> proposal;
    slice proposal_message;                // encoded
    std::optional<chain::part_set> parts;  // of the block that is being collected, or is complete

    const held_votes* find(round_t r, chain::vote_type t) const {
        const auto found = votes.find({r, t});
        return found == votes.end() ? nullptr : &found->second;
    }
    bool takes_part() const { return height.v > 0; }
    /// A height before ours whose block and commit we can serve.
    bool has_stored(height_t h) const { return store_base.v > 0 && h >= store_base && h < height; }
    /// How many vote at a height, as far as we know: at ours, and at the one before it. Else 0.
    std::size_t voters_at(height_t h) const {
        if (!takes_part())
            return 0;
        if (h == height)
            return validators.size();
        return h == height - 1 && last_commit ? last_commit->have.size() : 0;
    }
};

}  // namespace tetrad::consensus::gossip
