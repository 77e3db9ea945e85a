// SPDX-License-Identifier: Apache-2.0
// A scope owns tasks that run beside each other; none outlives it. There is no other way to start a task in the background.
// Stop is: request_stop(), then co_await join(). A scope with running children must not be destroyed.
#pragma once

#include <cstddef>

#include "runtime/stop.hpp"
#include "runtime/task.hpp"

namespace tetrad::runtime {

class shard;

class scope {
public:
    /// Children stop when `parent` does. A root scope of a shard has no parent. They run in the shard's main queue, or in another.
    explicit scope(shard& here, stop_state* parent = nullptr);
    explicit scope(task_queue& queue, stop_state* parent = nullptr) : queue_(queue), stop_(parent) {}
    ~scope() { CHECK(running_ == 0); }
    scope(const scope&) = delete;

    /// Starts it in its turn (not at once). Its parameters must outlive the scope or be values.
    void spawn(task<void> t);

    void request_stop(errc why = errc::cancelled) { stop_.request(why); }
    bool stopping() const { return stop_.requested(); }
    stop_state& stop() { return stop_; }
    std::size_t running() const { return running_; }
    shard& here() const;

    /// Waits until no child runs. At most one waiter. Is not itself cancelled: stop first, then join.
    struct join_awaiter {
        explicit join_awaiter(scope& s) : owner(s) {}
        bool await_ready() const noexcept { return owner.running_ == 0; }
        template <class P>
        void await_suspend(std::coroutine_handle<P> h) noexcept {
            CHECK(!owner.joiner_);
            owner.joiner_ = h;
        }
        void await_resume() const noexcept {}
        scope& owner;
    };
    join_awaiter join() { return join_awaiter(*this); }

private:
    static std::coroutine_handle<> child_ended(promise_base& child);

    task_queue& queue_;
    stop_state stop_;
    std::size_t running_ = 0;
    std::coroutine_handle<> joiner_;
};

/// Awaits a task under another stop_state than the caller's.
template <class T>
struct under_awaiter {
    under_awaiter(stop_state& s, task<T>& t) : state(s), child(t.get()) {}
    bool await_ready() const noexcept { return false; }
    template <class P>
    void await_suspend(std::coroutine_handle<P> parent) noexcept {
        task_queue& queue = *parent.promise().queue;
        child.promise().start(queue, state, parent.address());
        queue.resume_next(child);
    }
    T await_resume() {
        if constexpr (!std::is_void_v<T>)
            return std::move(child.promise().value());
    }
    stop_state& state;
    typename task<T>::handle child;
};
template <class T>
[[nodiscard]] under_awaiter<T> under(stop_state& s, task<T>& t) {
    return under_awaiter<T>(s, t);
}

}  // namespace tetrad::runtime
