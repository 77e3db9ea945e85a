// SPDX-License-Identifier: Apache-2.0
#include "runtime/uring/backend.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

#include <sys/eventfd.h>
#include <unistd.h>

#include "base/check.hpp"
#include "runtime/uring/multishot.hpp"
#include "runtime/uring/scratch.hpp"
#include "runtime/uring/user_data.hpp"

namespace tetrad::runtime {

namespace {

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
    const bool lends = wanted.may.sockets && wanted.lent > 0;
    TRY_VOID(made->ring_.open(wanted.entries, wanted.completions, wanted.may, lends ? &made->lent_ : nullptr, wanted.lent));
    if (wanted.mischief.is_any())
        made->mischief_ = std::make_unique<mischief>(wanted.mischief);
    return made;
}

// The read of the bell points into this object, and requests that complete many times hold sockets. On the ring's own thread they are
// cancelled and awaited; where that thread has ended, the kernel has cancelled and awaited them.
uring_backend::~uring_backend() {
    if (ring_.is_enabled() && ring_.is_own_thread())
        end_multishots();
    for (std::size_t fd = 0; fd < uses_.size(); ++fd)
        if (uses_[fd].is_given_up)
            ::close(static_cast<descriptor>(fd));
    ::close(bell_);
}

void uring_backend::end_multishots() {
    for (const auto& m : multishots_) {
        if (m->fd >= 0 && !m->is_closed)
            close_multishot(m->fd);
    }
    if (bell_armed_)
        wake();
    while (bell_armed_ || multishots_in_kernel_ > 0) {
        push_waiting();
        if (has_unseen() || !cancels_waiting_.empty() || (mischief_ && mischief_->holds_any()))
            ring_.look();
        else
            ring_.wait(duration(-1));
        kernel_ring::completion done[kernel_ring::batch];
        unsigned n = ring_.take(done);
        if (mischief_)
            n = mischief_->meddle(done, n);
        for (unsigned i = 0; i < n; ++i)
            if (done[i].user_data == data_of_bell || (done[i].user_data & mark_of_multishot))
                deliver(done[i]);
    }
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
    if (is_given_up(o.fd))
        return end_now(o, -EBADF);
    if ((o.code == op_code::accept || o.code == op_code::recv || o.code == op_code::receive) && waits_at_multishot(o))
        return;
    if (!needs_kernel(o)) {
        done_.push_back(&o);
        return;
    }
    hold(o.fd);
    enqueue(o);
}

io_uring_sqe* uring_backend::free_entry(unsigned together) {
    return mischief_ && mischief_->crowds() ? nullptr : ring_.next_entry(together);
}

void uring_backend::enqueue(op& o) {
    if (!waiting_.empty() || !start(o))
        waiting_.push_back(&o);
}

bool uring_backend::start(op& o) {
    if (mischief_ && mischief_->interrupts(o))
        return true;
    io_uring_sqe* const entry = free_entry(entries_of(o));
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
    const bool is_at_multishot = o.code == op_code::accept || o.code == op_code::recv || o.code == op_code::receive;
    if (is_at_multishot && o.backend_data)
        stop_waiting(o);
    else
        ask_to_cancel(data_of(o));
}

// An op that is still waiting for room is seen by push_waiting(). One that is done already is not found by the kernel: fine.
void uring_backend::ask_to_cancel(std::uint64_t user_data) {
    if (mischief_)
        mischief_->sees_cancellation(user_data);
    io_uring_sqe* const entry = cancels_waiting_.empty() ? free_entry() : nullptr;
    if (!entry) {
        cancels_waiting_.push_back(user_data);
        return;
    }
    io_uring_prep_cancel64(entry, user_data, 0);
    io_uring_sqe_set_data64(entry, data_of_cancel);
}

void uring_backend::push_waiting() {
    while (!waiting_.empty()) {
        op& o = *waiting_.front();
        if (o.cancelled) {
            let_go(o.fd);
            o.result = translate(o, -ECANCELED);
            done_.push_back(&o);
        } else if (!start(o)) {
            break;
        }
        waiting_.pop_front();
    }
    while (!arms_waiting_.empty()) {
        multishot& m = *arms_waiting_.front();
        const bool is_moot = m.at == multishot::phase::ending;
        if (!is_moot && !start(m))
            break;
        arms_waiting_.pop_front();
        if (is_moot)  // before it began
            deliver(m, {0, -ECANCELED, 0});
    }
    while (!cancels_waiting_.empty()) {
        io_uring_sqe* const entry = free_entry();
        if (!entry)
            break;
        io_uring_prep_cancel64(entry, cancels_waiting_.back(), 0);
        io_uring_sqe_set_data64(entry, data_of_cancel);
        cancels_waiting_.pop_back();
    }
}

bool uring_backend::has_unseen() const {
    return ring_.has_unsubmitted() || !waiting_.empty() || !arms_waiting_.empty();
}

// ---- descriptors ----

void uring_backend::hold(descriptor fd) {
    if (fd < 0)
        return;
    if (static_cast<std::size_t>(fd) >= uses_.size())
        uses_.resize(static_cast<std::size_t>(fd) + 1);
    ++uses_[static_cast<std::size_t>(fd)].requests;
}

void uring_backend::let_go(descriptor fd) {
    if (fd < 0)
        return;
    use& u = uses_[static_cast<std::size_t>(fd)];
    if (--u.requests == 0 && std::exchange(u.is_given_up, false))
        ::close(fd);
}

bool uring_backend::is_given_up(descriptor fd) const {
    return fd >= 0 && static_cast<std::size_t>(fd) < uses_.size() && uses_[static_cast<std::size_t>(fd)].is_given_up;
}

// A request is known to the kernel by the number of its descriptor until it is looked at, which for one that is repeated, or linked to
// another, is late: a number is given up when the last request that has it ends. (Linux's requests hold what they work on; this adds
// that the number is nobody else's.) A listener stops to listen at once, whatever holds it.
void uring_backend::close(descriptor fd) {
    if (auto it = listeners_.find(fd); it != listeners_.end()) {
        shutdown(fd);
        if (!it->second.empty())
            ::unlink(it->second.c_str());
        listeners_.erase(it);
    }
    close_multishot(fd);
    if (fd >= 0 && static_cast<std::size_t>(fd) < uses_.size() && uses_[static_cast<std::size_t>(fd)].requests > 0)
        uses_[static_cast<std::size_t>(fd)].is_given_up = true;
    else
        ::close(fd);
}

void uring_backend::turn(instant deadline) {
    ring_.enable();
    push_waiting();
    arm_bell();
    const bool may_sleep = done_.empty() && waiting_.empty() && arms_waiting_.empty() && cancels_waiting_.empty() &&
                           bell_armed_ && !ring_.has_completions() && !(mischief_ && mischief_->holds_any());
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
    if (c.user_data & mark_of_multishot)
        return deliver(from_data<multishot>(c.user_data), c);
    op& o = from_data<op>(c.user_data);
    CHECK(o.in_flight);
    if (entries_of(o) > 1)
        return deliver_half(o, (c.user_data & mark_of_sync) != 0, c.result);
    if (is_to_be_repeated(o, c.result)) {
        if (o.cancelled)
            return end_in_kernel(o, -ECANCELED);
        ++counts_.resubmitted;
        return enqueue(o);
    }
    end_in_kernel(o, c.result);
}

// A write and the sync linked to it: a write that is short or fails cuts the link, and the sync is cancelled.
void uring_backend::deliver_half(op& o, bool is_sync, std::int32_t result) {
    scratch& s = take_scratch(o);
    (is_sync ? s.synced : s.written) = result;
    if (--s.halves > 0)
        return;
    const bool is_whole = s.written >= 0 && static_cast<std::size_t>(s.written) == o.length;
    const std::int32_t outcome = is_whole && s.synced < 0 ? s.synced : s.written;
    if (!is_to_be_repeated(o, outcome))
        return end_in_kernel(o, outcome);
    if (o.cancelled)
        return end_in_kernel(o, -ECANCELED);
    ++counts_.resubmitted;
    enqueue(o);
}

void uring_backend::end_in_kernel(op& o, std::int32_t result) {
    let_go(o.fd);
    finish(o, translate(o, result));
}

void uring_backend::finish(op& o, std::int32_t result) {
    if (o.cancelled)
        std::erase(cancels_waiting_, data_of(o));
    give_back_scratch(o);
    o.result = result;
    o.in_flight = false;
    ++counts_.completed;
    o.complete(o);
}

}  // namespace tetrad::runtime
