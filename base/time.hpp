// SPDX-License-Identifier: Apache-2.0
// Time, three kinds that never mix: `timestamp` (UTC, as on the wire; its default is Go's zero time, year 1), `instant`
// (a monotonic clock's reading; of the machine or of the simulator) and `duration` (nanoseconds). Nothing here reads a clock.
#pragma once

#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace tetrad {

using duration = std::chrono::nanoseconds;
using namespace std::chrono_literals;

/// A reading of a backend's monotonic clock, nanoseconds since its start. `instant::never()` is later than any other.
struct instant {
    std::int64_t ns = 0;

    static constexpr instant never() { return instant{INT64_MAX}; }
    constexpr auto operator<=>(const instant&) const = default;
    constexpr instant operator+(duration d) const {
        return d.count() > 0 && ns > INT64_MAX - d.count() ? never() : instant{ns + d.count()};
    }
    constexpr duration operator-(instant o) const { return duration(ns - o.ns); }
};

/// UTC with nanoseconds (google.protobuf.Timestamp). Default: 0001-01-01T00:00:00Z, Go's zero time, which is what an absent
/// CommitSig carries on the wire.
struct timestamp {
    static constexpr std::int64_t zero_seconds = -62135596800;
    static constexpr std::int64_t seconds_end = 253402300800;  // 10000-01-01, the first that does not encode

    std::int64_t seconds = zero_seconds;
    std::int32_t nanos = 0;

    constexpr auto operator<=>(const timestamp&) const = default;
    constexpr bool is_zero() const { return *this == timestamp{}; }
    static constexpr timestamp unix_epoch() { return timestamp{0, 0}; }
    /// Seconds within [year 1, year 10000), nanos within [0, 1e9): what protobuf can carry.
    constexpr bool is_encodable() const {
        return seconds >= zero_seconds && seconds < seconds_end && nanos >= 0 && nanos < 1'000'000'000;
    }
    /// Both saturate at the ends of what encodes rather than overflow.
    timestamp operator+(duration d) const;
    duration operator-(timestamp o) const;
};

/// RFC 3339 with nanoseconds, trailing zeros trimmed: 2024-01-02T03:04:05.123Z.
std::string to_rfc3339(timestamp);
/// The same without allocating; returns how many characters were written. A time that does not encode is written as the nearest
/// that does.
std::size_t put_rfc3339(char* to, timestamp);
constexpr std::size_t rfc3339_max = 32;
/// Accepts offsets and any number of fraction digits, as Go's time.RFC3339Nano parser does.
result<timestamp> parse_rfc3339(std::string_view);

/// Go's duration text: 1h2m3.5s, 100ms, 0s.
std::string to_go_duration(duration);
result<duration> parse_go_duration(std::string_view);

}  // namespace tetrad
