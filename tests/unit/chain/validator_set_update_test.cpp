// SPDX-License-Identifier: Apache-2.0
#include "chain/validator_set.hpp"

#include "base/random.hpp"
#include "tests/unit/chain/support.hpp"

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::chain;
using namespace tetrad::chain::test;

namespace {

// A set and changes to it that are refused: the set stays as it was.
void check_refused(const std::vector<named_power>& start, const std::vector<named_power>& changes,
                   std::string_view why) {
    auto set = validator_set::make(named(start));
    REQUIRE(set);
    const auto before = *set;
    const auto text = error_of(set->update(named(changes)));
    INFO(text);
    CHECK(text.starts_with(why));
    CHECK(!text.empty());
    CHECK(*set == before);
}

std::vector<named_power> equals(int count, std::int64_t power) {
    std::vector<named_power> out;
    for (int i = 1; i <= count; ++i)
        out.push_back({format("v{}", i), power});
    return out;
}

constexpr auto most = total_power_max;

}  // namespace

TEST_CASE("a set is not made of doubles, of nothing's power or of less") {
    const auto fails = [](const std::vector<named_power>& list) {
        return error_of(validator_set::make(named(list)));
    };
    CHECK(fails({{"v1", 100}, {"v1", 123}, {"v1", 234}})
              .starts_with("duplicate entry Validator{7631 <nil> VP:"));
    CHECK(fails({{"v1", 0}, {"v2", 22}, {"v3", 33}}) ==
          "cannot process validators with voting power 0: [Validator{7631 <nil> VP:0 A:0}]");
    CHECK(fails({{"v1", 10}, {"v2", -20}, {"v3", 30}}) == "voting power can't be negative: -20");
    CHECK(fails({{"v1", most}, {"v2", 1}}) ==
          "total voting power of resulting valset exceeds max 1152921504606846975");
    CHECK(
        fails({{"v1", most + 1}}) ==
        "to prevent clipping/overflow, voting power can't be higher than 1152921504606846975, got "
        "1152921504606846976");
}

TEST_CASE("changes that name somebody twice are refused") {
    const std::pair<int, std::vector<named_power>> table[] = {
        {2, {{"v1", 11}, {"v1", 22}}},
        {2, {{"v2", 11}, {"v2", 22}}},
        {2, {{"v1", 11}, {"v2", 22}, {"v1", 12}}},
        {3, {{"v1", 11}, {"v3", 22}, {"v1", 12}}},
        {2, {{"v1", 0}, {"v1", 0}}},
        {2, {{"v2", 0}, {"v2", 0}}},
        {2, {{"v1", 0}, {"v2", 0}, {"v1", 0}}},
        {3, {{"v1", 0}, {"v3", 0}, {"v1", 0}}},
        {2, {{"v1", 0}, {"v2", 20}, {"v1", 30}}},
        {2, {{"v1", 0}, {"v2", 20}, {"v2", 30}, {"v1", 0}}},
        {3, {{"v1", 0}, {"v3", 5}, {"v2", 20}, {"v2", 30}, {"v1", 0}}},
    };
    for (const auto& [count, changes] : table)
        check_refused(equals(count, 10), changes, "duplicate entry Validator{");
}

TEST_CASE("changes over the largest total are refused") {
    const std::tuple<std::vector<named_power>, std::vector<named_power>> table[] = {
        {equals(2, 10), {{"v1", INT64_MAX}}},      {equals(2, 10), {{"v2", INT64_MAX}}},
        {equals(1, most), {{"v2", INT64_MAX}}},    {equals(1, most - 1), {{"v2", 5}}},
        {equals(2, most / 3), {{"v3", most / 2}}}, {equals(1, most), {{"v2", most}}},
    };
    for (const auto& [start, changes] : table)
        check_refused(start, changes, "to");  // "to prevent ..." or "total ..."
    std::vector<named_power> all_most = equals(8, most);
    all_most.push_back({"v9", 8});
    check_refused(equals(9, 1), all_most, "total voting power of resulting valset exceeds max");
}

TEST_CASE("other changes that are refused") {
    check_refused(equals(2, 10), {{"v1", -123}}, "voting power can't be negative: -123");
    check_refused(equals(2, 10), {{"v2", -123}}, "voting power can't be negative: -123");
    check_refused(equals(2, 10), {{"v3", 0}}, "failed to find validator 7633 to remove");
    check_refused({{"v1", 10}, {"v2", 20}, {"v3", 30}}, {{"v1", 0}, {"v2", 0}, {"v3", 0}},
                  "applying the validator changes would result in empty set");
}

TEST_CASE("changes that are made, also near the largest total") {
    const std::tuple<std::vector<named_power>, std::vector<named_power>, std::vector<named_power>>
        table[] = {
            {equals(2, 10), {}, equals(2, 10)},
            {equals(2, 10), {{"v2", 22}, {"v1", 11}}, {{"v2", 22}, {"v1", 11}}},
            {{{"v2", 20}, {"v1", 10}},
             {{"v4", 40}, {"v3", 30}},
             {{"v4", 40}, {"v3", 30}, {"v2", 20}, {"v1", 10}}},
            {{{"v3", 20}, {"v1", 10}}, {{"v2", 30}}, {{"v2", 30}, {"v3", 20}, {"v1", 10}}},
            {{{"v3", 20}, {"v2", 10}}, {{"v1", 30}}, {{"v1", 30}, {"v3", 20}, {"v2", 10}}},
            {{{"v3", 30}, {"v2", 20}, {"v1", 10}}, {{"v2", 0}}, {{"v3", 30}, {"v1", 10}}},
            {{{"v2", most - 1}, {"v1", 1}},
             {{"v1", most - 1}, {"v2", 1}},
             {{"v1", most - 1}, {"v2", 1}}},
            {{{"v2", most - 1}, {"v1", 1}},
             {{"v1", most / 2 - 1}, {"v2", most / 2}},
             {{"v2", most / 2}, {"v1", most / 2 - 1}}},
            {{{"v1", most - 2}, {"v2", 1}, {"v3", 1}},
             {{"v1", 0}, {"v4", most - 2}},
             {{"v4", most - 2}, {"v2", 1}, {"v3", 1}}},
            {equals(4, most / 4),
             {{"v2", 0}, {"v1", most / 2 - 2}, {"v3", most / 2 - 3}, {"v4", 2}, {"v5", 3}},
             {{"v1", most / 2 - 2}, {"v3", most / 2 - 3}, {"v5", 3}, {"v4", 2}}},
        };
    for (const auto& [start, changes, wanted] : table) {
        auto set = validator_set::make(named(start));
        REQUIRE(set);
        REQUIRE(error_of(set->update(named(changes))).empty());
        CHECK(names(*set) == wanted);
        check_invariants(*set);
    }
    for (const auto& c : vectors::group("valset_update_result")) {
        auto set = validator_set::make(named(named_powers(vectors::at(c, "start"))));
        REQUIRE(set);
        REQUIRE(set->update(named(named_powers(vectors::at(c, "changes")))));
        CHECK(names(*set) == named_powers(vectors::at(c, "expect")));
        check_invariants(*set);
    }
}

TEST_CASE("the order of changes does not matter") {
    seeded_random random(3);
    const auto start = validator_set::make(named({{"v4", 40}, {"v3", 30}, {"v2", 10}, {"v1", 10}}));
    REQUIRE(start);
    auto changes = named({{"v3", 0}, {"v5", 50}, {"v1", 11}, {"v6", 60}, {"v4", 44}});
    auto wanted = *start;
    REQUIRE(wanted.update(changes));
    for (int i = 0; i < 20; ++i) {
        random.shuffle(changes);
        auto set = *start;
        REQUIRE(set.update(changes));
        CHECK(set == wanted);
    }
}
