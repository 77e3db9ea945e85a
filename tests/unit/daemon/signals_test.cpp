// SPDX-License-Identifier: Apache-2.0
#include "daemon/signals.hpp"

#include <csignal>
#include <thread>

#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>

using namespace tetrad;
using tetrad::daemon::stop_signals;

TEST_CASE("a signal that came before the wait ends it") {
    for (const auto& [number, name] :
         {std::pair(SIGTERM, "terminated"), std::pair(SIGINT, "interrupt")}) {
        auto signals = stop_signals::create();
        REQUIRE(signals);
        std::raise(number);
        REQUIRE((*signals)->wait_for_stop() == name);
    }
}

TEST_CASE(
    "a part of the node that cannot go on ends the wait from another thread, and its reason is "
    "kept") {
    auto signals = stop_signals::create();
    REQUIRE(signals);
    std::thread other([&] { (*signals)->stop("the disk is full"); });
    REQUIRE((*signals)->wait_for_stop() == "the disk is full");
    other.join();
    (*signals)->stop("later");
    REQUIRE((*signals)->wait_for_stop() == "the disk is full");
}

TEST_CASE("while it waits the main thread does something again and again, where it was asked to") {
    auto signals = stop_signals::create();
    REQUIRE(signals);
    int times = 0;
    const auto why = (*signals)->wait_for_stop(1ms, [&] {
        if (++times == 3)
            (*signals)->stop("enough");
    });
    REQUIRE(why == "enough");
    REQUIRE(times >= 3);
}

TEST_CASE("a second signal ends the process at once") {
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        auto signals = stop_signals::create();
        std::raise(SIGTERM);
        if (!signals || (*signals)->wait_for_stop() != "terminated")
            ::_exit(2);
        std::raise(SIGTERM);
        ::_exit(3);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    REQUIRE(WIFSIGNALED(status));
    REQUIRE(WTERMSIG(status) == SIGTERM);
}
