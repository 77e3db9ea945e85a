// SPDX-License-Identifier: Apache-2.0
// What suspended tasks wait in: an intrusive FIFO of waiters, each stoppable. event, semaphore, channel and port build on it.
#pragma once

#include <coroutine>

#include "runtime/shard.hpp"
#include "runtime/stop.hpp"
#include "runtime/task.hpp"

namespace tetrad::runtime {

class wait_queue;

/// One suspended task. Woken exactly once: by wake_one/wake_all (granted), or by its stop_state (not granted).
class waiter : public stop_node {
public:
    waiter() : stop_node([](stop_node& n) { static_cast<waiter&>(n).on_stop(); }) {}
    ~waiter() { leave(); }

private:
    friend class wait_queue;
    void on_stop() {
        leave();
        granted = false;
        queue->ready(handle);
    }
    void leave();

    task_queue* queue = nullptr;
    std::coroutine_handle<> handle;
    wait_queue* in = nullptr;
    waiter* next = nullptr;
    waiter* prev = nullptr;
    bool granted = false;
};

class wait_queue {
public:
    wait_queue() = default;
    wait_queue(const wait_queue&) = delete;
    ~wait_queue() { CHECK(!first_); }

    bool empty() const { return !first_; }
    /// Wakes the longest waiting task. False where none waits.
    bool wake_one();
    void wake_all() {
        while (wake_one()) {}
    }

    /// Suspends until woken: `result<void> r = co_await q.wait();` (cancelled or timed_out where it was stopped instead).
    struct awaiter {
        explicit awaiter(wait_queue& q) : queue(q) {}
        bool await_ready() const noexcept { return false; }
        template <class P>
        bool await_suspend(std::coroutine_handle<P> h) noexcept {
            return queue.add(me, *h.promise().queue, *h.promise().stop, h, state);
        }
        result<void> await_resume() {
            if (queue.granted(me))
                return {};
            return state->failure();
        }
        wait_queue& queue;
        stop_state* state = nullptr;
        waiter me;
    };
    awaiter wait() { return awaiter(*this); }

private:
    friend class waiter;
    // False (do not suspend) where the stop was requested before.
    bool add(waiter&, task_queue&, stop_state&, std::coroutine_handle<>, stop_state*& out);
    static bool granted(const waiter& w) { return w.granted; }
    waiter* first_ = nullptr;
    waiter* last_ = nullptr;
};

}  // namespace tetrad::runtime
