// SPDX-License-Identifier: Apache-2.0
#include "runtime/growing_ring.hpp"

#include "base/random.hpp"

#include <deque>
#include <memory>

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::runtime;

TEST_CASE("a growing ring is a FIFO through every wrap and growth") {
    growing_ring<std::unique_ptr<int>> ring;
    std::deque<int> model;
    seeded_random random(3);
    int next = 0;
    for (int i = 0; i < 20'000; ++i) {
        const bool grows = random.below(100) < (i / 2000 % 2 == 0 ? 60u : 40u);
        if (grows || model.empty()) {
            ring.push_back(std::make_unique<int>(next));
            model.push_back(next++);
        } else {
            REQUIRE(*ring.front() == model.front());
            ring.pop_front();
            model.pop_front();
        }
        REQUIRE(ring.size() == model.size());
        REQUIRE(ring.empty() == model.empty());
    }
}
