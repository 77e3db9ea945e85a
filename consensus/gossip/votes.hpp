// SPDX-License-Identifier: Apache-2.0
// What to send a peer next of votes, and what to ask and answer about them (gossipVotesRoutine and queryMaj23Routine of
// consensus/reactor.go). Pure; network shard. A vote that the peer lacks, at random, of the first of these sets that has one:
//
//   the peer is at       and                                                            votes
//   our height           its step is new_height                                         our last commit
//                        its step is up to propose, its round up to ours, it has a POL   prevotes of the POL's round
//                        its step is up to prevote_wait, its round up to ours            prevotes of its round
//                        its step is up to precommit_wait, its round up to ours          precommits of its round
//                        its round is up to ours                                         prevotes of its round
//                        it has a POL                                                    prevotes of the POL's round
//   the height before    -                                                              our last commit
//   an earlier one       we have stored it                                              the stored commit
//
// Nothing is picked where nothing is to be sent; that changes only when the view changes, or the peer says something.
#pragma once

#include <optional>
#include <variant>
#include <vector>

#include "base/bytes.hpp"
#include "base/random.hpp"
#include "base/strong.hpp"
#include "chain/messages.hpp"
#include "consensus/gossip/peer_state.hpp"
#include "consensus/gossip/view.hpp"

namespace tetrad::consensus::gossip {

/// On the vote channel; then peer_state::mark_vote(of, index).
struct send_vote {
    votes_id of;
    std::size_t index = 0;
    slice message;
    bool operator==(const send_vote&) const = default;
};
/// Ask the store for the commit that decided this height (the extended one, or extended(commit)) and tell the peer state
/// (on_stored_commit).
struct ask_commit {
    height_t height;
    bool with_extensions = false;
    bool operator==(const ask_commit&) const = default;
};
using vote_choice = std::variant<send_vote, ask_commit>;

std::optional<vote_choice> pick_vote(const view&, peer_state&, random_source&);

/// The majorities that we know of and that a peer may need: it counts conflicting votes for their blocks then, and answers with the
/// votes that it has, which corrects our marks. To be sent on the state channel every now and then (two seconds in CometBFT) while
/// nothing changes.
std::vector<chain::messages::vote_set_maj23> majorities_for(const view&, const peer_state&);

/// To a claim of a majority at our height: which votes for exactly that block we have. For the vote set bits channel.
chain::messages::vote_set_bits answer_to(const chain::messages::vote_set_maj23&, const view&);

}  // namespace tetrad::consensus::gossip
