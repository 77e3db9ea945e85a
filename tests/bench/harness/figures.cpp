// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/harness/figures.hpp"

#include <algorithm>
#include <map>

#include "base/check.hpp"
#include "base/text.hpp"

namespace tetrad::bench {

namespace {

constexpr duration near_below = 200ns;

double share_of(double part, double whole) { return whole > 0 ? part / whole : 0; }

/// A figure of each of the rounds.
template <class F>
std::vector<double> each(const std::vector<const round*>& rounds, F figure) {
    std::vector<double> out;
    for (const round* r : rounds)
        out.push_back(figure(*r));
    return out;
}

bool is_client_bound(const round& r) {
    return std::max(r.bare.client, r.ours.client) >= client_busy;
}

/// The note that most rounds have.
std::string usual_note(const std::vector<const round*>& rounds) {
    std::map<std::string, std::size_t> seen;
    for (const round* r : rounds)
        ++seen[r->bare.note.empty() ? r->ours.note : r->bare.note];
    const auto fewer = [](const auto& a, const auto& b) { return a.second < b.second; };
    const auto most = std::max_element(seen.begin(), seen.end(), fewer);
    return most == seen.end() ? std::string() : most->first;
}

void add_note(std::string& to, std::string_view what) {
    to += (to.empty() ? "" : "; ") + std::string(what);
}

}  // namespace

std::string_view name(distance d) { return d == distance::near ? "near" : "far"; }
distance distance_of(duration d) { return d < near_below ? distance::near : distance::far; }

std::string text(const aim& a) {
    return format("{} {:.10g}{}{}", a.which == aim::side::at_least ? ">=" : "<=", a.limit,
                  a.what == aim::of::ratio ? " x" : "", a.near_only ? " near" : "");
}

bool reaches(const aim& a, double figure) {
    return a.which == aim::side::at_least ? figure >= a.limit : figure <= a.limit;
}

bool is_tick_bound(duration p99, duration tick) {
    if (p99 < tick - tick / 8)
        return false;
    const auto beyond = p99.count() % tick.count();
    return std::min(beyond, tick.count() - beyond) <= tick.count() / 8;
}

std::string_view why_spoilt(const round& r, duration tick) {
    if (r.before != r.after)
        return "moved";
    if (r.steal > steal_max)
        return "steal";
    if (r.bare.waited > waited_max || r.ours.waited > waited_max)
        return "run queue";
    for (const auto& p99 : {r.bare.p99, r.ours.p99})
        if (p99 && is_tick_bound(*p99, tick))
            return "tick";
    return "";
}

double median(std::vector<double> values) {
    if (values.empty())
        return 0;
    std::sort(values.begin(), values.end());
    const std::size_t middle = values.size() / 2;
    return values.size() % 2 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

selection select(const std::vector<round>& all, bool prefer_near, duration tick) {
    selection out;
    std::vector<const round*> near, far, spoilt;
    std::map<std::string_view, std::size_t> reasons;
    for (const round& r : all) {
        const auto why = why_spoilt(r, tick);
        if (!why.empty())
            ++reasons[why];
        (!why.empty() ? spoilt : r.before == distance::near ? near : far).push_back(&r);
    }
    out.spoilt = spoilt.size();
    for (const auto& [why, times] : reasons)
        out.spoilt_by += format("{}{} {}", out.spoilt_by.empty() ? "" : ", ", why, times);
    if (near.empty() && far.empty()) {
        out.clean = false;
        out.cores = spoilt.empty() ? distance::far : spoilt.back()->after;
        out.rounds = std::move(spoilt);
        return out;
    }
    const bool takes_near = prefer_near ? !near.empty() : near.size() >= far.size();
    out.cores = takes_near ? distance::near : distance::far;
    out.left_out = takes_near ? far.size() : near.size();
    out.rounds = takes_near ? std::move(near) : std::move(far);
    return out;
}

row judge(const metric& m, std::size_t index, const std::vector<round>& all, duration tick) {
    row out;
    out.name = m.name;
    out.unit = m.unit;
    out.wanted = m.wanted;
    const selection chosen = select(all, m.wanted.near_only, tick);
    const auto& rounds = chosen.rounds;
    CHECK(!rounds.empty());
    out.rounds = rounds.size();
    out.spoilt = chosen.spoilt;
    out.spoilt_by = chosen.spoilt_by;
    out.left_out = chosen.left_out;
    out.cores = chosen.cores;
    out.note = usual_note(rounds);

    const auto ours = each(rounds, [&](const round& r) { return r.ours.values.at(index); });
    out.value = median(ours);
    out.cpu_us = median(each(rounds, [](const round& r) { return r.ours.cpu_us; }));
    out.client = median(each(rounds, [](const round& r) { return r.ours.client; }));
    std::vector<double> spread = ours;
    if (!rounds.front()->bare.values.empty()) {
        out.bare = median(each(rounds, [&](const round& r) { return r.bare.values.at(index); }));
        out.bare_cpu_us = median(each(rounds, [](const round& r) { return r.bare.cpu_us; }));
        const auto bound = std::count_if(rounds.begin(), rounds.end(),
                                         [](const round* r) { return is_client_bound(*r); });
        const bool by_cpu = m.ends_at_client && 2 * static_cast<std::size_t>(bound) > rounds.size();
        spread = each(rounds, [&](const round& r) {
            return by_cpu ? share_of(r.bare.cpu_us, r.ours.cpu_us)
                          : share_of(r.ours.values.at(index), r.bare.values.at(index));
        });
        out.ratio = median(spread);
        if (by_cpu)
            add_note(out.note, "client-bound: the ratio is of the CPU a request");
    }
    out.low = *std::min_element(spread.begin(), spread.end());
    out.high = *std::max_element(spread.begin(), spread.end());

    if (!chosen.clean)
        add_note(out.note, "no clean round");
    if (m.wanted.near_only && chosen.cores == distance::far)
        add_note(out.note, "the cores were far all the time");
    CHECK(m.wanted.what == aim::of::value || out.ratio);
    out.ok = reaches(m.wanted, m.wanted.what == aim::of::ratio ? *out.ratio : out.value);
    return out;
}

}  // namespace tetrad::bench
