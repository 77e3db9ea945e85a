// SPDX-License-Identifier: Apache-2.0
#include "runtime/topology.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <optional>

#include <pthread.h>
#include <sched.h>

#include "base/check.hpp"

namespace tetrad::runtime {

namespace {

constexpr std::array<role, roles> all_roles = {role::consensus, role::network, role::storage, role::api};
constexpr std::size_t thread_name_max = 15;  // the kernel's

template <class T>
std::optional<T> parse_number(std::string_view text) {
    T value = 0;
    const char* const end = text.data() + text.size();
    const auto [stopped, problem] = std::from_chars(text.data(), end, value);
    if (text.empty() || problem != std::errc{} || stopped != end)
        return std::nullopt;
    return value;
}

std::string_view trimmed(std::string_view t) {
    while (!t.empty() && (t.front() == ' ' || t.front() == '\n'))
        t.remove_prefix(1);
    while (!t.empty() && (t.back() == ' ' || t.back() == '\n'))
        t.remove_suffix(1);
    return t;
}

/// Takes the part before the separator off the front of `rest`.
std::string_view take_until(std::string_view& rest, char separator) {
    const auto at = rest.find(separator);
    const auto part = rest.substr(0, at);
    rest = at == std::string_view::npos ? std::string_view() : rest.substr(at + 1);
    return trimmed(part);
}

/// The beginning of a small file of /proc or /sys; empty where there is none.
std::string read_small(const std::string& path) {
    std::string text(4096, '\0');
    std::FILE* const f = std::fopen(path.c_str(), "re");
    text.resize(f ? std::fread(text.data(), 1, text.size(), f) : 0);
    if (f)
        std::fclose(f);
    return text;
}

/// Every level above this process's cgroup may limit it too; the tightest counts.
std::size_t cores_of_cgroup() {
    const std::string root = "/sys/fs/cgroup";
    std::size_t least = cores_of_quota(read_small(root + "/cpu.max"));
    for (std::string path = unified_cgroup(read_small("/proc/self/cgroup")); path.size() > 1; path.resize(path.rfind('/')))
        least = std::min(least, cores_of_quota(read_small(root + path + "/cpu.max")));
    return least;
}

std::optional<role> role_of(std::string_view text) {
    for (role r : all_roles)
        if (name(r) == text)
            return r;
    return std::nullopt;
}

std::string list_of(const std::vector<int>& cores) {
    std::string out;
    for (int c : cores)
        out += (out.empty() ? "" : " ") + std::to_string(c);
    return out;
}

result<placement> parse_placement(const std::vector<int>& cores, std::string_view spec) {
    placement p;
    std::array<bool, roles> placed{};
    for (std::string_view rest = spec; !rest.empty();) {
        std::string_view shards = take_until(rest, ';');
        if (shards.empty())
            continue;  // a trailing semicolon
        const auto core_text = take_until(shards, ':');
        const auto core = parse_number<int>(core_text);
        if (!core || std::find(cores.begin(), cores.end(), *core) == cores.end())
            return fail(errc::invalid, "shards: \"" + std::string(core_text) + "\" is no core of this process (it has " +
                                           list_of(cores) + ")");
        placement::thread t;
        t.core = *core;
        while (!shards.empty()) {
            const auto role_text = take_until(shards, '+');
            const auto r = role_of(role_text);
            if (!r)
                return fail(errc::invalid, "shards: \"" + std::string(role_text) +
                                               "\" is none of consensus, network, storage, api");
            if (std::exchange(placed[static_cast<std::size_t>(*r)], true))
                return fail(errc::invalid, "shards: " + std::string(role_text) + " is placed twice");
            t.shards.push_back(*r);
        }
        if (t.shards.empty())
            return fail(errc::invalid, "shards: no shard on core " + std::string(core_text));
        p.threads.push_back(std::move(t));
    }
    for (role r : all_roles)
        if (!placed[static_cast<std::size_t>(r)])
            return fail(errc::invalid, "shards: " + std::string(name(r)) + " is not placed");
    return p;
}

}  // namespace

std::string_view name(role r) {
    switch (r) {
        case role::consensus: return "consensus";
        case role::network: return "network";
        case role::storage: return "storage";
        case role::api: return "api";
    }
    UNREACHABLE();
}

std::string placement::text() const {
    std::string out;
    for (const thread& t : threads) {
        out += out.empty() ? "" : "; ";
        out += t.core < 0 ? "no core:" : "core " + std::to_string(t.core) + ":";
        for (role r : t.shards)
            out += " " + std::string(name(r));
    }
    return out;
}

std::size_t placement::thread_of(role r) const {
    for (std::size_t i = 0; i < threads.size(); ++i)
        if (std::find(threads[i].shards.begin(), threads[i].shards.end(), r) != threads[i].shards.end())
            return i;
    UNREACHABLE();
}

std::size_t cores_of_quota(std::string_view cpu_max) {
    std::string_view rest = trimmed(cpu_max);
    const auto quota = parse_number<std::uint64_t>(take_until(rest, ' '));
    const auto period = parse_number<std::uint64_t>(rest);
    if (!quota || !period || *period == 0)
        return SIZE_MAX;  // "max 100000", or no such file
    return std::max<std::uint64_t>(*quota / *period, 1);
}

std::string unified_cgroup(std::string_view proc_self_cgroup) {
    for (std::string_view rest = proc_self_cgroup; !rest.empty();) {
        const auto line = take_until(rest, '\n');
        if (line.starts_with("0::/"))
            return std::string(line.substr(3));
    }
    return {};
}

std::vector<int> usable_cores() {
    std::vector<int> cores;
    // A machine with more cores than the set has bits gets a larger set.
    for (int bits = CPU_SETSIZE; bits <= (1 << 16); bits *= 2) {
        cpu_set_t* const set = CPU_ALLOC(bits);
        const std::size_t size = CPU_ALLOC_SIZE(bits);
        const bool known = ::sched_getaffinity(0, size, set) == 0;
        for (int c = 0; known && c < bits; ++c)
            if (CPU_ISSET_S(c, size, set))
                cores.push_back(c);
        CPU_FREE(set);
        if (known)
            break;
    }
    cores.resize(std::min(cores.size(), cores_of_cgroup()));
    return cores;
}

result<placement> place_shards(const std::vector<int>& cores, std::size_t rotate, std::string_view spec) {
    if (!trimmed(spec).empty())
        return parse_placement(cores, spec);
    using enum role;
    std::vector<std::vector<role>> plan;
    switch (std::min(cores.size(), roles)) {
        case 0:
        case 1: plan = {{consensus, network, storage, api}}; break;
        case 2: plan = {{consensus, network}, {storage, api}}; break;
        case 3: plan = {{consensus}, {network}, {storage, api}}; break;
        default: plan = {{consensus}, {network}, {storage}, {api}}; break;
    }
    placement p;
    for (std::size_t i = 0; i < plan.size(); ++i) {
        const int core = cores.empty() ? -1 : cores[(rotate + i) % cores.size()];
        p.threads.push_back(placement::thread{core, std::move(plan[i])});
    }
    return p;
}

result<void> pin_this_thread(int core, const std::string& thread_name) {
    ::pthread_setname_np(::pthread_self(), thread_name.substr(0, thread_name_max).c_str());
    if (core < 0)
        return {};
    const int bits = std::max(core + 1, CPU_SETSIZE);
    cpu_set_t* const set = CPU_ALLOC(bits);
    const std::size_t size = CPU_ALLOC_SIZE(bits);
    CPU_ZERO_S(size, set);
    CPU_SET_S(core, size, set);
    const int problem = ::pthread_setaffinity_np(::pthread_self(), size, set);
    CPU_FREE(set);
    if (problem != 0)
        return std::unexpected<error>(system_error(problem, "pin thread " + thread_name + " to core " + std::to_string(core)));
    return {};
}

}  // namespace tetrad::runtime
