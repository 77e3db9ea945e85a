// SPDX-License-Identifier: Apache-2.0
// Which shards share a thread, and which core a thread is pinned to: from the affinity mask and the cgroup's quota, or from the
// configuration. Four cores or more: a thread each. Three: storage and api share. Two: consensus + network, storage + api. One: all
// four on one.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace tetrad::runtime {

enum class role : std::uint8_t { consensus, network, storage, api };
constexpr std::size_t roles = 4;
std::string_view name(role);

struct placement {
    struct thread {
        int core = -1;  // -1: not pinned
        std::vector<role> shards;
    };
    std::vector<thread> threads;
    /// "core 0: consensus network; core 1: storage api"
    std::string text() const;
    std::size_t thread_of(role) const;
};

/// Cores this process may use (affinity mask, shortened by the cgroup's cpu quota).
std::vector<int> usable_cores();

/// Whole cores that a cgroup's cpu.max allows, at least one: "250000 100000" is two. SIZE_MAX where there is no limit.
std::size_t cores_of_quota(std::string_view cpu_max);
/// The unified hierarchy's path in the text of /proc/self/cgroup; empty where there is none.
std::string unified_cgroup(std::string_view proc_self_cgroup);

/// `rotate`: several nodes on one machine start at different cores. `spec`: "" for automatic, or threads separated by ';', each
/// "core:role+role" ("0:consensus+network;1:storage+api"); every role exactly once.
result<placement> place_shards(const std::vector<int>& cores, std::size_t rotate, std::string_view spec);

/// Pins the calling thread; names it. Failing to pin is an error the caller logs and goes on from.
result<void> pin_this_thread(int core, const std::string& name);

}  // namespace tetrad::runtime
