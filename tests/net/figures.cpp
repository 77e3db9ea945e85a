// SPDX-License-Identifier: Apache-2.0
#include "tests/net/figures.hpp"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iterator>
#include <string>

#include <unistd.h>

#include "base/text.hpp"

namespace tetrad::net {

namespace {

/// Files of /proc have no size: they are read to their end.
result<std::string> read_proc(const std::string& path) {
    std::ifstream file(path);
    std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    if (text.empty())
        return fail(errc::not_found, path + " cannot be read");
    return text;
}

std::vector<std::string_view> words(std::string_view line) {
    std::vector<std::string_view> out;
    for (const auto word : split(line, ' '))
        if (!word.empty())
            out.push_back(word);
    return out;
}

/// What follows `name` in the line that begins with it.
std::string_view line_after(std::string_view text, std::string_view name) {
    for (auto line : split(text, '\n'))
        if (line = trim(line); line.starts_with(name))
            return line.substr(name.size());
    return {};
}

}  // namespace

std::optional<duration> percentile(const std::vector<duration>& sorted, std::size_t missing,
                                   double p) {
    const auto all = static_cast<double>(sorted.size() + missing);
    const auto rank = static_cast<std::size_t>(std::max(1.0, std::ceil(p * all)));
    if (rank > sorted.size())
        return {};
    return sorted[rank - 1];
}

duration median(std::vector<duration> values) {
    std::ranges::sort(values);
    return percentile(values, 0, 0.5).value_or(duration::zero());
}

// utime and stime are the 12th and 13th fields behind the name.
result<duration> cpu_of_stat(std::string_view stat, std::int64_t ticks_a_second) {
    const auto name_end = stat.rfind(')');
    const auto fields = words(name_end == stat.npos ? "" : stat.substr(name_end + 1));
    if (fields.size() < 13)
        return fail(errc::invalid, "too few fields in /proc/PID/stat");
    TRY(const auto user, parse_decimal<std::int64_t>(fields[11]));
    TRY(const auto system, parse_decimal<std::int64_t>(fields[12]));
    return duration((user + system) * (duration(1s).count() / ticks_a_second));
}

std::uint64_t bytes_of_status(std::string_view status, std::string_view name) {
    std::string line(line_after(status, std::string(name) + ":"));
    std::ranges::replace(line, '\t', ' ');
    const auto fields = words(line);
    return fields.empty() ? 0 : parse_decimal<std::uint64_t>(fields[0]).value_or(0) * 1024;
}

std::uint64_t loopback_bytes(std::string_view dev) {
    const auto fields = words(line_after(dev, "lo:"));
    return fields.empty() ? 0 : parse_decimal<std::uint64_t>(fields[0]).value_or(0);
}

result<use> use_of(pid_t pid) {
    const auto folder = format("/proc/{}/", pid);
    TRY(const auto stat, read_proc(folder + "stat"));
    TRY(const auto status, read_proc(folder + "status"));
    TRY(const auto cpu, cpu_of_stat(stat, ::sysconf(_SC_CLK_TCK)));
    return use{cpu, bytes_of_status(status, "VmRSS"), bytes_of_status(status, "VmHWM")};
}

std::uint64_t loopback_bytes() {
    const auto dev = read_proc("/proc/net/dev");
    return dev ? loopback_bytes(*dev) : 0;
}

}  // namespace tetrad::net
