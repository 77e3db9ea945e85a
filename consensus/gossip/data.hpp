// SPDX-License-Identifier: Apache-2.0
// What to send a peer next on the data channel (gossipDataRoutine of consensus/reactor.go). Pure; network shard. The first of these
// that applies:
//
//   the peer collects the block that we have parts of (of whatever height and round)   a part that it lacks, at random
//   it is at an earlier height that we have stored                                     a part of that block, from the store
//   it is where we are and lacks our proposal                                          the proposal, and its proof of lock
//
// Nothing is picked where nothing is to be sent; that changes only when the view changes, or the peer says something. Mark what is
// sent in the turn in which it is queued: a peer that then says that it has less (NewValidBlock) gets it again.
#pragma once

#include <optional>
#include <variant>

#include "base/bytes.hpp"
#include "base/random.hpp"
#include "base/strong.hpp"
#include "chain/messages.hpp"
#include "chain/part_set.hpp"
#include "consensus/gossip/peer_state.hpp"
#include "consensus/gossip/view.hpp"

namespace tetrad::consensus::gossip {

/// Part `index` of view.parts, as part_message of our height and round. Where the peer is now, for the mark.
struct send_own_part {
    height_t peer_height;
    round_t peer_round;
    std::size_t index = 0;
    bool operator==(const send_own_part&) const = default;
};
/// view.proposal_message, and after it the prevotes that prove its lock.
struct send_proposal {
    std::optional<chain::messages::proposal_pol> pol;
    bool operator==(const send_proposal&) const = default;
};
/// Ask the store for the part set header of the block at this height, and tell the peer state (on_stored_parts).
struct ask_parts_header {
    height_t height;
    bool operator==(const ask_parts_header&) const = default;
};
/// Ask the store for this part, and send it as part_message of this height and round.
struct send_stored_part {
    height_t peer_height;
    round_t peer_round;
    std::size_t index = 0;
    bool operator==(const send_stored_part&) const = default;
};
using data_choice = std::variant<send_own_part, send_proposal, ask_parts_header, send_stored_part>;

std::optional<data_choice> pick_data(const view&, peer_state&, random_source&);

/// A BlockPart, encoded. The same for all peers that get it.
slice part_message(height_t, round_t, const chain::part&);

/// It was sent (of a question to the store: nothing).
void mark_sent(peer_state&, const data_choice&, const view&);

}  // namespace tetrad::consensus::gossip
