// SPDX-License-Identifier: Apache-2.0
// The ring between two threads: by hand, in every interleaving of four operations, and on two real threads (also under the thread
// sanitizer).
#include "runtime/spsc_ring.hpp"

#include "tests/unit/runtime/interleavings.hpp"

#include <array>
#include <numeric>
#include <thread>

#include <catch2/catch.hpp>

using namespace tetrad::runtime;
using namespace tetrad::runtime::testing;

TEST_CASE(
    "batches go around the ring's end in order, as many as there is room for and as there are") {
    spsc_ring<int> r(5);
    REQUIRE(r.capacity() == 8);
    std::array<int, 6> in{};
    std::array<int, 5> out{};
    int next_in = 0, next_out = 0;
    for (int lap = 0; lap < 100; ++lap) {
        std::iota(in.begin(), in.end(), next_in);
        const auto pushed = r.push(in);
        REQUIRE(pushed ==
                std::min<std::size_t>(6, 8 - static_cast<std::size_t>(next_in - next_out)));
        next_in += static_cast<int>(pushed);
        REQUIRE(r.size() == static_cast<std::size_t>(next_in - next_out));
        REQUIRE(r.is_full() == (r.size() == 8));
        const auto popped = r.pop(out);
        REQUIRE(popped == std::min<std::size_t>(5, static_cast<std::size_t>(next_in - next_out)));
        for (std::size_t i = 0; i < popped; ++i)
            REQUIRE(out[i] == next_out++);
    }
    while (r.pop(out) > 0) {}
    REQUIRE(r.empty());
}

namespace {

/// What the two ends of one ring did in an execution: the values that went in, and those that came out.
struct history {
    std::vector<int> in, out;
};

// Four operations: two pushes and two pops, of one value or of two each, on a ring with room for `depth`.
template <class Memory>
std::string four_operations(std::size_t depth, std::array<std::size_t, 2> pushes,
                            std::array<std::size_t, 2> pops, std::uint64_t& runs) {
    interleavings all;
    history h;
    auto run = [&](std::size_t thread) {
        spsc_ring<int, Memory> r(depth);
        if (thread == 0) {
            h.in.clear();
            for (const std::size_t n : pushes) {
                std::array<int, 2> values{static_cast<int>(h.in.size()) + 1,
                                          static_cast<int>(h.in.size()) + 2};
                const auto taken = r.push(std::span(values).first(n));
                h.in.insert(h.in.end(), values.begin(),
                            values.begin() + static_cast<std::ptrdiff_t>(taken));
            }
        } else {
            h.out.clear();
            for (const std::size_t n : pops) {
                std::array<int, 2> values{};
                const auto came = r.pop(std::span(values).first(n));
                h.out.insert(h.out.end(), values.begin(),
                             values.begin() + static_cast<std::ptrdiff_t>(came));
            }
        }
    };
    auto settled = [&]() -> std::string {
        if (h.out.size() > h.in.size() || !std::equal(h.out.begin(), h.out.end(), h.in.begin()))
            return "what came out is not the beginning of what went in";
        if (h.in.size() < std::min(depth, pushes[0]))
            return "an empty ring took less than fits";
        if (h.in.size() > h.out.size() + depth)
            return "more is inside than fits";
        return "";
    };
    const std::string wrong = all.explore(run, settled);
    runs += all.executions();
    return wrong;
}

}  // namespace

TEST_CASE(
    "no interleaving of four operations by two threads loses, repeats, reorders or tears a value") {
    std::uint64_t runs = 0;
    for (const std::size_t depth : {1U, 2U, 4U})
        for (std::size_t kind = 0; kind < 16; ++kind) {
            CAPTURE(depth, kind);
            const std::array<std::size_t, 2> pushes{1 + (kind & 1), 1 + (kind >> 1 & 1)},
                pops{1 + (kind >> 2 & 1), 1 + (kind >> 3 & 1)};
            REQUIRE(four_operations<modelled_memory<>>(depth, pushes, pops, runs).empty());
        }
    INFO(runs << " executions");
    REQUIRE(runs > 1000);
}

TEST_CASE("a batch that fits is seen whole or not at all") {
    interleavings all;
    std::size_t first = 0, second = 0;
    auto run = [&](std::size_t thread) {
        spsc_ring<int, modelled_memory<>> r(4);
        std::array<int, 4> values{1, 2, 3, 4};
        if (thread == 0) {
            r.push(std::span(values).first(3));
            return;
        }
        first = r.pop(values);
        second = r.pop(values);
    };
    auto settled = [&]() -> std::string {
        return (first == 0 || first == 3) && first + second <= 3 && (second == 0 || second == 3)
                   ? ""
                   : "a part of it was seen";
    };
    REQUIRE(all.explore(run, settled).empty());
    INFO(all.executions() << " executions");
    REQUIRE(all.executions() > 10);
}

TEST_CASE("the enumeration finds the race of a ring without release and acquire") {
    std::uint64_t runs = 0;
    REQUIRE_FALSE(four_operations<modelled_memory<false>>(2, {1, 1}, {1, 1}, runs).empty());
}

TEST_CASE("ten million values cross two threads in order, in batches of all sizes") {
    constexpr std::uint64_t count = 10'000'000;
    spsc_ring<std::uint64_t> r(256);
    std::thread producer([&] {
        std::array<std::uint64_t, 61> batch{};
        for (std::uint64_t sent = 0, size = 1; sent < count; size = size % 61 + 1) {
            const auto n = std::min(size, count - sent);
            std::iota(batch.begin(), batch.begin() + static_cast<std::ptrdiff_t>(n), sent);
            for (std::span<const std::uint64_t> left(batch.data(), n); !left.empty();) {
                const auto taken = r.push(left);
                left = left.subspan(taken);
                if (taken == 0)
                    std::this_thread::yield();
            }
            sent += n;
        }
    });
    std::array<std::uint64_t, 64> batch{};
    std::uint64_t received = 0, wrong = 0;
    for (std::size_t size = 1; received < count; size = size % 64 + 1) {
        const auto n = r.pop(std::span(batch).first(size));
        for (std::size_t i = 0; i < n; ++i)
            wrong += batch[i] != received++;
        if (n == 0)
            std::this_thread::yield();
    }
    producer.join();
    REQUIRE(wrong == 0);
    REQUIRE(r.empty());
}
