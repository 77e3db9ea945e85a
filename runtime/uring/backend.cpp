// SPDX-License-Identifier: Apache-2.0
#include "runtime/uring/backend.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

#include <sys/eventfd.h>
#include <unistd.h>

#include "base/check.hpp"
#include "runtime/uring/scratch.hpp"

namespace tetrad::runtime {

namespace {

// User data that are no op: ops are aligned, so their addresses are none of these.
constexpr std::uint64_t data_of_cancel = 0, data_of_bell = 1;

/// Interrupted, or (files, under memory pressure) to be tried again. A connection that was begun cannot be begun again.
bool is_to_be_repeated(const op& o, std::int32_t result) {
    return (result == -EINTR || result == -EAGAIN) && o.code != op_code::connect;
}

}  // namespace

uring_backend::uring_backend(descriptor bell) : bell_(bell) {}

result<std::unique_ptr<uring_backend>> uring_backend::open(uring_options wanted) {
    const int bell = ::eventfd(0, EFD_CLOEXEC);
    if (bell < 0)
        return std::unexpected<error>(system_error(errno, "eventfd"));
    std::unique_ptr<uring_backend> made(new uring_backend(bell));
    TRY_VOID(made->ring_.open(wanted.entries, wanted.completions));
    if (wanted.mischief.is_any())
        made->mischief_ = std::make_unique<mischief>(wanted.mischief);
    return made;
}

// The read of the bell points into this object. On the ring's own thread it is cancelled and awaited; where that thread has ended,
// the kernel has cancelled and awaited it.
uring_backend::~uring_backend() {
    if (ring_.is_enabled() && ring_.is_own_thread() && bell_armed_) {
        wake();
        while (bell_armed_) {
            ring_.wait(duration(-1));
            kernel_ring::completion done[kernel_ring::batch];
            const unsigned n = ring_.take(done);
            for (unsigned i = 0; i < n; ++i)
                if (done[i].user_data == data_of_bell)
                    bell_armed_ = false;
        }
    }
    ::close(bell_);
}

void uring_backend::wake() {
    const std::uint64_t once = 1;
    const ssize_t n = ::write(bell_, &once, sizeof once);
    CHECK(n == sizeof once || errno == EAGAIN || errno == EINTR);  // a full counter wakes as well
}

void uring_backend::arm_bell() {
    if (bell_armed_)
        return;
    io_uring_sqe* const entry = ring_.next_entry();
    if (!entry)
        return;  // the next turn tries again; it does not sleep without it
    io_uring_prep_read(entry, bell_, &bell_rung_, sizeof bell_rung_, 0);
    io_uring_sqe_set_data64(entry, data_of_bell);
    bell_armed_ = true;
}

operation_counts uring_backend::counts() const {
    operation_counts all = counts_;
    all.enters = ring_.counts().enters;
    all.full = ring_.counts().full;
    all.overflows = ring_.counts().overflows;
    all.refused = ring_.counts().refused;
    return all;
}

// ---- operations ----

void uring_backend::submit(op& o) {
    CHECK(!o.in_flight && o.complete);
    o.in_flight = true;
    o.cancelled = false;
    o.backend_data = nullptr;
    ++counts_.submitted[static_cast<std::size_t>(o.code)];
    if (needs_kernel(o))
        enqueue(o);
    else
        done_.push_back(&o);
}

io_uring_sqe* uring_backend::free_entry() { return mischief_ && mischief_->crowds() ? nullptr : ring_.next_entry(); }

void uring_backend::enqueue(op& o) {
    if (!waiting_.empty() || !start(o))
        waiting_.push_back(&o);
}

bool uring_backend::start(op& o) {
    if (mischief_ && mischief_->interrupts(o))
        return true;
    io_uring_sqe* const entry = free_entry();
    if (!entry)
        return false;
    prepare(*entry, o);
    if (mischief_)
        mischief_->shorten(*entry);
    return true;
}

void uring_backend::cancel(op& o) {
    if (!o.in_flight || o.cancelled)
        return;
    o.cancelled = true;
    ask_to_cancel(o);
}

// An op that is still waiting for room is seen by push_waiting(). One that is done already is not found by the kernel: fine.
void uring_backend::ask_to_cancel(op& o) {
    io_uring_sqe* const entry = cancels_waiting_.empty() ? free_entry() : nullptr;
    if (!entry) {
        cancels_waiting_.push_back(&o);
        return;
    }
    io_uring_prep_cancel64(entry, reinterpret_cast<std::uint64_t>(&o), 0);
    io_uring_sqe_set_data64(entry, data_of_cancel);
}

void uring_backend::push_waiting() {
    while (!waiting_.empty()) {
        op& o = *waiting_.front();
        if (o.cancelled) {
            o.result = translate(o, -ECANCELED);
            done_.push_back(&o);
        } else if (!start(o)) {
            break;
        }
        waiting_.pop_front();
    }
    while (!cancels_waiting_.empty()) {
        io_uring_sqe* const entry = free_entry();
        if (!entry)
            break;
        io_uring_prep_cancel64(entry, reinterpret_cast<std::uint64_t>(cancels_waiting_.back()), 0);
        io_uring_sqe_set_data64(entry, data_of_cancel);
        cancels_waiting_.pop_back();
    }
}

void uring_backend::turn(instant deadline) {
    ring_.enable();
    push_waiting();
    arm_bell();
    const bool may_sleep = done_.empty() && waiting_.empty() && cancels_waiting_.empty() && bell_armed_ && !ring_.has_completions() &&
                           !(mischief_ && mischief_->holds_any());
    if (!may_sleep)
        ring_.look();
    else if (deadline == instant::never())
        ring_.wait(duration(-1));
    else if (const duration left = deadline.ns == INT64_MIN ? duration::zero() : deadline - now(); left > duration::zero())
        ring_.wait(left);
    else
        ring_.look();

    // Taken out of the ring before any of it is delivered: what completes may submit again.
    kernel_ring::completion batch[kernel_ring::batch];
    unsigned n = ring_.take(batch);
    if (mischief_)
        n = mischief_->meddle(batch, n);
    for (unsigned i = 0; i < n; ++i)
        deliver(batch[i]);
    for (std::size_t left = done_.size(); left > 0; --left) {
        op& o = *done_.front();
        done_.pop_front();
        finish(o, o.result);
    }
}

void uring_backend::deliver(const kernel_ring::completion& c) {
    if (c.user_data == data_of_cancel)
        return;
    if (c.user_data == data_of_bell) {
        bell_armed_ = false;
        return;
    }
    op& o = *reinterpret_cast<op*>(c.user_data);
    CHECK(o.in_flight);
    if (is_to_be_repeated(o, c.result)) {
        if (o.cancelled)
            return finish(o, -ECANCELED);
        ++counts_.resubmitted;
        return enqueue(o);
    }
    finish(o, translate(o, c.result));
}

void uring_backend::finish(op& o, std::int32_t result) {
    if (o.cancelled)
        std::erase(cancels_waiting_, &o);
    give_back_scratch(o);
    o.result = result;
    o.in_flight = false;
    ++counts_.completed;
    o.complete(o);
}

}  // namespace tetrad::runtime
