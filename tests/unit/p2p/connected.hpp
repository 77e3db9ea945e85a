// SPDX-License-Identifier: Apache-2.0
// For the tests of a multiplexed connection: a node with a connection to a far end that the test plays packet by packet. Included
// last of our headers: Catch's CHECK takes the place of ours from here on.
#pragma once

#include "tests/unit/p2p/support.hpp"

namespace tetrad::p2p::testing {

constexpr channel_id quick = 0x22, plain = 0x40, slow = 0x23;

inline slice message_of(std::size_t size, std::uint8_t with = 'm') {
    return slice(bytes(size, with));
}

inline std::vector<channel_descriptor> three_channels() {
    return {{plain, 5, 10, 100'000}, {quick, 10, 10, 50'000}, {slow, 1, 2, 1'000}};
}

/// Node 1 with a connection to node 2, which the test plays.
struct connected {
    runtime::sim::world w;
    runtime::sim::host& ha = w.add_host("node", "10.0.0.1");
    runtime::sim::host& hb = w.add_host("peer", "10.0.0.2");
    process a{ha}, b{hb};
    std::unique_ptr<multiplexed_connection> connection;
    std::unique_ptr<wire_peer> peer;
    std::vector<std::pair<channel_id, bytes>> received;
    std::vector<instant> received_at;
    bool expects = true;        // long messages
    duration handling_time{0};  // of each message
    bool ends_itself = false;   // the handler ends the connection, and finds its message fine
    result<void> verdict;       // on each message
    std::optional<error> ended;
    instant born;

    static runtime::sim::world_options options(std::uint64_t seed) {
        runtime::sim::world_options o;
        o.seed = seed;
        return o;
    }
    explicit connected(connection_options o = {},
                       std::vector<channel_descriptor> channels = three_channels(),
                       runtime::sim::world_options world = options(11))
        : w(world) {
        const bytes ids = {plain, quick, slow};
        auto listener = listen_on(b, hb.at(p2p_port));
        std::optional<result<upgraded>> inbound;
        b.tasks.spawn(store<result<upgraded>>(
            accept_and_upgrade(listener, key_of(2), info_of(2, ids)), inbound));
        auto up = a.run(dial_and_upgrade(hb.at(p2p_port), key_of(1), info_of(1, ids), id_of(2)));
        REQUIRE(w.run_until([&] { return inbound.has_value(); }, w.now() + 10s));
        REQUIRE((up.has_value() && inbound->has_value()));
        peer = std::make_unique<wire_peer>(b, std::move(**inbound));
        connection = std::make_unique<multiplexed_connection>(
            a.here, std::move(up->stream), up->send, up->receive, std::move(up->surplus),
            std::move(channels), o);
        born = w.now();
        a.tasks.spawn(run());
        peer->start_reading();
    }
    ~connected() {
        connection->end(error(errc::cancelled, "the test is over"));
        w.run_until([&] { return ended.has_value(); }, w.now() + 1min);
        peer->close();
        b.stop();
    }

    task<void> run() {
        auto handler = [this](channel_id c, slice m) { return handle(c, std::move(m)); };
        auto expecting = [this](channel_id) { return expects; };
        error why = co_await connection->run(handler, expecting);
        ended.emplace(std::move(why));
    }
    task<result<void>> handle(channel_id c, slice m) {
        received.emplace_back(c, to_bytes(m.view()));
        received_at.push_back(a.here.now());
        if (ends_itself)
            connection->end(error(errc::invalid, "enough"));
        if (handling_time > 0ns)
            co_await ok(runtime::sleep_for(handling_time));
        co_return verdict;
    }

    bool until(const std::function<bool()>& held, duration limit = 1min) {
        return w.run_until(held, w.now() + limit);
    }
    /// Why the connection ended, once it has.
    std::string end_reason(duration limit = 10s) {
        if (!until([&] { return ended.has_value(); }, limit))
            return "still connected";
        return ended->text;
    }
};

}  // namespace tetrad::p2p::testing
