// SPDX-License-Identifier: Apache-2.0
// task<T>: a lazy coroutine, awaited once, owned by whoever holds it. Fallible functions return task<result<T>>.
//
// Resumption goes through a trampoline: await_suspend leaves the child's handle at the queue and returns, and one loop
// (task_queue::drive) resumes it; where a task has ended, the loop finds in its promise whom it leads to. Symmetric transfer is a tail
// call only at -O2 without sanitizers; the loop works in every build and costs nothing measurable. A frame is destroyed by its owner
// only, so destructors run once.
//
//     auto v = co_await t;            // the value of task<T> t
//     auto v = co_await ok(t);        // t is task<result<V>> or result<V>: the value, or this task ends with the error
//
// Rules for g++ 12 (tests/tidy looks for them): no capturing lambda and no braced aggregate inside a statement that awaits, no
// co_await inside ?:, no statement expressions. Name it first, then move it in.
#pragma once

#include <coroutine>
#include <optional>
#include <type_traits>
#include <utility>

#include "base/check.hpp"
#include "base/result.hpp"
#include "runtime/promise.hpp"
#include "runtime/shard.hpp"
#include "runtime/stop.hpp"

namespace tetrad::runtime {

template <class T>
class task;

template <class T>
class promise : public promise_base {
public:
    task<T> get_return_object();
    std::suspend_always initial_suspend() noexcept { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    template <class U = T>  // the default makes `co_return {};` a T
    void return_value(U&& value) {
        value_.emplace(std::forward<U>(value));
    }
    bool has_value() const { return value_.has_value(); }
    T& value() {
        CHECK(value_.has_value());
        return *value_;
    }

private:
    std::optional<T> value_;
};

template <>
class promise<void> : public promise_base {
public:
    task<void> get_return_object();
    std::suspend_always initial_suspend() noexcept { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    void return_void() {}
};

template <class T>
class [[nodiscard]] task {
public:
    using promise_type = promise<T>;
    using value_type = T;
    using handle = std::coroutine_handle<promise_type>;

    explicit task(handle h) : handle_(h) {}
    task(task&& o) noexcept : handle_(std::exchange(o.handle_, {})) {}
    task& operator=(task&& o) noexcept {
        if (this != &o) {
            destroy();
            handle_ = std::exchange(o.handle_, {});
        }
        return *this;
    }
    ~task() { destroy(); }

    // It is its own awaiter.
    bool await_ready() const noexcept { return false; }
    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise> parent) const noexcept {
        promise_base& p = parent.promise();
        handle_.promise().start(*p.queue, *p.stop, parent.address());
        p.queue->resume_next(handle_);
    }
    T await_resume() const {
        if constexpr (!std::is_void_v<T>)
            return std::move(handle_.promise().value());
    }

    handle get() const { return handle_; }
    handle release() { return std::exchange(handle_, {}); }

private:
    void destroy() {
        if (handle_)
            handle_.destroy();
        handle_ = {};
    }
    handle handle_;
};

template <class T>
task<T> promise<T>::get_return_object() {
    static_assert(alignof(promise) <= 2 * sizeof(void*), "promise_base::of counts on where a promise lies in its frame");
    return task<T>(std::coroutine_handle<promise>::from_promise(*this));
}
inline task<void> promise<void>::get_return_object() { return task<void>(std::coroutine_handle<promise>::from_promise(*this)); }

// ---- ok(...) ----

template <class T>
struct is_result : std::false_type {};
template <class T>
struct is_result<std::expected<T, error>> : std::true_type {};

/// Ends the task of `parent` with an error, as if it had returned it. Returns what to resume next.
template <class ParentPromise>
std::coroutine_handle<> end_with(ParentPromise& parent, error e) {
    parent.return_value(std::unexpected<error>(std::move(e)));
    return parent.after_end();
}

template <class V>
struct ok_task_awaiter {
    explicit ok_task_awaiter(task<result<V>> t) : child(std::move(t)) {}
    bool await_ready() const noexcept { return false; }
    template <class Parent>
    void await_suspend(std::coroutine_handle<Parent> parent) noexcept {
        promise_base& p = parent.promise();
        child.get().promise().start(*p.queue, *p.stop, parent.address(), &ok_task_awaiter::at_end<Parent>);
        p.queue->resume_next(child.get());
    }
    /// Resumes the parent, or ends it with the child's error.
    template <class Parent>
    static std::coroutine_handle<> at_end(promise_base& ended) {
        result<V>& outcome = static_cast<promise<result<V>>&>(ended).value();
        const auto parent = std::coroutine_handle<Parent>::from_address(ended.after);
        if (outcome.has_value()) [[likely]]
            return parent;
        return end_with(parent.promise(), std::move(outcome.error()));
    }
    V await_resume() {
        if constexpr (!std::is_void_v<V>)
            return std::move(*child.get().promise().value());
    }
    task<result<V>> child;
};

template <class V>
struct ok_result_awaiter {
    explicit ok_result_awaiter(result<V> r) : value(std::move(r)) {}
    bool await_ready() const noexcept { return value.has_value(); }
    template <class Parent>
    void await_suspend(std::coroutine_handle<Parent> parent) noexcept {
        task_queue& queue = *parent.promise().queue;
        queue.resume_next(end_with(parent.promise(), std::move(value.error())));
    }
    V await_resume() {
        if constexpr (!std::is_void_v<V>)
            return std::move(*value);
    }
    result<V> value;
};

template <class V>
[[nodiscard]] ok_task_awaiter<V> ok(task<result<V>> t) {
    return ok_task_awaiter<V>(std::move(t));
}
template <class V>
[[nodiscard]] ok_result_awaiter<V> ok(result<V> r) {
    return ok_result_awaiter<V>(std::move(r));
}

/// `stop_state& s = co_await current_stop();` and `shard& here = co_await current_shard();`
struct current_stop {
    bool await_ready() const noexcept { return false; }
    template <class P>
    bool await_suspend(std::coroutine_handle<P> h) noexcept {
        state = h.promise().stop;
        return false;
    }
    stop_state& await_resume() const noexcept { return *state; }
    stop_state* state = nullptr;
};
struct current_shard {
    bool await_ready() const noexcept { return false; }
    template <class P>
    bool await_suspend(std::coroutine_handle<P> h) noexcept {
        here = &h.promise().queue->home();
        return false;
    }
    shard& await_resume() const noexcept { return *here; }
    shard* here = nullptr;
};

}  // namespace tetrad::runtime
