// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/rounds.hpp"

#include <algorithm>

namespace tetrad::bench {

namespace {

/// What one comparison may take in all, spoilt rounds included.
constexpr duration patience = 20s;

result<round> one_round(comparison& c, const place& where, bool ours_first) {
    round out;
    const auto machine = machine_time_now();
    out.before = distance_of(line_round_trip(where.at));
    if (ours_first) {
        TRY(out.ours, c.ours());
        TRY(out.bare, c.bare());
    } else {
        TRY(out.bare, c.bare());
        TRY(out.ours, c.ours());
    }
    out.after = distance_of(line_round_trip(where.at));
    out.steal = steal_between(machine, machine_time_now());
    return out;
}

result<std::vector<round>> all_rounds(comparison& c, const place& where, std::size_t wanted,
                                      bool near_only) {
    TRY_VOID(c.prepare());
    std::vector<round> out;
    const duration tick = scheduler_tick();
    const instant end = clock_now() + patience;
    do {
        TRY(auto r, one_round(c, where, out.size() % 2 == 1));
        out.push_back(std::move(r));
        const auto so_far = select(out, near_only, tick);
        if (so_far.clean && so_far.rounds.size() >= wanted)
            break;
    } while (clock_now() < end);
    return out;
}

}  // namespace

std::vector<row> run_rounds(comparison& c, const place& where, std::size_t wanted) {
    const auto metrics = c.metrics();
    const bool near_only = std::any_of(metrics.begin(), metrics.end(),
                                       [](const metric& m) { return m.wanted.near_only; });
    const auto rounds = all_rounds(c, where, wanted, near_only);
    std::vector<row> out;
    for (std::size_t i = 0; i < metrics.size(); ++i) {
        if (rounds) {
            out.push_back(judge(metrics[i], i, *rounds, scheduler_tick()));
            continue;
        }
        row none;
        none.name = metrics[i].name;
        none.unit = metrics[i].unit;
        none.wanted = metrics[i].wanted;
        none.missing = rounds.error().text;
        out.push_back(std::move(none));
    }
    return out;
}

}  // namespace tetrad::bench
