// SPDX-License-Identifier: Apache-2.0
// What the measurements need of Linux: two cores to pin to, clocks, what a thread used and how long it
// was kept waiting for its core, how far apart the cores are, what the host took.
#pragma once

#include <cstdint>
#include <string>

#include <sys/types.h>
#include <time.h>

#include "base/result.hpp"
#include "base/time.hpp"

namespace tetrad::bench {

/// The two cores that everything is pinned to: what is measured on the first, what drives it or answers
/// it on the second.
struct cores {
    int first = 0, second = 1;
};
result<cores> choose_cores();
void pin(
    int core);  // the calling thread; what cannot be pinned cannot be measured: ends the program

instant clock_now();
pid_t this_thread_id();
/// One turn of a loop that waits for another thread without giving up its core.
void pause();

/// What is used and how long a thread waits for its core, from here on.
class meter {
public:
    /// Of the calling thread.
    meter();
    /// The CPU of all of that process, the waiting of one thread of it.
    meter(pid_t process, pid_t thread);
    duration wall() const;
    duration cpu() const;
    /// The share of the wall time in which it could run and its core did something else. What a
    /// wake-up takes is not counted.
    double waited() const;

private:
    meter(clockid_t clock, std::string run_queue);
    clockid_t clock_;
    std::string run_queue_;  // a file of /proc
    instant began_;
    duration cpu_;
    std::int64_t ready_ = 0, slices_ = 0;
};

/// The median round trip of a cache line between two threads on those cores.
duration line_round_trip(const cores&, std::size_t batches = 25);

/// Ticks of all cores, and those of them that the host took.
struct machine_time {
    std::uint64_t all = 0, stolen = 0;
};
machine_time machine_time_now();
double steal_between(const machine_time& a, const machine_time& b);
/// Between two ticks of the scheduler.
duration scheduler_tick();

/// As far as it may: so that others disturb less. What still does is counted.
bool raise_priority();

/// "Linux 6.1.0, AMD EPYC, 2 cores"
std::string describe_machine();

/// Ends a program of measurements that cannot go on: a system call failed that has no reason to.
void must(bool, const char* what);

}  // namespace tetrad::bench
