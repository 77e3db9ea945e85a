// SPDX-License-Identifier: Apache-2.0
#include "runtime/executor.hpp"

#include "runtime/operation.hpp"
#include "runtime/port.hpp"
#include "runtime/timer.hpp"
#include "tests/unit/runtime/tcp_support.hpp"

#include <chrono>
#include <thread>

#include <sys/resource.h>

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::runtime;
using namespace tetrad::runtime::testing;

namespace {

task<result<void>> nap(duration d) { return sleep_for(d); }

/// CPU time of the calling thread, and how often it gave up its core.
struct usage {
    usage() {
        rusage u{};
        ::getrusage(RUSAGE_THREAD, &u);
        cpu = std::chrono::seconds(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
              std::chrono::microseconds(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
        sleeps = u.ru_nvcsw;
    }
    duration cpu;
    long sleeps;
};

}  // namespace

TEST_CASE("stop before run ends the next run at once, and a run can follow") {
    real_machine m;
    m.on.stop();
    m.on.run();
    const auto r = m.run(nap(1ms));
    REQUIRE(r.has_value());
}

TEST_CASE("sleeping tasks cost no CPU: the thread blocks in the kernel until the deadline") {
    real_machine m;
    REQUIRE(m.run(nap(1ms)).has_value());  // everything is warm
    auto& kernel = static_cast<uring_backend&>(m.on.io());
    const usage before;
    const auto enters = kernel.counts().enters;
    const instant begin = kernel.now();
    REQUIRE(m.run(nap(200ms)).has_value());
    const duration wall = kernel.now() - begin;
    const usage after;
    REQUIRE(wall >= 200ms);
    REQUIRE(after.cpu - before.cpu < 10ms);
    REQUIRE(kernel.counts().enters - enters <= 4);  // no tick
}

TEST_CASE("an executor without anything to do sleeps until another thread stops it") {
    std::atomic<bool> running{false};
    duration cpu{};
    std::uint64_t enters = 0;
    executor on(real_backend());
    shard here(on, 0, "idle");
    scope tasks(here);
    auto& kernel = static_cast<uring_backend&>(on.io());
    std::thread t([&] {
        const usage before;
        running.store(true);
        running.notify_one();
        on.run();
        const usage after;
        cpu = after.cpu - before.cpu;
        enters = kernel.counts().enters;
    });
    running.wait(false);
    real_machine clock;
    REQUIRE(clock.run(nap(150ms)).has_value());
    on.stop();
    t.join();
    REQUIRE(cpu < 10ms);
    REQUIRE(enters <= 3);
}

namespace {

task<result<void>> echo_all(tcp_listener& at) {
    tcp_stream s = co_await ok(at.accept());
    bytes some(16);
    for (;;) {
        const std::size_t n = co_await ok(s.read_some(some));
        if (n == 0)
            co_return result<void>{};
        co_await ok(s.write_all(byte_view(some).first(n)));
    }
}

bool falls_asleep(const executor& on) {
    const auto limit = std::chrono::steady_clock::now() + 20s;
    while (!on.feel_pulse().asleep && std::chrono::steady_clock::now() < limit)
        std::this_thread::yield();
    return on.feel_pulse().asleep;
}

/// How often a thread slept while it answered so many bytes, one at a time. One that does not spin gets the next when it sleeps.
std::uint64_t sleeps_between(int answers, duration spin) {
    executor on(real_backend(), {.spin = spin});
    shard here(on, 0, "echo");
    scope tasks(here);
    auto at = tcp_listener::listen(on.io(), loopback());
    REQUIRE(at);
    raw_peer far(at->bound());
    std::optional<result<void>> end;
    tasks.spawn(store_and_stop<result<void>>(on, echo_all(*at), end));
    std::thread t([&] { on.run(); });
    bool is_well = true;
    for (int i = 0; i < answers && is_well; ++i) {
        char c = 'x';
        is_well = (spin > duration::zero() || falls_asleep(on)) && far.send_all("x") &&
                  ::recv(far.fd, &c, 1, 0) == 1;
    }
    far.close_write();
    t.join();
    REQUIRE(is_well);
    REQUIRE((end && *end));
    return on.statistics().sleeps.value();
}

}  // namespace

TEST_CASE("a thread sleeps whenever it has nothing to do, unless it was told to spin so long") {
    REQUIRE(sleeps_between(20, duration::zero()) >= 20);
    REQUIRE(sleeps_between(20, 1min) == 0);
}

TEST_CASE("the clock of a turn stands still, and moves between turns") {
    still_machine m;
    const instant begin = m.on.now();
    m.io.clock = m.io.clock + 5ms;
    REQUIRE(m.on.now() == begin);
    m.on.turn();
    REQUIRE(m.on.now() == begin + 5ms);
    REQUIRE(m.here.now() == m.on.now());
}

TEST_CASE(
    "turns that follow each other within two microseconds are of the same time, as their cycles "
    "say") {
    still_machine m;
    constexpr std::uint64_t microsecond = 2500;  // cycles
    const instant begin = m.on.now();
    auto turn_after = [&](std::uint64_t cycles) {
        m.io.cycle += cycles;
        m.io.clock = m.io.clock + 1us;
        m.on.turn();
        return m.on.now() - begin;
    };
    REQUIRE(turn_after(10 * microsecond) == 1us);
    REQUIRE(turn_after(microsecond) == 1us);
    REQUIRE(turn_after(microsecond) == 3us);
    REQUIRE(turn_after(microsecond) == 3us);
    m.io.cycle = 0;  // none are counted
    REQUIRE(turn_after(0) == 5us);
    REQUIRE(turn_after(0) == 6us);
}

namespace {

task<void> receive_once(backend& io) {
    operation receive(io, op_code::recv);
    co_await receive;
}

}  // namespace

TEST_CASE("what an idle thread wakes up to has not waited for its turn since it fell asleep") {
    still_machine m;
    scope tasks(m.here);
    tasks.spawn(receive_once(m.io));
    m.on.turn();
    REQUIRE(m.io.submitted.size() == 1);
    task_queue& queue = *m.here.queues().front();
    static_cast<void>(queue.take_longest_wait());
    m.io.submitted.front()->cancelled = true;  // completes within the next turn
    m.io.clock = m.io.clock + 5s;
    m.on.turn();
    REQUIRE(tasks.running() == 0);
    REQUIRE(queue.take_longest_wait() == duration{});
}

namespace {

task<result<int>> twice(int n) { co_return n * 2; }
task<result<int>> ask(port<int, result<int>>& p, int rounds) {
    int sum = 0;
    for (int i = 0; i < rounds; ++i)
        sum += co_await ok(p.call(i));
    co_return sum;
}

}  // namespace

TEST_CASE("two shards on one thread talk without a system call for it") {
    executor on(real_backend());
    shard a(on, 0, "a"), b(on, 1, "b");
    scope of_a(a), of_b(b);
    port<int, result<int>> p({"twice", 4, 1}, a, b);
    p.serve(of_b, twice);
    std::optional<result<int>> out;
    of_a.spawn(store_and_stop<result<int>>(on, ask(p, 10'000), out));
    on.run();
    REQUIRE(out.has_value());
    REQUIRE(out->has_value());
    REQUIRE(**out == 9999 * 10'000);
    auto& kernel = static_cast<uring_backend&>(on.io());
    REQUIRE(kernel.counts().enters < 100);
}
