// SPDX-License-Identifier: Apache-2.0
#include "runtime/uring/random.hpp"

#include <set>
#include <vector>

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::runtime;

TEST_CASE("the kernel's random bytes of every length differ from each other and fill all of the buffer") {
    kernel_random random;
    std::set<std::vector<std::uint8_t>> seen;
    for (std::size_t size : {16, 32, 64, 255, 256, 257, 512, 513, 5000})
        for (int i = 0; i < 50; ++i) {
            bytes b(size, 0);
            random.fill(b);
            REQUIRE(seen.insert(b).second);
            if (size >= 255) {
                std::set<std::uint8_t> tail(b.end() - 200, b.end());
                REQUIRE(tail.size() > 50);
            }
        }
    std::set<std::uint64_t> numbers;
    for (int i = 0; i < 10'000; ++i)
        REQUIRE(numbers.insert(random.uint64()).second);
}
