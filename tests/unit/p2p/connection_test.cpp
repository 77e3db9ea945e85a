// SPDX-License-Identifier: Apache-2.0
// A multiplexed connection over the simulated network, against a far end that the test plays packet by packet.
#include "p2p/connection.hpp"

#include "tests/unit/p2p/connected.hpp"

#include <numeric>

using namespace tetrad;
using namespace tetrad::p2p;
using namespace tetrad::p2p::testing;
namespace sim = tetrad::runtime::sim;

TEST_CASE("messages arrive whole and in order on their channels, in both directions") {
    connected t;
    bytes large(70'000);
    std::iota(large.begin(), large.end(), std::uint8_t{0});
    REQUIRE(t.connection->try_send(plain, slice(large)));
    REQUIRE(t.connection->try_send(quick, message_of(0)));
    REQUIRE(t.connection->try_send(quick, message_of(1024)));
    REQUIRE(t.connection->try_send(quick, message_of(1025)));
    REQUIRE(t.until([&] { return t.peer->messages.size() == 4; }));
    std::vector<std::size_t> quick_sizes;
    for (const auto& m : t.peer->messages) {
        if (m.channel == plain)
            CHECK(m.message == large);
        else
            quick_sizes.push_back(m.message.size());
    }
    CHECK(quick_sizes == std::vector<std::size_t>{0, 1024, 1025});
    CHECK(t.peer->data_max == 1024);

    t.peer->send_message(plain, large);
    t.peer->send_message(quick, {});
    t.peer->send_message(quick, view("last"));
    REQUIRE(t.until([&] { return t.received.size() == 3; }));
    CHECK(t.received[0] == std::pair(plain, large));
    CHECK(t.received[1] == std::pair(quick, bytes()));
    CHECK(t.received[2] == std::pair(quick, to_bytes("last")));
}

TEST_CASE("packets of several channels may be interleaved") {
    connected t;
    auto stream = data_packet(plain, false, view("on "));
    append(stream, data_packet(quick, false, view("an")));
    append(stream, data_packet(plain, true, view("plain")));
    append(stream, data_packet(quick, true, view("other")));
    t.peer->send(stream);
    REQUIRE(t.until([&] { return t.received.size() == 2; }));
    CHECK(t.received[0] == std::pair(plain, to_bytes("on plain")));
    CHECK(t.received[1] == std::pair(quick, to_bytes("another")));
}

TEST_CASE("what is sent is on its way at once: nothing waits for a timer") {
    connected t;
    t.w.run_for(5s);
    const instant before = t.w.now();
    REQUIRE(t.connection->try_send(quick, message_of(10)));
    REQUIRE(t.until([&] { return t.peer->messages.size() == 1; }));
    CHECK(t.peer->messages[0].when - before <= t.w.net().plan().latency_max);
}

// ---- priorities ----

TEST_CASE(
    "channels share a connection by their priorities: whoever had least for its priority goes "
    "next") {
    connection_options o;
    o.send_rate = 200'000;
    connected t(o,
                {{plain, 5, 10, 1'000'000}, {quick, 10, 10, 1'000'000}, {slow, 1, 10, 1'000'000}});
    for (const auto c : {slow, plain, quick})
        for (int i = 0; i < 10; ++i)
            REQUIRE(t.connection->try_send(c, message_of(60'000)));
    REQUIRE(t.until([&] { return t.peer->order.size() >= 480; }));
    const auto share = [&](channel_id c) {
        return std::count(t.peer->order.begin(), t.peer->order.begin() + 480, c);
    };
    // 10 : 5 : 1 of 480 packets are 300, 150 and 30.
    CHECK(share(quick) == Approx(300).margin(6));
    CHECK(share(plain) == Approx(150).margin(6));
    CHECK(share(slow) == Approx(30).margin(6));
}

TEST_CASE(
    "a channel that was silent is not owed the past: what was sent fades by a fifth every two "
    "seconds") {
    connection_options o;
    o.send_rate = 100'000;
    connected t(o, {{plain, 5, 10, 1'000'000}, {quick, 5, 10, 1'000'000}});
    REQUIRE(t.connection->try_send(plain, message_of(500'000)));
    t.w.run_for(200ms);
    const auto sent_at_first = t.connection->status(t.w.now()).channels[0].recently_sent;
    CHECK(sent_at_first > 10'000);
    REQUIRE(t.until([&] { return !t.peer->messages.empty(); }));
    const auto sent = t.connection->status(t.w.now()).channels[0].recently_sent;
    t.w.run_for(20s);
    const auto faded = t.connection->status(t.w.now()).channels[0].recently_sent;
    CHECK(static_cast<double>(faded) ==
          Approx(static_cast<double>(sent) * 0.107).epsilon(0.01));  // 0.8^10
    t.w.run_for(5min);
    CHECK(t.connection->status(t.w.now()).channels[0].recently_sent == 0);
}

// ---- limits of what may arrive ----

TEST_CASE("a packet longer than max_packet_msg_payload_size allows ends the connection") {
    connected t;
    t.peer->send(data_packet(plain, true, bytes(1024, 1)));
    REQUIRE(t.until([&] { return t.received.size() == 1; }));
    t.peer->send(data_packet(plain, true, bytes(1025, 1)));
    CHECK(t.end_reason() == "a packet is longer than 1034 bytes");
    CHECK(t.received.size() == 1);
}

TEST_CASE(
    "a message longer than its channel allows ends the connection, and exactly as long does not") {
    connected t;
    t.peer->send_message(slow, bytes(1'000, 1));
    REQUIRE(t.until([&] { return t.received.size() == 1; }));
    t.peer->send_message(slow, bytes(1'001, 1));
    CHECK(t.end_reason() == "message on channel 35 is longer than 1000 bytes");
    CHECK(t.received.size() == 1);
}

TEST_CASE("a message without an end is refused at its limit, not kept") {
    connected t;
    for (int i = 0; i < 48; ++i)
        t.peer->send(data_packet(quick, false, bytes(1024, 1)));
    t.w.run_for(1s);
    CHECK(t.end_reason(1ms) == "still connected");
    t.peer->send(data_packet(quick, false, bytes(1024, 1)));
    CHECK(t.end_reason() == "message on channel 34 is longer than 50000 bytes");
}

TEST_CASE("a packet on a channel that does not exist ends the connection") {
    const std::int32_t channel = GENERATE(0x00, 0x41, -1, 256, 0x20 + 256);
    connected t;
    t.peer->send(data_packet(channel, true, view("x")));
    CHECK(t.end_reason() == format("packet on unknown channel {}", channel));
    CHECK(t.received.empty());
}

TEST_CASE("a packet of no known kind, or that does not decode, ends the connection") {
    connected t;
    t.peer->send(*from_hex("00"));
    CHECK(t.end_reason() == "a packet of no known kind");
    connected u;
    u.peer->send(*from_hex("03ffffff"));
    CHECK(contains(u.end_reason(), "packet"));
}

TEST_CASE("a frame that does not open ends the connection") {
    connected t;
    t.peer->send_raw(bytes(frame_sealed_size, 7));
    CHECK(t.end_reason() == "secret connection: a frame does not decrypt");
}

TEST_CASE("a peer that closes is noticed, also in the middle of a frame") {
    connected t;
    t.peer->close();
    CHECK(t.end_reason() == "the peer closed the connection");
    connected u;
    u.peer->send_raw(bytes(100, 7));
    u.w.run_for(1s);
    u.peer->close();
    CHECK(u.end_reason() == "the peer closed the connection");
}

TEST_CASE("a handler's error ends the connection, and nothing more is handed to it") {
    connected t;
    t.verdict = fail(errc::invalid, "not a message");
    t.peer->send_message(quick, view("first"));
    t.peer->send_message(quick, view("second"));
    CHECK(t.end_reason() == "not a message");
    CHECK(t.received.size() == 1);
}

TEST_CASE("a connection that was ended hands on nothing more of what it has received") {
    connected t;
    t.ends_itself = true;
    auto stream = message_packets(quick, view("first"));
    append(stream, message_packets(quick, view("second")));
    t.peer->send(stream);
    CHECK(t.end_reason() == "enough");
    CHECK(t.received.size() == 1);
}

TEST_CASE("the first reason to end counts, and the connection is closed at the far end too") {
    connected t;
    t.connection->end(error(errc::invalid, "first"));
    t.connection->end(error(errc::invalid, "second"));
    CHECK(t.end_reason() == "first");
    CHECK(t.until([&] { return t.peer->closed.has_value(); }));
    CHECK_FALSE(t.connection->try_send(quick, message_of(1)));
}

// ---- back-pressure ----

TEST_CASE(
    "a slow handler slows its peer: what waits is the socket's buffers, and nothing is lost") {
    connected t;
    t.handling_time = 1s;
    for (int i = 0; i < 400; ++i)
        t.peer->send_message(plain, bytes(10'000, static_cast<std::uint8_t>(i)));
    t.w.run_for(30s);
    CHECK(t.received.size() >= 29);
    CHECK(t.received.size() <= 31);
    CHECK_FALSE(t.peer->has_sent_all());
    t.handling_time = 0s;
    REQUIRE(t.until([&] { return t.received.size() == 400; }));
    for (std::size_t i = 0; i < 400; ++i)
        CHECK(t.received[i].second[0] == static_cast<std::uint8_t>(i));
}

TEST_CASE("a queue holds what its channel allows; send waits ten seconds for room") {
    connection_options o;
    o.send_rate = 1'000;
    connected t(o);
    for (int i = 0; i < 2; ++i)
        REQUIRE(t.connection->try_send(slow, message_of(200'000)));
    CHECK_FALSE(t.connection->try_send(slow, message_of(1)));
    CHECK_FALSE(t.connection->try_send(0x77, message_of(1)));
    CHECK(t.connection->try_send(quick, message_of(1)));

    const instant before = t.w.now();
    auto late = t.a.run(t.connection->send(slow, message_of(2)));
    CHECK(refusal(late) == "timed out");
    CHECK(t.w.now() - before == 10s);
    CHECK(refusal(t.a.run(t.connection->send(0x77, message_of(2)))) == "no such channel");
}

TEST_CASE("a queue may be bounded by bytes as well; where it is empty any message is taken") {
    auto channels = three_channels();
    channels[0].send_queue_bytes = 5'000;
    connected t({}, channels);
    for (const auto& [size, taken] : {std::pair{1'000uz, 5uz}, {90'000, 1}, {2'000, 3}}) {
        t.peer->messages.clear();
        for (std::size_t i = 0; i <= taken; ++i)
            CHECK(t.connection->try_send(plain, message_of(size)) == (i < taken));
        REQUIRE(t.until([&, n = taken] { return t.peer->messages.size() == n; }, 1s));
    }
}

TEST_CASE("send goes through as soon as there is room, and fails when the connection ends first") {
    connection_options o;
    o.send_rate = 20'000;
    connected t(o);
    for (int i = 0; i < 2; ++i)
        REQUIRE(t.connection->try_send(slow, message_of(40'000)));
    const instant before = t.w.now();
    CHECK(t.a.run(t.connection->send(slow, message_of(2))).has_value());
    CHECK(t.w.now() - before > 1s);
    CHECK(t.w.now() - before < 3s);

    std::optional<result<void>> waiting;
    t.a.tasks.spawn(store<result<void>>(t.connection->send(slow, message_of(3)), waiting));
    t.w.run_for(100ms);
    CHECK_FALSE(waiting.has_value());
    t.connection->end(error(errc::invalid, "over"));
    REQUIRE(t.until([&] { return waiting.has_value(); }, 1s));
    CHECK(refusal(*waiting) == "connection closed");
}

// ---- rates ----

TEST_CASE("send_rate bounds what goes out") {
    connection_options o;
    o.send_rate = 100'000;
    connected t(o, {{plain, 5, 10, 10'000'000}});
    REQUIRE(t.connection->try_send(plain, message_of(1'000'000)));
    REQUIRE(t.until([&] { return !t.peer->messages.empty(); }));
    const auto took = t.peer->messages[0].when - t.born;
    CHECK(took >= 9s);
    CHECK(took <= 10500ms);
}

TEST_CASE("recv_rate bounds what is read, and the peer feels it") {
    connection_options o;
    o.receive_rate = 100'000;
    connected t(o, {{plain, 5, 10, 10'000'000}});
    t.peer->send_message(plain, bytes(1'000'000, 1));
    REQUIRE(t.until([&] { return !t.received.empty(); }));
    const auto took = t.received_at[0] - t.born;
    CHECK(took >= 9500ms);
    CHECK(took <= 11s);
}

TEST_CASE("a rate smaller than a frame in a sample is kept as well") {
    connection_options o;
    o.receive_rate = 5'000;
    connected t(o);
    t.peer->send_message(plain, bytes(50'000, 1));
    REQUIRE(t.until([&] { return !t.received.empty(); }));
    const auto took = t.received_at[0] - t.born;
    CHECK(took >= 9500ms);
    CHECK(took <= 11s);
}

TEST_CASE("no rate is no limit") {
    connection_options o;
    o.send_rate = o.receive_rate = 0;
    connected t(o, {{plain, 5, 10, 100'000'000}});
    const bytes large(20'000'000, 1);
    REQUIRE(t.connection->try_send(plain, slice(large)));
    t.peer->send_message(plain, large);
    REQUIRE(t.until([&] { return !t.received.empty() && !t.peer->messages.empty(); }));
    CHECK(t.w.now() - t.born < 5s);
}

// ---- liveness ----

TEST_CASE("a ping goes out every sixty seconds, and a peer that answers stays") {
    connected t;
    t.w.run_for(10min + 1s);
    CHECK(t.end_reason(1ms) == "still connected");
    CHECK(t.peer->pings.size() >= 9);
    CHECK(t.peer->pings.size() <= 10);
    CHECK(t.peer->pings[0] - t.born >= 60s);
    CHECK(t.peer->pings[0] - t.born < 61s);
}

TEST_CASE(
    "a peer that does not answer a ping within 45 seconds is dropped, whatever else it sends") {
    connected t;
    t.peer->answers_pings = false;
    for (int i = 0; i < 104; ++i) {
        t.peer->send_message(quick, view("busy"));
        t.w.run_for(1s);
    }
    CHECK(t.end_reason(1ms) == "still connected");
    CHECK(t.end_reason(2s) == "pong timeout");
    CHECK(t.ended->code == errc::timed_out);
    CHECK(t.received.size() == 104);
}

TEST_CASE(
    "a peer that does not read is dropped when its pong is due, although the ping never left") {
    sim::world_options world = connected::options(5);
    world.net.send_buffer = world.net.receive_buffer = 4096;
    connected t({}, three_channels(), world);
    t.w.net().cut(t.ha, t.hb);
    for (int i = 0; i < 10; ++i)
        REQUIRE(t.connection->try_send(plain, message_of(90'000)));
    t.w.run_for(104s);
    CHECK(t.end_reason(1ms) == "still connected");
    CHECK(t.end_reason(2s) == "pong timeout");
}

TEST_CASE("pings are answered at once, and many of them with few pongs") {
    connected t;
    t.peer->send(wire::encode_delimited(packet{ping{}}));
    REQUIRE(t.until([&] { return t.peer->pongs.size() == 1; }, 1s));
    bytes flood;
    for (int i = 0; i < 10'000; ++i)
        append(flood, wire::encode_delimited(packet{ping{}}));
    t.peer->send(flood);
    t.w.run_for(10s);
    CHECK(t.end_reason(1ms) == "still connected");
    CHECK(t.peer->pongs.size() > 1);
    CHECK(t.peer->pongs.size() < 200);
}

TEST_CASE("a pong that nobody asked for is no error") {
    connected t;
    t.peer->send(wire::encode_delimited(packet{pong{}}));
    t.w.run_for(5min);
    CHECK(t.end_reason(1ms) == "still connected");
}

TEST_CASE("pings go out between the packets of a long message") {
    connection_options o;
    o.send_rate = 50'000;
    o.ping_interval = 5s;
    connected t(o, {{plain, 5, 10, 10'000'000}});
    REQUIRE(t.connection->try_send(plain, message_of(1'000'000)));
    t.peer->send(wire::encode_delimited(packet{ping{}}));
    t.w.run_for(11s);
    CHECK(t.peer->messages.empty());
    CHECK(t.peer->pings.size() == 2);
    CHECK(t.peer->pongs.size() == 1);
}

TEST_CASE("the status tells queues, rates and age") {
    connection_options o;
    o.send_rate = 10'000;
    connected t(o);
    for (int i = 0; i < 3; ++i)
        REQUIRE(t.connection->try_send(plain, message_of(50'000)));
    t.w.run_for(10s);
    const auto s = t.connection->status(t.w.now());
    CHECK(s.age >= 10s);
    REQUIRE(s.channels.size() == 3);
    CHECK(s.channels[0].id == plain);
    CHECK(s.channels[0].priority == 5);
    CHECK(s.channels[0].queue_capacity == 10);
    CHECK(s.channels[0].queue_size == 1);  // 100 KB have left
    CHECK(s.sent.average_rate == Approx(10'000).epsilon(0.2));
    CHECK(s.received.bytes == 0);
}
