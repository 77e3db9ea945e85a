// SPDX-License-Identifier: Apache-2.0
#include "runtime/scope.hpp"

#include "runtime/shard.hpp"

namespace tetrad::runtime {

void scope::spawn(task<void> t) {
    const auto child = t.release();
    CHECK(child);
    auto& promise = child.promise();
    promise.here = &here_;
    promise.stop = &stop_;
    promise.owner = this;
    promise.on_end = &scope::child_ended;
    ++running_;
    here_.ready(child);
}

void scope::child_ended(promise_base& child, void* self) {
    auto& me = *static_cast<scope*>(self);
    me.here_.destroy_later(std::coroutine_handle<promise<void>>::from_promise(static_cast<promise<void>&>(child)));
    CHECK(me.running_ > 0);
    if (--me.running_ == 0 && me.joiner_)
        me.here_.ready(std::exchange(me.joiner_, {}));  // runs after the frame is gone
}

}  // namespace tetrad::runtime
