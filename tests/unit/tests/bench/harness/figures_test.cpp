// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/harness/figures.hpp"

#include <catch2/catch.hpp>

namespace tetrad::bench {  // where `round` is ours, not the mathematicians'

namespace {

constexpr duration tick = 4ms;
constexpr aim at_least_092{aim::side::at_least, aim::of::ratio, 0.92};

round clean(double bare, double ours, distance d = distance::near) {
    round r;
    r.before = r.after = d;
    r.bare.values = {bare};
    r.ours.values = {ours};
    return r;
}

round moved(double bare, double ours) {
    round r = clean(bare, ours);
    r.after = distance::far;
    return r;
}

row judged(const std::vector<round>& rounds, const aim& a = at_least_092) {
    return judge({"x", "req/s", a}, 0, rounds, tick);
}

}  // namespace

TEST_CASE("the ratio is the median of the rounds' ratios, not the ratio of the medians") {
    const row r = judged({clean(100, 90), clean(10, 11), clean(1000, 950)});
    CHECK(r.value == 90);
    CHECK(r.bare == 100.0);
    CHECK(r.ratio == 0.95);
    CHECK(r.low == 0.9);
    CHECK(r.high == 1.1);
    CHECK(r.ok);
    CHECK(r.rounds == 3);
}

TEST_CASE("an aim is reached at its limit, from its side") {
    const aim least{aim::side::at_least, aim::of::value, 2},
        most{aim::side::at_most, aim::of::value, 2};
    CHECK(reaches(least, 2));
    CHECK(reaches(least, 2.1));
    CHECK_FALSE(reaches(least, 1.9));
    CHECK(reaches(most, 2));
    CHECK(reaches(most, 1.9));
    CHECK_FALSE(reaches(most, 2.1));
    CHECK(text(at_least_092) == ">= 0.92 x");
    CHECK(text(aim{aim::side::at_least, aim::of::value, 200'000}) == ">= 200000");
    CHECK(text(aim{aim::side::at_least, aim::of::value, 25, true}) == ">= 25 near");
    CHECK(text(most) == "<= 2");
}

TEST_CASE("a row without a bare side is judged by its value, and its spread is of the value") {
    std::vector<round> rounds{clean(0, 10), clean(0, 12), clean(0, 15)};
    for (auto& r : rounds)
        r.bare = sample{};
    const row r = judged(rounds, {aim::side::at_most, aim::of::value, 12});
    CHECK(r.ok);
    CHECK_FALSE(r.ratio);
    CHECK_FALSE(r.bare);
    CHECK(r.low == 10);
    CHECK(r.high == 15);
}

TEST_CASE("near and far rounds are never mixed: the more frequent are taken") {
    const std::vector<round> rounds{clean(1, 1), clean(1, 3, distance::far),
                                    clean(1, 5, distance::far)};
    const row r = judged(rounds);
    CHECK(r.cores == distance::far);
    CHECK(r.ratio == 4.0);
    CHECK(r.rounds == 2);
    CHECK(r.left_out == 1);
    CHECK(r.spoilt == 0);
}

TEST_CASE("an aim said of near cores takes the near rounds, however few") {
    const aim near_only{aim::side::at_least, aim::of::value, 25, true};
    const std::vector<round> rounds{clean(1, 30), clean(1, 7, distance::far),
                                    clean(1, 8, distance::far)};
    CHECK(judged(rounds, near_only).value == 30);
    CHECK(judged(rounds, near_only).ok);
    const row far = judged({clean(1, 7, distance::far)}, near_only);
    CHECK_FALSE(far.ok);
    CHECK(far.note == "the cores were far all the time");
}

TEST_CASE(
    "a round is spoilt where the cores moved, the host or others took time, or a tick shows") {
    const auto spoil = [](auto change) {
        round r = clean(1, 1);
        change(r);
        return std::string(why_spoilt(r, tick));
    };
    CHECK(spoil([](round&) {}) == "");
    CHECK(spoil([](round& r) { r.after = distance::far; }) == "moved");
    CHECK(spoil([](round& r) { r.steal = 0.021; }) == "steal");
    CHECK(spoil([](round& r) { r.steal = 0.02; }) == "");
    CHECK(spoil([](round& r) { r.bare.waited = 0.06; }) == "run queue");
    CHECK(spoil([](round& r) { r.ours.waited = 0.06; }) == "run queue");
    CHECK(spoil([](round& r) { r.ours.p99 = 4100us; }) == "tick");
    CHECK(spoil([](round& r) { r.bare.p99 = 900us; }) == "");
}

TEST_CASE("a latency is bound to the tick where it is near a multiple of it") {
    for (const duration bound :
         {duration(3600us), duration(4ms), duration(4400us), duration(8ms), duration(11700us)})
        CHECK(is_tick_bound(bound, tick));
    for (const duration free :
         {duration(0), duration(400us), duration(3400us), duration(6ms), duration(10ms)})
        CHECK_FALSE(is_tick_bound(free, tick));
}

TEST_CASE("spoilt rounds are counted and left out") {
    const row r = judged({clean(1, 1), moved(1, 100), moved(1, 100)});
    CHECK(r.ratio == 1.0);
    CHECK(r.rounds == 1);
    CHECK(r.spoilt == 2);
    CHECK(r.spoilt_by == "moved 2");
}

TEST_CASE("where no round is clean the row says so") {
    const row r = judged({moved(1, 2), moved(1, 4)});
    CHECK(r.ratio == 3.0);
    CHECK(r.spoilt == 2);
    CHECK(r.note == "no clean round");
}

TEST_CASE("where the client has no time left, a rate is judged by the CPU of a request") {
    round r = clean(100, 100);
    r.bare.cpu_us = 8;
    r.ours.cpu_us = 10;
    r.ours.client = 0.96;
    const metric rate{"echo", "req/s", at_least_092, /*ends_at_client=*/true};
    const row bound = judge(rate, 0, {r, r, r}, tick);
    CHECK(bound.ratio == 0.8);
    CHECK_FALSE(bound.ok);
    CHECK(bound.note == "client-bound: the ratio is of the CPU a request");
    r.ours.client = 0.94;
    const row free = judge(rate, 0, {r, r, r}, tick);
    CHECK(free.ratio == 1.0);
    CHECK(free.note.empty());
}

TEST_CASE("the note of a row is what most of its rounds say") {
    std::vector<round> rounds{clean(1, 1), clean(1, 1), clean(1, 1)};
    rounds[0].bare.note = "a";
    rounds[1].bare.note = rounds[2].bare.note = "b";
    CHECK(judged(rounds).note == "b");
}

TEST_CASE("cores are near below 200 ns") {
    CHECK(distance_of(199ns) == distance::near);
    CHECK(distance_of(200ns) == distance::far);
    CHECK(name(distance::near) == "near");
    CHECK(name(distance::far) == "far");
}

TEST_CASE("the median of an even number lies between its two middle values") {
    CHECK(median({}) == 0);
    CHECK(median({3}) == 3);
    CHECK(median({4, 1}) == 2.5);
    CHECK(median({9, 1, 5}) == 5);
}

}  // namespace tetrad::bench
