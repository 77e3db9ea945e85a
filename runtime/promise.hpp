// SPDX-License-Identifier: Apache-2.0
// What every coroutine of ours knows, whatever it returns: where it runs, under which stop, and what goes on when it ends. The loop
// that resumes it (task_queue::drive) reads it there.
#pragma once

#include <coroutine>
#include <cstddef>

#include "base/check.hpp"
#include "runtime/frame_pool.hpp"

namespace tetrad::runtime {

class stop_state;
class task_queue;

class promise_base {
public:
    // All four are set when it is started (start), and read by nobody before: creating a task stores nothing here.
    task_queue* queue;  // where it runs; a child inherits its parent's
    stop_state* stop;   // the same
    /// What is done when it has ended: told of the task, returns what to resume then. None: `after` is resumed.
    using end_function = std::coroutine_handle<> (*)(promise_base& ended);
    end_function at_end;
    void* after;  // the frame that awaits it, or the scope that owns it

    void start(task_queue& on, stop_state& under, void* next, end_function f = nullptr) {
        queue = &on;
        stop = &under;
        at_end = f;
        after = next;
    }
    /// What runs after this task ended.
    std::coroutine_handle<> after_end() {
        if (at_end) [[unlikely]]
            return at_end(*this);
        return std::coroutine_handle<>::from_address(after);
    }

    /// Of any coroutine of ours, whatever it returns: it is the first part of each promise.
    static promise_base& of(std::coroutine_handle<> h) {
        return std::coroutine_handle<promise_base>::from_address(h.address()).promise();
    }

    void* operator new(std::size_t size) { return frame_pool::allocate(size); }
    void operator delete(void* p, std::size_t size) { frame_pool::release(p, size); }
    [[noreturn]] void unhandled_exception() noexcept { UNREACHABLE(); }
};

}  // namespace tetrad::runtime
