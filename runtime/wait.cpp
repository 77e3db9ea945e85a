// SPDX-License-Identifier: Apache-2.0
#include "runtime/wait.hpp"

namespace tetrad::runtime {

void waiter::leave() {
    if (!in)
        return;
    (prev ? prev->next : in->first_) = next;
    (next ? next->prev : in->last_) = prev;
    in = nullptr;
    next = prev = nullptr;
}

bool wait_queue::add(waiter& w, task_queue& queue, stop_state& stop, std::coroutine_handle<> h, stop_state*& out) {
    out = &stop;
    w.granted = false;
    if (stop.requested())
        return false;
    w.queue = &queue;
    w.handle = h;
    w.in = this;
    w.prev = last_;
    w.next = nullptr;
    (last_ ? last_->next : first_) = &w;
    last_ = &w;
    stop.add(w);
    return true;
}

bool wait_queue::wake_one() {
    if (!first_)
        return false;
    waiter& w = *first_;
    w.leave();
    w.unlink();
    w.granted = true;
    w.queue->ready(w.handle);
    return true;
}

}  // namespace tetrad::runtime
