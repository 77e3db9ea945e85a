// SPDX-License-Identifier: Apache-2.0
// What one peer has, as far as it said so, sent it, or was sent it by us (PeerState of consensus/reactor.go). Pure; network shard;
// one for each peer, owned by whoever serves it.
//
// A peer tells little and it may lie: a lie costs it what it then does not get. The size of what is kept never follows from what it
// says: bits of votes are as many as the validators that we know of at that height (at others nothing is kept), bits of parts at most
// chain::parts_max, claims at most claims_max.
//
// CometBFT lets the votes for the catch-up commit and the precommits of the peer's round be one array where the rounds are the same.
// Here they are precommits alone while that is so, and become catchup_commit when the peer leaves the round.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "base/bit_array.hpp"
#include "base/result.hpp"
#include "base/strong.hpp"
#include "base/time.hpp"
#include "chain/commit.hpp"
#include "chain/ids.hpp"
#include "chain/messages.hpp"
#include "chain/proposal.hpp"
#include "chain/vote.hpp"
#include "consensus/core/round_state.hpp"
#include "consensus/gossip/view.hpp"

namespace tetrad::consensus::gossip {

/// Where a peer is and what it has there (PeerRoundState). An array without bits is CometBFT's nil: not known yet.
struct peer_round_state {
    height_t height;  // 0: it takes no part
    round_t round{-1};
    core::step_t step{};
    timestamp start_time;  // of round 0, by its own account

    bool proposal = false;                // it has this round's
    chain::part_set_header parts_header;  // of the block that it collects
    bit_array parts;
    round_t pol_round{-1};  // of the proposal; -1: none
    bit_array pol;          // prevotes of pol_round

    bit_array prevotes;  // of its round
    bit_array precommits;
    round_t last_commit_round{-1};  // -1 at the initial height
    bit_array last_commit;          // precommits of height - 1
    round_t catchup_round{-1};      // in which its height was decided, to our knowledge
    bit_array catchup_commit;       // precommits of that round, where it is not its own
};

/// What the store said of the height that a peer behind us is at. Forgotten when the peer moves on.
struct stored_height {
    std::optional<chain::part_set_header>
        parts;  // nothing: not asked; zero: there is no such block
    std::optional<std::shared_ptr<const chain::extended_commit>>
        commit;  // nothing: not asked; null: none
};

/// Which votes.
struct votes_id {
    height_t height;
    round_t round;
    chain::vote_type type{};
    bool operator==(const votes_id&) const = default;
};

class peer_state {
public:
    static constexpr std::size_t claims_max = 256;

    const peer_round_state& at() const { return at_; }
    const stored_height& stored() const { return stored_; }

    // ---- what it says; messages are well-formed, and fit the chain (chain::messages::check_height) ----

    /// False, and nothing changed, where it is not ahead of what it said before.
    bool on(const chain::messages::new_round_step&, timestamp now);
    void on(const chain::messages::new_valid_block&);
    void on(const chain::messages::proposal_pol&, const view&);
    void on(const chain::messages::has_vote&, const view&);
    void on(const chain::messages::vote_set_bits&, const view&);
    /// True: said for the first time, the core has to know. False: said before, or of a height or round that we do not track. Fails
    /// where it said otherwise before (SetPeerMaj23): the peer is to be dropped. Over claims_max those of the lowest round go.
    result<bool> on(const chain::messages::vote_set_maj23&, const view&);

    // ---- what it has because it sent it, or because we did ----

    /// It sent this vote: as mark_vote, after making room.
    void on(const chain::vote&, const view&);
    void mark_proposal(const chain::proposal&);
    /// Of the block that it collects, if it still is at that height and round.
    void mark_part(height_t, round_t, std::size_t index);
    /// Where there is room for them (make_room).
    void mark_vote(const votes_id&, std::size_t index);

    // ---- what the store says of its height (a late answer is ignored) ----

    void on_stored_parts(height_t, const std::optional<chain::part_set_header>&);
    void on_stored_commit(height_t, std::shared_ptr<const chain::extended_commit>);

    // ---- for those who pick ----

    /// The parts of the stored block are what it will collect, where it did not say anything else (InitProposalBlockParts).
    void expect_stored_parts();
    /// Room for the votes of both heights that we know the validators of.
    void make_room(const view&);
    /// What it has of these votes; room is made for so many voters. `is_commit`: more than two thirds of them agree, so they may help
    /// it out of another round. nullptr: they are of no use to it (PickVoteToSend).
    const bit_array* has(const votes_id&, std::size_t voters, bool is_commit);

private:
    void make_room(height_t, std::size_t voters);
    bit_array* find(const votes_id&);
    void leave_height(const chain::messages::new_round_step&);
    void leave_round(const chain::messages::new_round_step&);
    void forget_proposal();

    peer_round_state at_;
    stored_height stored_;
    height_t claims_height_;
    std::map<std::pair<round_t, chain::vote_type>, chain::block_id> claims_;
};

}  // namespace tetrad::consensus::gossip
