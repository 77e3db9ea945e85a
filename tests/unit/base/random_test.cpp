// SPDX-License-Identifier: Apache-2.0
#include "base/random.hpp"

#include <map>
#include <numeric>

#include <catch2/catch.hpp>

using namespace tetrad;

TEST_CASE("one seed gives one sequence, another another") {
    seeded_random a(42), b(42), c(43);
    bool differs = false;
    for (int i = 0; i < 100; ++i) {
        const auto x = a.uint64();
        REQUIRE(x == b.uint64());
        differs = differs || x != c.uint64();
    }
    CHECK(differs);
}

TEST_CASE("the generator is xoshiro256** seeded by splitmix64") {
    seeded_random zero(0);
    // The published reference implementations, seed 0.
    CHECK(zero.uint64() == 0x99ec5f36cb75f2b4);
    CHECK(zero.uint64() == 0xbf6e1f784956452a);
    CHECK(zero.uint64() == 0x1a5f849d4933e6e0);
}

TEST_CASE("fill writes every byte, whatever the length") {
    for (std::size_t size = 0; size < 20; ++size) {
        seeded_random random(size);
        std::vector<std::uint8_t> seen(size);
        for (int round = 0; round < 64; ++round) {
            bytes out(size);
            random.fill(out);
            for (std::size_t i = 0; i < size; ++i)
                seen[i] |= out[i];
        }
        for (const auto b : seen)
            CHECK(b == 0xff);
    }
}

TEST_CASE("below is within its bound and favours nothing") {
    seeded_random random(3);
    std::map<std::uint64_t, int> counts;
    for (int i = 0; i < 30'000; ++i)
        ++counts[random.below(6)];
    REQUIRE(counts.size() == 6);
    for (const auto& [value, count] : counts) {
        CHECK(value < 6);
        CHECK(count > 4700);
        CHECK(count < 5300);
    }
    CHECK(random.below(1) == 0);
    // Two thirds of 2^64: taking the remainder alone would give the lower half twice as often.
    const std::uint64_t bound = UINT64_MAX / 3 * 2;
    int low = 0;
    for (int i = 0; i < 10'000; ++i)
        low += random.below(bound) < bound / 2;
    CHECK(low > 4800);
    CHECK(low < 5200);
}

TEST_CASE("a shuffle reaches every order equally often") {
    seeded_random random(9);
    std::map<std::vector<int>, int> orders;
    for (int i = 0; i < 6000; ++i) {
        std::vector<int> items{1, 2, 3};
        random.shuffle(items);
        ++orders[items];
    }
    REQUIRE(orders.size() == 6);
    for (const auto& [order, count] : orders)
        CHECK(std::abs(count - 1000) < 150);
    std::vector<int> none;
    random.shuffle(none);
    CHECK(none.empty());
}

TEST_CASE("a source that only fills also gives numbers") {
    struct counting final : random_source {
        std::uint8_t next = 1;
        void fill(byte_span out) override {
            for (auto& b : out)
                b = next++;
        }
    } source;
    CHECK(source.uint64() == 0x0807060504030201);
}
