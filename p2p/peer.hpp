// SPDX-License-Identifier: Apache-2.0
// A connected peer, as reactors see it. Lives on the network shard; owned by the hub from the end of the handshake until all its
// tasks have ended.
#pragma once

#include <memory>
#include <string>

#include "base/bytes.hpp"
#include "base/time.hpp"
#include "p2p/connection.hpp"
#include "p2p/node_info.hpp"
#include "runtime/scope.hpp"

namespace tetrad::p2p {

class peer {
public:
    struct facts {
        node_info info;
        runtime::endpoint remote;
        bool is_outbound = false;
        bool is_persistent = false;
        timestamp connected_at;
    };
    peer(runtime::shard& here, facts what, std::unique_ptr<multiplexed_connection> connection)
        : what_(std::move(what)), connection_(std::move(connection)), tasks_(here) {}

    /// Lower-case hex of the key's address.
    const std::string& id() const { return what_.info.id; }
    const facts& what() const { return what_; }
    /// The remote listed it, so it may be sent on.
    bool has_channel(channel_id c) const { return what_.info.has_channel(c); }

    /// Queues a message; false where the queue is full, the connection ends, or the remote lacks the channel. The slice is
    /// shared, not copied.
    bool try_send(channel_id c, slice message) { return has_channel(c) && connection_->try_send(c, std::move(message)); }
    /// The same, waiting up to ten seconds for room.
    runtime::task<result<void>> send(channel_id c, slice message) {
        if (!has_channel(c))
            co_return fail(errc::unsupported, "the peer lacks the channel");
        result<void> sent = co_await connection_->send(c, std::move(message));
        co_return sent;
    }

    /// Ends the connection: `why` is logged and handed to the reactors. Idempotent; returns at once.
    void drop(error why) { connection_->end(std::move(why)); }
    /// Tasks that end with the peer.
    runtime::scope& tasks() { return tasks_; }
    multiplexed_connection& connection() { return *connection_; }

private:
    facts what_;
    std::unique_ptr<multiplexed_connection> connection_;
    runtime::scope tasks_;
};

}  // namespace tetrad::p2p
