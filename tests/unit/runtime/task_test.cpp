// SPDX-License-Identifier: Apache-2.0
// Tasks: loops and chains that overflow the stack where a coroutine resumes another from inside, errors through ok(), lifetimes. They
// must hold in every build (-O1, sanitizers). What else of coroutine code g++ 12 gets wrong is in traps/.
#include "runtime/task.hpp"

#include "runtime/sync.hpp"
#include "tests/unit/runtime/counted.hpp"
#include "tests/unit/runtime/support.hpp"

#include <optional>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::runtime;
using namespace tetrad::runtime::testing;

namespace {

task<int> seven() { co_return 7; }

// ---- long loops and deep chains ----

task<std::size_t> add_up(std::size_t n) {
    std::size_t sum = 0;
    for (std::size_t i = 0; i < n; ++i)
        sum += static_cast<std::size_t>(co_await seven());
    co_return sum;
}

task<int> descend(int depth) {
    if (depth == 0)
        co_return 0;
    const int below = co_await descend(depth - 1);
    co_return below + 1;
}

task<result<int>> ready_result(int n) { co_return n; }

task<result<long>> add_up_ok(int n) {
    long sum = 0;
    for (int i = 0; i < n; ++i) {
        const int v = co_await ok(ready_result(1));
        const int w = co_await ok(result<int>(1));
        sum += v + w;
    }
    co_return sum;
}

// ---- ok() ----

task<result<int>> fails_at(int depth, int& live) {
    counted here(live);
    if (depth == 0)
        co_return fail(errc::not_found, "at the bottom");
    const int below = co_await ok(fails_at(depth - 1, live));
    co_return below + 1;
}

task<result<std::string>> other_type(int depth, int& live) {
    counted here(live);
    auto v = co_await ok(fails_at(depth, live));
    co_return std::string(static_cast<std::size_t>(v), 'x');
}

task<result<void>> void_type(int depth, int& live, bool& went_on) {
    counted here(live);
    co_await ok(other_type(depth, live));
    went_on = true;
    co_return {};
}

task<result<int>> ok_of_result(result<int> r, int& live) {
    counted here(live);
    const int v = co_await ok(std::move(r));
    co_return v + 1;
}

}  // namespace

TEST_CASE("a million awaits that are ready at once do not grow the stack") {
    still_machine m;
    const std::size_t sum = run(m, add_up(1'000'000));
    REQUIRE(sum == 7'000'000);
}

TEST_CASE("a million awaits through ok do not grow the stack") {
    still_machine m;
    const auto sum = run(m, add_up_ok(1'000'000));
    REQUIRE(sum.has_value());
    REQUIRE(*sum == 2'000'000);
}

TEST_CASE("a chain of coroutines a hundred thousand deep unwinds without recursion") {
    still_machine m;
    const int depth = run(m, descend(100'000));
    REQUIRE(depth == 100'000);
}

TEST_CASE("ok ends every task of a chain with the error, and destroys each frame's contents once") {
    int live = 0;
    bool went_on = false;
    still_machine m;
    const auto r = run(m, void_type(20, live, went_on));
    REQUIRE_FALSE(r.has_value());
    REQUIRE(r.error() == error(errc::not_found, "at the bottom"));
    REQUIRE_FALSE(went_on);
    REQUIRE(live == 0);
}

TEST_CASE("ok of a result that is there already gives the value or ends the task") {
    int live = 0;
    still_machine m;
    const auto good = run(m, ok_of_result(41, live));
    const auto bad = run(m, ok_of_result(fail(errc::full, "no room"), live));
    REQUIRE(good.has_value());
    REQUIRE(*good == 42);
    REQUIRE_FALSE(bad.has_value());
    REQUIRE(bad.error().code == errc::full);
    REQUIRE(live == 0);
}

// ---- lifetime ----

namespace {

task<int> holds(counted c, event& e) {
    counted local(*c.live);
    result<void> woken = co_await e.wait();
    co_return woken ? c.value : -1;
}
task<int> awaits_holder(int& live, event& e) {
    counted mine(live);
    const int v = co_await holds(counted(live, 6), e);
    co_return v;
}

}  // namespace

TEST_CASE("a task that was never started destroys its parameters") {
    int live = 0;
    event e;
    {
        const auto t = holds(counted(live), e);
        REQUIRE(live == 1);
    }
    REQUIRE(live == 0);
}

TEST_CASE("a suspended chain is destroyed by its owner, each part once") {
    int live = 0;
    event e;
    still_machine m;
    {
        auto t = awaits_holder(live, e);
        stop_state stop;
        t.get().promise().start(m.here.main_queue(), stop, nullptr);
        m.here.main_queue().drive(t.get());
        REQUIRE(live == 4);
    }
    REQUIRE(live == 0);
}

TEST_CASE("moving a task moves its ownership") {
    int live = 0;
    event e;
    auto a = holds(counted(live), e);
    auto b = std::move(a);
    a = holds(counted(live), e);
    a = std::move(b);
    REQUIRE(live == 1);
}
