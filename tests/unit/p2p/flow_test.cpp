// SPDX-License-Identifier: Apache-2.0
// The rate limit and its figures, whose samples of 100 ms are CometBFT's flowrate.Monitor's.
#include "p2p/flow.hpp"

#include <catch2/catch.hpp>

using namespace tetrad;
using p2p::flow_meter;

namespace {

constexpr instant start{5'000'000'000};
instant at(duration d) { return start + d; }

}  // namespace

TEST_CASE("a sample of 100 ms carries a tenth of the rate, and the next one as much again") {
    flow_meter m(start, 5'120'000);
    CHECK(m.allowance(start) == 512'000);
    m.add(start, 500'000);
    CHECK(m.allowance(at(50ms)) == 12'000);
    m.add(at(60ms), 20'000);  // what one packet is too long
    CHECK(m.allowance(at(99ms)) <= 0);
    CHECK(m.next() == at(100ms));
    CHECK(m.allowance(at(100ms)) == 512'000);
}

TEST_CASE("no limit is no limit, and the smallest lets one byte through in a sample") {
    flow_meter free(start, 0);
    free.add(start, 1'000'000'000);
    CHECK(free.allowance(start) > 1'000'000'000);
    for (const std::int64_t rate : {1, 4, 10}) {
        flow_meter slow(start, rate);
        CHECK(slow.allowance(start) == 1);
        slow.add(start, 1);
        CHECK(slow.allowance(at(50ms)) == 0);
        CHECK(slow.allowance(at(100ms)) == 1);
    }
}

TEST_CASE("the figures are those of net_info") {
    flow_meter m(start, 0);
    for (int i = 0; i < 10; ++i)
        m.add(at(i * 100ms), 1000);
    const auto f = m.read(at(1000ms));
    CHECK(f.start == start);
    CHECK(f.bytes == 10'000);
    CHECK(f.samples == 10);
    CHECK(f.average_rate == 10'000);
    CHECK(f.covered == 1s);
    CHECK(f.idle == 100ms);
    CHECK(f.peak_rate == 10'000);
    CHECK(f.rate == 10'000);
    const auto later = m.read(at(11s));
    CHECK(later.bytes == 10'000);
    CHECK(later.idle == 10100ms);
    CHECK(later.rate == 0);
    CHECK(later.current_rate < 10);  // the average of the last second has faded
    CHECK(later.peak_rate == f.peak_rate);
}
