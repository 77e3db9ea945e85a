// SPDX-License-Identifier: Apache-2.0
// The set of peers of a node (network shard): accepts, dials, upgrades connections, keeps persistent peers connected with back-off,
// and dispatches messages to reactors by channel. A peer is there once: a second connection of the same identity is closed.
//
//   limits: inbound peers max_num_inbound_peers (unconditional ids not counted), connections in their handshake at most as many
//   again, one connection per address unless allow_duplicate_ip, persistent peers as configured, bans at most bans_max.
#pragma once

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/crypto/keys.hpp"
#include "base/log.hpp"
#include "p2p/address.hpp"
#include "p2p/node_info.hpp"
#include "p2p/peer.hpp"
#include "p2p/reactor.hpp"
#include "p2p/status.hpp"
#include "p2p/upgrade.hpp"
#include "runtime/offload.hpp"
#include "runtime/scope.hpp"

namespace tetrad::p2p {

struct hub_options {
    std::string listen;                             // "tcp://0.0.0.0:26656"
    std::vector<peer_address> persistent_peers;
    std::set<std::string> unconditional_ids;        // not counted against the inbound limit
    std::size_t inbound_max = 40;
    bool allow_duplicate_ip = false;
    duration dial_period_max{0};                    // longest pause between dials of a persistent peer; 0: no cap of ours
    connection_options connection;
    crypto::private_key node_key;
    node_info self;                                 // channels are filled in from the reactors, in the order they were added
};

class hub {
public:
    static constexpr std::size_t bans_max = 1000;

    /// `resolver` runs host name look-ups. Reactors outlive the hub.
    hub(runtime::shard& network, hub_options options, runtime::offload& resolver, logger log);
    ~hub();

    /// Before start(). A channel belongs to one reactor.
    void add(reactor&);
    /// Listens and begins to dial; returns where it listens, or why not.
    runtime::task<result<runtime::endpoint>> start();
    /// Drops all peers and waits for all tasks.
    runtime::task<void> stop();

    const node_info& self() const { return options_.self; }
    /// Calls f for each peer, in the order of their ids. peer::drop inside is fine: it takes effect later.
    void for_each_peer(const std::function<void(peer&)>& f);
    peer* find(const std::string& id);
    std::size_t peer_count() const { return peers_.size(); }
    /// try_send to all that have the channel.
    void broadcast(channel_id, const slice& message);
    /// Drops this identity and refuses it for a while.
    void ban(const std::string& id, duration how_long, std::string why);
    network_status status();

private:
    runtime::task<void> accept_loop();
    runtime::task<void> welcome(runtime::tcp_stream stream);
    runtime::task<void> keep_dialing(peer_address to);
    runtime::task<result<void>> dial_once(const peer_address& to);
    runtime::task<result<runtime::endpoint>> resolve(const peer_address& to);
    runtime::task<error> run_peer(upgraded connection, bool is_outbound, bool is_persistent);
    runtime::task<result<void>> receive(peer&, channel_id, slice message);
    result<void> may_add(const node_info& info, const runtime::endpoint& remote, bool is_outbound);
    bool is_banned(const std::string& id);
    std::size_t inbound_count() const;
    duration jitter(duration max);

    runtime::shard& here_;
    hub_options options_;
    runtime::offload& resolver_;
    logger log_;
    std::vector<reactor*> reactors_;
    std::vector<channel_descriptor> channels_;
    std::array<reactor*, 256> by_channel_{};
    std::unique_ptr<runtime::tcp_listener> listener_;
    std::map<std::string, std::unique_ptr<peer>> peers_;
    std::map<std::string, instant> bans_;
    std::size_t welcoming_ = 0;          // inbound connections in their handshake
    runtime::event peers_changed_;
    runtime::scope tasks_;
};

}  // namespace tetrad::p2p
