// SPDX-License-Identifier: Apache-2.0
#include "runtime/timer.hpp"

#include "runtime/executor.hpp"
#include "runtime/shard.hpp"

namespace tetrad::runtime {

timer_queue& timers_of(shard& s) { return s.on().timers(); }
instant now_of(shard& s) { return s.now(); }

namespace {

/// Suspends until a time or a stop, whichever is first.
struct sleep_awaiter : timer, stop_node {
    explicit sleep_awaiter(instant when) : stop_node(&sleep_awaiter::on_stop), until(when) {
        fire = [](timer& t) {
            auto& me = static_cast<sleep_awaiter&>(t);
            me.unlink();
            me.queue->ready(me.handle);
        };
    }
    static void on_stop(stop_node& n) {
        auto& me = static_cast<sleep_awaiter&>(n);
        me.in->disarm(me);
        me.stopped = true;
        me.queue->ready(me.handle);
    }
    bool await_ready() const noexcept { return false; }
    template <class P>
    bool await_suspend(std::coroutine_handle<P> h) noexcept {
        queue = h.promise().queue;
        stop = h.promise().stop;
        handle = h;
        stopped = stop->requested();
        if (stopped)
            return false;
        stop->add(*this);
        timers_of(queue->home()).arm(*this, until);
        return true;
    }
    result<void> await_resume() const {
        if (stopped)
            return stop->failure();
        return {};
    }
    instant until;
    task_queue* queue = nullptr;
    stop_state* stop = nullptr;
    std::coroutine_handle<> handle;
    bool stopped = false;
};

}  // namespace

task<result<void>> sleep_until(instant at) {
    result<void> woken = co_await sleep_awaiter(at);
    co_return woken;
}

task<result<void>> sleep_for(duration d) {
    shard& here = co_await current_shard();
    result<void> woken = co_await sleep_awaiter(here.now() + d);
    co_return woken;
}

}  // namespace tetrad::runtime
