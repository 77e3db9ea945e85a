// SPDX-License-Identifier: Apache-2.0
// A named line of ready coroutines of one shard, with a share of its thread. Every coroutine belongs to one queue, inherited from
// whoever awaits or spawns it; a shard is made with one and may have more (shard::queue).
//
// The executor runs the queue that has had the least of its share (virtual run time: cycles spent, divided by shares) for a slice,
// then looks again. A queue that slept comes back with what the others have used meanwhile, so it saves up no credit. A queue of the
// latency class comes back one slice ahead of them and ends the slice of an ordinary one that runs.
#pragma once

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "base/time.hpp"
#include "runtime/growing_ring.hpp"
#include "runtime/promise.hpp"
#include "runtime/statistics.hpp"

namespace tetrad::runtime {

class executor;
class shard;

struct queue_spec {
    std::string name;
    std::uint32_t shares = 100;  // of the thread, in proportion to the other queues that want it; 1 to 10,000
    bool latency = false;
};

class alignas(64) task_queue {
public:
    task_queue(shard& home, queue_spec spec);
    task_queue(const task_queue&) = delete;
    ~task_queue();

    shard& home() const { return home_; }
    const queue_spec& spec() const { return spec_; }
    /// "network/gossip"
    const std::string& full_name() const { return full_name_; }

    /// Queues a suspended coroutine; the executor resumes it in turn. This shard's thread only.
    void ready(std::coroutine_handle<> h) {
        if (!runnable())
            becomes_runnable();
        ready_.push_back(entry{h, now()});
    }
    bool runnable() const { return interrupted_ || !ready_.empty(); }
    std::size_t waiting() const { return ready_.size() + (interrupted_ ? 1 : 0); }

    // ---- the trampoline ----
    /// Resumes h, and what that leads to as long as `may_go_on()` says so. Returns what is left to be resumed, if anything.
    ///
    /// A task that has ended tells nobody: the loop sees it and reads from its promise what follows. The address of what runs next
    /// then passes through memory once less on its way, and such passages are what awaiting costs.
    template <class F>
    std::coroutine_handle<> drive(std::coroutine_handle<> h, F&& may_go_on) {
        do {
            h.resume();
            h = h.done() ? promise_base::of(h).after_end() : std::exchange(next_, {});
        } while (h && may_go_on());
        if (ended_)
            std::exchange(ended_, {}).destroy();
        return h;
    }
    void drive(std::coroutine_handle<> h) {
        drive(h, [] { return true; });
    }
    /// By the coroutine that is being suspended: what goes on when it has returned to the loop, if anything.
    void resume_next(std::coroutine_handle<> h) { next_ = h; }
    /// By a task that has ended and that nobody awaits: its frame is destroyed when it has returned to the loop. Nothing is resumed
    /// after it.
    void destroy_later(std::coroutine_handle<> h) { ended_ = h; }

    /// Told by scopes: background tasks of this queue that have not ended.
    void task_begun() { stats_.tasks.add(1); }
    void task_ended() { stats_.tasks.add(-1); }
    const queue_statistics& statistics() const { return stats_; }
    /// The longest wait of a coroutine for its turn since this was asked last. This shard's thread only.
    duration take_longest_wait() { return std::exchange(longest_wait_, duration{}); }

private:
    friend class executor;
    struct entry {
        std::coroutine_handle<> handle;
        instant since;
    };
    void becomes_runnable();
    instant now() const;

    shard& home_;
    const queue_spec spec_;
    const std::string full_name_;
    std::coroutine_handle<> next_, ended_;  // told by the coroutine that runs
    growing_ring<entry> ready_;             // bounded by the number of live coroutines
    std::coroutine_handle<> interrupted_;   // by the end of the last slice: goes on first in the next
    std::uint64_t virtual_time_ = 0;  // scaled cycles
    std::uint64_t turn_ = 0;          // the last turn in which it had a slice
    duration longest_wait_{};
    queue_statistics stats_;
};

}  // namespace tetrad::runtime
