// SPDX-License-Identifier: Apache-2.0
#include "chain/priority.hpp"

#include "tests/unit/chain/support.hpp"

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::chain;
using namespace tetrad::chain::test;

namespace {

std::vector<validator> with_priorities(const std::vector<std::int64_t>& priorities,
                                       const std::vector<std::int64_t>& powers) {
    std::vector<validator> out;
    for (std::size_t i = 0; i < priorities.size(); ++i)
        out.push_back(
            {address(bytes{static_cast<std::uint8_t>(i)}), {}, power_t(powers[i]), priorities[i]});
    return out;
}

std::vector<std::int64_t> priorities_of(std::span<const validator> list) {
    std::vector<std::int64_t> out;
    for (const auto& m : list)
        out.push_back(m.priority);
    return out;
}

std::vector<std::int64_t> integers(const json::value& list) {
    std::vector<std::int64_t> out;
    for (const auto e : list.elements())
        out.push_back(vectors::int64(e));
    return out;
}

}  // namespace

TEST_CASE("the average of priorities is exact and rounds down") {
    for (const auto& c : vectors::group("priority_average")) {
        const auto list = integers(vectors::at(c, "priorities"));
        CHECK(priority::average(with_priorities(list, std::vector<std::int64_t>(list.size()))) ==
              vectors::int64(c, "avg"));
    }
    CHECK(priority::average(with_priorities({-1, 0}, {0, 0})) == -1);
    CHECK(priority::average(with_priorities({-3, 0, 1}, {0, 0, 0})) == -1);
}

TEST_CASE("without power priorities are only centred") {
    for (const auto& c : vectors::group("priority_shift_zero_power")) {
        const auto start = integers(vectors::at(c, "start"));
        auto list = with_priorities(start, std::vector<std::int64_t>(start.size()));
        // What increment does with a total of zero: no window, one centring, turns that add nothing.
        priority::rescale(list, 0);
        priority::centre(list);
        for (std::int64_t i = 0; i < vectors::int64(c, "times"); ++i)
            priority::advance(list, 0);
        auto wanted = start;
        for (auto& p : wanted)
            p -= vectors::int64(c, "subtract");
        CHECK(priorities_of(list) == wanted);
    }
}

TEST_CASE("priorities after each number of turns are CometBFT's") {
    for (const auto& c : vectors::group("priority_increment")) {
        auto list = with_priorities({0, 0, 0}, {10, 1, 1});
        priority::rescale(list, 24);
        priority::centre(list);
        std::size_t proposer = 0;
        for (std::int64_t i = 0; i < vectors::int64(c, "times"); ++i)
            proposer = priority::advance(list, 12);
        CHECK(priorities_of(list) == integers(vectors::at(c, "priorities")));
        CHECK(static_cast<std::int64_t>(proposer) == vectors::int64(c, "proposer"));
    }
}

TEST_CASE("sums that do not fit are clipped") {
    CHECK(priority::add_clipped(INT64_MAX, 10) == INT64_MAX);
    CHECK(priority::add_clipped(INT64_MIN, -10) == INT64_MIN);
    CHECK(priority::add_clipped(1, 2) == 3);
    CHECK(priority::subtract_clipped(INT64_MIN, 10) == INT64_MIN);
    CHECK(priority::subtract_clipped(INT64_MIN, 0) == INT64_MIN);
    CHECK(priority::subtract_clipped(INT64_MAX, -10) == INT64_MAX);
    CHECK(priority::subtract_clipped(5, -2) == 7);
}

TEST_CASE("the window divides towards zero") {
    auto list = with_priorities({-5, 4, -1, 7}, {1, 1, 1, 1});
    priority::rescale(list, 12);  // the spread fits
    CHECK(priorities_of(list) == std::vector<std::int64_t>{-5, 4, -1, 7});
    priority::rescale(list, 8);  // 12 over 8: divided by two
    CHECK(priorities_of(list) == std::vector<std::int64_t>{-2, 2, 0, 3});

    // Spreads that overflow wrap as Go's do and must not trap.
    auto extreme = with_priorities({INT64_MIN, INT64_MAX}, {1, 1});
    priority::rescale(extreme, 8);
    auto edge = with_priorities({INT64_MIN, 0}, {1, 1});
    priority::rescale(edge, 8);
}
