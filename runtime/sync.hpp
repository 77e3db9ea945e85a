// SPDX-License-Identifier: Apache-2.0
// Inside one shard: an event (a condition that tasks wait for) and a counting semaphore with units that give back.
#pragma once

#include <cstddef>
#include <utility>

#include "runtime/wait.hpp"

namespace tetrad::runtime {

/// Wakes everyone who waits when notify() is called; there is no memory of notifications: check the condition, then wait.
class event {
public:
    void notify() { queue_.wake_all(); }
    wait_queue::awaiter wait() { return queue_.wait(); }

private:
    wait_queue queue_;
};

/// The same as a task, for with_deadline and ok(): `co_await ok(wait_for(e))`.
[[nodiscard]] inline task<result<void>> wait_for(event& e) {
    result<void> woken = co_await e.wait();
    co_return woken;
}

/// Returns when the task's stop was requested: the life of a service between its start and its end.
[[nodiscard]] inline task<void> until_stopped(stop_state& s) {
    event never;
    while (!s.requested())
        (void)co_await never.wait();
}

class semaphore {
public:
    explicit semaphore(std::size_t units) : free_(units) {}

    class unit {
    public:
        unit() = default;
        explicit unit(semaphore& s) : from_(&s) {}
        unit(unit&& o) noexcept : from_(std::exchange(o.from_, nullptr)) {}
        unit& operator=(unit&& o) noexcept {
            unit old(std::move(*this));  // given back now
            from_ = std::exchange(o.from_, nullptr);
            return *this;
        }
        ~unit() {
            if (from_)
                from_->give_back();
        }
        explicit operator bool() const { return from_ != nullptr; }
        /// Never gives back: the semaphore is gone or about to be.
        void abandon() { from_ = nullptr; }

    private:
        semaphore* from_ = nullptr;
    };

    /// FIFO. Fails when the task is stopped.
    task<result<unit>> acquire();
    /// Empty where none is free.
    unit try_acquire() {
        if (free_ == 0)
            return unit();
        --free_;
        return unit(*this);
    }
    std::size_t free() const { return free_; }

private:
    void give_back() {
        if (!queue_.wake_one())
            ++free_;
    }
    std::size_t free_;
    wait_queue queue_;
};

}  // namespace tetrad::runtime
