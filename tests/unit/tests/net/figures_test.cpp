// SPDX-License-Identifier: Apache-2.0
#include "tests/net/figures.hpp"

#include <unistd.h>

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::net;

TEST_CASE("a percentile is a value that was measured") {
    const std::vector<duration> ten{1s, 2s, 3s, 4s, 5s, 6s, 7s, 8s, 9s, 10s};
    CHECK(percentile(ten, 0, 0.5) == 5s);
    CHECK(percentile(ten, 0, 0.99) == 10s);
    CHECK(percentile(ten, 0, 0) == 1s);
    CHECK(percentile({7s}, 0, 0.99) == 7s);
    CHECK_FALSE(percentile({}, 0, 0.5));
}

TEST_CASE("what never arrived is later than everything that did") {
    const std::vector<duration> five{1s, 2s, 3s, 4s, 5s};
    CHECK(percentile(five, 5, 0.5) == 5s);
    CHECK_FALSE(percentile(five, 6, 0.5));
    CHECK(percentile(five, 6, 0.25) == 3s);
    CHECK_FALSE(percentile({}, 1, 0.5));
}

TEST_CASE("the median is of the sorted values") {
    CHECK(median({3s, 1s, 2s}) == 2s);
    CHECK(median({}) == 0s);
}

TEST_CASE("the time of a process is read behind its name, whatever the name") {
    const std::string rest = " S 1 2 3 0 -1 4194560 100 0 0 0 250 50 7 8 20 0 4 0 123";
    for (const char* name : {"tetrad", "a b", "(", ")", ") S 9 9 9 9 9 9 9 9 9 9 9 9 9 9 ("})
        CHECK(cpu_of_stat("42 (" + std::string(name) + ")" + rest, 100) == result<duration>(3s));
    CHECK(cpu_of_stat("42 (tetrad)" + rest, 1000) == result<duration>(300ms));
    for (const char* broken :
         {"", "42 (tetrad", "42 (tetrad) S 1 2", "42 (t) S 1 2 3 0 -1 4194560 100 0 0 0 x 50 7"})
        CHECK_FALSE(cpu_of_stat(broken, 100));
}

TEST_CASE("memory and loopback are found in their lines") {
    const char* status = "Name:\ttetrad\nVmHWM:\t   2048 kB\nVmRSS:\t   1024 kB\n";
    CHECK(bytes_of_status(status, "VmRSS") == 1024 * 1024);
    CHECK(bytes_of_status(status, "VmHWM") == 2048 * 1024);
    CHECK(bytes_of_status(status, "VmSwap") == 0);
    CHECK(loopback_bytes(
              "Inter-|   Receive\n face |bytes\n    lo:  123456   77    0\n  eth0: 5 1\n") ==
          123456);
    CHECK(loopback_bytes("  eth0: 5 1\n") == 0);
}

TEST_CASE("this process has used something, and one that is gone is an error") {
    const auto mine = use_of(::getpid());
    REQUIRE(mine);
    CHECK(mine->memory > 0);
    CHECK(mine->memory_max >= mine->memory);
    CHECK_FALSE(use_of(-1));
}
