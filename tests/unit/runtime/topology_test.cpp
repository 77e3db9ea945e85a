// SPDX-License-Identifier: Apache-2.0
#include "runtime/topology.hpp"

#include <cstdint>
#include <numeric>
#include <set>
#include <thread>

#include <pthread.h>
#include <sched.h>

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::runtime;

namespace {

std::vector<int> cores(int n) {
    std::vector<int> c(static_cast<std::size_t>(n));
    std::iota(c.begin(), c.end(), 0);
    return c;
}
std::string placed(int n, std::size_t rotate, std::string_view spec = "") {
    const auto p = place_shards(cores(n), rotate, spec);
    return p ? p->text() : p.error().text;
}

}  // namespace

TEST_CASE("shards are placed by the number of cores") {
    REQUIRE(placed(0, 0) == "no core: consensus network storage api");
    REQUIRE(placed(1, 0) == "core 0: consensus network storage api");
    REQUIRE(placed(2, 0) == "core 0: consensus network; core 1: storage api");
    REQUIRE(placed(3, 0) == "core 0: consensus; core 1: network; core 2: storage api");
    REQUIRE(placed(4, 0) == "core 0: consensus; core 1: network; core 2: storage; core 3: api");
    REQUIRE(placed(8, 0) == placed(4, 0));
}

TEST_CASE("several nodes on a machine begin at different cores") {
    REQUIRE(placed(1, 5) == placed(1, 0));
    REQUIRE(placed(2, 1) == "core 1: consensus network; core 0: storage api");
    REQUIRE(placed(2, 2) == placed(2, 0));
    REQUIRE(placed(4, 1) == "core 1: consensus; core 2: network; core 3: storage; core 0: api");
    REQUIRE(placed(8, 6) == "core 6: consensus; core 7: network; core 0: storage; core 1: api");
}

TEST_CASE("cores are named by their numbers, not counted from 0") {
    const auto p = place_shards({5, 9}, 0, "");
    REQUIRE(p.has_value());
    REQUIRE(p->text() == "core 5: consensus network; core 9: storage api");
    REQUIRE(p->thread_of(role::consensus) == 0);
    REQUIRE(p->thread_of(role::api) == 1);
}

TEST_CASE("a placement of the configuration overrides") {
    REQUIRE(placed(4, 0, "2:api+storage;0:network;3:consensus") == "core 2: api storage; core 0: network; core 3: consensus");
    REQUIRE(placed(2, 7, " 1 : consensus + network + storage + api ; ") == "core 1: consensus network storage api");
    REQUIRE(placed(2, 0, "0:consensus+network;0:storage+api") == "core 0: consensus network; core 0: storage api");
}

TEST_CASE("a placement that is wrong is refused and says why") {
    REQUIRE(placed(2, 0, "0:consensus+network;1:storage") == "shards: api is not placed");
    REQUIRE(placed(2, 0, "0:consensus+network+api;1:storage+api") == "shards: api is placed twice");
    REQUIRE(placed(2, 0, "0:consensus+mempool") == "shards: \"mempool\" is none of consensus, network, storage, api");
    REQUIRE(placed(2, 0, "2:consensus") == "shards: \"2\" is no core of this process (it has 0 1)");
    REQUIRE(placed(2, 0, "x:consensus") == "shards: \"x\" is no core of this process (it has 0 1)");
    REQUIRE(placed(2, 0, "0:") == "shards: no shard on core 0");
    REQUIRE(placed(2, 0, ";") == "shards: consensus is not placed");
}

TEST_CASE("a cgroup's quota is whole cores, at least one") {
    REQUIRE(cores_of_quota("max 100000\n") == SIZE_MAX);
    REQUIRE(cores_of_quota("") == SIZE_MAX);
    REQUIRE(cores_of_quota("garbage") == SIZE_MAX);
    REQUIRE(cores_of_quota("100000 0") == SIZE_MAX);
    REQUIRE(cores_of_quota("400000 100000\n") == 4);
    REQUIRE(cores_of_quota("250000 100000\n") == 2);
    REQUIRE(cores_of_quota("20000 100000\n") == 1);
}

TEST_CASE("the cgroup's path is found in both layouts") {
    REQUIRE(unified_cgroup("0::/user.slice/tetrad.service\n") == "/user.slice/tetrad.service");
    REQUIRE(unified_cgroup("2:cpu,cpuacct:/a\n1:name=systemd:/b\n0::/c\n") == "/c");
    REQUIRE(unified_cgroup("2:cpu,cpuacct:/a\n").empty());
    REQUIRE(unified_cgroup("").empty());
}

TEST_CASE("a thread is pinned to a core of this process and named") {
    const auto mine = usable_cores();
    REQUIRE_FALSE(mine.empty());
    REQUIRE(std::set<int>(mine.begin(), mine.end()).size() == mine.size());
    std::thread t([&mine] {
        const auto pinned = pin_this_thread(mine.back(), "a name longer than fifteen");
        REQUIRE(pinned.has_value());
        cpu_set_t set;
        CPU_ZERO(&set);
        REQUIRE(::pthread_getaffinity_np(::pthread_self(), sizeof set, &set) == 0);
        REQUIRE(CPU_COUNT(&set) == 1);
        REQUIRE(CPU_ISSET(mine.back(), &set));
        char name[16] = {};
        ::pthread_getname_np(::pthread_self(), name, sizeof name);
        REQUIRE(std::string(name) == "a name longer t");
        const auto nowhere = pin_this_thread(5000, "x");
        REQUIRE_FALSE(nowhere.has_value());
    });
    t.join();
}
