// SPDX-License-Identifier: Apache-2.0
#include "consensus/core/core.hpp"

#include "tests/unit/consensus/core/random_world.hpp"

using namespace tetrad::consensus::core::test;

namespace {

void run(const world_options& o) {
    INFO("seed " << o.seed << ", " << o.liars << " liars of " << o.powers.size());
    world w(o);
    w.trouble();
    w.calm();
}

}  // namespace

TEST_CASE("four honest validators agree whatever the network does, and decide when it is calm") {
    for (std::uint64_t seed = 1; seed <= 12; ++seed)
        run({seed, {10, 10, 10, 10}, 0, 4000, seed % 2 == 0});
}

TEST_CASE("of four validators one may lie") {
    for (std::uint64_t seed = 100; seed <= 115; ++seed)
        run({seed, {10, 10, 10, 10}, 1, 4000, false});
}

TEST_CASE("seven validators of unequal power, of whom two lie") {
    for (std::uint64_t seed = 200; seed <= 206; ++seed)
        run({seed, {50, 40, 30, 20, 20, 15, 10}, 2, 6000, false});
}

// Fails where a lock is not kept: without the first condition of enter_prevote (who is locked prevotes what is proposed), or without
// what lock() notes.
TEST_CASE("who decides alone decides what the others decide later") {
    for (std::uint64_t seed = 300; seed < 400; ++seed)
        run({seed, {10, 10, 10, 10}, 0, 4000, false, 4});
}

TEST_CASE("the same, many times", "[.long]") {
    for (std::uint64_t seed = 1000; seed < 1300; ++seed) {
        run({seed, {10, 10, 10, 10}, seed % 2, 20000, seed % 3 == 0});
        run({seed, {50, 40, 30, 20, 20, 15, 10}, 2, 20000, false});
    }
}
