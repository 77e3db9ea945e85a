// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/harness/report.hpp"

#include <cmath>

#include "base/text.hpp"

namespace tetrad::bench {

namespace {

constexpr const char* columns = "{:<20} {:>12} {:>12} {:<8} {:<18} {:<13} {:<5} {:>15}  {}\n";

std::string ratio_text(const row& r) {
    if (!r.ratio)
        return format("[{}-{}]", figure(r.low), figure(r.high));
    return format("{:.2f} [{:.2f}-{:.2f}]", *r.ratio, r.low, r.high);
}

std::string cpu_text(const row& r) {
    if (r.cpu_us <= 0)
        return "";
    return r.bare_cpu_us > 0 ? format("{} / {}", figure(r.cpu_us), figure(r.bare_cpu_us))
                             : figure(r.cpu_us);
}

/// Which rounds the figures are of, and what else there is to know.
std::string remarks(const row& r) {
    std::string out = format("{} {}", r.rounds, name(r.cores));
    if (r.spoilt > 0)
        out += format(", {} spoilt ({})", r.spoilt, r.spoilt_by);
    if (r.left_out > 0)
        out += format(", {} {}", r.left_out,
                      name(r.cores == distance::near ? distance::far : distance::near));
    if (r.client > 0)
        out += format("; client {:.0f} %", r.client * 100);
    return r.note.empty() ? out : out + "; " + r.note;
}

std::string number(double v) { return std::isfinite(v) ? format("{:.6g}", v) : "null"; }
std::string number(const std::optional<double>& v) { return v ? number(*v) : "null"; }

}  // namespace

std::string figure(double v) {
    if (!std::isfinite(v))
        return "?";
    const double size = std::fabs(v);
    if (size < 1)
        return format("{:.3f}", v);
    if (size < 10)
        return format("{:.2f}", v);
    if (size < 1000)
        return format("{:.{}f}", v, size < 100 ? 1 : 0);
    std::string digits = format("{:.0f}", size);
    for (std::size_t at = digits.size(); at > 3; at -= 3)
        digits.insert(at - 3, " ");
    return (v < 0 ? "-" : "") + digits;
}

std::string heading() {
    return format(columns, "row", "ours", "bare", "unit", "ratio or spread", "aim", "",
                  "CPU us an op", "rounds");
}

std::string line(const row& r) {
    if (!r.missing.empty())
        return format("{:<20} could not run: {}\n", r.name, r.missing);
    return format(columns, r.name, figure(r.value), r.bare ? figure(*r.bare) : "", r.unit,
                  ratio_text(r), text(r.wanted), r.ok ? "ok" : "SHORT", cpu_text(r), remarks(r));
}

std::string closing(const std::vector<row>& rows) {
    std::size_t reached = 0;
    std::vector<std::string> others;
    for (const row& r : rows)
        if (r.ok)
            ++reached;
        else
            others.push_back(r.name);
    std::string out = format("{} of {} reach their aim", reached, rows.size());
    return others.empty() ? out + "\n" : out + "; not: " + join(others, ", ") + "\n";
}

std::string json(const row& r) {
    const bool ran = r.missing.empty();
    const auto if_ran = [ran](std::string text) { return ran ? text : std::string("null"); };
    std::string out =
        format(R"({{"name":{},"value":{},"unit":{},"bare":{},"ratio":{})", quote(r.name),
               if_ran(number(r.value)), quote(r.unit), number(r.bare), number(r.ratio));
    out += format(R"(,"spread":{},"aim":{},"ok":{})",
                  if_ran(format("[{},{}]", number(r.low), number(r.high))), quote(text(r.wanted)),
                  if_ran(r.ok ? "true" : "false"));
    out += format(R"(,"cpu_us":{},"bare_cpu_us":{},"client":{})", if_ran(number(r.cpu_us)),
                  r.bare ? number(r.bare_cpu_us) : "null", if_ran(number(r.client)));
    out += format(R"(,"cores":{},"rounds":{},"spoilt":{},"spoilt_by":{},"left_out":{},"note":{}}})",
                  ran ? quote(name(r.cores)) : "null", r.rounds, r.spoilt, quote(r.spoilt_by),
                  r.left_out, quote(ran ? r.note : r.missing));
    return out;
}

}  // namespace tetrad::bench
