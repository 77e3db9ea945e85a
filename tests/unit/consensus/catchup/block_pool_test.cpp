// SPDX-License-Identifier: Apache-2.0
// Which block is asked of whom, and who is sent away (CometBFT's BlockPool), without I/O: time and peers are the test's.
#include "consensus/catchup/block_pool.hpp"

#include "base/random.hpp"
#include "base/text.hpp"

#include <map>
#include <set>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::consensus;

namespace {

/// A pool, its clock, and what is outstanding as the wire would show it.
struct pooling {
    block_pool pool;
    instant now{1'000'000'000};
    std::map<std::string, std::int64_t> received;  // bytes of each connection
    std::vector<std::string> sent_away;

    explicit pooling(std::int64_t next = 1) : pool(height_t(next)) {}

    result<void> status(const std::string& id, std::int64_t base, std::int64_t height) {
        return pool.on_status(id, height_t(base), height_t(height), now);
    }
    void peers(std::initializer_list<std::string> ids, std::int64_t height = 1000) {
        for (const auto& id : ids)
            REQUIRE(status(id, 1, height));
    }
    /// "a1 b2": whom is asked for what.
    std::string requests() {
        std::string out;
        for (const auto& q : pool.next_requests(now))
            out += (out.empty() ? "" : " ") + q.peer + std::to_string(q.height.v);
        return out;
    }
    std::map<std::string, std::set<std::int64_t>> requests_by_peer() {
        std::map<std::string, std::set<std::int64_t>> out;
        for (const auto& q : pool.next_requests(now))
            CHECK(out[q.peer].insert(q.height.v).second);
        return out;
    }
    result<bool> give(const std::string& id, std::int64_t h,
                      const slice& encoded = slice(bytes(100)), std::size_t extended_bytes = 0) {
        auto b = std::make_shared<chain::block_outline>();
        b->header.height = height_t(h);
        return pool.on_block(id, {std::move(b), encoded, id, nullptr, extended_bytes}, now);
    }
    void no_block(const std::string& id, std::int64_t h) { pool.on_no_block(id, height_t(h), now); }
    bool has(std::int64_t h) const { return pool.at(height_t(h)) != nullptr; }
    void pass(duration d) {
        now = now + d;
        for (const auto& e :
             pool.on_time(now, [this](const std::string& id) { return received[id]; }))
            sent_away.push_back(e.peer);
    }
    /// Time passes as the reactor lets it pass: from deadline to deadline.
    void run(duration d) {
        const instant end = now + d;
        int steps = 0;
        for (;;) {
            pool.next_requests(now);
            const instant next = pool.next_deadline(now);
            REQUIRE(next > now);
            REQUIRE(++steps < 10'000);
            if (next > end)
                break;
            pass(next - now);
        }
        now = end;
    }
};

std::string refusal(const result<bool>& r) {
    return r ? (*r ? "new" : "not needed") : r.error().text;
}

}  // namespace

// ---- whom is asked for what ----

TEST_CASE("nothing is asked before a peer told its range, nor of a peer that has nothing we lack") {
    pooling t;
    CHECK(t.requests().empty());
    CHECK(t.pool.next_deadline(t.now) == instant::never());
    REQUIRE(t.status("a", 0, 0));
    CHECK(t.requests().empty());
    CHECK(t.pool.peer_height_max() == height_t(0));
    pooling ahead(10);
    REQUIRE(ahead.status("a", 1, 9));
    CHECK(ahead.requests().empty());
    REQUIRE(ahead.status("a", 1, 10));
    CHECK(ahead.requests() == "a10");
}

TEST_CASE("heights are asked for in order, each once, of the least busy peer that has it") {
    pooling t;
    t.peers({"a"}, 3);
    REQUIRE(t.status("b", 3, 4));
    CHECK(t.requests() == "a1 a2 b3 b4");
    CHECK(t.requests().empty());
    CHECK(t.pool.peer_height_max() == height_t(4));
}

TEST_CASE("a peer that has pruned a height is not asked for it") {
    pooling t;
    REQUIRE(t.status("a", 5, 10));
    CHECK(t.requests() == "a5 a6 a7 a8 a9 a10");
    CHECK_FALSE(t.has(1));
    REQUIRE(t.status("b", 1, 4));
    CHECK(t.requests() == "b1 b2 b3 b4");
}

TEST_CASE("a peer is asked for at most twenty blocks at a time") {
    pooling t;
    t.peers({"a"});
    CHECK(t.requests_by_peer()["a"].size() == block_pool::per_peer_max);
    CHECK(refusal(t.give("a", 1)) == "new");
    CHECK(t.requests().empty());  // the window is twenty heights for each peer
    t.pool.advance();
    CHECK(t.requests() == "a21");
    t.peers({"b", "c"});
    const auto more = t.requests_by_peer();
    CHECK(more.at("b").size() == 20);
    CHECK(more.at("c").size() == 20);
    CHECK(*more.at("c").rbegin() <= 61);
}

TEST_CASE("no more than 600 heights are asked for, whatever the number of peers") {
    pooling t;
    for (int i = 0; i < 50; ++i)
        t.peers({format("p{:02}", i)}, 100'000);
    std::size_t asked = 0;
    for (const auto& [id, heights] : t.requests_by_peer()) {
        CHECK(heights.size() <= block_pool::per_peer_max);
        CHECK(*heights.rbegin() <= 600);
        asked += heights.size();
    }
    CHECK(asked == 600);
}

TEST_CASE(
    "blocks here and under way are bounded by their bytes, but the two lowest heights are always "
    "asked for") {
    pooling t;
    t.peers({"a", "b", "c", "d", "e"}, 100);
    REQUIRE_FALSE(t.requests().empty());
    constexpr std::size_t large = 40 * 1024 * 1024;
    const bool in_commit = GENERATE(false, true);         // of the block, or of its extended commit
    const slice encoded(bytes(in_commit ? 100 : large));  // one buffer for all
    std::int64_t given = 0;
    for (std::int64_t h = 3; h <= 9; ++h)
        for (const auto* id : {"a", "b", "c", "d", "e"})
            if (refusal(t.give(id, h, encoded, in_commit ? large : 0)) == "new")
                ++given;
    CHECK(given == 6);  // 240 MiB, and no room for the seventh
    for (std::int64_t h = 10; h <= 100; ++h)
        for (const auto* id : {"a", "b", "c", "d", "e"})
            t.no_block(id, h);
    for (const auto* id : {"a", "b", "c", "d", "e"}) {
        t.no_block(id, 1);
        t.no_block(id, 2);
    }
    t.pass(block_pool::refusal_time);
    const auto again = t.pool.next_requests(t.now);
    REQUIRE(again.size() == 2);
    CHECK(again[0].height == height_t(1));
    CHECK(again[1].height == height_t(2));
}

TEST_CASE(
    "a block for which there is no room is put away at no cost to its sender, and asked for when "
    "there is room") {
    pooling t;
    t.peers({"a"}, 20);
    REQUIRE(t.requests_by_peer()["a"].size() == 20);
    const slice large(bytes(100 * 1024 * 1024));  // one buffer for all
    CHECK(refusal(t.give("a", 5, large)) == "new");
    CHECK(refusal(t.give("a", 4, large)) == "new");
    CHECK(refusal(t.give("a", 3, large)) == "not needed");
    CHECK_FALSE(t.has(3));
    CHECK(refusal(t.give("a", 1, large)) == "new");  // what is next always has room
    CHECK(refusal(t.give("a", 2, large)) == "new");
    for (std::int64_t h = 6; h <= 20; ++h)
        t.no_block("a", h);
    t.pass(block_pool::refusal_time);
    CHECK(t.requests().empty());
    t.pool.advance();
    CHECK(t.requests() == "a3");  // it is one of the two lowest now
    CHECK(refusal(t.give("a", 3, large)) == "new");
    for (int applied = 0; applied < 3; ++applied)
        t.pool.advance();
    CHECK(t.has(5));
    CHECK(t.requests() == "a6");  // a seventh would be too much
}

TEST_CASE("a block counts with what its outline takes, not with its encoding alone") {
    chain::block_outline b;
    const slice encoded(bytes(100));
    const auto counted = [&] {
        return pooled_block{std::make_shared<const chain::block_outline>(b), encoded, "a"}.bytes();
    };
    CHECK(counted() == 100);
    b.header.app_hash.resize(1000);
    CHECK(counted() == 1100);
    b.last_commit.emplace().signatures.resize(1000);
    CHECK(counted() >= 100'000);
}

TEST_CASE("a round step raises what a peer is known to have, and never lowers it") {
    pooling t;
    t.peers({"a"}, 5);
    t.pool.on_peer_reached("a", height_t(7));
    t.pool.on_peer_reached("a", height_t(6));
    t.pool.on_peer_reached("stranger", height_t(1000));
    CHECK(t.pool.peer_height_max() == height_t(7));
    CHECK(t.requests() == "a1 a2 a3 a4 a5 a6 a7");
    REQUIRE(t.status("a", 1, 6));  // a status that is on its way meanwhile is no lie
    CHECK(t.pool.peer_height_max() == height_t(7));
}

// ---- status ----

TEST_CASE("a status may repeat or rise") {
    pooling t;
    t.peers({"a"}, 5);
    CHECK(t.status("a", 1, 5));
    CHECK(t.status("a", 2, 6));  // pruned one, made one
    CHECK(t.pool.peer_height_max() == height_t(6));
}

TEST_CASE("a height or base that goes down, or a base above the height, bans for sixty seconds") {
    const auto [base, height] = GENERATE(std::pair(2, 9), std::pair(1, 10), std::pair(11, 10));
    pooling t;
    REQUIRE(t.status("a", 2, 10));
    REQUIRE_FALSE(t.requests().empty());
    CHECK_FALSE(t.status("a", base, height));
    CHECK_FALSE(t.pool.has_peer("a"));
    CHECK_FALSE(t.pool.expects_from("a"));
    t.pass(59s);
    CHECK(t.status("a", 2, 10));  // not listened to
    CHECK_FALSE(t.pool.has_peer("a"));
    t.pass(1s);
    CHECK(t.status("a", 2, 10));
    CHECK(t.pool.has_peer("a"));
}

TEST_CASE("bans are remembered up to their bound, those that end first go first") {
    pooling t;
    for (std::size_t i = 0; i < block_pool::bans_max + 1; ++i) {
        CHECK_FALSE(t.status(format("p{}", i), 2, 1));
        t.now = t.now + 1ms;
    }
    CHECK(t.status("p0", 1, 2));
    CHECK(t.pool.has_peer("p0"));
    CHECK(t.status("p1000", 1, 2));
    CHECK_FALSE(t.pool.has_peer("p1000"));
}

// ---- answers ----

TEST_CASE("a block that was asked for is kept until it is applied, and the next height follows") {
    pooling t;
    t.peers({"a"}, 3);
    REQUIRE(t.requests() == "a1 a2 a3");
    CHECK(t.pool.expects_from("a"));
    CHECK(refusal(t.give("a", 2)) == "new");
    CHECK_FALSE(t.has(1));
    CHECK(refusal(t.give("a", 1)) == "new");
    CHECK(t.has(1));
    CHECK(t.has(2));
    CHECK(t.pool.at(height_t(1))->from == "a");
    t.pool.advance();
    CHECK(t.pool.height() == height_t(2));
    CHECK_FALSE(t.has(1));
    CHECK(t.has(2));
    CHECK(refusal(t.give("a", 3)) == "new");
    CHECK_FALSE(t.pool.expects_from("a"));
}

TEST_CASE(
    "a block that was not asked of its sender is an error: another's, a repeated one, one out of "
    "range") {
    pooling t;
    t.peers({"a"}, 2);
    REQUIRE(t.requests() == "a1 a2");
    t.peers({"b"}, 2);
    CHECK_FALSE(t.pool.expects_from("b"));
    CHECK(refusal(t.give("b", 1)) == "block 1 was not asked of this peer");
    CHECK(refusal(t.give("a", 3)) == "block 3 was not asked of this peer");
    CHECK(refusal(t.give("a", -1)) == "block -1 was not asked of this peer");
    CHECK(refusal(t.give("a", 1)) == "new");
    CHECK(refusal(t.give("a", 1)) == "block 1 was not asked of this peer");
}

TEST_CASE("a peer without the block is not asked for it for five seconds, another is at once") {
    pooling t;
    t.peers({"a", "b"}, 1);
    REQUIRE(t.requests() == "a1");
    t.no_block("a", 1);
    CHECK(t.requests() == "b1");
    t.no_block("b", 1);
    CHECK(t.requests().empty());
    CHECK(t.pool.next_deadline(t.now) == t.now + 5s);
    t.pass(4999ms);
    CHECK(t.requests().empty());
    t.pass(1ms);
    CHECK(t.requests() == "a1");
}

TEST_CASE("an answer of no block that nobody asked for changes nothing") {
    pooling t;
    t.peers({"a", "b"}, 2);
    REQUIRE(t.requests() == "a1 b2");
    t.no_block("b", 1);
    t.no_block("a", 77);
    t.no_block("stranger", 1);
    CHECK(t.requests().empty());
    CHECK(refusal(t.give("a", 1)) == "new");
    CHECK(refusal(t.give("b", 2)) == "new");
}

TEST_CASE(
    "a height that holds everything up is asked of a second peer after two seconds; whoever is "
    "first counts") {
    pooling t;
    t.peers({"a", "b"}, 4);
    REQUIRE(t.requests() == "a1 b2 a3 b4");
    CHECK(t.pool.next_deadline(t.now) <= t.now + 2s);
    t.pass(1999ms);
    CHECK(t.requests().empty());
    t.pass(1ms);
    CHECK(t.requests() == "b1 a2");  // only these two: 3 holds nothing up yet
    t.pass(2s);
    CHECK(t.requests().empty());  // never of a third, never twice
    CHECK(refusal(t.give("b", 1)) == "new");
    CHECK(refusal(t.give("a", 1)) == "not needed");
    CHECK(t.pool.at(height_t(1))->from == "b");
    t.pool.advance();
    CHECK(refusal(t.give("b", 2)) == "new");
    t.pool.advance();
    CHECK(refusal(t.give("a", 2)) == "not needed");  // applied meanwhile, still no lie
    CHECK(refusal(t.give("a", 2)) == "block 2 was not asked of this peer");
}

TEST_CASE("a second request that finds nobody waits for an event, not for a clock that stands") {
    pooling t;
    t.peers({"a"}, 3);
    REQUIRE(t.requests() == "a1 a2 a3");
    t.run(3s);
    CHECK(t.pool.next_deadline(t.now) > t.now + 1s);
    t.peers({"b"}, 3);
    CHECK(t.requests() == "b1 b2");
}

TEST_CASE(
    "a request that is not answered for thirty seconds goes to another, and a late answer is no "
    "lie") {
    pooling t;
    t.peers({"a"}, 3);
    REQUIRE(t.requests() == "a1 a2 a3");
    t.received["a"] = 0;
    for (int i = 0; i < 29; ++i) {
        t.received["a"] += 1'000'000;  // its connection is busy with other things
        t.pass(1s);
    }
    t.peers({"b"}, 3);
    t.pass(999ms);
    CHECK(t.requests() == "b1 b2");
    t.pass(1ms);
    CHECK(t.requests() == "b3");
    CHECK(t.sent_away.empty());
    CHECK(t.pool.expects_from("a"));
    CHECK(refusal(t.give("a", 3)) == "new");
    t.no_block("a", 2);
    CHECK(refusal(t.give("a", 1)) == "new");
    CHECK_FALSE(t.pool.expects_from("a"));
    CHECK(refusal(t.give("a", 2)) == "block 2 was not asked of this peer");
}

// ---- slow peers ----

TEST_CASE("a peer that sends no block for 15 s over a slow connection is sent away, and banned") {
    pooling t;
    t.peers({"a"}, 30);
    REQUIRE_FALSE(t.requests().empty());
    t.run(17s);
    CHECK(t.sent_away == std::vector<std::string>{"a"});
    CHECK_FALSE(t.pool.has_peer("a"));
    CHECK(t.status("a", 1, 30));
    CHECK_FALSE(t.pool.has_peer("a"));
    t.peers({"b"}, 30);
    CHECK(t.requests_by_peer()["b"].size() == 20);  // all of them are asked of another
}

TEST_CASE("a peer whose connection carries 128 KiB/s is not slow: its block is large") {
    for (const auto& [rate, stays] : {std::pair(block_pool::receive_rate_min + 1000, true),
                                      {block_pool::receive_rate_min - 1000, false}}) {
        pooling t;
        t.peers({"a"}, 30);
        REQUIRE_FALSE(t.requests().empty());
        for (int i = 0; i < 29; ++i) {
            t.received["a"] += rate;
            t.run(1s);
        }
        CHECK(t.pool.has_peer("a") == stays);
    }
}

TEST_CASE("a peer that is asked for nothing is never slow") {
    pooling t;
    t.peers({"a"}, 1);
    REQUIRE(t.requests() == "a1");
    REQUIRE(t.give("a", 1));
    t.run(10min);
    CHECK(t.sent_away.empty());
    t.pool.advance();
    REQUIRE(t.status("a", 1, 2));
    CHECK(t.requests() == "a2");
    t.run(14s);
    CHECK(t.sent_away.empty());
}

TEST_CASE("a peer that goes on sending is not slow") {
    pooling t;
    t.peers({"a"}, 1000);
    for (std::int64_t h = 1; h <= 60; ++h) {
        t.run(1s);
        REQUIRE(t.give("a", h));
        t.pool.advance();
    }
    CHECK(t.sent_away.empty());
}

// ---- liars and leavers ----

TEST_CASE(
    "a bad pair loses both its senders for sixty seconds, and both heights are asked of others") {
    pooling t;
    t.peers({"a", "b"}, 4);
    REQUIRE(t.requests() == "a1 b2 a3 b4");
    for (const auto& [id, h] : {std::pair("a", 1), {"b", 2}, {"a", 3}, {"b", 4}})
        REQUIRE(t.give(id, h));
    t.peers({"c"}, 4);
    CHECK(t.pool.reject(height_t(1), t.now) == std::vector<std::string>{"a", "b"});
    for (std::int64_t h = 1; h <= 4; ++h)
        CHECK_FALSE(t.has(h));  // whatever they sent is as bad as they are
    CHECK_FALSE(t.pool.has_peer("a"));
    CHECK_FALSE(t.pool.has_peer("b"));
    CHECK(t.requests() == "c1 c2 c3 c4");
    CHECK(t.status("a", 1, 4));
    CHECK_FALSE(t.pool.has_peer("a"));
    t.pass(60s);
    CHECK(t.status("a", 1, 4));
    CHECK(t.pool.has_peer("a"));
}

TEST_CASE("a bad pair of one sender loses that one; what is not here has no sender") {
    pooling t;
    t.peers({"a"}, 2);
    REQUIRE(t.requests() == "a1 a2");
    REQUIRE(t.give("a", 1));
    REQUIRE(t.give("a", 2));
    CHECK(t.pool.reject(height_t(1), t.now) == std::vector<std::string>{"a"});
    CHECK(t.pool.reject(height_t(1), t.now).empty());
}

TEST_CASE("a peer that leaves takes its requests and its blocks with it") {
    pooling t;
    t.peers({"a", "b"}, 4);
    REQUIRE(t.requests() == "a1 b2 a3 b4");
    REQUIRE(t.give("a", 1));
    REQUIRE(t.give("b", 2));
    t.pool.on_peer_gone("a");
    CHECK_FALSE(t.has(1));
    CHECK(t.has(2));
    CHECK(t.requests() == "b1 b3");
    t.pool.on_peer_gone("stranger");
    t.peers({"a"}, 4);  // it comes back, and is no banned one
    CHECK(t.pool.has_peer("a"));
    CHECK(refusal(t.give("a", 3)) == "block 3 was not asked of this peer");
    t.pool.on_peer_gone("a");
    CHECK(refusal(t.give("a", 3)) == "not needed");  // what was under way when it left
}

TEST_CASE("the height of the peers is of those that are here") {
    pooling t;
    t.peers({"a"}, 10);
    t.peers({"b"}, 5);
    CHECK(t.pool.peer_height_max() == height_t(10));
    t.pool.on_peer_gone("a");
    CHECK(t.pool.peer_height_max() == height_t(5));
    t.pool.on_peer_gone("b");
    CHECK(t.pool.peer_height_max() == height_t(0));
    CHECK(t.pool.peer_count() == 0);
}

// ---- everything at once ----

TEST_CASE(
    "whatever peers do, limits hold, time goes on, and one honest peer is enough to get every "
    "block") {
    const auto seed = GENERATE(range(1, 21));
    INFO("seed " << seed);
    seeded_random random(static_cast<std::uint64_t>(seed));
    constexpr std::int64_t last = 300;
    pooling t;
    std::map<std::string, std::set<std::int64_t>> open;  // requests on the wire, by peer
    const std::vector<std::string> strange = {"p", "q", "r", "s"};
    REQUIRE(t.status("honest", 1, last));
    const auto ask = [&] {
        for (const auto& q : t.pool.next_requests(t.now)) {
            CHECK(q.height >= t.pool.height());
            CHECK(q.height.v <= last);
            open[q.peer].insert(q.height.v);
        }
    };
    int steps = 0;
    for (; t.pool.height().v <= last && steps < 50'000; ++steps) {
        const auto& id = strange[random.below(strange.size())];
        const auto h = t.pool.height().v + static_cast<std::int64_t>(random.below(30)) - 5;
        switch (random.below(10)) {
            case 0: (void)t.status(id, 1, last - static_cast<std::int64_t>(random.below(3))); break;
            case 1: t.no_block(id, h); break;
            case 2: (void)t.give(id, h); break;
            case 3: t.pool.on_peer_gone(id); break;
            case 4: t.pool.on_peer_reached(id, height_t(std::min(h, last))); break;
            case 5:
                if (random.below(20) == 0)
                    t.pool.reject(t.pool.height(), t.now);
                break;
            case 6: t.pass(std::chrono::milliseconds(random.below(3000))); break;
            default:
                if (!t.pool.has_peer("honest"))
                    (void)t.status("honest", 1, last);
                if (auto& mine = open["honest"]; !mine.empty()) {
                    const auto answered = *mine.begin();
                    mine.erase(mine.begin());
                    CHECK(t.give("honest", answered));
                }
        }
        while (t.has(t.pool.height().v) &&
               (t.has(t.pool.height().v + 1) || t.pool.height().v == last))
            t.pool.advance();
        ask();
        t.pass(0s);
        ask();
        REQUIRE(t.pool.next_deadline(t.now) > t.now);
    }
    CHECK(t.pool.height().v == last + 1);
}
