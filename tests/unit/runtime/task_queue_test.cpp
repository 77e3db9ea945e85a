// SPDX-License-Identifier: Apache-2.0
// Which queue runs when: shares, sleepers, the latency class, and what is counted and reported. Cycles are the test's.
#include "runtime/task_queue.hpp"

#include "runtime/sync.hpp"
#include "runtime/timer.hpp"
#include "tests/unit/runtime/support.hpp"

#include <string>
#include <vector>

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::runtime;
using namespace tetrad::runtime::testing;

namespace {

constexpr std::uint64_t microsecond = 2500;  // cycles

/// Uses cycles until it is told to stop, some between two suspensions.
task<void> burn(manual_backend& io, std::uint64_t cycles_each, std::uint64_t& used, const bool& stop) {
    while (!stop) {
        io.cycle += cycles_each;
        used += cycles_each;
        co_await yield();
    }
}

struct machine {
    manual_backend& io = *new manual_backend;
    executor on{std::unique_ptr<backend>(&io)};
    shard a{on, 0, "a"}, b{on, 1, "b"};
    bool stop = false;

    ~machine() {
        stop = true;
        while (on.turn()) {}
    }
    void turns(int n) {
        for (int i = 0; i < n; ++i) {
            io.clock = io.clock + 100us;
            on.turn();
        }
    }
};

}  // namespace

TEST_CASE(
    "queues that are always busy use their thread in proportion to their shares, within two "
    "percent") {
    machine m;
    task_queue& small = m.a.queue({"small", 100});
    task_queue& large = m.b.queue({"large", 300});
    scope of_small(small), of_large(large), of_main(m.a);
    std::uint64_t by_small = 0, by_large = 0, by_main = 0;
    for (int i = 0; i < 20; ++i) {
        of_small.spawn(burn(m.io, 40 * microsecond, by_small, m.stop));
        of_large.spawn(burn(m.io, 40 * microsecond, by_large, m.stop));
        of_main.spawn(burn(m.io, 7 * microsecond, by_main, m.stop));
    }
    m.turns(20'000);
    const double all = static_cast<double>(by_small + by_large + by_main);
    REQUIRE(static_cast<double>(by_large) / all == Approx(0.6).margin(0.02));
    REQUIRE(static_cast<double>(by_small) / all == Approx(0.2).margin(0.02));
    REQUIRE(static_cast<double>(by_main) / all == Approx(0.2).margin(0.02));
    m.stop = true;
    m.turns(50);
}

TEST_CASE("without a cycle counter, as in the simulation, the shares are of resumptions") {
    machine m;
    task_queue& small = m.a.queue({"small", 100});
    task_queue& large = m.a.queue({"large", 400});
    scope of_small(small), of_large(large);
    std::uint64_t none = 0;
    for (int i = 0; i < 2000; ++i) {
        of_small.spawn(burn(m.io, 0, none, m.stop));
        of_large.spawn(burn(m.io, 0, none, m.stop));
    }
    m.turns(500);
    // Neither ends its turn by time, so each gets its slice in every turn.
    REQUIRE(small.statistics().resumptions.value() == 500 * 512);
    REQUIRE(large.statistics().resumptions.value() == 500 * 512);
    m.stop = true;
    m.turns(50);
}

namespace {

task<void> wait_and_burn(manual_backend& io, event& e, std::uint64_t cycles, std::uint64_t& used) {
    result<void> woken = co_await e.wait();
    if (!woken)
        co_return;
    for (int i = 0; i < 100; ++i) {
        io.cycle += cycles;
        used += cycles;
        co_await yield();
    }
}

}  // namespace

TEST_CASE("a queue that slept has saved up nothing: from then on it shares alike") {
    machine m;
    task_queue& sleeper = m.a.queue({"sleeper"});
    scope of_sleeper(sleeper), of_main(m.a);
    event e;
    std::uint64_t by_sleeper = 0, by_main = 0;
    for (int i = 0; i < 100; ++i)
        of_sleeper.spawn(wait_and_burn(m.io, e, 50 * microsecond, by_sleeper));
    for (int i = 0; i < 100; ++i)
        of_main.spawn(burn(m.io, 50 * microsecond, by_main, m.stop));
    m.turns(1000);
    REQUIRE(by_sleeper == 0);
    e.notify();
    by_main = 0;
    m.turns(100);
    const double all = static_cast<double>(by_sleeper + by_main);
    REQUIRE(static_cast<double>(by_sleeper) / all == Approx(0.5).margin(0.03));
    m.stop = true;
    while (of_sleeper.running() > 0)
        m.turns(1);
}

namespace {

task<void> note_when_woken(event& e, std::vector<std::string>& order) {
    result<void> woken = co_await e.wait();
    order.push_back(woken ? "urgent" : "stopped");
}
task<void> wake_others(event& e, std::vector<std::string>& order) {
    e.notify();
    order.push_back("woke");
    co_return;
}
task<void> note(std::vector<std::string>& order) {
    order.push_back("bulk");
    co_return;
}

}  // namespace

TEST_CASE("a queue of the latency class ends the slice of another as soon as it has something to run") {
    machine m;
    task_queue& urgent = m.b.queue({"urgent", 100, true});
    scope of_urgent(urgent), of_main(m.a);
    event e;
    std::vector<std::string> order;
    of_urgent.spawn(note_when_woken(e, order));
    m.turns(1);
    of_main.spawn(note(order));
    of_main.spawn(wake_others(e, order));
    for (int i = 0; i < 3; ++i)
        of_main.spawn(note(order));
    m.turns(1);
    REQUIRE(order == std::vector<std::string>{"bulk", "woke"});
    m.turns(1);
    REQUIRE(order == std::vector<std::string>{"bulk", "woke", "urgent", "bulk", "bulk", "bulk"});
}

TEST_CASE("the latency class does not let a queue take more than its share") {
    machine m;
    task_queue& urgent = m.b.queue({"urgent", 100, true});
    scope of_urgent(urgent), of_main(m.a);
    std::uint64_t by_urgent = 0, by_main = 0;
    for (int i = 0; i < 4; ++i) {
        of_urgent.spawn(burn(m.io, 60 * microsecond, by_urgent, m.stop));
        of_main.spawn(burn(m.io, 60 * microsecond, by_main, m.stop));
    }
    m.turns(5000);
    REQUIRE(static_cast<double>(by_urgent) / static_cast<double>(by_urgent + by_main) == Approx(0.5).margin(0.02));
    m.stop = true;
    m.turns(5);
}

namespace {

task<void> step(manual_backend& io, std::uint64_t cycles) {
    io.cycle += cycles;
    co_return;
}
task<void> chain(manual_backend& io, int steps, int name, std::vector<int>& ended) {
    for (int i = 0; i < steps; ++i)
        co_await step(io, 50 * microsecond);
    ended.push_back(name);
}

}  // namespace

TEST_CASE("the end of a slice does not change the order of tasks, unless one takes more than a slice itself") {
    machine m;
    scope tasks(m.a);
    std::vector<int> ended;
    for (int i = 0; i < 20; ++i)
        tasks.spawn(chain(m.io, i == 7 ? 200 : 3, i, ended));
    m.turns(200);
    std::vector<int> wanted{0, 1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19};
    std::erase(ended, 7);
    REQUIRE(ended == wanted);
    REQUIRE(tasks.running() == 0);
}

TEST_CASE("tasks and what they await run in the queue that they were spawned into") {
    machine m;
    task_queue& side = m.a.queue({"side"});
    scope in_side(side);
    event e;
    std::vector<std::string> order;
    in_side.spawn(note_when_woken(e, order));
    REQUIRE(side.statistics().tasks.value() == 1);
    m.turns(1);
    e.notify();
    m.turns(1);
    REQUIRE(order.size() == 1);
    REQUIRE(side.statistics().tasks.value() == 0);
    REQUIRE(side.statistics().resumptions.value() == 2);
    REQUIRE(m.a.main_queue().statistics().resumptions.value() == 0);
    REQUIRE(side.full_name() == "a/side");
}

TEST_CASE("a queue is made once: who asks for it again gets the same") {
    machine m;
    task_queue& first = m.a.queue({"bulk", 50});
    REQUIRE(&m.a.queue({"bulk", 50}) == &first);
    REQUIRE(&m.b.queue({"bulk", 50}) != &first);
    REQUIRE(&m.a.queue({"main"}) == &m.a.main_queue());
}

TEST_CASE("run time and waiting time are counted by queue") {
    machine m;
    scope of_main(m.a);
    std::uint64_t used = 0;
    of_main.spawn(burn(m.io, 30 * microsecond, used, m.stop));
    m.turns(1);
    for (int i = 0; i < 9; ++i)
        m.turns(1);  // 100 us of clock between two of its slices
    const queue_statistics& s = m.a.main_queue().statistics();
    REQUIRE(s.slices.value() == 10);
    REQUIRE(s.run.value() == 10 * 30'000);
    REQUIRE(s.wait.value() == 10 * 100'000);
    REQUIRE(m.a.main_queue().take_longest_wait() == 100us);
    REQUIRE(m.a.main_queue().take_longest_wait() == 0us);
    m.stop = true;
    m.turns(1);
}

TEST_CASE("a slice that holds its thread too long is reported with the name of its queue") {
    machine m;
    std::vector<std::string> said;
    m.on.set_report([&](std::string_view line) { said.emplace_back(line); });
    task_queue& slow = m.b.queue({"slow"});
    scope of_slow(slow);
    std::uint64_t used = 0;
    of_slow.spawn(burn(m.io, 70'000 * microsecond, used, m.stop));
    m.turns(1);
    m.stop = true;
    m.turns(2);
    REQUIRE(said == std::vector<std::string>{"queue b/slow held its thread for 70 ms in 1 resumptions"});
    REQUIRE(m.on.statistics().stalls.value() == 1);
}
