// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/machine.hpp"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>
#include <thread>
#include <vector>

#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "base/text.hpp"

namespace tetrad::bench {

namespace {

/// A thread that is woken shows some microseconds in the run queue also where the core is its own.
constexpr std::int64_t wake_ns = 30'000;

duration read_clock(clockid_t clock) {
    timespec t{};
    must(::clock_gettime(clock, &t) == 0, "clock_gettime");
    return std::chrono::seconds(t.tv_sec) + duration(t.tv_nsec);
}

clockid_t clock_of_process(pid_t process) {
    clockid_t clock{};
    errno = ::clock_getcpuclockid(process, &clock);
    must(errno == 0, "clock_getcpuclockid");
    return clock;
}

struct run_queue {
    std::int64_t ready = 0, slices = 0;
};
/// Zeros where the kernel does not say.
run_queue read_run_queue(const std::string& path) {
    run_queue out;
    std::int64_t ran = 0;
    std::ifstream in(path);
    in >> ran >> out.ready >> out.slices;
    return out;
}

std::string first_line_with(const char* path, std::string_view start) {
    std::ifstream in(path);
    for (std::string line; std::getline(in, line);)
        if (line.starts_with(start))
            return line;
    return {};
}

}  // namespace

void must(bool held, const char* what) {
    if (held)
        return;
    std::fprintf(stderr, "bench: %s: %s\n", what, std::strerror(errno));
    std::exit(1);
}

result<cores> choose_cores() {
    cpu_set_t mask;
    must(::sched_getaffinity(0, sizeof mask, &mask) == 0, "sched_getaffinity");
    std::vector<int> usable;
    for (int c = 0; c < CPU_SETSIZE; ++c)
        if (CPU_ISSET(c, &mask))
            usable.push_back(c);
    if (usable.size() < 2)
        return fail(errc::unsupported,
                    "two cores are needed: one for what is measured, one for what drives it");
    return cores{usable[0], usable[1]};
}

void pin(int core) {
    cpu_set_t mask;
    CPU_ZERO(&mask);
    CPU_SET(core, &mask);
    must(::sched_setaffinity(0, sizeof mask, &mask) == 0, "sched_setaffinity");
}

instant clock_now() { return instant{read_clock(CLOCK_MONOTONIC).count()}; }
pid_t this_thread_id() { return static_cast<pid_t>(::syscall(SYS_gettid)); }

void pause() { __builtin_ia32_pause(); }

// ---- what a thread used ----

meter::meter(clockid_t clock, std::string run_queue)
    : clock_(clock),
      run_queue_(std::move(run_queue)),
      began_(clock_now()),
      cpu_(read_clock(clock)) {
    const auto queue = read_run_queue(run_queue_);
    ready_ = queue.ready;
    slices_ = queue.slices;
}
meter::meter() : meter(CLOCK_THREAD_CPUTIME_ID, "/proc/thread-self/schedstat") {}
meter::meter(pid_t process, pid_t thread)
    : meter(clock_of_process(process), format("/proc/{}/task/{}/schedstat", process, thread)) {}
duration meter::wall() const { return clock_now() - began_; }
duration meter::cpu() const { return read_clock(clock_) - cpu_; }
double meter::waited() const {
    const auto queue = read_run_queue(run_queue_);
    const std::int64_t waking = (queue.slices - slices_) * wake_ns;
    const auto kept = std::max<std::int64_t>(queue.ready - ready_ - waking, 0);
    return static_cast<double>(kept) /
           static_cast<double>(std::max<std::int64_t>(wall().count(), 1));
}

// ---- the machine ----

duration line_round_trip(const cores& at, std::size_t batches) {
    constexpr std::uint64_t trips = 200;
    struct alignas(128) shared_line {
        std::atomic<std::uint64_t> turn{0};
    } line;
    std::vector<duration> times(batches);
    std::thread asking([&] {
        pin(at.first);
        std::uint64_t turn = 0;
        for (auto& t : times) {
            const instant began = clock_now();
            for (std::uint64_t i = 0; i < trips; ++i, turn += 2) {
                line.turn.store(turn + 1, std::memory_order_release);
                while (line.turn.load(std::memory_order_acquire) != turn + 2) {}
            }
            t = (clock_now() - began) / trips;
        }
    });
    std::thread answering([&] {
        pin(at.second);
        for (std::uint64_t turn = 0, end = 2 * trips * batches; turn < end; turn += 2) {
            while (line.turn.load(std::memory_order_acquire) != turn + 1) {}
            line.turn.store(turn + 2, std::memory_order_release);
        }
    });
    asking.join();
    answering.join();
    std::sort(times.begin(), times.end());
    return times[batches / 2];
}

machine_time machine_time_now() {
    std::istringstream in(first_line_with("/proc/stat", "cpu "));
    std::string label;
    in >> label;
    machine_time out;
    std::uint64_t ticks = 0;
    for (int field = 0; field < 8 && in >> ticks; ++field) {  // user ... softirq, steal
        out.all += ticks;
        if (field == 7)
            out.stolen = ticks;
    }
    return out;
}

double steal_between(const machine_time& a, const machine_time& b) {
    return b.all > a.all
               ? static_cast<double>(b.stolen - a.stolen) / static_cast<double>(b.all - a.all)
               : 0;
}

/// The coarse clock moves once a tick.
duration scheduler_tick() {
    timespec t{};
    must(::clock_getres(CLOCK_MONOTONIC_COARSE, &t) == 0, "clock_getres");
    return duration(t.tv_nsec);
}

bool raise_priority() { return ::setpriority(PRIO_PROCESS, 0, -20) == 0; }

std::string describe_machine() {
    utsname names{};
    ::uname(&names);
    std::string model = first_line_with("/proc/cpuinfo", "model name");
    if (const auto colon = model.find(':'); colon != std::string::npos)
        model = trim(model.substr(colon + 1));
    return format("Linux {}, {}, {} cores", names.release, model,
                  std::thread::hardware_concurrency());
}

}  // namespace tetrad::bench
