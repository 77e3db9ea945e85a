// SPDX-License-Identifier: Apache-2.0
// What a channel allows of what was not asked for: a connection against a far end that the test plays packet by packet.
#include "p2p/channel.hpp"

#include "tests/unit/p2p/connected.hpp"

using namespace tetrad;
using namespace tetrad::p2p;
using namespace tetrad::p2p::testing;

TEST_CASE(
    "a message longer than its channel allows of what was not asked for ends the connection, "
    "whether it ends or not") {
    const bool with_end = GENERATE(true, false);
    channel_descriptor answers{plain, 5, 10, 100'000};
    answers.unasked_bytes_max = 1'500;
    connected t({}, {answers});
    t.peer->send_message(plain, bytes(2'000, 1));
    REQUIRE(t.until([&] { return t.received.size() == 1; }));
    t.expects = false;
    t.peer->send_message(plain, bytes(1'500, 1));
    REQUIRE(t.until([&] { return t.received.size() == 2; }));
    t.peer->send(data_packet(plain, false, bytes(1'000, 1)));
    t.peer->send(data_packet(plain, with_end, bytes(501, 1)));
    CHECK(t.end_reason() ==
          "a message on channel 64 that was not asked for is longer than 1500 bytes");
    CHECK(t.received.size() == 2);
}

TEST_CASE("what was asked for when a message grew long may end after the question was taken back") {
    channel_descriptor answers{plain, 5, 10, 100'000};
    answers.unasked_bytes_max = 1'500;
    connected t({}, {answers});
    t.peer->send(data_packet(plain, false, bytes(1'024, 1)));
    t.peer->send(data_packet(plain, false, bytes(1'024, 1)));
    t.w.run_for(1s);
    t.expects = false;
    t.peer->send(data_packet(plain, true, bytes(1'024, 1)));
    REQUIRE(t.until([&] { return t.received.size() == 1; }));
    CHECK(t.received[0].second.size() == 3'072);
}
