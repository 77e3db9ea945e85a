// SPDX-License-Identifier: Apache-2.0
// The set of peers of a node (network shard): accepts, dials, upgrades connections (conn filters, secret connection, node info),
// keeps persistent peers connected with back-off, and dispatches messages to reactors by channel. A peer is added once: a second
// connection of the same identity is closed.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/crypto/keys.hpp"
#include "base/log.hpp"
#include "config/sections.hpp"
#include "p2p/node_info.hpp"
#include "p2p/peer.hpp"
#include "p2p/reactor.hpp"
#include "runtime/offload.hpp"
#include "runtime/scope.hpp"

namespace tetrad::p2p {

struct hub_options {
    config::p2p_section config;      // laddr, persistent_peers, limits, rates, ...
    crypto::private_key node_key;
    node_info self;                  // channels are filled in from the reactors
};

/// One row of net_info.
struct peer_status;

class hub {
public:
    /// `resolver` runs host name look-ups. Reactors outlive the hub.
    hub(runtime::shard& network, hub_options options, runtime::offload& resolver, logger log);
    ~hub();

    /// Before start(). A channel belongs to one reactor.
    void add(reactor&);
    /// Listens and begins to dial; returns where it listens, or why not.
    runtime::task<result<runtime::endpoint>> start();
    /// Drops all peers and waits for all tasks.
    runtime::task<void> stop();

    const node_info& self() const;
    /// Calls f for each peer, in the order of their ids. f must not add or drop peers' connections synchronously except by
    /// peer::drop, which is deferred.
    void for_each_peer(const std::function<void(peer&)>& f);
    peer* find(const std::string& id);
    std::size_t peer_count() const;
    /// try_send to all that have the channel.
    void broadcast(channel_id, const slice& message);
    /// Refuses this identity for a while: its connection is dropped and not accepted or dialed again before.
    void ban(const std::string& id, duration for_how_long, std::string why);
    std::vector<peer_status> status(instant now) const;

private:
    struct impl;
    std::unique_ptr<impl> impl_;
};

}  // namespace tetrad::p2p
