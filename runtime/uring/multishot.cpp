// SPDX-License-Identifier: Apache-2.0
// Accepts and receives: one operation, one completion for the caller, over requests that complete many times.
#include "runtime/uring/multishot.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include <sys/socket.h>
#include <unistd.h>

#include "base/check.hpp"
#include "runtime/uring/address.hpp"
#include "runtime/uring/user_data.hpp"

namespace tetrad::runtime {

namespace {

/// A connection that nobody will use, or one with data that nobody has read: its peer is reset, as where the kernel still held it.
void reset_when_closed(descriptor fd) {
    const linger at_once{1, 0};
    static_cast<void>(::setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once));
}

std::uint64_t data_of(const uring_backend::multishot& m) { return reinterpret_cast<std::uint64_t>(&m) | mark_of_multishot; }

}  // namespace

// ---- the records ----

uring_backend::multishot* uring_backend::find_multishot(descriptor fd) const {
    return fd >= 0 && static_cast<std::size_t>(fd) < by_descriptor_.size() ? by_descriptor_[static_cast<std::size_t>(fd)] : nullptr;
}

uring_backend::multishot& uring_backend::make_multishot(descriptor fd, bool accepts) {
    if (spare_multishots_.empty()) {
        multishots_.push_back(std::make_unique<multishot>());
        spare_multishots_.push_back(multishots_.back().get());
    }
    multishot& m = *spare_multishots_.back();
    spare_multishots_.pop_back();
    m.fd = fd;
    m.accepts = accepts;
    const auto index = static_cast<std::size_t>(fd);
    if (index >= by_descriptor_.size())
        by_descriptor_.resize(index + 1);
    by_descriptor_[index] = &m;
    return m;
}

void uring_backend::recycle_if_empty(multishot& m) {
    if (!m.is_empty())
        return;
    const descriptor fd = std::exchange(m.fd, -1);
    spare_multishots_.push_back(&m);
    if (!std::exchange(m.is_closed, false))
        by_descriptor_[static_cast<std::size_t>(fd)] = nullptr;
    if (std::exchange(m.is_held, false))
        let_go(fd);
}

// ---- what callers ask ----

// A read into the caller's own memory goes the same way where the descriptor has a record: what came early comes first.
bool uring_backend::waits_at_multishot(op& o) {
    const bool accepts = o.code == op_code::accept;
    multishot* m = find_multishot(o.fd);
    if (o.code == op_code::recv && (!m || m->accepts))
        return false;
    if (o.fd < 0 || (m && m->accepts != accepts)) {
        end_now(o, o.fd < 0 ? -EBADF : accepts ? -EINVAL : -ENOTCONN);
        return true;
    }
    if (m && m->is_shut) {
        end_now(o, -EINVAL);
        return true;
    }
    if (!m)
        m = &make_multishot(o.fd, accepts);
    o.backend_data = m;
    m->waiting.push_back(&o);
    serve(*m);
    return true;
}

void uring_backend::stop_waiting(op& o) {
    multishot& m = *static_cast<multishot*>(o.backend_data);
    if (std::erase(m.waiting, &o) == 0)
        return ask_to_cancel(data_of(o));  // alone in the kernel
    end_now(o, -ECANCELED);
    serve(m);
}

// Delivered by the turn, like every result.
void uring_backend::end_now(op& o, std::int32_t result) {
    o.result = result;
    o.backend_data = nullptr;
    done_.push_back(&o);
}

/// The error of a connection that a receive met before anybody asked; whoever asks first is told.
std::int32_t uring_backend::take_problem(descriptor fd) {
    multishot* const m = find_multishot(fd);
    if (!m || m->problem == 0)
        return 0;
    const std::int32_t problem = std::exchange(m->problem, 0);
    recycle_if_empty(*m);
    return problem;
}

void uring_backend::close_multishot(descriptor fd) {
    multishot* const m = find_multishot(fd);
    if (!m)
        return;
    by_descriptor_[static_cast<std::size_t>(fd)] = nullptr;
    m->is_closed = true;
    m->is_held = !m->waiting.empty();
    if (m->is_held)
        hold(fd);
    m->problem = 0;
    m->is_shut = false;
    serve(*m);
}

// Said here, for the kernel tells only those who block on the accept of a unix socket.
void uring_backend::shut_accepts(descriptor fd) {
    multishot* m = find_multishot(fd);
    if (!m)
        m = &make_multishot(fd, true);
    m->is_shut = true;
    drop_early(*m);
    for (op* o : m->waiting)
        end_now(*o, -EINVAL);
    m->waiting.clear();
    if (m->at == multishot::phase::armed)
        end_multishot(*m);
}

// ---- between what came and who waits ----

void uring_backend::serve(multishot& m) {
    while (!m.waiting.empty() && (!m.early.empty() || m.problem != 0)) {
        op& o = *m.waiting.front();
        m.waiting.erase(m.waiting.begin());
        answer(m, o);
    }
    if (m.is_closed && m.waiting.empty()) {
        drop_early(m);
        if (m.at == multishot::phase::armed)
            end_multishot(m);
    } else if (m.at == multishot::phase::idle && !m.waiting.empty()) {
        begin(m);
    } else if (m.at == multishot::phase::armed && m.early.size() >= m.early_max()) {
        end_multishot(m);
    }
    recycle_if_empty(m);
}

void uring_backend::answer(multishot& m, op& o) {
    if (m.early.empty())
        return end_now(o, std::exchange(m.problem, 0));
    const std::int32_t first = m.early.front();
    if (m.accepts) {
        m.early.pop_front();
        return end_now(o, name_peer(o, first));
    }
    const auto number = static_cast<unsigned>(first);
    lent_buffers::content& c = lent_.of(number);
    if (o.code == op_code::receive) {
        m.early.pop_front();
        o.buffer = lent_.at(number) + c.begin;
        return end_now(o, static_cast<std::int32_t>(c.size()));
    }
    const auto some = static_cast<std::uint32_t>(std::min<std::size_t>(o.length, c.size()));
    std::memcpy(o.buffer, lent_.at(number) + c.begin, some);
    c.begin += some;
    if (c.size() == 0) {
        m.early.pop_front();
        lent_.give_back(number);
    }
    end_now(o, static_cast<std::int32_t>(some));
}

/// The result of an accept. A connection that was reset meanwhile has no peer any more.
std::int32_t uring_backend::name_peer(op& o, descriptor accepted) {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    if (::getpeername(accepted, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
        ::close(accepted);
        return -ECONNABORTED;
    }
    o.peer = from_sockaddr(address, size);
    return accepted;
}

void uring_backend::drop_early(multishot& m) {
    if (!m.accepts && !m.early.empty())
        reset_when_closed(m.fd);
    for (; !m.early.empty(); m.early.pop_front()) {
        if (m.accepts) {
            reset_when_closed(m.early.front());
            ::close(m.early.front());
        } else {
            lent_.give_back(static_cast<unsigned>(m.early.front()));
        }
    }
}

// ---- with the kernel ----

void uring_backend::begin(multishot& m) {
    op& first = *m.waiting.front();
    if (m.accepts || (first.code == op_code::receive && lent_.any_free() && !m.is_starved)) {
        m.at = multishot::phase::armed;
        hold(m.fd);
        ++multishots_in_kernel_;
        if (!arms_waiting_.empty() || !start(m))
            arms_waiting_.push_back(&m);
        return;
    }
    // One operation for one: into the caller's memory, or into a buffer of its own where all that are lent are out.
    m.waiting.erase(m.waiting.begin());
    m.is_starved = false;
    m.at = multishot::phase::single;
    if (first.code == op_code::receive) {
        ++counts_.no_buffers;
        first.buffer = lent_buffers::make_single();
    }
    hold(first.fd);
    enqueue(first);
}

bool uring_backend::start(multishot& m) {
    if (mischief_ && mischief_->interrupts(data_of(m), !m.accepts))
        return true;
    io_uring_sqe* const entry = free_entry();
    if (!entry)
        return false;
    prepare(*entry, m);
    if (mischief_)
        mischief_->end_early(*entry);
    return true;
}

void uring_backend::prepare(io_uring_sqe& entry, multishot& m) {
    if (m.accepts) {
        io_uring_prep_multishot_accept(&entry, m.fd, nullptr, nullptr, SOCK_CLOEXEC);
    } else {
        io_uring_prep_recv_multishot(&entry, m.fd, nullptr, 0, 0);
        entry.flags |= IOSQE_BUFFER_SELECT;
        entry.buf_group = lent_buffers::group;
    }
    io_uring_sqe_set_data64(&entry, data_of(m));
}

void uring_backend::end_multishot(multishot& m) {
    m.at = multishot::phase::ending;
    ask_to_cancel(data_of(m));
}

/// A single operation is over: its record goes on.
void uring_backend::leave_multishot(op& o) {
    multishot& m = *static_cast<multishot*>(std::exchange(o.backend_data, nullptr));
    m.at = multishot::phase::idle;
    serve(m);
}

void uring_backend::deliver(multishot& m, const kernel_ring::completion& c) {
    CHECK(m.is_in_kernel());
    const bool goes_on = c.flags & IORING_CQE_F_MORE;
    const descriptor fd = m.fd;
    if (!goes_on) {
        if (m.at == multishot::phase::ending)
            std::erase(cancels_waiting_, data_of(m));
        m.at = multishot::phase::idle;
        --multishots_in_kernel_;
    }
    const bool is_data = c.result > 0 || (m.accepts && c.result == 0);
    if (!m.accepts && (c.flags & IORING_CQE_F_BUFFER)) {
        const unsigned number = c.flags >> IORING_CQE_BUFFER_SHIFT;
        lent_.taken(number, is_data ? static_cast<std::uint32_t>(c.result) : 0);
        if (is_data)
            m.early.push_back(static_cast<std::int32_t>(number));
        else
            lent_.give_back(number);
    } else if (is_data) {
        m.early.push_back(c.result);
    }
    const bool is_starved = c.result == -ENOBUFS && !m.accepts;
    const bool is_to_go_on = is_data || is_starved || c.result == -EINTR || c.result == -EAGAIN || c.result == -ECANCELED;
    m.is_starved = is_starved && !m.waiting.empty();
    if (is_to_go_on && !goes_on && !m.is_closed) {
        ++counts_.rearmed;
    } else if (!is_to_go_on && !m.waiting.empty()) {  // the end of a stream, or an error
        op& o = *m.waiting.front();
        m.waiting.erase(m.waiting.begin());
        end_now(o, c.result);
    } else if (!is_to_go_on && !m.accepts && !m.is_closed) {
        m.problem = c.result;  // 0: the next receive is told by the kernel again
    }
    serve(m);
    if (!goes_on)
        let_go(fd);
}

}  // namespace tetrad::runtime
