// SPDX-License-Identifier: Apache-2.0
#include "runtime/sync.hpp"

#include "tests/unit/runtime/support.hpp"

#include <string>
#include <vector>

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::runtime;
using namespace tetrad::runtime::testing;

namespace {

using words = std::vector<std::string>;

task<void> wait_and_note(event& e, std::string name, words& to) {
    result<void> woken = co_await e.wait();
    to.push_back(name + (woken ? " woken" : " " + woken.error().text));
}
task<void> hold(semaphore& s, std::string name, event& release, words& to) {
    result<semaphore::unit> unit = co_await s.acquire();
    to.push_back(name + (unit ? " in" : " " + unit.error().text));
    if (!unit)
        co_return;
    result<void> woken = co_await release.wait();
    static_cast<void>(woken);
    to.push_back(name + " out");
}

}  // namespace

TEST_CASE("notify wakes all who wait, in order, and is not remembered") {
    event e;
    words seen;
    still_machine m;
    e.notify();
    m.tasks.spawn(wait_and_note(e, "a", seen));
    m.tasks.spawn(wait_and_note(e, "b", seen));
    m.settle();
    REQUIRE(seen.empty());
    e.notify();
    REQUIRE(seen.empty());  // they run in their turn
    m.settle();
    REQUIRE(seen == words{"a woken", "b woken"});
}

TEST_CASE("a waiter that is stopped leaves the queue to the others") {
    event e;
    words seen;
    still_machine m;
    scope mine(m.here);
    m.tasks.spawn(wait_and_note(e, "a", seen));
    mine.spawn(wait_and_note(e, "b", seen));
    m.tasks.spawn(wait_and_note(e, "c", seen));
    m.settle();
    mine.request_stop(errc::timed_out);
    m.settle();
    e.notify();
    m.settle();
    REQUIRE(seen == words{"b timed out", "a woken", "c woken"});
}

TEST_CASE("a wake-up that came before the stop counts") {
    event e;
    words seen;
    still_machine m;
    m.tasks.spawn(wait_and_note(e, "a", seen));
    m.settle();
    e.notify();
    m.tasks.request_stop();
    m.settle();
    REQUIRE(seen == words{"a woken"});
}

TEST_CASE("a semaphore lets so many in, the others in order of their coming") {
    semaphore s(2);
    event release;
    words seen;
    still_machine m;
    for (const char* name : {"a", "b", "c", "d"})
        m.tasks.spawn(hold(s, name, release, seen));
    m.settle();
    REQUIRE(seen == words{"a in", "b in"});
    REQUIRE(s.free() == 0);
    REQUIRE_FALSE(static_cast<bool>(s.try_acquire()));
    release.notify();
    m.settle();
    REQUIRE(seen == words{"a in", "b in", "a out", "b out", "c in", "d in"});
    release.notify();
    m.settle();
    REQUIRE(s.free() == 2);
}

TEST_CASE("a stopped acquire takes no unit with it, whoever waits behind gets it") {
    semaphore s(1);
    event release, other;
    words seen;
    still_machine m;
    scope mine(m.here);
    m.tasks.spawn(hold(s, "a", release, seen));
    mine.spawn(hold(s, "b", other, seen));
    m.tasks.spawn(hold(s, "c", release, seen));
    m.settle();
    mine.request_stop();
    m.settle();
    REQUIRE(seen == words{"a in", "b cancelled"});
    release.notify();
    m.settle();
    REQUIRE(seen.back() == "c in");
    release.notify();
    m.settle();
    REQUIRE(s.free() == 1);
}

TEST_CASE("units are moved, given back once, and at once where one is replaced") {
    semaphore s(2);
    {
        semaphore::unit a = s.try_acquire();
        semaphore::unit b = s.try_acquire();
        REQUIRE(s.free() == 0);
        a = std::move(b);
        REQUIRE(s.free() == 1);
        semaphore::unit c = std::move(a);
        REQUIRE(s.free() == 1);
        REQUIRE(static_cast<bool>(c));
    }
    REQUIRE(s.free() == 2);
}

namespace {

task<void> note_wait_for(event& e, words& to) {
    result<void> woken = co_await wait_for(e);
    to.push_back(woken ? "woken" : woken.error().text);
}

}  // namespace

TEST_CASE("an event can be awaited as a task") {
    event e;
    words seen;
    still_machine m;
    m.tasks.spawn(note_wait_for(e, seen));
    m.settle();
    e.notify();
    m.settle();
    REQUIRE(seen == words{"woken"});
}
