// SPDX-License-Identifier: Apache-2.0
#include "runtime/scope.hpp"

#include "runtime/sync.hpp"
#include "runtime/timer.hpp"
#include "tests/unit/runtime/support.hpp"

#include <vector>

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::runtime;
using namespace tetrad::runtime::testing;

namespace {

task<void> note(std::vector<int>& to, int n) {
    to.push_back(n);
    co_return;
}
task<void> wait_and_note(event& e, std::vector<std::string>& to) {
    result<void> woken = co_await e.wait();
    to.push_back(woken ? "woken" : woken.error().text);
}
task<void> join_and_note(scope& s, std::vector<std::string>& to) {
    co_await s.join();
    to.push_back("joined");
}
task<void> spawn_more(scope& s, std::vector<int>& to, int n) {
    to.push_back(n);
    if (n > 0)
        s.spawn(spawn_more(s, to, n - 1));
    co_return;
}

/// Says when it is destroyed.
struct farewell {
    explicit farewell(std::vector<std::string>& t) : to(&t) {}
    farewell(farewell&& o) noexcept : to(std::exchange(o.to, nullptr)) {}
    ~farewell() {
        if (to)
            to->push_back("destroyed");
    }
    std::vector<std::string>* to;
};
task<void> hold(farewell f, event& e) {
    static_cast<void>(f);
    result<void> woken = co_await e.wait();
    static_cast<void>(woken);
}

}  // namespace

TEST_CASE("spawned tasks start in their turn, in order") {
    std::vector<int> seen;
    still_machine m;
    m.tasks.spawn(note(seen, 1));
    m.tasks.spawn(note(seen, 2));
    REQUIRE(seen.empty());
    m.settle();
    REQUIRE(seen == std::vector<int>{1, 2});
    REQUIRE(m.tasks.running() == 0);
}

TEST_CASE("join returns when the last child has ended and its frame is gone") {
    event e;
    std::vector<std::string> seen;
    still_machine m;
    scope children(m.here);
    children.spawn(hold(farewell(seen), e));
    children.spawn(hold(farewell(seen), e));
    m.tasks.spawn(join_and_note(children, seen));
    m.settle();
    REQUIRE(seen.empty());
    e.notify();
    m.settle();
    REQUIRE(seen == std::vector<std::string>{"destroyed", "destroyed", "joined"});
}

TEST_CASE("join of a scope without children does not wait, and may be used again") {
    std::vector<std::string> seen;
    still_machine m;
    scope children(m.here);
    m.tasks.spawn(join_and_note(children, seen));
    m.settle();
    m.tasks.spawn(join_and_note(children, seen));
    m.settle();
    REQUIRE(seen.size() == 2);
}

TEST_CASE("a stop wakes all children with cancelled, and reaches scopes below") {
    event e;
    std::vector<std::string> seen;
    still_machine m;
    scope outer(m.here), inner(m.here, &outer.stop());
    outer.spawn(wait_and_note(e, seen));
    inner.spawn(wait_and_note(e, seen));
    m.settle();
    outer.request_stop();
    REQUIRE(seen.empty());  // nothing is resumed inside of request_stop
    m.settle();
    REQUIRE(seen == std::vector<std::string>{"cancelled", "cancelled"});
    REQUIRE(inner.stopping());
}

TEST_CASE("a stop below does not reach the scope above") {
    event e;
    std::vector<std::string> seen;
    still_machine m;
    scope outer(m.here), inner(m.here, &outer.stop());
    outer.spawn(wait_and_note(e, seen));
    inner.spawn(wait_and_note(e, seen));
    m.settle();
    inner.request_stop();
    m.settle();
    REQUIRE(seen.size() == 1);
    e.notify();
    m.settle();
    REQUIRE(seen == std::vector<std::string>{"cancelled", "woken"});
}

TEST_CASE("children may spawn siblings, and join waits for these too") {
    std::vector<int> seen;
    std::vector<std::string> joined;
    still_machine m;
    scope children(m.here);
    children.spawn(spawn_more(children, seen, 5));
    m.tasks.spawn(join_and_note(children, joined));
    m.settle();
    REQUIRE(seen == std::vector<int>{5, 4, 3, 2, 1, 0});
    REQUIRE(joined.size() == 1);
}

TEST_CASE("a task spawned into a stopping scope runs and finds out at its first wait") {
    event e;
    std::vector<std::string> seen;
    still_machine m;
    m.tasks.request_stop();
    m.tasks.spawn(wait_and_note(e, seen));
    m.settle();
    REQUIRE(seen == std::vector<std::string>{"cancelled"});
}

namespace {

task<void> run_under(stop_state& s, event& e, std::vector<std::string>& to) {
    auto inner = wait_and_note(e, to);
    co_await under(s, inner);
    result<void> outer = co_await e.wait();
    to.push_back(outer ? "outer woken" : outer.error().text);
}

}  // namespace

TEST_CASE("under runs a task below another stop and leaves the caller's alone") {
    event e;
    stop_state other;
    std::vector<std::string> seen;
    still_machine m;
    m.tasks.spawn(run_under(other, e, seen));
    m.settle();
    other.request(errc::timed_out);
    m.settle();
    REQUIRE(seen == std::vector<std::string>{"timed out"});
    e.notify();
    m.settle();
    REQUIRE(seen.back() == "outer woken");
}
