// SPDX-License-Identifier: Apache-2.0
// Four executors without work, in a process of their own: its memory, the CPU it uses, and how long each took to start. Bare: four
// threads asleep in rings of the same size.
#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>
#include <fstream>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/text.hpp"
#include "tests/bench/runtime/bare_ring.hpp"
#include "tests/bench/runtime/list.hpp"
#include "tests/bench/runtime/our_shard.hpp"

namespace tetrad::bench {

namespace {

constexpr std::size_t shards = 4;
constexpr duration settling = 50ms;

duration cpu_of_process(pid_t pid) {
    clockid_t clock{};
    timespec t{};
    must(::clock_getcpuclockid(pid, &clock) == 0 && ::clock_gettime(clock, &t) == 0,
         "the CPU time of a process");
    return std::chrono::seconds(t.tv_sec) + duration(t.tv_nsec);
}

double resident_mebibytes(pid_t pid) {
    std::ifstream in(format("/proc/{}/status", pid));
    for (std::string line; std::getline(in, line);)
        if (double kibibytes = 0; std::sscanf(line.c_str(), "VmRSS: %lf", &kibibytes) == 1)
            return kibibytes / 1024;
    return 0;
}

void start_ours(std::size_t index, std::array<std::atomic<std::int64_t>, shards>& started) {
    const instant began = clock_now();
    const auto on = our_shard::make(index);
    must(on.has_value(), "an executor");
    (*on)->on.turn();
    started[index] = (clock_now() - began).count();
    (*on)->on.run();
}

void start_bare(std::size_t index, std::array<std::atomic<std::int64_t>, shards>& started) {
    const instant began = clock_now();
    bare_ring ring;
    ring.turn(false);
    started[index] = (clock_now() - began).count();
    ring.turn(true);
}

/// One process from its start to its end.
result<sample> watch_idle(const char* what, duration window) {
    std::array<int, 2> pipe{};
    must(::pipe2(pipe.data(), O_CLOEXEC) == 0, "pipe2");
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, pipe[1], 1);
    std::string program = "/proc/self/exe", option = "--idle", value = what;
    std::array<char*, 4> arguments{program.data(), option.data(), value.data(), nullptr};
    pid_t pid = 0;
    const int failed =
        ::posix_spawn(&pid, program.c_str(), &actions, nullptr, arguments.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    ::close(pipe[1]);
    if (failed != 0)
        return std::unexpected<error>(system_error(failed, "spawn"));
    std::int64_t slowest = 0;
    const bool told = ::read(pipe[0], &slowest, sizeof slowest) == sizeof slowest;
    sample out;
    if (told) {
        const duration before = cpu_of_process(pid);
        const timespec pause{0, static_cast<long>(window.count())};
        ::nanosleep(&pause, nullptr);
        const double share = std::chrono::duration<double>(cpu_of_process(pid) - before) /
                             std::chrono::duration<double>(window);
        out.values = {resident_mebibytes(pid), share * 100 / shards,
                      std::chrono::duration<double, std::milli>(duration(slowest)).count()};
    }
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
    ::close(pipe[0]);
    if (!told)
        return fail(errc::io, "the idle process did not start");
    return out;
}

class idles final : public comparison {
public:
    explicit idles(const place& where) : where_(where) {}
    std::vector<metric> metrics() const override {
        return {{"idle_memory", "MiB", {aim::side::at_most, aim::of::value, 8}},
                {"idle_cpu", "% each", {aim::side::at_most, aim::of::value, 0.5}},
                {"executor_start", "ms", {aim::side::at_most, aim::of::value, 1}}};
    }
    result<sample> bare() override { return watch_idle("bare", where_.window); }
    result<sample> ours() override { return watch_idle("ours", where_.window); }

private:
    place where_;
};

}  // namespace

int be_idle(const std::string& what) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    std::array<std::atomic<std::int64_t>, shards> started{};
    std::vector<std::thread> threads;
    // One after the other: a start is timed alone.
    for (std::size_t i = 0; i < shards; ++i) {
        threads.emplace_back(
            [&, i] { what == "ours" ? start_ours(i, started) : start_bare(i, started); });
        while (started[i] == 0)
            std::this_thread::yield();
    }
    std::int64_t slowest = 0;
    for (const auto& s : started)
        slowest = std::max(slowest, s.load());
    const timespec pause{0, static_cast<long>(settling.count())};
    ::nanosleep(&pause, nullptr);
    if (::write(1, &slowest, sizeof slowest) != sizeof slowest)
        return 1;
    for (auto& t : threads)  // until whoever measures ends this process
        t.join();
    return 0;
}

std::unique_ptr<comparison> compare_idle(const place& where) {
    return std::make_unique<idles>(where);
}

}  // namespace tetrad::bench
