// SPDX-License-Identifier: Apache-2.0
// One thread's loop: its shards' mail, timers and task queues, and one backend. In the simulation the world calls turn() of every
// executor instead of each running on a thread of its own.
//
// A turn is: due timers, mail, task queues by their shares until none is runnable or half a millisecond is over, waking those whom
// the shards wrote to, and one call of the backend, which sleeps where nothing is runnable. Within a turn the clock stands still;
// slices are measured by the processor's cycle counter, which a simulated backend leaves at 0, so that simulated scheduling depends
// on the number of resumptions only.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "runtime/backend.hpp"
#include "runtime/health.hpp"
#include "runtime/statistics.hpp"
#include "runtime/timer.hpp"

namespace tetrad::runtime {

class shard;
class task_queue;

struct executor_options {
    std::string thread = "0";  // its name among the threads of the process, for statistics
    duration spin{};        // how long a thread without work looks for some before it sleeps; 0: not at all
    duration stall = 50ms;  // a slice that is longer is reported
    health_limits limits;   // what is over them is reported
};

// Executors, shards and queues are made by one thread and used by others, one each: none has a part of another's cache line.
class alignas(64) executor {
public:
    explicit executor(std::unique_ptr<backend> io, executor_options = {});
    ~executor();

    backend& io() { return *io_; }
    timer_queue& timers() { return timers_; }
    /// The clock as it was when this turn of the loop began, or up to 2 us before.
    instant now() const { return now_; }

    /// Runs on the calling thread until stop() was called, before or meanwhile; then returns. Blocks in the kernel when nothing
    /// is runnable. One thread, always the same.
    void run();
    /// From any thread.
    void stop();

    /// One turn without blocking: mail, completions, due timers, ready coroutines. True where anything ran. (run() and the
    /// simulation's world are made of it.)
    bool turn();
    /// When a timer next wants to run, exactly; never() where none does.
    instant next_deadline() const;

    const std::vector<shard*>& shards() const { return shards_; }
    const executor_statistics& statistics() const { return stats_; }
    /// Its thread's series, those of its queues among them.
    metrics& series() { return metrics_; }
    /// Where reports go, one line each: stalls, and what crossed a limit. Before run(). On the executor's thread.
    void set_report(report_function to) { report_ = std::move(to); }

    /// What another thread can see of this one.
    struct pulse {
        std::uint64_t turns = 0;
        bool asleep = false;
        const task_queue* running = nullptr;  // whose slice it is now; lives as long as its shard
    };
    pulse feel_pulse() const;

    // ---- for shards and queues ----
    void attach(shard&);
    void detach(shard&);
    void attach(task_queue&);
    void detach(task_queue&);
    void runnable(task_queue&);  // it was not before
    void wake(executor& other);

private:
    void look_at_clock();
    bool run_shards();  // timers, mail and queues; true where anything ran
    bool run_queues();
    task_queue* choose();
    void run_slice(task_queue&);
    void account(task_queue&, std::uint64_t cycles, std::uint64_t resumptions, duration longest_wait, duration waits);
    bool has_work() const;
    bool has_mail() const;
    bool spin();              // true where work came
    bool prepare_to_sleep();  // false where mail arrived meanwhile
    void woke_up();
    void look_at_health();
    void calibrate();
    duration to_time(std::uint64_t cycles) const;
    std::uint64_t to_cycles(duration) const;

    std::unique_ptr<backend> io_;
    const executor_options options_;
    timer_queue timers_;
    std::vector<shard*> shards_;
    std::vector<task_queue*> queues_;  // of all shards
    instant now_{};
    bool was_idle_ = false;  // before the backend's last turn
    instant back_{};         // from the last of these
    instant looked_{};  // at health
    limit_watch limits_;
    std::uint64_t turn_ = 0;
    std::uint64_t cycles_ = 0;          // as last looked at, within 0.1 us of now when a turn or a slice begins
    std::uint64_t clock_cycles_ = 0;    // when the clock was looked at
    std::uint64_t floor_ = 0;  // virtual time of the queue that ran last: where sleepers come back
    bool preempt_ = false;     // a queue of the latency class became runnable
    instant began_{};          // clock and cycles of the start, by which cycles are made time
    std::uint64_t began_cycles_ = 0;
    double cycles_per_ns_ = 2.5;  // until it is known better
    report_function report_;
    metrics metrics_{128};
    executor_statistics stats_;
    std::atomic<bool> asleep_{false};
    std::atomic<const task_queue*> running_{nullptr};
    std::atomic<bool> stopping_{false};
};

}  // namespace tetrad::runtime
