// SPDX-License-Identifier: Apache-2.0
// Block sync over the simulated network: downloading from peers that have the chain, where that ends, and serving.
#include "consensus/catchup/blocksync.hpp"

#include "tests/unit/consensus/catchup/blocksync/syncing.hpp"

using namespace tetrad;
using namespace tetrad::consensus;
using namespace tetrad::consensus::testing;
using p2p::testing::id_of;

// ---- downloading ----

TEST_CASE(
    "every block but the last is downloaded, verified and executed in order, whatever the seed and "
    "the number of peers") {
    const auto seed = GENERATE(1, 2, 3, 4, 5);
    const auto peers = GENERATE(1, 3);
    syncing t(forty(), static_cast<std::uint64_t>(seed));
    t.start();
    for (int i = 0; i < peers; ++i)
        t.connect(static_cast<std::uint8_t>(2 + i));
    REQUIRE(t.reaches(39));
    CHECK(t.applied == heights(1, 39));
    t.run_for(5s);
    CHECK(t.height == 39);  // 40 is verified by 41
    CHECK(t.sync->tip().height == height_t(39));
    CHECK(t.hub->peer_count() == static_cast<std::size_t>(peers));
}

TEST_CASE("a node that has blocks goes on with the next") {
    syncing t(forty());
    t.start(17);
    auto& p = t.connect(2);
    REQUIRE(t.reaches(39));
    CHECK(t.applied == heights(18, 39));
    CHECK(std::ranges::min(p.asked) == 18);
}

TEST_CASE(
    "the tip is followed one block behind: a round step at h lets h - 2 be applied, with no status "
    "and no timer") {
    syncing t(forty());
    t.start();
    auto& p = t.peer(2);
    p.height = 10;
    t.connect(p);
    REQUIRE(t.reaches(9));
    for (std::int64_t decided = 11; decided <= 20; ++decided) {
        p.height = decided;
        t.tell_decided(p, decided);
        CHECK(t.reaches(decided - 1, 1s));
    }
    CHECK(t.heights_told[id_of(2)] == 20);
    CHECK(t.sync->peer_height_max() == height_t(20));
}

TEST_CASE("an unsolicited status that rises is news as well") {
    syncing t(forty());
    t.start();
    auto& p = t.peer(2);
    p.height = 10;
    t.connect(p);
    REQUIRE(t.reaches(9));
    p.height = 12;
    p.tell_status();
    CHECK(t.reaches(11, 1s));
}

// ---- where block sync ends ----

TEST_CASE(
    "consensus may begin a second after the last block but one was applied, and is told so once") {
    syncing t(forty());
    t.switches = true;
    t.start();
    t.run_for(20s);
    CHECK(t.begun == 0);  // without peers nothing is known
    auto& p = t.connect(2);
    REQUIRE(t.reaches(39));
    t.run_for(900ms);
    CHECK(t.begun == 0);
    t.run_for(200ms);
    CHECK(t.begun == 1);
    p.asked.clear();
    t.tell_decided(p, 50);
    t.run_for(20s);
    CHECK(t.begun == 1);
    CHECK(p.asked.empty());
}

TEST_CASE("a peer that turns out to be ahead within the second keeps block sync going") {
    syncing t(forty());
    t.switches = true;
    t.start();
    auto& p = t.peer(2);
    p.height = 10;
    t.connect(p);
    REQUIRE(t.reaches(9));
    t.run_for(500ms);
    p.height = 40;
    p.tell_status();
    REQUIRE(t.reaches(39));
    CHECK(t.begun == 0);
    t.run_for(2s);
    CHECK(t.begun == 1);
}

TEST_CASE(
    "who holds a third of the power waits for nobody: the chain cannot be further, whatever peers "
    "claim") {
    const auto [key, holds] =
        GENERATE(table<int, bool>({{1, true}, {2, true}, {3, false}, {9, false}}));
    INFO("key " << key);  // the powers are 10, 7 and 5
    syncing t(forty());
    t.switches = true;
    t.signs_for = chain::test::public_key(key).address();
    t.start();
    auto& p = t.peer(2);
    t.connect(p, false);
    p.answers = false;
    p.tell_status();
    t.run_for(2s);
    CHECK(t.begun == (holds ? 1 : 0));
}

TEST_CASE("the only validator there is waits for nothing") {
    const made_chain chain(0, {{1, 10}});
    const int key = GENERATE(1, 2);
    syncing t(chain);
    t.switches = true;
    t.signs_for = chain::test::public_key(key).address();
    t.start();
    t.run_for(0s);
    CHECK(t.begun == (key == 1));
}

TEST_CASE("what is being executed when block sync ends is executed before consensus begins") {
    syncing t(forty());
    t.switches = true;
    t.signs_for = chain::test::public_key(1).address();
    t.execution_time = 3s;
    t.start();
    t.connect(2);
    REQUIRE(t.until([&] { return t.begun == 1; }));
    const auto done = t.applied;
    CHECK_FALSE(done.empty());
    t.run_for(30s);
    CHECK(t.applied == done);
}

// ---- downloading, in bad conditions ----

TEST_CASE("a slow execution loses nothing, and a fast download waits for it within bounds") {
    syncing t(forty());
    t.execution_time = 1s;
    t.start();
    t.connect(2);
    t.run_for(10s);
    CHECK(t.height >= 8);
    CHECK(t.height <= 11);
    REQUIRE(t.reaches(39));
    CHECK(t.applied == heights(1, 39));
}

TEST_CASE("a peer that has not got a block is passed over") {
    syncing t(forty());
    t.start();
    auto& poor = t.peer(2);
    poor.lacks = {1, 2, 3, 20};
    t.connect(poor);
    t.run_for(1s);
    CHECK(t.height == 0);
    t.connect(3);
    REQUIRE(t.reaches(39));
    CHECK(poor.is_connected());
}

TEST_CASE("a peer that pruned the blocks we need is asked for none of them") {
    syncing t(forty());
    t.start();
    auto& pruned = t.peer(2);
    pruned.base = 30;
    t.connect(pruned);
    t.run_for(5s);
    CHECK(t.height == 0);
    t.connect(3);
    REQUIRE(t.reaches(39));
    CHECK(std::ranges::min(pruned.asked) >= 30);
}

TEST_CASE(
    "a peer that does not answer holds the node up for two seconds, not for each of its blocks") {
    syncing t(forty());
    t.start();
    auto& silent = t.peer(2);
    silent.answers = false;
    t.connect(silent);
    t.connect(3);
    CHECK(t.reaches(39, 3s));
}

TEST_CASE("a peer that does not answer, and is all there is, is dropped after fifteen seconds") {
    syncing t(forty());
    t.start();
    auto& silent = t.peer(2);
    silent.answers = false;
    t.connect(silent);
    t.run_for(14s);
    CHECK(silent.is_connected());
    CHECK(silent.asked.size() == 20);
    t.run_for(4s);
    CHECK_FALSE(silent.is_connected());
    CHECK(t.lines.contains("sent no block for 15 s"));
    t.connect(3);
    CHECK(t.reaches(39));
}

TEST_CASE("a peer that leaves in the middle is replaced") {
    syncing t(forty());
    t.execution_time = 100ms;
    t.start();
    auto& leaving = t.connect(2);
    t.connect(3);
    REQUIRE(t.until([&] { return t.height >= 5; }));
    leaving.machine.peer->close();
    REQUIRE(t.reaches(39));
}

TEST_CASE("statuses are asked for every ten seconds") {
    syncing t(forty());
    t.start();
    auto& p = t.connect(2);
    t.run_for(61s);
    CHECK(p.heard_of<m::status_request>() == 6);
}

// ---- serving ----

TEST_CASE(
    "a peer is told our range when it arrives and when it asks, and gets blocks as they are "
    "stored") {
    syncing t(forty());
    t.start(12);
    auto& p = t.peer(2);
    t.connect(p, false);
    REQUIRE(t.until([&] { return p.last_status().has_value(); }, 1s));
    CHECK(*p.last_status() == m::status_response{height_t(12), height_t(1)});
    p.send({m::status_request{}});
    REQUIRE(t.until([&] { return p.heard_of<m::status_response>() == 2; }, 1s));

    for (const std::int64_t h : {12, 1, 13, 0})
        p.send({m::block_request{height_t(h)}});
    REQUIRE(t.until([&] { return p.heard.size() == 6; }, 1s));
    const auto* first = std::get_if<m::block_response>(&p.heard[2].what);
    const auto* second = std::get_if<m::block_response>(&p.heard[3].what);
    REQUIRE((first && second && first->block && second->block));
    CHECK(*first->block == forty().encoded(12));
    CHECK(*second->block == forty().encoded(1));
    CHECK_FALSE(first->extended_commit.has_value());
    CHECK(std::get<m::no_block_response>(p.heard[4].what).height == height_t(13));
    CHECK(std::get<m::no_block_response>(p.heard[5].what).height == height_t(0));
}

TEST_CASE("peers are told of each new block, and of few while there is a lot to catch up with") {
    syncing t(forty());
    t.start();
    auto& p = t.connect(2);
    REQUIRE(t.reaches(39));
    REQUIRE(t.until([&] { return p.last_status()->height == height_t(39); }, 1s));
    CHECK(p.heard_of<m::status_response>() <= 1 + 32);
    std::int64_t last = -1;
    for (const auto& what : p.heard)
        if (const auto* s = std::get_if<m::status_response>(&what.what)) {
            CHECK(s->height.v > last);  // never lower: that would be a lie
            last = s->height.v;
        }
}

TEST_CASE(
    "a peer that claims a height it does not have is found out by time, and the rest goes on") {
    syncing t(forty());
    t.start();
    auto& boaster = t.peer(2);
    t.connect(boaster, false);
    boaster.answers = false;
    boaster.send({m::status_response{height_t(INT64_MAX), height_t(1)}});
    t.tell_decided(boaster, INT64_MAX - 1);
    t.run_for(1s);
    t.connect(3);
    REQUIRE(t.reaches(39));
    t.run_for(30s);
    CHECK_FALSE(boaster.is_connected());
    CHECK(t.sync->peer_height_max() == height_t(40));
}
