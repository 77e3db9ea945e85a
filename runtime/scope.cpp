// SPDX-License-Identifier: Apache-2.0
#include "runtime/scope.hpp"

#include "runtime/shard.hpp"

namespace tetrad::runtime {

scope::scope(shard& here, stop_state* parent) : scope(here.main_queue(), parent) {}

shard& scope::here() const { return queue_.home(); }

void scope::spawn(task<void> t) {
    const auto child = t.release();
    CHECK(child);
    child.promise().start(queue_, stop_, this, &scope::child_ended);
    ++running_;
    queue_.task_begun();
    queue_.ready(child);
}

std::coroutine_handle<> scope::child_ended(promise_base& child) {
    auto& me = *static_cast<scope*>(child.after);
    me.queue_.task_ended();
    me.queue_.destroy_later(
        std::coroutine_handle<promise<void>>::from_promise(static_cast<promise<void>&>(child)));
    CHECK(me.running_ > 0);
    if (--me.running_ == 0 && me.joiner_) {
        const auto joiner = std::exchange(me.joiner_, {});
        promise_base::of(joiner).queue->ready(
            joiner);  // its own, not ours; runs after the frame is gone
    }
    return {};
}

}  // namespace tetrad::runtime
