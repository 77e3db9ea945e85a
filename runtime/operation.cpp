// SPDX-License-Identifier: Apache-2.0
#include "runtime/operation.hpp"

namespace tetrad::runtime {

bool operation::start(task_queue& queue, stop_state& stop, std::coroutine_handle<> h) {
    CHECK(!what.in_flight);
    stop_ = &stop;
    if (stop.requested()) {
        what.result = -ECANCELED;
        return false;
    }
    queue_ = &queue;
    waiter_ = h;
    what.owner = this;
    what.complete = &operation::completed;
    stop.add(*this);
    io_.submit(what);
    return true;
}

void operation::completed(op& o) {
    auto& me = *static_cast<operation*>(o.owner);
    me.unlink();
    me.queue_->ready(me.waiter_);
}

}  // namespace tetrad::runtime
