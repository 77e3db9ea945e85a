// SPDX-License-Identifier: Apache-2.0
// A connected peer, as reactors see it. Lives on the network shard; owned by the hub from the end of the handshake until all its
// tasks have ended.
#pragma once

#include <memory>
#include <string>

#include "base/bytes.hpp"
#include "base/time.hpp"
#include "p2p/channel.hpp"
#include "p2p/node_info.hpp"
#include "runtime/address.hpp"
#include "runtime/scope.hpp"

namespace tetrad::p2p {

class multiplexed_connection;
struct connection_status;

class peer {
public:
    struct facts {
        std::string id;                 // lower-case hex
        node_info info;
        runtime::endpoint remote;
        bool is_outbound = false;
        bool is_persistent = false;
    };
    peer(facts what, std::unique_ptr<multiplexed_connection> connection, runtime::scope& parent);
    ~peer();

    const std::string& id() const { return what_.id; }
    const facts& what() const { return what_; }
    /// The remote listed it, so it may be sent on.
    bool has_channel(channel_id) const;

    /// Queues a message; false where the queue is full or the remote lacks the channel. The slice is shared, not copied.
    bool try_send(channel_id, slice message);
    /// The same, waiting up to ten seconds for room.
    runtime::task<result<void>> send(channel_id, slice message);

    /// Ends the connection: `why` is logged and handed to the reactors. Idempotent; returns at once.
    void drop(error why);
    /// Tasks that end with the peer.
    runtime::scope& tasks();
    connection_status status(instant now) const;

private:
    facts what_;
    std::unique_ptr<multiplexed_connection> connection_;
    runtime::scope tasks_;
};

}  // namespace tetrad::p2p
