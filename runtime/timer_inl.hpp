// SPDX-License-Identifier: Apache-2.0
// with_deadline, a template. Included by runtime/timer.hpp only.
#pragma once

#include "runtime/scope.hpp"
#include "runtime/timer.hpp"

namespace tetrad::runtime {

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

template <class T>
task<T> with_deadline(instant at, task<T> work) {
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
