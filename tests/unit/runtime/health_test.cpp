// SPDX-License-Identifier: Apache-2.0
#include "runtime/health.hpp"

#include "runtime/frame_pool.hpp"
#include "runtime/sync.hpp"
#include "runtime/timer.hpp"
#include "tests/unit/runtime/support.hpp"

#include <algorithm>
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
    explicit machine(health_limits limits) : on(std::unique_ptr<backend>(&io), executor_options{.limits = limits}) {
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
        return line.starts_with("network: ") && line.find(" bytes of coroutines, more than ") != std::string::npos;
    }));
    e.notify();
    while (m.tasks.running() > 0)
        m.after(1ms);
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
