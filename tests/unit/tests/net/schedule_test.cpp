// SPDX-License-Identifier: Apache-2.0
#include "tests/net/schedule.hpp"

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::net;

TEST_CASE("arrivals are fixed by the rate, and counted at any moment") {
    const schedule s{instant{5'000'000'000}, 1000};
    CHECK(s.at(0) == s.begin);
    CHECK(s.at(1) == s.begin + 1ms);
    CHECK(s.at(123'456) == s.begin + 123'456ms);
    CHECK(s.arrived(s.begin + duration(-1)) == 0);
    CHECK(s.arrived(s.begin) == 1);
    CHECK(s.arrived(s.begin + duration(999'999)) == 1);
    CHECK(s.arrived(s.begin + 1ms) == 2);
}

TEST_CASE("no rate loses a transaction, and none leaves 64 bits in a year") {
    for (const std::uint64_t rate : {1ULL, 3ULL, 7ULL, 997ULL, 333'333ULL, 1'000'000ULL}) {
        const schedule s{instant{17}, rate};
        for (std::uint64_t k : {std::uint64_t{0}, std::uint64_t{1}, rate - 1, rate, rate + 1,
                                7 * rate + 3, 31'536'000 * rate}) {
            INFO("rate " << rate << ", transaction " << k);
            CHECK(s.arrived(s.at(k)) == k + 1);
            CHECK(s.arrived(s.at(k) + duration(-1)) == k);
        }
    }
}

TEST_CASE("a transaction says which one it is, and has the size that was asked for") {
    for (const std::uint64_t k : {std::uint64_t{0}, std::uint64_t{42}, UINT64_MAX}) {
        const auto tx = make_tx("0a1b2c3d", k, tx_bytes_min);
        CHECK(tx.size() == tx_bytes_min);
        CHECK(number_of("0a1b2c3d", tx) == k);
    }
    CHECK(make_tx("r", 7, 12) == "r-7=xxxxxxxx");
}

TEST_CASE("what is of no or of another run has no number") {
    for (const char* tx :
         {"", "run", "run-", "run-=x", "run-x=1", "run-1x=1", "run2-1=x", "ru-1=x", "name=tetrad"})
        CHECK_FALSE(number_of("run", tx));
}
