// SPDX-License-Identifier: Apache-2.0
// Timers among I/O, and the turns of tasks and queues beside it.
#include "runtime/backend.hpp"

#include "runtime/executor.hpp"
#include "tests/unit/runtime/conformance/suite.hpp"

#include <algorithm>
#include <array>
#include <memory>

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::runtime;
using namespace tetrad::runtime::conformance;

namespace {

// ---- timers ----

task<void> sleep_and_say(instant at, int who, std::vector<int>& order) {
    result<void> slept = co_await sleep_until(at);
    if (slept)
        order.push_back(who);
}
std::vector<int> up_to(int n) {
    std::vector<int> all;
    for (int i = 0; i < n; ++i)
        all.push_back(i);
    return all;
}

SCRIPT("sleeps to one time end in the order they began") {
    std::vector<int> order;
    scope tasks(s.here);
    const instant at = s.now() + 3ms;
    for (int i = 0; i < 50; ++i)
        tasks.spawn(sleep_and_say(at, i, order));
    co_await tasks.join();
    s.is("order", order == up_to(50));
}

task<int> read_many(stage& s, descriptor fd, int times) {
    bytes one(1);
    int right = 0;
    for (int i = 0; i < times; ++i) {
        const auto at = static_cast<std::uint64_t>(i % 64);
        const int r = co_await transfer_once(s, op_code::read, fd, one, at);
        right += r == 1 && one[0] == pattern_at(at);
    }
    co_return right;
}
task<int> open_pattern(stage& s) {
    const bytes content = pattern(64);
    co_await make_file(s, s.path("f"), std::string(text(content)));
    const int fd = co_await open(s, s.path("f"), open_flags::read);
    co_return fd;
}

struct numbered_timer : timer {
    numbered_timer(int n, std::vector<int>& to, event& e) : number(n), order(to), news(e) {
        fire = [](timer& t) {
            auto& me = static_cast<numbered_timer&>(t);
            me.order.push_back(me.number);
            me.news.notify();
        };
    }
    const int number;
    std::vector<int>& order;
    event& news;
};

SCRIPT("a thousand timers armed in any order fire by their times, beside reads") {
    const int fd = co_await open_pattern(s);
    beside<int> reading(s, read_many(s, fd, 200));
    std::vector<int> order;
    event news;
    std::vector<std::unique_ptr<numbered_timer>> timers;
    const instant base = s.now();
    for (int i = 0; i < 1000; ++i) {
        const int who = i * 373 % 1000;
        timers.push_back(std::make_unique<numbered_timer>(who, order, news));
        timers_of(s.here).arm(*timers.back(), base + who * 10us);
    }
    while (order.size() < timers.size()) {
        result<void> woken = co_await news.wait();
        s.is("woken", woken, "ok");
    }
    s.is("order", order == up_to(1000));
    const int right = co_await reading.end();
    s.is("reads", right, 200);
    s.io.close(fd);
}

SCRIPT("a short sleep that begins while a long one waits ends in its time") {
    beside<result<void>> waiting(s, sleep_for(1h));
    co_await a_turn();
    const instant before = s.now();
    result<void> slept = co_await sleep_for(2ms);
    s.is("slept", slept, "ok");
    s.is("in its time", s.now() - before < 20s);
    s.is("the long one waits", !waiting.has_ended());
    waiting.stop();
    result<void> stopped = co_await waiting.end();
    s.is("stopped", stopped, "cancelled");
}

/// Notes when it fires; disarms or arms others as it is told to.
struct noting_timer : timer {
    noting_timer(std::string n, std::string& to, event& e) : name(std::move(n)), seen(to), news(e) {
        fire = [](timer& t) {
            auto& me = static_cast<noting_timer&>(t);
            me.seen += me.name;
            if (me.disarms)
                me.queue->disarm(*me.disarms);
            if (me.arms)
                me.queue->arm(*me.arms, me.at);
            me.news.notify();
        };
    }
    std::string name;
    std::string& seen;
    event& news;
    timer_queue* queue = nullptr;
    timer* disarms = nullptr;
    timer* arms = nullptr;
};

SCRIPT("a timer that is disarmed by another of the same time does not fire") {
    std::string seen;
    event news;
    noting_timer a("a", seen, news), b("b", seen, news), c("c", seen, news);
    timer_queue& timers = timers_of(s.here);
    const instant at = s.now() + 2ms;
    for (noting_timer* t : std::array{&a, &b, &c}) {
        t->queue = &timers;
        timers.arm(*t, at);
    }
    a.disarms = &b;
    while (seen.size() < 2) {
        result<void> woken = co_await news.wait();
        s.is("woken", woken, "ok");
    }
    co_await a_moment(s);
    s.is("fired", seen, "ac");
}

SCRIPT("a timer that is armed by another, for a time that has come, fires too") {
    std::string seen;
    event news;
    noting_timer a("a", seen, news), b("b", seen, news);
    timer_queue& timers = timers_of(s.here);
    a.queue = &timers;
    a.arms = &b;
    timers.arm(a, s.now() + 1ms);
    while (seen.size() < 2) {
        result<void> woken = co_await news.wait();
        s.is("woken", woken, "ok");
    }
    s.is("fired", seen, "ab");
}

task<void> stop_at(instant at, scope& tasks) {
    result<void> slept = co_await sleep_until(at);
    static_cast<void>(slept);
    tasks.request_stop();
}

SCRIPT("a stop in the turn in which sleeps end: each has ended one way, and none is left") {
    const std::size_t timers_before = timers_of(s.here).armed();
    for (int i = 0; i < 10; ++i) {
        const instant at = s.now() + 500us;
        scope tasks(s.here), stopping(s.here);
        std::vector<std::optional<result<void>>> ended(20);
        for (std::size_t k = 0; k < ended.size(); ++k)
            tasks.spawn(note(sleep_until(k % 2 == 0 ? at : at + 1h), ended[k]));
        stopping.spawn(stop_at(at, tasks));
        co_await stopping.join();
        co_await tasks.join();
        for (std::size_t k = 0; k < ended.size(); ++k) {
            const result<void>& r = *ended[k];
            s.is("ended", (r && k % 2 == 0) || (!r && r.error().code == errc::cancelled));
        }
    }
    s.is("timers", timers_of(s.here).armed(), timers_before);
}

task<result<void>> nested(stage& s, duration outer, duration inner) {
    auto sleeping = with_deadline(s.now() + inner, sleep_for(1h));
    auto limited = with_deadline(s.now() + outer, std::move(sleeping));
    result<void> r = co_await limited;
    co_return r;
}

SCRIPT("of two deadlines around a sleep the earlier one ends it, and both are disarmed") {
    const std::size_t timers_before = timers_of(s.here).armed();
    for (const auto& [outer, inner] : {std::pair(1ms, 1000ms), std::pair(1000ms, 1ms)}) {
        const instant before = s.now();
        result<void> r = co_await nested(s, outer, inner);
        s.is("sleep", r, "timed out");
        s.is("by the earlier one", s.now() - before < 900ms || !s.is_simulated);
    }
    s.is("timers", timers_of(s.here).armed(), timers_before);
}

// ---- turns ----

task<void> say_and_yield(int who, int times, std::vector<int>& order) {
    for (int i = 0; i < times; ++i) {
        order.push_back(who);
        co_await yield();
    }
}

SCRIPT("tasks that yield take turns") {
    std::vector<int> order;
    scope tasks(s.here);
    for (int who = 0; who < 3; ++who)
        tasks.spawn(say_and_yield(who, 100, order));
    co_await tasks.join();
    bool right = order.size() == 300;
    for (std::size_t i = 0; right && i < order.size(); ++i)
        right = order[i] == static_cast<int>(i % 3);
    s.is("in turn", right);
}

task<int> yield_until_stopped() {
    stop_state& stop = co_await current_stop();
    while (!stop.requested())
        co_await yield();
    co_return 0;
}

// In the simulation computing takes no time: there a task that never waits would hold the clock.
SCRIPT("tasks that yield all the time keep neither reads nor timers of others from ending") {
    const int fd = co_await open_pattern(s);
    if (!s.is_simulated) {
        beside<int> a(s, yield_until_stopped()), b(s, yield_until_stopped());
        const int right = co_await read_many(s, fd, 50);
        s.is("reads", right, 50);
        result<void> slept = co_await sleep_for(3ms);
        s.is("slept", slept, "ok");
        s.is("they go on", !a.has_ended() && !b.has_ended());
        a.stop();
        b.stop();
        int r = co_await a.end();
        r = co_await b.end();
        s.is("ended", r, 0);
    }
    s.is("open", fd >= 0);
    s.io.close(fd);
}

task<void> count_reads(stage& s, descriptor fd, int times, int& done) {
    done = co_await read_many(s, fd, times);
}
task<void> spin_in_turns(int times, int& done) {
    for (; done < times; ++done)
        co_await yield();
}

SCRIPT("queues of one thread, busy and waiting for reads, all come to their end") {
    const int fd = co_await open_pattern(s);
    int spun = 0, read = 0, urgent = 0;
    {
        scope busy(s.here.queue({"busy", 1000})), patient(s.here.queue({"patient", 1})),
            first(s.here.queue({"first", 100, true}));
        busy.spawn(spin_in_turns(20'000, spun));
        patient.spawn(count_reads(s, fd, 30, read));
        first.spawn(count_reads(s, fd, 30, urgent));
        co_await patient.join();
        co_await first.join();
        co_await busy.join();
    }
    s.is("busy", spun, 20'000);
    s.is("patient", read, 30);
    s.is("first", urgent, 30);
    s.io.close(fd);
}

}  // namespace
