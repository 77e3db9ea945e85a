// SPDX-License-Identifier: Apache-2.0
#include "runtime/timer.hpp"

#include "runtime/sync.hpp"
#include "tests/unit/runtime/support.hpp"

#include <string>
#include <vector>

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::runtime;
using namespace tetrad::runtime::testing;

namespace {

task<void> sleep_and_note(duration d, int n, std::vector<int>& to) {
    result<void> slept = co_await sleep_for(d);
    to.push_back(slept ? n : -n);
}
task<result<void>> wait_on(event& e) {
    result<void> woken = co_await e.wait();
    co_return woken;
}
task<void> limited(instant at, event& e, std::vector<std::string>& to) {
    result<void> r = co_await with_deadline(at, wait_on(e));
    to.push_back(r ? "done" : r.error().text);
}

}  // namespace

TEST_CASE("sleeps end in order of their times and not before") {
    std::vector<int> seen;
    still_machine m;
    m.tasks.spawn(sleep_and_note(30ms, 3, seen));
    m.tasks.spawn(sleep_and_note(10ms, 1, seen));
    m.tasks.spawn(sleep_and_note(20ms, 2, seen));
    m.settle();
    REQUIRE(m.on.next_deadline() == instant{10'000'000});
    m.advance(10ms - 1ns);
    REQUIRE(seen.empty());
    m.advance(1ns);
    REQUIRE(seen == std::vector<int>{1});
    m.advance(50ms);
    REQUIRE(seen == std::vector<int>{1, 2, 3});
    REQUIRE(m.on.next_deadline() == instant::never());
}

TEST_CASE("a sleep ends at once when its task is stopped, and leaves no timer behind") {
    std::vector<int> seen;
    still_machine m;
    m.tasks.spawn(sleep_and_note(1h, 1, seen));
    m.settle();
    m.tasks.request_stop();
    m.settle();
    REQUIRE(seen == std::vector<int>{-1});
    REQUIRE(m.on.next_deadline() == instant::never());
    m.tasks.spawn(sleep_and_note(1h, 2, seen));  // stopped before
    m.settle();
    REQUIRE(seen == std::vector<int>{-1, -2});
}

TEST_CASE("work that is done before its deadline returns its result and disarms the timer") {
    event e;
    std::vector<std::string> seen;
    still_machine m;
    m.tasks.spawn(limited(instant{1000}, e, seen));
    m.settle();
    e.notify();
    m.settle();
    REQUIRE(seen == std::vector<std::string>{"done"});
    REQUIRE(m.on.next_deadline() == instant::never());
}

TEST_CASE("work past its deadline ends with timed out, and past a stop with cancelled") {
    event e;
    std::vector<std::string> seen;
    still_machine m;
    m.tasks.spawn(limited(instant{1000}, e, seen));
    m.advance(1us);
    REQUIRE(seen == std::vector<std::string>{"timed out"});
    m.tasks.spawn(limited(instant{500}, e, seen));  // passed already
    m.settle();
    REQUIRE(seen.size() == 2);
    REQUIRE(seen.back() == "timed out");
    m.tasks.spawn(limited(instant{1'000'000}, e, seen));
    m.settle();
    m.tasks.request_stop();
    m.settle();
    REQUIRE(seen.back() == "cancelled");
}

namespace {

task<result<void>> nested(event& e, instant inner, std::vector<std::string>& to) {
    result<void> r = co_await with_deadline(inner, wait_on(e));
    to.push_back(r ? "inner done" : "inner " + r.error().text);
    result<void> after = co_await e.wait();
    co_return after;
}
task<void> outer_limit(event& e, instant outer, instant inner, std::vector<std::string>& to) {
    result<void> r = co_await with_deadline(outer, nested(e, inner, to));
    to.push_back(r ? "outer done" : "outer " + r.error().text);
}

}  // namespace

TEST_CASE("an inner deadline does not end what is around it; an outer one ends all below, with its reason") {
    event e;
    std::vector<std::string> seen;
    still_machine m;
    m.tasks.spawn(outer_limit(e, instant{2000}, instant{1000}, seen));
    m.advance(1us);
    REQUIRE(seen == std::vector<std::string>{"inner timed out"});
    m.advance(1us);
    REQUIRE(seen == std::vector<std::string>{"inner timed out", "outer timed out"});
    seen.clear();
    m.tasks.spawn(outer_limit(e, m.io.clock + 1us, m.io.clock + 1h, seen));
    m.advance(1us);
    REQUIRE(seen == std::vector<std::string>{"inner timed out", "outer timed out"});
}
