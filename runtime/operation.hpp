// SPDX-License-Identifier: Apache-2.0
// One operation of the backend as an awaitable. It lives in the coroutine frame that awaits it, so there is no allocation per
// operation, and the frame cannot be destroyed while the kernel holds it.
//
//     operation receive(io, op_code::recv);
//     receive.what.fd = fd;                          // and so on
//     const int n = co_await receive;                // >= 0, or negative
//     if (n < 0) co_return receive.failure("read");
//
// A task that was asked to stop before gets the failure without anything submitted; asked meanwhile, the operation is cancelled
// and awaited to its completion, which may still be a success: data that arrived is not lost.
#pragma once

#include <cerrno>
#include <coroutine>
#include <string_view>

#include "base/check.hpp"
#include "runtime/backend.hpp"
#include "runtime/shard.hpp"
#include "runtime/stop.hpp"

namespace tetrad::runtime {

class operation : private stop_node {
public:
    operation(backend& io, op_code code)
        : stop_node([](stop_node& n) {
              auto& me = static_cast<operation&>(n);
              me.io_.cancel(me.what);
          }),
          io_(io) {
        what.code = code;
    }
    ~operation() { CHECK(!what.in_flight); }

    op what;

    bool await_ready() const noexcept { return false; }
    template <class P>
    bool await_suspend(std::coroutine_handle<P> h) noexcept {
        return start(*h.promise().queue, *h.promise().stop, h);
    }
    std::int32_t await_resume() const noexcept { return what.result; }

    /// Why it failed: the reason of the stop, or errno's.
    [[nodiscard]] std::unexpected<error> failure(std::string_view doing) const {
        if (what.result == -ECANCELED && stop_->requested())
            return stop_->failure();
        return std::unexpected<error>(system_error(-what.result, doing));
    }

private:
    bool start(task_queue& queue, stop_state& stop,
               std::coroutine_handle<> h);  // false where it ended at once

    // The backend knows the op only; this finds the awaitable around it.
    static void completed(op& o);

    backend& io_;
    task_queue* queue_ = nullptr;
    stop_state* stop_ = nullptr;
    std::coroutine_handle<> waiter_;
};

}  // namespace tetrad::runtime
