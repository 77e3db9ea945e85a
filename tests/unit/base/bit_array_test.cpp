// SPDX-License-Identifier: Apache-2.0
#include "base/bit_array.hpp"

#include "base/text.hpp"
#include "base/wire/json.hpp"
#include "base/wire/protobuf.hpp"
#include "tests/vectors/vectors.hpp"

#include <map>
#include <set>

#include <catch2/catch.hpp>

using namespace tetrad;

namespace {
bit_array marks(std::string_view text) {
    bit_array out(text.size());
    for (std::size_t i = 0; i < text.size(); ++i)
        out.set(i, text[i] == 'x');
    return out;
}
bit_array random_bits(std::size_t size, random_source& random) {
    bit_array out(size);
    for (std::size_t i = 0; i < size; ++i)
        out.set(i, random.below(2) == 1);
    return out;
}
}  // namespace

TEST_CASE("bits are set, read and counted within the size alone") {
    bit_array a(65);
    CHECK(a.check());
    CHECK(a.size() == 65);
    CHECK(a.is_empty());
    CHECK(a.set(0));
    CHECK(a.set(64));
    CHECK(!a.set(65));
    CHECK(a.get(0));
    CHECK(a.get(64));
    CHECK(!a.get(1));
    CHECK(!a.get(65));
    CHECK(!a.get(1'000'000));
    CHECK(a.count() == 2);
    CHECK(a.set(0, false));
    CHECK(a.count() == 1);
}

TEST_CASE("full means every bit up to the size") {
    for (const std::size_t size : {1, 63, 64, 65, 127, 128, 129}) {
        bit_array a(size);
        for (std::size_t i = 0; i < size; ++i) {
            CHECK(!a.is_full());
            a.set(i);
        }
        CHECK(a.is_full());
        CHECK((~bit_array(size)).is_full());
        CHECK((~a).is_empty());
    }
    CHECK(bit_array().is_full());
    CHECK(bit_array().is_empty());
}

TEST_CASE("or, and, sub as CometBFT's tables have them") {
    // libs/bits/bit_array_test.go
    const std::array<std::string_view, 3> sub[] = {
        {"", "x", ""}, {"", "", ""}, {"x", "", ""}, {"x", "x", "_"}, {"xxxxxx", "x_x_x_", "_x_x_x"},
        {"x_x_x_", "xxxxxx", "______"}, {"xxxxxx", "x_x_x_xxxx", "_x_x_x"}, {"x_x_x_xxxx", "xxxxxx", "______xxxx"},
        {"xxxxxxxxxx", "x_x_x_", "_x_x_xxxxx"},
    };
    for (const auto& [a, b, expected] : sub)
        CHECK((marks(a) - marks(b)) == marks(expected));
    const std::array<std::string_view, 3> either[] = {
        {"", "x", "x"}, {"", "", ""}, {"x", "", "x"}, {"xxxxxx", "x_x_x_", "xxxxxx"}, {"xxxxxx", "x_x_x_xxxx", "xxxxxxxxxx"},
        {"___xxxx", "x_", "x__xxxx"},
    };
    for (const auto& [a, b, expected] : either) {
        CHECK((marks(a) | marks(b)) == marks(expected));
        CHECK((marks(b) | marks(a)) == marks(expected));
    }
    const std::array<std::string_view, 3> both[] = {{"", "x", ""}, {"xx_", "x_x", "x__"}, {"xxxxxx", "x_x", "x_x"}, {"x_x", "xxxxxx", "x_x"}};
    for (const auto& [a, b, expected] : both)
        CHECK((marks(a) & marks(b)) == marks(expected));
    CHECK(~marks("x_x") == marks("_x_"));
}

TEST_CASE("operations agree with bit by bit ones") {
    seeded_random random(5);
    for (int round = 0; round < 200; ++round) {
        const auto a = random_bits(1 + random.below(200), random), b = random_bits(1 + random.below(200), random);
        const auto either = a | b, both = a & b, only_a = a - b;
        REQUIRE(either.size() == std::max(a.size(), b.size()));
        REQUIRE(both.size() == std::min(a.size(), b.size()));
        REQUIRE(only_a.size() == a.size());
        for (std::size_t i = 0; i < either.size(); ++i) {
            REQUIRE(either.get(i) == (a.get(i) || b.get(i)));
            REQUIRE(both.get(i) == (i < both.size() && a.get(i) && b.get(i)));
            REQUIRE(only_a.get(i) == (a.get(i) && !b.get(i)));
        }
        REQUIRE(either.check());
        REQUIRE(both.check());
    }
}

TEST_CASE("set bits are walked in order") {
    bit_array a(200);
    const std::set<std::size_t> wanted{0, 1, 63, 64, 127, 128, 199};
    for (const auto i : wanted)
        a.set(i);
    std::set<std::size_t> seen;
    for (auto i = a.next_set(0); i; i = a.next_set(*i + 1))
        seen.insert(*i);
    CHECK(seen == wanted);
    CHECK(a.next_set(129) == 199u);
    CHECK(!a.next_set(200));
    CHECK(!a.next_set(100'000));
}

TEST_CASE("pick takes each set bit equally often and no other") {
    seeded_random random(11);
    const auto a = marks(std::string(70, '_') + "x" + std::string(64, '_') + "xx_x");
    std::map<std::size_t, int> counts;
    for (int i = 0; i < 4000; ++i)
        ++counts[a.pick(random).value()];
    REQUIRE(counts.size() == 4);
    for (const auto& [index, count] : counts) {
        CHECK(a.get(index));
        CHECK(std::abs(count - 1000) < 150);
    }
    CHECK(!bit_array(10).pick(random));
    CHECK(!bit_array().pick(random));
}

TEST_CASE("one whose words do not fit its bits is refused, and is safe to use") {
    seeded_random random(1);
    bit_array a;
    a.bits = 65;
    a.elems = {~0ull};
    CHECK(a.check().error().text == "mismatch between specified number of bits 65, and number of elements 1, expected 2 elements");
    a.bits = -1;
    CHECK(!a.check());
    for (const std::int64_t bits : {INT64_MIN, std::int64_t{-1}, std::int64_t{0}, std::int64_t{3}, INT64_MAX}) {
        a.bits = bits;
        for (const std::size_t words : {0, 1, 5}) {
            a.elems.assign(words, ~0ull);
            CHECK(a.count() <= a.size());
            CHECK(!a.get(a.size()));
            if (const auto picked = a.pick(random))
                CHECK(a.get(*picked));
            const auto used = (a | bit_array(70)).count() + (bit_array(70) & a).count() + (a - bit_array(70)).count() + (~a).count();
            CHECK(used <= 4 * 5 * 64);
            CHECK(to_string(a).size() < 400);
        }
    }
}

TEST_CASE("bits past the size count for nothing") {
    bit_array a(3);
    a.elems[0] = ~0ull << 3;
    CHECK(a.check());
    CHECK(a.is_empty());
    CHECK(!a.next_set(0));
    a.elems[0] = ~0ull;
    CHECK(a.count() == 3);
    CHECK(a.is_full());
}

TEST_CASE("update takes words over as far as both reach") {
    auto a = marks("____");
    a.update(marks("x_x_"));
    CHECK(a == marks("x_x_"));
    a.update(bit_array());
    CHECK(a == marks("x_x_"));
}

TEST_CASE("the text forms are CometBFT's") {
    CHECK(to_string(bit_array()) == "nil-BitArray");
    CHECK(to_string(marks("x_xx")) == "BA{4:x_xx}");
    CHECK(to_string(marks("x_xx"), 3, 4) == "BA{4:x_xx} 3/4 = 0.75");
    CHECK(to_string(bit_array(), 0, 0) == "nil-BitArray 0/0 = NaN");
    CHECK(to_string(bit_array(120)) == "BA{120:" + std::string(120, '_') + "}");
}

TEST_CASE("bit arrays in JSON are strings of marks") {
    for (const auto& c : vectors::group("bitarray_json")) {
        bit_array a(static_cast<std::size_t>(vectors::int64(c, "bits")));
        for (const auto i : vectors::at(c, "set").elements())
            a.set(static_cast<std::size_t>(vectors::int64(i)));
        CHECK(to_json(a) == vectors::text(c, "json"));
        const auto back = from_json<bit_array>(vectors::text(c, "json"));
        REQUIRE(back);
        CHECK(*back == a);
    }
    CHECK(from_json<bit_array>("\"\"")->size() == 0);
    for (const auto bad : {"1", "\"x-\"", "\"x x\"", "[\"x\"]", "\"X\"", "\"x\\u0078\"", "{}"})
        CHECK(!from_json<bit_array>(bad));
}

TEST_CASE("bit arrays on the wire are a size and packed words") {
    bit_array a(65);
    a.set(0);
    a.set(64);
    CHECK(to_hex(wire::encode(a)) == "084112020101");
    const auto back = wire::decode<bit_array>(wire::encode(a));
    REQUIRE(back);
    CHECK(*back == a);
    CHECK(wire::encode(bit_array()).empty());
}
