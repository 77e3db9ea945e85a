// SPDX-License-Identifier: Apache-2.0
// A shard: a role (consensus, network, storage, api) with its own tasks and mailboxes, placed on one executor. Several shards may
// share an executor (and so a thread); no two shards share data. Passed by reference; there is no "current shard" global.
#pragma once

#include <array>
#include <coroutine>
#include <memory>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "runtime/backend.hpp"
#include "runtime/growing_ring.hpp"
#include "runtime/ring.hpp"

namespace tetrad::runtime {

class executor;

constexpr std::size_t shards_max = 4;

class shard {
public:
    shard(executor& on, std::size_t index, std::string name);
    ~shard();
    shard(const shard&) = delete;

    std::size_t index() const { return index_; }
    const std::string& name() const { return name_; }
    executor& on() const { return executor_; }
    backend& io() const;
    instant now() const;

    /// Queues a suspended coroutine; the executor resumes it in turn. This shard's thread only.
    void ready(std::coroutine_handle<> h) { ready_.push_back(h); }
    /// Resumes h and what it leads to (the trampoline). A chain that would not end is put back into the queue after a while, so
    /// that others get their turn. Called by the executor.
    void drive(std::coroutine_handle<> h);
    void set_next(std::coroutine_handle<> h) { next_ = h; }
    /// Destroys a frame once the current resumption has returned.
    void destroy_later(std::coroutine_handle<> h) { dead_.push_back(h); }

    // ---- mail: letters to and from the other shards of this node (runtime/port.hpp uses it) ----
    /// Adds room for `depth` letters to the directed ring from this shard to `to`. Wiring only, before the executors run.
    void open_ring(shard& to, std::size_t depth);
    /// Hands a letter over. Never full: ports hold credits for each letter.
    void send(shard& to, letter& l);
    /// A ring whose producer is no shard (a helper thread): polled like the others. The producer wakes on().io() itself.
    void add_inbound(ring&);
    void remove_inbound(ring&);

private:
    friend class executor;
    bool run_ready();             // true where something ran
    bool poll_mail();             // delivers what arrived; true where something did
    void flush_mail();            // wakes receivers that sleep, once per turn and ring
    bool has_work() const { return !ready_.empty(); }
    bool has_mail() const;
    void announce_sleep();        // to every producer; has_mail() must be looked at once more afterwards
    void announce_awake();
    void drive_some(std::coroutine_handle<> h, std::size_t& resumptions_left);
    void bury_dead();

    executor& executor_;
    std::size_t index_;
    std::string name_;
    growing_ring<std::coroutine_handle<>> ready_;  // bounded by the number of live coroutines
    std::vector<std::coroutine_handle<>> dead_;
    std::coroutine_handle<> next_;
    std::array<std::unique_ptr<ring>, shards_max> to_;    // this shard is the producer
    std::array<std::size_t, shards_max> room_{};          // letters that to_ has to hold
    std::array<shard*, shards_max> peers_{};              // who consumes to_
    std::array<bool, shards_max> unflushed_{};            // sent to since the last flush
    std::vector<ring*> from_;                             // this shard is the consumer
};

/// `co_await yield()`: lets the other tasks of this shard run first.
struct yield {
    bool await_ready() const noexcept { return false; }
    template <class P>
    void await_suspend(std::coroutine_handle<P> h) const noexcept {
        h.promise().here->ready(h);
    }
    void await_resume() const noexcept {}
};

}  // namespace tetrad::runtime
