// SPDX-License-Identifier: Apache-2.0
#include "runtime/shard.hpp"

#include "runtime/timer.hpp"
#include "tests/unit/runtime/support.hpp"

#include <vector>

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::runtime;
using namespace tetrad::runtime::testing;

namespace {

task<int> one() { co_return 1; }

// Never suspends for long: every await is ready at once.
task<void> greedy(const bool& stop, std::uint64_t& rounds) {
    while (!stop)
        rounds += static_cast<std::uint64_t>(co_await one());
}
task<void> yielding(const bool& stop, std::uint64_t& rounds) {
    while (!stop) {
        ++rounds;
        co_await yield();
    }
}
task<void> note(bool& ran) {
    ran = true;
    co_return;
}
task<void> sleep_and_note(duration d, bool& ran) {
    result<void> slept = co_await sleep_for(d);
    ran = slept.has_value();
}

struct two_shards {
    manual_backend& io = *new manual_backend;
    executor on{std::unique_ptr<backend>(&io)};
    shard a{on, 0, "a"}, b{on, 1, "b"};
    scope of_a{a}, of_b{b};
};

}  // namespace

TEST_CASE("a task that never waits does not starve the others, timers, or other shards of its thread") {
    two_shards m;
    bool stop = false, same_shard = false, other_shard = false, timer = false;
    std::uint64_t greedy_rounds = 0, yield_rounds = 0;
    m.of_a.spawn(greedy(stop, greedy_rounds));
    m.of_a.spawn(yielding(stop, yield_rounds));
    m.of_a.spawn(note(same_shard));
    m.of_b.spawn(note(other_shard));
    m.of_b.spawn(sleep_and_note(1ms, timer));
    for (int i = 0; i < 20; ++i) {
        m.io.clock = m.io.clock + 1ms;
        REQUIRE(m.on.turn());
    }
    REQUIRE(same_shard);
    REQUIRE(other_shard);
    REQUIRE(timer);
    REQUIRE(greedy_rounds > 1000);
    REQUIRE(yield_rounds > 5);
    stop = true;
    while (m.on.turn()) {
    }
    REQUIRE(m.of_a.running() + m.of_b.running() == 0);
}

TEST_CASE("a turn without anything to run says so") {
    two_shards m;
    REQUIRE_FALSE(m.on.turn());
    bool ran = false;
    m.of_b.spawn(note(ran));
    REQUIRE(m.on.turn());
    REQUIRE(ran);
    REQUIRE_FALSE(m.on.turn());
}

namespace {

struct counting_letter : letter {
    explicit counting_letter(int& n) : count(&n) {
        deliver = [](letter& l) { ++*static_cast<counting_letter&>(l).count; };
    }
    int* count;
};

}  // namespace

TEST_CASE("letters between shards of one thread arrive without anyone being woken") {
    two_shards m;
    m.a.open_ring(m.b, 2);
    m.a.open_ring(m.b, 1);  // a second port's: the room adds up
    int arrived = 0;
    counting_letter x(arrived), y(arrived), z(arrived);
    m.a.send(m.b, x);
    m.a.send(m.b, y);
    m.a.send(m.b, z);
    REQUIRE(arrived == 0);
    REQUIRE(m.on.turn());
    REQUIRE(arrived == 3);
    REQUIRE(m.io.wakes == 0);
}

TEST_CASE("a shard may write to itself") {
    two_shards m;
    m.a.open_ring(m.a, 1);
    int arrived = 0;
    counting_letter x(arrived);
    m.a.send(m.a, x);
    m.on.turn();
    REQUIRE(arrived == 1);
}
