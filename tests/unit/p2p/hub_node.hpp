// SPDX-License-Identifier: Apache-2.0
// For the tests of the hub: a node with its hub on 10.0.0.1, and machines whose peers the test plays. Included last of our headers:
// Catch's CHECK takes the place of ours from here on.
#pragma once

#include "p2p/hub.hpp"
#include "tests/unit/p2p/support.hpp"

#include <list>

namespace tetrad::p2p::testing {

constexpr channel_id first_channel = 0x40, second_channel = 0x41;
inline const bytes both_channels = {first_channel, second_channel};

/// Notes what it is told.
struct noting_reactor final : reactor {
    std::vector<std::string> ups, downs;
    std::vector<std::pair<channel_id, bytes>> messages;
    result<void> verdict;
    bool works = false;  // a task for each peer that ends with it
    int working = 0;

    std::vector<channel_descriptor> channels() const override {
        return {{first_channel, 5, 4, 1'000}, {second_channel, 1, 4, 1'000}};
    }
    void peer_up(peer& p) override {
        ups.push_back(p.id());
        p.try_send(first_channel, slice(to_bytes("welcome")));
        if (works)
            p.tasks().spawn(work());
    }
    void peer_down(peer& p, const error& why) override {
        CHECK(working == 0);
        downs.push_back(p.id() + ": " + why.text);
    }
    task<result<void>> receive(peer&, channel_id c, slice message) override {
        messages.emplace_back(c, to_bytes(message.view()));
        co_return verdict;
    }
    task<void> work() {
        ++working;
        (void)co_await runtime::sleep_for(1h);
        --working;
    }
};

/// A machine with a peer that the test plays: it dials the node, or listens for it.
struct far_machine {
    far_machine(runtime::sim::world& w, std::uint8_t n)
        : number(n), host(w.add_host(format("far-{}", n), format("10.0.0.{}", n))), on(host) {}

    std::uint8_t number;
    runtime::sim::host& host;
    process on;
    std::optional<tcp_listener> listener;
    std::unique_ptr<wire_peer> peer;
    std::vector<instant> dialed;     // when a connection of the node arrived
    bytes channels = both_channels;  // as its info lists them
    bool accepts = true;             // or closes it at once

    void listen() {
        listener.emplace(listen_on(on, host.at(p2p_port)));
        on.tasks.spawn(accept_all());
    }
    task<void> accept_all() {
        for (;;) {
            result<tcp_stream> stream = co_await listener->accept();
            if (!stream)
                co_return;
            dialed.push_back(on.here.now());
            if (!accepts)
                continue;
            const node_info info = info_of(number, channels);
            result<upgraded> up = co_await upgrade(std::move(*stream), key_of(number), info, "");
            if (up)
                adopt(std::move(*up));
        }
    }
    void adopt(upgraded up) {
        peer = std::make_unique<wire_peer>(on, std::move(up));
        peer->start_reading();
    }
    bool is_connected() const { return peer && !peer->closed; }
};

/// Node 1 with its hub, on 10.0.0.1.
struct node {
    runtime::sim::world w;
    runtime::sim::host& host = w.add_host("node", "10.0.0.1");
    std::list<far_machine> machines;
    process on{host};
    memory_log lines;
    runtime::offload resolver{on.here, "resolver", runtime::offload::mode::inline_};
    noting_reactor reactor;
    hub_options options;
    std::unique_ptr<p2p::hub> hub;
    instant started;

    explicit node(std::uint64_t seed = 5) : w(seed) {
        options.listen = "tcp://10.0.0.1:26656";
        options.node_key = key_of(1);
        options.self = info_of(1, {});
    }
    ~node() {
        stop();
        for (auto& m : machines) {
            if (m.peer)
                m.peer->close();
            m.on.stop();
        }
    }
    void start() {
        hub = std::make_unique<p2p::hub>(on.here, options, resolver, logger(lines, "p2p"));
        hub->add(reactor);
        started = w.now();
        const auto at = on.run(hub->start());
        REQUIRE(at.has_value());
        CHECK(to_string(*at) == "10.0.0.1:26656");
    }
    void stop() {
        if (!hub)
            return;
        on.run(stop_hub());
        hub.reset();
    }
    task<bool> stop_hub() {
        co_await hub->stop();
        co_return true;
    }

    far_machine& machine(std::uint8_t n) { return machines.emplace_back(w, n); }
    peer_address address_of(std::uint8_t n) const {
        return {id_of(n), format("10.0.0.{}", n), p2p_port};
    }
    /// Machine n dials the node as identity `as`. "accepted" says no more than that the handshake went well.
    std::string dial(far_machine& m, std::uint8_t as, node_info info) {
        auto up =
            m.on.run(dial_and_upgrade(host.at(p2p_port), key_of(as), std::move(info), id_of(1)));
        const auto said = refusal(up);
        if (up)
            m.adopt(std::move(*up));
        return said;
    }
    std::string dial(far_machine& m) { return dial(m, m.number, info_of(m.number, both_channels)); }
    /// A new machine, connected and let in.
    far_machine& connect(std::uint8_t n) {
        auto& m = machine(n);
        REQUIRE(dial(m) == "accepted");
        REQUIRE(until([&] { return hub->find(id_of(n)) != nullptr; }));
        return m;
    }
    bool until(const std::function<bool()>& held, duration limit = 1min) {
        return w.run_until(held, w.now() + limit);
    }
};

}  // namespace tetrad::p2p::testing
