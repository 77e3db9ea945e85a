// SPDX-License-Identifier: Apache-2.0
// The votes of all rounds of one height (consensus/types/height_vote_set.go). Rounds 0 to one past the current are there; a peer may
// bring us votes of two rounds beyond, so that one who is ahead can pull us along, and no more; all peers together of 256.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "base/result.hpp"
#include "base/strong.hpp"
#include "chain/validator_set.hpp"
#include "consensus/core/vote_set.hpp"

namespace tetrad::consensus::core {

class height_votes {
public:
    height_votes() = default;
    height_votes(height_t, chain::validator_set);

    /// Makes sets for all rounds up to one after `current`.
    void enter_round(round_t current);

    /// As vote_set::add; fails too where the round is a third one beyond ours from this peer.
    result<vote_set::added> add(const vote_ptr&, const source& peer);
    /// As vote_set::claim; of a round that is not tracked nothing is noted.
    result<void> claim(const source& peer, round_t, chain::vote_type, const chain::block_id&);

    /// nullptr where the round is not tracked.
    const vote_set* prevotes(round_t r) const { return find(r, chain::vote_type::prevote); }
    const vote_set* precommits(round_t r) const { return find(r, chain::vote_type::precommit); }
    const vote_set* find(round_t, chain::vote_type) const;

    /// The block with a polka in this round; a zero id means nil.
    std::optional<chain::block_id> polka(round_t) const;
    /// Takes the precommits of a round out, to become the last commit of the next height.
    std::optional<vote_set> take_precommits(round_t);

private:
    struct round_votes {
        vote_set prevotes;
        vote_set precommits;
    };
    vote_set* find_mutable(round_t, chain::vote_type);
    void track(round_t);

    height_t height_;
    chain::validator_set validators_;
    round_t tracked_;  // all rounds up to it are tracked
    std::map<round_t, round_votes> rounds_;
    std::map<source, std::vector<round_t>> beyond_;
    std::size_t beyond_tracked_ = 0;
};

}  // namespace tetrad::consensus::core
