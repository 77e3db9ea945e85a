// SPDX-License-Identifier: Apache-2.0
// The protocol of sleep and wake beside a ring, in every interleaving. tests/unit/runtime/ring_test.cpp has it on two real threads.
#include "runtime/doorbell.hpp"

#include "runtime/spsc_ring.hpp"
#include "tests/unit/runtime/interleavings.hpp"

#include <catch2/catch.hpp>

using namespace tetrad::runtime;
using namespace tetrad::runtime::testing;

namespace {

/// A bell that the producer only looks at, as if a plain load were enough.
template <class Memory>
class bell_by_load {
public:
    void set() { wanted_.store(1, std::memory_order_release); }
    void clear() { wanted_.store(0, std::memory_order_release); }
    bool take() { return wanted_.load(std::memory_order_acquire) != 0; }

private:
    typename Memory::template atomic<std::uint32_t> wanted_{0};
};

// The producer pushes twice and flushes after each; the consumer takes what it finds and sleeps when it finds nothing.
template <class Memory, class Bell>
std::string sleep_beside_a_ring(std::uint64_t& runs) {
    interleavings all;
    int pushed = 0, popped = 0, wakes = 0;
    bool sleeps = false;
    auto run = [&](std::size_t thread) {
        spsc_ring<int, Memory> r(2);
        Bell bell;
        if (thread == 0) {
            pushed = wakes = 0;
            for (int i = 0; i < 2; ++i) {
                pushed += r.push(i);
                wakes += bell.take();
            }
            return;
        }
        popped = 0;
        sleeps = false;
        for (int value = 0; !sleeps && popped < 2;) {
            if (r.pop(std::span(&value, 1)) == 1) {
                ++popped;
                continue;
            }
            bell.set();
            if (r.empty())
                sleeps = true;
            else
                bell.clear();
        }
    };
    auto settled = [&]() -> std::string {
        return sleeps && popped < pushed && wakes == 0 ? "it sleeps beside a value and nobody wakes it" : "";
    };
    const std::string wrong = all.explore(run, settled);
    runs = all.executions();
    return wrong;
}

}  // namespace

TEST_CASE("in no interleaving does a consumer sleep beside a value without being woken") {
    std::uint64_t runs = 0;
    REQUIRE(sleep_beside_a_ring<modelled_memory<>, basic_doorbell<modelled_memory<>>>(runs).empty());
    INFO(runs << " executions");
    REQUIRE(runs > 100);
}

TEST_CASE("the enumeration finds the wake-up that a bell of plain loads and stores loses") {
    std::uint64_t runs = 0;
    REQUIRE_FALSE(sleep_beside_a_ring<modelled_memory<>, bell_by_load<modelled_memory<>>>(runs).empty());
}
