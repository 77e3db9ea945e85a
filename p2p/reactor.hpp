// SPDX-License-Identifier: Apache-2.0
// What stands behind the channels: a reactor (block sync, mempool gossip, ...) on the network shard. Payloads are opaque bytes to
// p2p; a reactor decodes them.
#pragma once

#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "p2p/channel.hpp"
#include "runtime/task.hpp"

namespace tetrad::p2p {

class peer;

class reactor {
public:
    virtual ~reactor() = default;
    virtual std::vector<channel_descriptor> channels() const = 0;

    /// The handshake is over; messages may arrive from now on. The peer stays valid until peer_down. Long work is a task of
    /// peer.tasks(), which ends with the peer.
    virtual void peer_up(peer&) = 0;
    /// The last call for this peer; its tasks have ended. `why` is how it ended.
    virtual void peer_down(peer&, const error& why) = 0;

    /// May a message longer than the channel's unasked_bytes_max come of this peer now? Asked once of each, when so much of it is here.
    virtual bool expects(const peer&, channel_id) const { return true; }

    /// One whole message, in the peer's order; the next is read when this has returned, so a slow reactor slows that peer
    /// only. An error drops the peer with that text.
    virtual runtime::task<result<void>> receive(peer&, channel_id, slice message) = 0;
};

}  // namespace tetrad::p2p
