// SPDX-License-Identifier: Apache-2.0
// task<T>: a lazy coroutine, awaited once, owned by whoever holds it. Fallible functions return task<result<T>>.
//
// Resumption goes through a trampoline: await_suspend and final_suspend store the next handle at the shard and return, and one
// loop (shard::drive) resumes it. Symmetric transfer is a tail call only at -O2 without sanitizers; the loop works in every build
// and costs nothing measurable. A frame is destroyed by its owner only, so destructors run once.
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
#include "runtime/frame_pool.hpp"
#include "runtime/shard.hpp"
#include "runtime/stop.hpp"

namespace tetrad::runtime {

template <class T>
class task;

/// What every coroutine of ours knows: where it runs, under which stop, and what goes on when it ends.
class promise_base {
public:
    task_queue* queue = nullptr;  // where it runs; set when it is started, a child inherits its parent's
    stop_state* stop = nullptr;   // the same
    std::coroutine_handle<> continuation;

    /// Set by ok(): ends the parent with this child's error instead of resuming it. Returns what to resume then, or null
    /// when the child ended well.
    using propagate_function = std::optional<std::coroutine_handle<>> (*)(promise_base& child);
    propagate_function propagate = nullptr;
    promise_base* parent = nullptr;  // the frame that awaits, where propagate is set

    /// Set by a scope: called when the task has ended; the scope destroys the frame afterwards.
    void (*on_end)(promise_base& self, void* owner) = nullptr;
    void* owner = nullptr;

    void* operator new(std::size_t size) { return frame_pool::allocate(size); }
    void operator delete(void* p, std::size_t size) { frame_pool::release(p, size); }

    /// What runs after this task ended: its continuation, or what the propagated error leads to.
    std::coroutine_handle<> after_end() {
        if (propagate)
            if (auto next = propagate(*this))
                return *next;
        if (on_end)
            on_end(*this, owner);
        return continuation;
    }
    [[noreturn]] void unhandled_exception() noexcept { UNREACHABLE(); }
};

struct final_awaiter {
    bool await_ready() const noexcept { return false; }
    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise> self) const noexcept {
        promise_base& p = self.promise();
        shard& here = p.queue->home();
        if (auto next = p.after_end())
            here.set_next(next);
    }
    void await_resume() const noexcept {}
};

template <class T>
class promise : public promise_base {
public:
    task<T> get_return_object();
    std::suspend_always initial_suspend() noexcept { return {}; }
    final_awaiter final_suspend() noexcept { return {}; }
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
    final_awaiter final_suspend() noexcept { return {}; }
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

    struct awaiter {
        explicit awaiter(handle h) : child(h) {}
        bool await_ready() const noexcept { return false; }
        template <class Promise>
        void await_suspend(std::coroutine_handle<Promise> parent) noexcept {
            promise_base& p = parent.promise();
            promise_base& c = child.promise();
            c.queue = p.queue;
            c.stop = p.stop;
            c.continuation = parent;
            p.queue->home().set_next(child);
        }
        T await_resume() {
            if constexpr (!std::is_void_v<T>)
                return std::move(child.promise().value());
        }
        handle child;
    };
    awaiter operator co_await() const { return awaiter(handle_); }

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
        auto& p = parent.promise();
        auto& c = child.get().promise();
        c.queue = p.queue;
        c.stop = p.stop;
        c.continuation = parent;
        c.parent = &p;
        c.propagate = [](promise_base& self) -> std::optional<std::coroutine_handle<>> {
            auto& mine = static_cast<promise<result<V>>&>(self);
            if (mine.value().has_value())
                return std::nullopt;
            return end_with(static_cast<Parent&>(*self.parent), std::move(mine.value().error()));
        };
        p.queue->home().set_next(child.get());
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
        shard& here = parent.promise().queue->home();
        if (auto next = end_with(parent.promise(), std::move(value.error())))
            here.set_next(next);
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
