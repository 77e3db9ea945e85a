// SPDX-License-Identifier: Apache-2.0
#include "runtime/offload.hpp"

#include "runtime/scope.hpp"
#include "runtime/timer.hpp"
#include "tests/unit/runtime/support.hpp"

#include <atomic>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::runtime;
using namespace tetrad::runtime::testing;

namespace {

task<std::thread::id> where(offload& pool) {
    auto work = [] { return std::this_thread::get_id(); };
    const auto id = co_await pool.run(work);
    co_return id;
}
task<void> numbered_job(offload& pool, int n, std::vector<int>& began, int& ended) {
    auto work = [n, &began] { began.push_back(n); };  // only the helper touches it until all have ended
    co_await pool.run(work);
    ++ended;
}
task<int> many_jobs(shard& here, offload& pool, int jobs, std::vector<int>& began) {
    int ended = 0;
    scope running(here);
    for (int i = 0; i < jobs; ++i)
        running.spawn(numbered_job(pool, i, began, ended));
    co_await running.join();
    co_return ended;
}
task<result<int>> fails(offload& pool) {
    auto work = []() -> result<int> { return fail(errc::io, "disk on fire"); };
    result<int> r = co_await pool.run(work);
    co_return r;
}
task<std::uint64_t> chain(offload& pool, std::uint64_t rounds) {
    std::uint64_t sum = 0;
    for (std::uint64_t i = 0; i < rounds; ++i) {
        auto work = [i] { return i; };
        sum += co_await pool.run(work);
    }
    co_return sum;
}

// A job that blocks until the shard, which must go on meanwhile, lets it end.
task<void> blocking_job(offload& pool, std::atomic<int>& state, bool& ended) {
    auto work = [&state] {
        state.store(1);
        state.notify_all();
        state.wait(1);
    };
    co_await pool.run(work);
    ended = true;
}
task<bool> shard_goes_on(shard& here, offload& pool) {
    std::atomic<int> state{0};
    bool ended = false;
    scope running(here);
    running.spawn(blocking_job(pool, state, ended));
    while (state.load() != 1)
        co_await yield();
    result<void> slept = co_await sleep_for(1ms);  // timers run while the job blocks
    const bool meanwhile = slept.has_value() && !ended;
    running.request_stop();  // does not end a job that has begun
    co_await yield();
    state.store(2);
    state.notify_all();
    co_await running.join();
    co_return meanwhile && ended;
}

}  // namespace

TEST_CASE("work runs on a thread of its own and its value comes back") {
    real_machine m;
    offload pool(m.here, "helper", offload::mode::helper_thread);
    REQUIRE(m.run(where(pool)) != std::this_thread::get_id());
    const auto r = m.run(fails(pool));
    REQUIRE_FALSE(r.has_value());
    REQUIRE(r.error().text == "disk on fire");
}

TEST_CASE("work runs at once on this thread where that was asked for, or where the backend wants it") {
    real_machine m;
    offload pool(m.here, "helper", offload::mode::inline_);
    REQUIRE(m.run(where(pool)) == std::this_thread::get_id());
    still_machine simulated;
    offload other(simulated.here, "helper", offload::mode::helper_thread);
    std::optional<std::thread::id> id;
    simulated.tasks.spawn(store_and_stop<std::thread::id>(simulated.on, where(other), id));
    simulated.settle();
    REQUIRE(id == std::this_thread::get_id());
}

TEST_CASE("jobs run in order, and more of them than there is room for wait") {
    real_machine m;
    offload pool(m.here, "helper", offload::mode::helper_thread, 4);
    std::vector<int> began;
    REQUIRE(m.run(many_jobs(m.here, pool, 1000, began)) == 1000);
    REQUIRE(began.size() == 1000);
    for (int i = 0; i < 1000; ++i)
        REQUIRE(began[static_cast<std::size_t>(i)] == i);
}

TEST_CASE("the shard goes on while a job blocks, and a stop does not cut the job off") {
    real_machine m;
    offload pool(m.here, "helper", offload::mode::helper_thread);
    REQUIRE(m.run(shard_goes_on(m.here, pool)));
}

TEST_CASE("thousands of jobs one after the other, both sides asleep in between, lose no wake-up") {
    real_machine m;
    offload pool(m.here, "helper", offload::mode::helper_thread, 1);
    REQUIRE(m.run(chain(pool, 5000)) == 5000ull * 4999 / 2);
}
