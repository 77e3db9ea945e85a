// SPDX-License-Identifier: Apache-2.0
// The armed timers are a binary heap of pointers; each timer knows its place in it, so disarming needs no search.
#include "runtime/timer.hpp"

#include "runtime/executor.hpp"
#include "runtime/shard.hpp"

namespace tetrad::runtime {

timer::~timer() {
    if (in)
        in->disarm(*this);
}

void timer_queue::arm(timer& t, instant at) {
    CHECK(!t.in && t.fire);
    t.at = at;
    t.order = order_++;
    t.in = this;
    t.place = heap_.size();
    heap_.push_back(&t);
    sift_up(t.place);
}

void timer_queue::disarm(timer& t) {
    if (!t.in)
        return;
    CHECK(t.in == this && heap_[t.place] == &t);
    const std::size_t hole = t.place;
    t.in = nullptr;
    timer* const last = heap_.back();
    heap_.pop_back();
    if (last == &t)
        return;
    put(last, hole);
    sift_up(hole);
    sift_down(last->place);
}

bool timer_queue::fire_due(instant now) {
    bool any = false;
    while (!heap_.empty() && heap_.front()->at <= now) {
        timer& t = *heap_.front();
        disarm(t);
        t.fire(t);
        any = true;
    }
    return any;
}

bool timer_queue::earlier(const timer* a, const timer* b) {
    return a->at != b->at ? a->at < b->at : a->order < b->order;
}

void timer_queue::put(timer* t, std::size_t place) {
    heap_[place] = t;
    t->place = place;
}

void timer_queue::sift_up(std::size_t place) {
    timer* const t = heap_[place];
    while (place > 0) {
        const std::size_t parent = (place - 1) / 2;
        if (!earlier(t, heap_[parent]))
            break;
        put(heap_[parent], place);
        place = parent;
    }
    put(t, place);
}

void timer_queue::sift_down(std::size_t place) {
    timer* const t = heap_[place];
    for (;;) {
        std::size_t child = 2 * place + 1;
        if (child >= heap_.size())
            break;
        if (child + 1 < heap_.size() && earlier(heap_[child + 1], heap_[child]))
            ++child;
        if (!earlier(heap_[child], t))
            break;
        put(heap_[child], place);
        place = child;
    }
    put(t, place);
}

timer_queue::~timer_queue() {
    for (timer* t : heap_)  // only where a simulated machine dies with its tasks still waiting
        t->in = nullptr;
}

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
