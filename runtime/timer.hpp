// SPDX-License-Identifier: Apache-2.0
// What tasks use of the timers of their executor (timer_queue.hpp): sleeping until a time, and deadlines. Only the earliest
// deadline reaches the kernel, as the limit of the executor's blocking call.
#pragma once

#include "base/time.hpp"
#include "runtime/scope.hpp"
#include "runtime/stop.hpp"
#include "runtime/task.hpp"
#include "runtime/timer_queue.hpp"

namespace tetrad::runtime {

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
        timer_.fire = [](timer& t) {
            static_cast<owned_timer&>(t).self->stop_.request(errc::timed_out);
        };
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
