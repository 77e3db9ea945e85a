// SPDX-License-Identifier: Apache-2.0
// What the measurements of a comparison say, as pure rules: which rounds count, which of them may be
// compared with each other, and whether the aim is reached. Nothing here measures.
//
// A round runs the bare program and ours one after the other, and looks before and after how far
// apart the two cores are. Virtual cores move: a round trip of a cache line takes some 80 ns where
// they share a cache and 450 ns where they do not, and everything between threads moves with it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.hpp"

namespace tetrad::bench {

enum class distance : std::uint8_t { near, far };
std::string_view name(distance);
/// By the round trip of a cache line between the two cores.
distance distance_of(duration round_trip);

struct aim {
    enum class side : std::uint8_t { at_least, at_most };
    enum class of : std::uint8_t { ratio, value };
    side which{};
    of what{};
    double limit = 0;
    bool near_only = false;  // said of near cores only; far rounds neither reach nor miss it
};
std::string text(const aim&);  // ">= 0.92 x", "<= 12"
bool reaches(const aim&, double figure);

/// One figure of a comparison: a row of the table.
struct metric {
    std::string name;
    std::string unit;
    aim wanted;
    /// A rate of requests: where the client has no time left it says nothing of the server. Then
    /// the CPU that a request costs the server is compared instead.
    bool ends_at_client = false;
};

/// What one side showed in one round.
struct sample {
    std::vector<double> values;   // one a metric
    double cpu_us = 0;            // CPU an operation, of the measured threads
    double waited = 0;            // share of the time that a thread could run and its core did not
    double client = 0;            // share of its core that the client used, where there is one
    std::optional<duration> p99;  // where single operations are timed
    std::string note;             // what the reader should know: which variant was the best
};

struct round {
    distance before{}, after{};
    double steal = 0;  // share of the machine that the host took
    sample bare;       // without values where there is nothing to compare with
    sample ours;
};

constexpr double steal_max = 0.02, waited_max = 0.05, client_busy = 0.95;
/// Why a round says nothing, as a word or two; empty where it counts.
std::string_view why_spoilt(const round&, duration tick);
/// Near a multiple of the scheduler's tick: somebody else had the core until then.
bool is_tick_bound(duration p99, duration tick);

double median(std::vector<double>);  // 0 of none

struct row {
    std::string name;
    std::string unit;
    double value = 0;
    std::optional<double> bare;
    std::optional<double> ratio;
    double low = 0, high = 0;  // spread of the ratio, or of the value where there is no ratio
    aim wanted;
    bool ok = false;
    distance cores{};
    std::size_t rounds = 0;    // that the figures are of
    std::size_t spoilt = 0;    // by others
    std::string spoilt_by;     // what, and how often: "run queue 3, tick 1"
    std::size_t left_out = 0;  // of the other distance
    double cpu_us = 0, bare_cpu_us = 0;
    double client = 0;
    std::string note;
    std::string missing;  // why it could not run; then nothing else is said
};

/// The rounds that may be compared: clean, and all of one distance. The one that was seen more often,
/// or near where only that is asked for and was seen at all. Where none is clean all count as spoilt,
/// and the figures are of them.
struct selection {
    std::vector<const round*> rounds;
    distance cores{};
    std::size_t spoilt = 0, left_out = 0;
    std::string spoilt_by;
    bool clean = true;
};
selection select(const std::vector<round>&, bool prefer_near, duration tick);

/// The row of the metric number `index`.
row judge(const metric&, std::size_t index, const std::vector<round>&, duration tick);

}  // namespace tetrad::bench
