// SPDX-License-Identifier: Apache-2.0
// One thread's loop: its shards' ready coroutines, mail, timers and one backend. In the simulation the world calls turn() of every
// executor instead of each running on a thread of its own.
#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "base/time.hpp"
#include "runtime/backend.hpp"
#include "runtime/timer.hpp"

namespace tetrad::runtime {

class shard;

class executor {
public:
    explicit executor(std::unique_ptr<backend> io);
    ~executor();

    backend& io() { return *io_; }
    timer_queue& timers() { return timers_; }
    /// The clock, read once per turn of the loop.
    instant now() const { return now_; }

    /// Runs on the calling thread until stop() was called, before or meanwhile; then returns. Blocks in the kernel when nothing
    /// is runnable. One thread, always the same.
    void run();
    /// From any thread.
    void stop();

    /// One turn without blocking: mail, completions, due timers, ready coroutines. True where anything ran. (run() and the
    /// simulation's world are made of it.)
    bool turn();
    /// When a timer next wants to run; never() where none does.
    instant next_deadline() const;

    void attach(shard&);  // called by shard's constructor
    void detach(shard&);
    const std::vector<shard*>& shards() const { return shards_; }

private:
    bool run_shards();        // timers, mail and ready coroutines; true where anything ran
    bool has_work() const;
    bool prepare_to_sleep();  // false where mail arrived meanwhile
    void woke_up();

    std::unique_ptr<backend> io_;
    timer_queue timers_;
    std::vector<shard*> shards_;
    instant now_{};
    std::atomic<bool> stopping_{false};
};

}  // namespace tetrad::runtime
