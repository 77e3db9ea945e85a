// SPDX-License-Identifier: Apache-2.0
#include "tests/net/watch.hpp"

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::net;

TEST_CASE("nothing is asked before the next height can be there") {
    std::vector<seen_height> seen;
    auto see = [&](duration at) {
        seen_height s;
        s.at = instant{} + at;
        seen.push_back(s);
    };
    CHECK(next_look(seen) == instant{});
    see(1s);
    CHECK(next_look(seen) == instant{} + 1s + poll_interval);
    see(2s);
    CHECK(next_look(seen) == instant{} + 2s + 875ms);
    see(2800ms);  // faster, and from then on expected to be
    for (int i = 1; i <= 7; ++i) {
        CHECK(next_look(seen) == seen.back().at + 700ms);
        see(2800ms + i * 1s);
    }
    see(10'800ms);  // eight slower ones: that one is forgotten
    CHECK(next_look(seen) == seen.back().at + 875ms);
    see(10'801ms);  // several at once: not asked more often than that
    CHECK(next_look(seen) == seen.back().at + poll_interval);
}
