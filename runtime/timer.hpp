// SPDX-License-Identifier: Apache-2.0
// Timers of one executor. A timer is owned by whoever waits (in a coroutine frame); the queue links it. Only the earliest deadline
// reaches the kernel, as the limit of the executor's blocking call. sleep_until and with_deadline are what tasks use.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/time.hpp"
#include "runtime/scope.hpp"
#include "runtime/stop.hpp"
#include "runtime/task.hpp"

namespace tetrad::runtime {

class timer_queue;

struct timer {
    instant at{};
    std::uint64_t order = 0;                 // equal times fire in the order they were armed
    void (*fire)(timer&) = nullptr;
    timer_queue* in = nullptr;               // null where not armed
    std::size_t place = 0;                   // in the queue's heap, where armed

    timer() = default;
    timer(const timer&) = delete;
    timer& operator=(const timer&) = delete;
    ~timer();
};

/// Ordered by (at, order).
class timer_queue {
public:
    timer_queue() = default;
    timer_queue(const timer_queue&) = delete;
    ~timer_queue();

    void arm(timer&, instant at);
    void disarm(timer&);
    /// Fires all that are due. True where one was.
    bool fire_due(instant now);
    instant next() const { return heap_.empty() ? instant::never() : heap_.front()->at; }
    std::size_t armed() const { return heap_.size(); }

private:
    static bool earlier(const timer*, const timer*);
    void put(timer*, std::size_t place);
    void sift_up(std::size_t place);
    void sift_down(std::size_t place);

    std::vector<timer*> heap_;  // bounded by the number of waiting tasks; keeps its memory
    std::uint64_t order_ = 0;
};

/// Wakes at the time, or with errc::cancelled / timed_out when the task is stopped.
[[nodiscard]] task<result<void>> sleep_until(instant at);
[[nodiscard]] task<result<void>> sleep_for(duration d);

timer_queue& timers_of(shard&);
instant now_of(shard&);

/// A stop_state that also stops at a time.
class deadline_state {
public:
    deadline_state(shard& here, stop_state& parent, instant at) : stop_(&parent) {
        timer_.self = this;
        timer_.fire = [](timer& t) { static_cast<owned_timer&>(t).self->stop_.request(errc::timed_out); };
        if (at <= now_of(here))
            stop_.request(errc::timed_out);
        else
            timers_of(here).arm(timer_, at);
    }
    stop_state& stop() { return stop_; }

private:
    struct owned_timer : timer {
        deadline_state* self = nullptr;
    };
    stop_state stop_;
    owned_timer timer_;
};

/// Runs `work` under a stop of its own that a timer requests: where the deadline passed first, operations inside end with
/// errc::timed_out, and so does, normally, the work. Its own result is returned, whatever it is.
template <class T>
[[nodiscard]] task<T> with_deadline(instant at, task<T> work) {
    shard& here = co_await current_shard();
    stop_state& parent = co_await current_stop();
    deadline_state limit(here, parent, at);
    if constexpr (std::is_void_v<T>) {
        co_await under(limit.stop(), work);
    } else {
        T value = co_await under(limit.stop(), work);
        co_return std::move(value);
    }
}

}  // namespace tetrad::runtime
