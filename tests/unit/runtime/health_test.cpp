// SPDX-License-Identifier: Apache-2.0
#include "runtime/health.hpp"

#include "runtime/frame_pool.hpp"
#include "runtime/operation.hpp"
#include "runtime/stream.hpp"
#include "runtime/sync.hpp"
#include "runtime/timer.hpp"
#include "tests/unit/runtime/sim/support.hpp"
#include "tests/unit/runtime/support.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::runtime;
using namespace tetrad::runtime::testing;

namespace {

using words = std::vector<std::string>;

task<void> wait_for_ever(event& e) {
    result<void> woken = co_await e.wait();
    static_cast<void>(woken);
}
task<void> nothing() { co_return; }

struct machine {
    explicit machine(health_limits limits)
        : on(std::unique_ptr<backend>(&io), executor_options{.limits = limits}) {
        on.set_report([this](std::string_view line) { said.emplace_back(line); });
    }
    void after(duration d) {
        io.clock = io.clock + d;
        on.turn();
    }
    manual_backend& io = *new manual_backend;
    executor on;
    shard here{on, 0, "network"};
    scope tasks{here};
    words said;
};

}  // namespace

TEST_CASE("a number over its limit is said once, and once more when it is well below") {
    machine m({.tasks = 10});
    event e;
    for (int i = 0; i < 11; ++i)
        m.tasks.spawn(wait_for_ever(e));
    m.after(1ms);
    REQUIRE(m.said.empty());  // looked at once a second
    m.after(1s);
    m.after(1s);
    REQUIRE(m.said == words{"network/main: 11 tasks, more than 10"});
    e.notify();
    m.after(1s);
    m.after(1s);
    REQUIRE(m.said == words{"network/main: 11 tasks, more than 10", "network/main: 0 tasks again"});
}

TEST_CASE("what waits too long for its turn, and frames that take too much memory, are said") {
    const std::int64_t before = frame_pool::bytes_alive();
    machine m({.wait = 100ms, .memory = 2 * std::abs(before) + 1000});
    m.tasks.spawn(nothing());
    m.after(2s);
    REQUIRE(m.said == words{"network/main: 2000 ms of waiting for its turn, more than 100"});
    event e;
    for (int i = 0; i < 10'000; ++i)
        m.tasks.spawn(wait_for_ever(e));
    for (int i = 0; i < 30; ++i)
        m.after(1ms);
    m.after(1s);
    REQUIRE(std::any_of(m.said.begin(), m.said.end(), [](const std::string& line) {
        return line.starts_with("network: ") &&
               line.find(" bytes of coroutines, more than ") != std::string::npos;
    }));
    e.notify();
    while (m.tasks.running() > 0)
        m.after(1ms);
}

namespace {

task<void> yield_until(const bool& enough) {
    while (!enough)
        co_await yield();
}

task<void> accept_nobody(backend& io, descriptor listener) {
    operation accept(io, op_code::accept);
    accept.what.fd = listener;
    const int ended = co_await accept;
    static_cast<void>(ended);
}

}  // namespace

TEST_CASE(
    "coroutines that are ready and values that wait for a shard are counted once a second, and "
    "said over their limits") {
    machine m({.waiting = 5, .mail = 2});
    bool enough = false;
    for (int i = 0; i < 6; ++i)
        m.tasks.spawn(yield_until(enough));
    stream<int> line("line", 4, m.here, m.here);
    const std::array<int, 3> values{1, 2, 3};
    REQUIRE(line.try_send(values) == 3);
    m.after(1s);
    CHECK(m.here.main_queue().statistics().ready.value() == 6);
    CHECK(m.on.statistics().mail.value() == 3);
    CHECK(m.said == words{"network: 3 messages waiting, more than 2",
                          "network/main: 6 coroutines ready, more than 5"});
    std::array<int, 4> into{};
    REQUIRE(line.try_receive(into) == 3);
    enough = true;
    m.said.clear();
    m.after(1s);
    CHECK(m.here.main_queue().statistics().ready.value() == 0);
    CHECK(m.on.statistics().mail.value() == 0);
    CHECK(m.said ==
          words{"network: 0 messages waiting again", "network/main: 0 coroutines ready again"});
}

TEST_CASE("operations in flight are counted once a second, and said over their limit") {
    sim::world w(1);
    sim::testing::process p(w.add_host("host", "10.0.0.1"));
    p.on.set_report([](std::string_view) {});
    auto listening = p.io().listen(*parse_endpoint("10.0.0.1:0"), 1);
    REQUIRE(listening);
    limit_watch watch({.in_flight = 1});
    words said;
    const auto after_two_seconds = [&] {
        const result<void> slept = p.run(sleep_for(2s));
        REQUIRE(slept);
        watch.look(p.on, [&said](std::string_view line) { said.emplace_back(line); });
        return p.on.statistics().in_flight.value();
    };
    p.tasks.spawn(accept_nobody(p.io(), listening->fd));
    CHECK(after_two_seconds() == 1);
    CHECK(said.empty());
    p.tasks.spawn(accept_nobody(p.io(), listening->fd));
    CHECK(after_two_seconds() == 2);
    p.io().close(listening->fd);  // both end
    CHECK(after_two_seconds() == 0);
    CHECK(said ==
          words{"test: 2 operations in flight, more than 1", "test: 0 operations in flight again"});
}

namespace {

task<void> hold_thread(std::atomic<bool>& held, const std::atomic<bool>& release, executor& on) {
    held.store(true);
    held.notify_one();
    release.wait(false);  // a task must not do this: that is the test
    on.stop();
    co_return;
}

}  // namespace

TEST_CASE(
    "a thread that does not come around is found from outside, with the queue that holds it; one "
    "that sleeps is well") {
    executor on(real_backend());
    shard here(on, 0, "storage");
    task_queue& slow = here.queue({"compaction"});
    scope tasks(slow);
    heartbeat_watch watch({&on});
    REQUIRE(watch.look().has_value());
    std::atomic<bool> held{false}, release{false};
    tasks.spawn(hold_thread(held, release, on));
    std::thread t([&] { on.run(); });
    held.wait(false);
    REQUIRE(watch.look().has_value());  // it moved since the look before
    const result<void> second = watch.look();
    release.store(true);
    release.notify_one();
    t.join();
    REQUIRE_FALSE(second.has_value());
    REQUIRE(second.error().text == "storage/compaction holds its thread");
}
