// SPDX-License-Identifier: Apache-2.0
// The set of peers over the simulated network: who is let in, who is dialed when, and what reactors are told.
#include "p2p/hub.hpp"

#include "tests/unit/p2p/hub_node.hpp"

#include <algorithm>

using namespace tetrad;
using namespace tetrad::p2p;
using namespace tetrad::p2p::testing;
namespace sim = tetrad::runtime::sim;

TEST_CASE("an inbound peer is introduced to the reactors, served, and said goodbye to") {
    node n;
    n.start();
    auto& m = n.connect(2);
    CHECK(n.reactor.ups == std::vector<std::string>{id_of(2)});
    REQUIRE(n.until([&] { return m.peer->messages.size() == 1; }));
    CHECK(equal(m.peer->messages[0].message, view("welcome")));
    CHECK(m.peer->info().channels == both_channels);  // filled in from the reactors, in their order

    m.peer->send_message(second_channel, view("hello"));
    REQUIRE(n.until([&] { return n.reactor.messages.size() == 1; }));
    CHECK(n.reactor.messages[0] == std::pair(second_channel, to_bytes("hello")));
    n.hub->broadcast(second_channel, slice(to_bytes("to all")));
    REQUIRE(n.until([&] { return m.peer->messages.size() == 2; }));
    CHECK(m.peer->messages[1].channel == second_channel);

    const auto status = n.hub->status();
    REQUIRE(status.peers.size() == 1);
    CHECK(status.peers[0].info.id == id_of(2));
    CHECK_FALSE(status.peers[0].is_outbound);
    CHECK(status.peers[0].remote_ip == "10.0.0.2");

    m.peer->close();
    REQUIRE(n.until([&] { return n.hub->peer_count() == 0; }));
    CHECK(n.reactor.downs ==
          std::vector<std::string>{id_of(2) + ": the peer closed the connection"});
}

TEST_CASE(
    "a message that a reactor refuses drops its sender, with the reactor's words; others stay") {
    node n;
    n.start();
    auto& bad = n.connect(2);
    auto& good = n.connect(3);
    n.reactor.verdict = fail(errc::invalid, "this is no message");
    bad.peer->send_message(first_channel, view("?"));
    REQUIRE(n.until([&] { return bad.peer->closed.has_value(); }));
    CHECK(n.reactor.downs == std::vector<std::string>{id_of(2) + ": this is no message"});
    CHECK(n.lines.contains("this is no message"));
    CHECK(good.is_connected());
    CHECK(n.hub->peer_count() == 1);
}

TEST_CASE("a peer's tasks have ended before the reactors lose it") {
    node n;
    n.reactor.works = true;
    n.start();
    auto& m = n.connect(2);
    REQUIRE(n.until([&] { return n.reactor.working == 1; }));
    n.hub->find(id_of(2))->drop(error(errc::invalid, "enough"));
    REQUIRE(n.until([&] { return n.hub->peer_count() == 0; }));
    CHECK(n.reactor.working == 0);
    CHECK(n.until([&] { return m.peer->closed.has_value(); }));
}

TEST_CASE("a message too long for its channel or on a channel of nobody drops the peer") {
    node n;
    n.start();
    auto& long_winded = n.connect(2);
    long_winded.peer->send_message(first_channel, bytes(1'001));
    auto& lost = n.connect(3);
    lost.peer->send_message(0x30, view("a transaction"));
    REQUIRE(n.until([&] { return n.hub->peer_count() == 0; }));
    CHECK(n.lines.contains("message on channel 64 is longer than 1000 bytes"));
    CHECK(n.lines.contains("packet on unknown channel 48"));
    CHECK(n.reactor.messages.empty());
}

TEST_CASE("nothing is sent on a channel that the peer did not list") {
    node n;
    n.start();
    auto& m = n.machine(2);
    REQUIRE(n.dial(m, 2, info_of(2, {second_channel})) == "accepted");
    REQUIRE(n.until([&] { return n.hub->peer_count() == 1; }));
    peer& p = *n.hub->find(id_of(2));
    CHECK_FALSE(p.try_send(first_channel, slice(to_bytes("x"))));
    CHECK(refusal(n.on.run(p.send(first_channel, slice(to_bytes("x"))))) ==
          "the peer lacks the channel");
    CHECK(p.try_send(second_channel, slice(to_bytes("y"))));
    REQUIRE(n.until([&] { return m.peer->messages.size() == 1; }));
    CHECK(equal(m.peer->messages[0].message, view("y")));
}

TEST_CASE("a full queue makes try_send say no: it never grows past its channel's bound") {
    node n;
    n.options.connection.send_rate = 100;
    n.start();
    n.connect(2);
    peer& p = *n.hub->find(id_of(2));
    int taken = 0;
    for (int i = 0; i < 100; ++i)
        taken += p.try_send(second_channel, slice(bytes(900)));
    CHECK(taken == 4);
}

// ---- who is let in ----

TEST_CASE(
    "strangers are refused with a line that says why: another network, nothing in common, "
    "garbage") {
    node n;
    n.start();
    auto& m = n.machine(2);
    auto foreign = info_of(2, both_channels);
    foreign.network = "another-chain";
    n.dial(m, 2, foreign);
    n.w.run_for(5s);
    n.dial(m, 2, info_of(2, {0x30}));
    n.w.run_for(5s);
    CHECK(n.hub->peer_count() == 0);
    CHECK(n.lines.contains("on network \\\"another-chain\\\""));
    CHECK(n.lines.contains("no channel in common"));
    CHECK(n.reactor.ups.empty());
}

TEST_CASE("a node that dials itself is refused") {
    node n;
    n.start();
    auto& m = n.machine(2);
    n.dial(m, 1, info_of(1, both_channels));
    n.w.run_for(5s);
    CHECK(n.hub->peer_count() == 0);
    CHECK(n.lines.contains("connected to ourselves"));
}

TEST_CASE("a second connection of the same identity is closed, the first stays") {
    node n;
    n.start();
    auto& first = n.connect(2);
    auto& second = n.machine(3);
    n.dial(second, 2, info_of(2, both_channels));
    REQUIRE(n.until([&] { return second.peer->closed.has_value(); }));
    n.w.run_for(5s);
    CHECK(first.is_connected());
    CHECK(n.hub->peer_count() == 1);
    CHECK(n.reactor.ups.size() == 1);
}

TEST_CASE("two identities at one address are let in only where p2p.allow_duplicate_ip says so") {
    const bool allowed = GENERATE(false, true);
    node n;
    n.options.allow_duplicate_ip = allowed;
    n.start();
    auto& first = n.connect(2);
    auto held = std::move(first.peer);
    n.dial(first, 3, info_of(3, both_channels));
    n.w.run_for(5s);
    CHECK(n.hub->peer_count() == (allowed ? 2 : 1));
    CHECK(first.is_connected() == allowed);
    CHECK_FALSE(held->closed.has_value());
    n.stop();
    n.w.run_for(1s);
}

TEST_CASE(
    "inbound peers beyond max_num_inbound_peers are closed, unconditional ones are not counted") {
    node n;
    n.options.inbound_max = 2;
    n.options.unconditional_ids = {id_of(8), id_of(9)};
    n.start();
    n.connect(8);
    n.connect(2);
    n.connect(3);
    auto& excess = n.machine(4);
    n.dial(excess);
    REQUIRE(n.until([&] { return excess.peer->closed.has_value(); }));
    CHECK(n.hub->peer_count() == 3);
    n.connect(9);
    CHECK(n.hub->peer_count() == 4);

    n.hub->find(id_of(2))->drop(error(errc::invalid, "makes room"));
    REQUIRE(n.until([&] { return n.hub->peer_count() == 3; }));
    n.connect(5);
    CHECK(n.hub->peer_count() == 4);
}

TEST_CASE(
    "connections that stay in their handshake are bounded, and make room after their deadline") {
    node n;
    n.options.inbound_max = 3;
    n.start();
    auto& idle = n.machine(2);
    std::vector<tcp_stream> open(20);
    for (auto& stream : open) {
        auto connected = idle.on.run(runtime::tcp_connect(n.host.at(p2p_port)));
        REQUIRE(connected.has_value());
        stream = std::move(*connected);
    }
    n.w.run_for(1s);
    CHECK(n.host.open_descriptors() <= 1 + 3);
    auto& late = n.machine(3);
    CHECK(n.dial(late) != "accepted");
    n.w.run_for(3s);
    CHECK(n.host.open_descriptors() == 1);
    CHECK(n.dial(late) == "accepted");
    CHECK(n.until([&] { return n.hub->peer_count() == 1; }));
}

TEST_CASE("a banned identity is dropped and refused until its ban ends") {
    node n;
    n.start();
    auto& m = n.connect(2);
    n.hub->ban(id_of(2), 60s, "sent nonsense");
    REQUIRE(n.until([&] { return m.peer->closed.has_value(); }));
    CHECK(n.reactor.downs == std::vector<std::string>{id_of(2) + ": sent nonsense"});
    n.dial(m);
    REQUIRE(n.until([&] { return m.peer->closed.has_value(); }));
    CHECK(n.reactor.ups.size() == 1);
    n.w.run_for(60s);
    n.dial(m);
    CHECK(n.until([&] { return n.hub->peer_count() == 1; }));
}

// ---- persistent peers ----

TEST_CASE("a persistent peer is dialed within three seconds of the start") {
    const auto seed = GENERATE(1, 2, 3, 4);
    node n(static_cast<std::uint64_t>(seed));
    auto& m = n.machine(2);
    m.listen();
    n.options.persistent_peers = {n.address_of(2)};
    n.start();
    REQUIRE(n.until([&] { return m.is_connected() && n.hub->peer_count() == 1; }));
    CHECK(m.dialed[0] - n.started <= 3100ms);
    const auto status = n.hub->status();
    CHECK(status.peers[0].is_outbound);
    n.w.run_for(10min);
    CHECK(m.dialed.size() == 1);
}

TEST_CASE(
    "a persistent peer that does not answer is dialed twenty times every 5 to 8 s, then after 3, "
    "9, 27 ... s") {
    node n;
    auto& m = n.machine(2);
    m.listen();
    m.accepts = false;
    n.options.persistent_peers = {n.address_of(2)};
    n.start();
    REQUIRE(n.until([&] { return m.dialed.size() == 26; }, 1h));
    duration least = 5s;
    for (std::size_t i = 1; i < m.dialed.size(); ++i) {
        const auto pause = m.dialed[i] - m.dialed[i - 1];
        INFO("pause " << i << " took " << to_go_duration(pause));
        if (i > 20)
            least = i == 21 ? 3s : 3 * least;
        CHECK(pause >= least);
        CHECK(pause <= least + 3200ms);
    }
}

TEST_CASE("persistent_peers_max_dial_period caps the pauses, and a peer is never given up") {
    node n;
    auto& m = n.machine(2);
    m.listen();
    m.accepts = false;
    n.options.persistent_peers = {n.address_of(2)};
    n.options.dial_period_max = 60s;
    n.start();
    n.w.run_for(3h);
    const auto before = m.dialed.size();
    for (std::size_t i = 25; i < before; ++i)
        CHECK(m.dialed[i] - m.dialed[i - 1] <= 63200ms);
    m.accepts = true;
    CHECK(n.until([&] { return n.hub->peer_count() == 1; }, 64s));
}

TEST_CASE(
    "a persistent peer that was lost is dialed again at once, and one that keeps failing with "
    "pauses") {
    node n;
    auto& m = n.machine(2);
    m.listen();
    n.options.persistent_peers = {n.address_of(2)};
    n.start();
    REQUIRE(n.until([&] { return m.is_connected(); }));
    n.w.run_for(1min);
    const instant lost = n.w.now();
    m.peer->close();
    REQUIRE(n.until([&] { return m.dialed.size() == 2; }));
    CHECK(m.dialed[1] - lost < 1s);

    REQUIRE(n.until([&] { return m.is_connected(); }));
    m.peer->send_message(
        0x30, view("a channel of nobody"));  // dropped for an error right after it was let in
    REQUIRE(n.until([&] { return m.dialed.size() == 3; }));
    CHECK(m.dialed[2] - m.dialed[1] >= 5s);
    CHECK(m.dialed[2] - m.dialed[1] <= 8200ms);
}

TEST_CASE("a persistent peer that is silent costs a dial of one second and a handshake of three") {
    node n;
    auto& m = n.machine(2);
    n.w.net().cut(n.host, m.host);
    n.options.persistent_peers = {n.address_of(2)};
    n.start();
    n.w.run_for(30s);
    CHECK(n.hub->peer_count() == 0);
    CHECK(n.lines.contains("dial"));
    CHECK(n.host.open_descriptors() <= 2);
}

TEST_CASE("a persistent peer whose key is another's is not let in, and stays dialed") {
    node n;
    auto& m = n.machine(2);
    m.listen();
    n.options.persistent_peers = {{id_of(3), "10.0.0.2", p2p_port}};
    n.start();
    n.w.run_for(30s);
    CHECK(n.hub->peer_count() == 0);
    CHECK(m.dialed.size() >= 3);
    CHECK(n.lines.contains("its key says " + id_of(2)));
}

TEST_CASE("a persistent peer that dialed us is not dialed, until it has gone") {
    node n;
    auto& m = n.machine(2);
    m.listen();
    n.w.net().refuse(m.host, true);
    n.options.persistent_peers = {n.address_of(2)};
    n.start();
    n.w.run_for(4s);
    n.w.net().refuse(m.host, false);
    REQUIRE(n.dial(m) == "accepted");
    n.w.run_for(2min);
    CHECK(m.dialed.empty());
    CHECK(n.hub->peer_count() == 1);
    CHECK_FALSE(n.hub->status().peers[0].is_outbound);
    m.peer->close();
    REQUIRE(n.until([&] { return m.dialed.size() == 1; }));
    CHECK(n.until([&] { return n.hub->peer_count() == 1; }));
    CHECK(n.hub->status().peers[0].is_outbound);
}

TEST_CASE("a persistent peer is found by its host name") {
    node n;
    auto& m = n.machine(2);
    m.listen();
    n.options.persistent_peers = {{id_of(2), "far-2", p2p_port},
                                  {id_of(4), "no-such-host", p2p_port}};
    n.start();
    CHECK(n.until([&] { return m.is_connected(); }));
    CHECK(n.lines.contains("no-such-host"));
}

TEST_CASE("ourselves among the persistent peers is skipped") {
    node n;
    n.options.persistent_peers = {n.address_of(1)};
    n.start();
    n.w.run_for(1min);
    CHECK(n.hub->peer_count() == 0);
    CHECK_FALSE(n.lines.contains("dial"));
}

// ---- the end ----

TEST_CASE("stop ends everything: peers, handshakes, dials; nothing stays open") {
    node n;
    auto& silent = n.machine(3);
    n.w.net().cut(n.host, silent.host);
    n.options.persistent_peers = {n.address_of(3)};
    n.start();
    auto& m = n.connect(2);
    auto& idle = n.machine(4);
    auto half = idle.on.run(runtime::tcp_connect(n.host.at(p2p_port)));
    REQUIRE(half.has_value());
    n.w.run_for(500ms);
    const instant before = n.w.now();
    n.stop();
    CHECK(n.w.now() - before < 1s);
    CHECK(n.host.open_descriptors() == 0);
    CHECK(n.until([&] { return m.peer->closed.has_value(); }));
    CHECK(n.reactor.downs.size() == 1);
}

TEST_CASE("a listening address that cannot be had is an error with its reason") {
    node n;
    n.options.listen = "tcp://10.0.0.9:26656";
    p2p::hub unlucky(n.on.here, n.options, n.resolver, logger(n.lines, "p2p"));
    const auto at = n.on.run(unlucky.start());
    REQUIRE_FALSE(at.has_value());
    CHECK(contains(at.error().text, "cannot listen on tcp://10.0.0.9:26656"));
}
