// SPDX-License-Identifier: Apache-2.0
// Numbers out of what the system says (/proc) and out of many measurements. Pure but for the functions that read a file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include <sys/types.h>

#include "base/result.hpp"
#include "base/time.hpp"

namespace tetrad::net {

/// The value that a share `p` of all do not exceed, where `missing` further ones are larger than any that is known; nothing where
/// it is one of those. `sorted` in ascending order.
std::optional<duration> percentile(const std::vector<duration>& sorted, std::size_t missing,
                                   double p);
/// Of values in any order; zero where there are none.
duration median(std::vector<duration> values);

/// What a process has used since its start.
struct use {
    duration cpu{};                // user and system
    std::uint64_t memory = 0;      // resident now, bytes
    std::uint64_t memory_max = 0;  // at its largest
};
/// The time of /proc/PID/stat in ticks, of which there are so many a second. The name in it may hold blanks and parentheses.
result<duration> cpu_of_stat(std::string_view stat, std::int64_t ticks_a_second);
/// A line "name: n kB" of /proc/PID/status, in bytes; 0 where there is none.
std::uint64_t bytes_of_status(std::string_view status, std::string_view name);
/// What "lo" received (which is what was sent over it), of /proc/net/dev.
std::uint64_t loopback_bytes(std::string_view dev);

result<use> use_of(pid_t);
/// Of this machine, all programs together; 0 where it cannot be read.
std::uint64_t loopback_bytes();

}  // namespace tetrad::net
