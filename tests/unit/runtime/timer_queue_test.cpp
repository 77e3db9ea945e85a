// SPDX-License-Identifier: Apache-2.0
#include "runtime/timer_queue.hpp"

#include "base/random.hpp"

#include <memory>
#include <set>
#include <tuple>
#include <vector>

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::runtime;

namespace {

/// A queue beside a sorted set of what is armed in it. Timers fire into it: each must be the first of the set, and may arm and disarm
/// others.
struct checked_queue {
    struct numbered : timer {
        std::size_t number = 0;
        checked_queue* checks = nullptr;
    };
    using entry = std::tuple<instant, std::uint64_t, std::size_t>;  // at, order, number

    checked_queue(std::uint64_t seed, std::size_t timers) : random(seed), armed_as(timers) {
        for (std::size_t i = 0; i < timers; ++i) {
            all.push_back(std::make_unique<numbered>());
            all[i]->number = i;
            all[i]->checks = this;
            all[i]->fire = [](timer& t) {
                static_cast<numbered&>(t).checks->fired(static_cast<numbered&>(t));
            };
        }
    }

    void arm(std::size_t i, instant at) {
        queue.arm(*all[i], at);
        armed_as[i] = {at, order++, i};
        oracle.insert(armed_as[i]);
    }
    void disarm(std::size_t i) {
        queue.disarm(*all[i]);
        oracle.erase(armed_as[i]);
    }
    void fired(numbered& t) {
        REQUIRE_FALSE(oracle.empty());
        REQUIRE(std::get<2>(*oracle.begin()) == t.number);
        REQUIRE(t.at == std::get<0>(*oracle.begin()));
        REQUIRE(t.at <= now);
        oracle.erase(oracle.begin());
        ++count;
        for (auto more = random.below(3); more > 0 && left > 0; --more, --left)
            touch();
    }
    /// Arms or disarms one, whichever way it is not.
    void touch() {
        const auto i = random.below(all.size());
        if (all[i]->in)
            disarm(i);
        else
            arm(i,
                random.below(100) == 0 ? instant::never() : instant{now.ns + some_delay() - 1000});
    }
    /// Of any length, from nanoseconds to months; often equal ones.
    std::int64_t some_delay() {
        const auto delay = static_cast<std::int64_t>(random.uint64() >> (10 + random.below(54)));
        return random.below(2) == 0 ? delay & (delay - 1) & (delay - 2) : delay;
    }
    void fire() {
        left = touches;
        const auto before = count;
        const bool any = queue.fire_due(now);
        REQUIRE(any == (count > before));
        check();
        if (!oracle.empty())
            REQUIRE(std::get<0>(*oracle.begin()) > now);
    }
    void check() const {
        const instant earliest = oracle.empty() ? instant::never() : std::get<0>(*oracle.begin());
        REQUIRE(queue.armed() == oracle.size());
        REQUIRE(queue.next() == earliest);
        REQUIRE(queue.wake() <= earliest);
    }

    seeded_random random;
    instant now{1'700'000'000'000'000};  // a machine that has been up for days
    std::uint64_t order = 0, count = 0;
    std::uint64_t touches = 50, left = 0;  // by the timers of one fire()
    std::vector<entry> armed_as;
    std::set<entry> oracle;
    timer_queue queue;
    std::vector<std::unique_ptr<numbered>> all;  // dies before the queue
};

}  // namespace

TEST_CASE(
    "timers fire by time and order of arming, whatever is armed and disarmed between and "
    "meanwhile") {
    for (std::uint64_t seed = 1; seed <= 40; ++seed) {
        CAPTURE(seed);
        checked_queue q(seed, 4 << (seed % 8));
        for (int step = 0; step < 1500; ++step) {
            for (auto n = q.random.below(4); n > 0; --n)
                q.touch();
            q.check();
            switch (q.random.below(4)) {
                case 0: q.now = instant{q.now.ns + q.some_delay()}; break;
                case 1: q.now = std::max(q.now, std::min(q.queue.next(), q.now + 1000h)); break;
                case 2:
                    q.now = std::max(q.now, std::min(q.queue.next(), q.now + 1000h) + -1ns);
                    break;
                default: break;
            }
            q.fire();
        }
        REQUIRE(q.count > 100);
    }
}

TEST_CASE(
    "a queue woken at the time it names fires, but for one look after its first timer was "
    "disarmed") {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        CAPTURE(seed);
        checked_queue q(seed, 256);
        std::uint64_t looks = 0, disarmed = 0;
        for (int step = 0; step < 3000; ++step) {
            const auto i = q.random.below(q.all.size());
            if (!q.all[i]->in) {
                q.arm(i, instant{q.now.ns + 1 + q.some_delay() % 1'000'000'000'000});
            } else {
                q.disarm(i);
                ++disarmed;
            }
            if (q.random.below(4) != 0 || q.oracle.empty())
                continue;
            q.now = q.queue.wake();
            const auto before = q.count;
            q.fire();
            if (q.count == before) {
                ++looks;
                REQUIRE(q.queue.wake() == q.queue.next());
            }
        }
        REQUIRE(looks <= disarmed);
        REQUIRE(looks < q.count);
    }
}

TEST_CASE("equal times fire in the order they were armed, from whatever levels they come") {
    checked_queue q(1, 300);
    q.touches = 0;
    const instant at = q.now + 20s;
    for (std::size_t i = 0; i < q.all.size(); ++i) {  // each from a little nearer
        q.arm(i, at);
        q.now = at + -(duration(20s) / (i + 2));
        q.fire();
    }
    REQUIRE(q.count == 0);
    q.now = at;
    q.fire();
    REQUIRE(q.count == q.all.size());
}

TEST_CASE("a deadline may be in the past, at zero, or as far as time goes") {
    checked_queue q(1, 8);
    const std::int64_t times[] = {INT64_MIN,     -1,       0, 1, q.now.ns, q.now.ns + 1,
                                  INT64_MAX - 1, INT64_MAX};
    for (std::size_t i = 0; i < std::size(times); ++i)
        q.arm(i, instant{times[i]});
    q.check();
    REQUIRE(q.queue.fire_due(q.now));
    REQUIRE(q.count == 5);
    REQUIRE(q.queue.next() == q.now + 1ns);
    q.now = instant{INT64_MAX - 1};
    REQUIRE(q.queue.fire_due(q.now));
    REQUIRE(q.count == 7);
    q.check();
    q.now = instant::never();
    REQUIRE(q.queue.fire_due(q.now));
    REQUIRE(q.queue.armed() == 0);
}

TEST_CASE("a timer that is destroyed is no longer armed, and one that outlives its queue neither") {
    timer late;
    late.fire = [](timer&) { FAIL("fired"); };
    {
        timer_queue q;
        for (const instant at : {instant{5}, instant{1'000'000'000'000}}) {
            timer t;
            t.fire = late.fire;
            q.arm(t, at);
            REQUIRE(q.next() == at);
        }
        REQUIRE(q.next() == instant::never());
        REQUIRE_FALSE(q.fire_due(instant{10}));
        q.arm(late, instant{1'000'000'000'000});
    }
    REQUIRE(late.in == nullptr);
}
