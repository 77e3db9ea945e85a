// SPDX-License-Identifier: Apache-2.0
// A shard: a role (consensus, network, storage, api) with its own task queues and mail, placed on one executor. Several shards may
// share an executor (and so a thread); no two shards share data. Passed by reference; there is no "current shard" global.
#pragma once

#include <array>
#include <coroutine>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/time.hpp"
#include "runtime/backend.hpp"
#include "runtime/ring.hpp"
#include "runtime/task_queue.hpp"

namespace tetrad::runtime {

class executor;

constexpr std::size_t shards_max = 4;

class alignas(64) shard {
public:
    /// `main`: its first queue, in which everything runs that names no other.
    shard(executor& on, std::size_t index, std::string name, queue_spec main = {"main"});
    ~shard();
    shard(const shard&) = delete;

    std::size_t index() const { return index_; }
    const std::string& name() const { return name_; }
    executor& on() const { return executor_; }
    backend& io() const;
    instant now() const;

    task_queue& main_queue() { return *queues_.front(); }
    /// The one of that name, made if there is none; lives as long as the shard. Before the executor runs, or on its thread.
    task_queue& queue(queue_spec);
    const std::vector<std::unique_ptr<task_queue>>& queues() const { return queues_; }

    // ---- mail: letters to and from the other shards of this node (runtime/port.hpp uses it) ----
    /// Adds room for `depth` letters to the directed ring from this shard to `to`. Wiring only, before the executors run.
    void open_ring(shard& to, std::size_t depth);
    /// Hands a letter over. Never full: ports hold credits for each letter.
    void send(shard& to, const parcel& p);
    void send(shard& to, letter& l) { send(to, parcel::of(l)); }

    // ---- what else other threads bring or fetch (streams, helper threads) ----
    void add_inbound(inbound&);
    void remove_inbound(inbound&);
    std::size_t mail_waiting() const;  // about now
    /// Something was put where another shard looks: that one is woken at the end of this turn, if it sleeps.
    void touch(outbound& o) {
        if (!std::exchange(o.touched, true))
            touched_.push_back(&o);
    }
    void forget(outbound& o) { std::erase(touched_, &o); }

private:
    friend class executor;
    bool poll_mail();   // handles what arrived; true where something did
    void flush_mail();  // wakes receivers that sleep
    bool has_mail() const;
    void announce_sleep();  // to every producer; has_mail() must be looked at once more afterwards
    void announce_awake();

    struct line {  // to one other shard
        std::unique_ptr<ring> letters;
        std::size_t room = 0;  // how many letters it has to hold
        shard* to = nullptr;
        outbound mark;
    };

    executor& executor_;
    std::size_t index_;
    std::string name_;
    std::vector<std::unique_ptr<task_queue>> queues_;
    std::array<line, shards_max> lines_;
    std::vector<inbound*> from_;      // this shard is the consumer
    std::vector<outbound*> touched_;  // since the last flush
};

/// `co_await yield()`: lets the other tasks of this shard run first.
struct yield {
    bool await_ready() const noexcept { return false; }
    template <class P>
    void await_suspend(std::coroutine_handle<P> h) const noexcept {
        h.promise().queue->ready(h);
    }
    void await_resume() const noexcept {}
};

}  // namespace tetrad::runtime
