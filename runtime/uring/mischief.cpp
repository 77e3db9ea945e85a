// SPDX-License-Identifier: Apache-2.0
#include "runtime/uring/mischief.hpp"

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <utility>

#include <sys/socket.h>
#include <sys/uio.h>

#include "runtime/uring/lent_buffers.hpp"

namespace tetrad::runtime {

namespace {

constexpr std::uint64_t turns_max = 6;
constexpr std::uint64_t no_op_max =
    15;  // user data up to this are the backend's own, not an operation's
constexpr std::uint64_t block = 4096;  // direct transfers stay whole blocks

}  // namespace

void mischief::hold_result(std::uint64_t user_data, std::int32_t result) {
    held_.push_back({{user_data, result}, random_.below(turns_max)});
}

// A connection that was begun cannot be begun again: there the kernel's word is final.
bool mischief::interrupts(op& o) {
    if (o.code == op_code::connect || !happens(plan_.interrupt, counts_.interrupted))
        return false;
    hold_result(reinterpret_cast<std::uint64_t>(&o), random_.below(2) == 0 ? -EINTR : -EAGAIN);
    return true;
}

bool mischief::interrupts(std::uint64_t user_data, bool lends) {
    if (lends && happens(plan_.starve, counts_.starved)) {
        hold_result(user_data, -ENOBUFS);
        return true;
    }
    if (!happens(plan_.interrupt, counts_.interrupted))
        return false;
    constexpr std::int32_t reasons[] = {-EINTR, -EAGAIN, -ECANCELED};
    hold_result(user_data, reasons[random_.below(std::size(reasons))]);
    return true;
}

// A receive may also find less room than a buffer has.
void mischief::end_early(io_uring_sqe& entry) {
    if (!happens(plan_.end_early, counts_.ended_early))
        return;
    if (entry.opcode == IORING_OP_ACCEPT) {
        entry.ioprio &= static_cast<std::uint16_t>(~IORING_ACCEPT_MULTISHOT);
        return;
    }
    entry.ioprio &= static_cast<std::uint16_t>(~IORING_RECV_MULTISHOT);
    if (happens(plan_.shorten, counts_.shortened))
        entry.len = shorter(lent_buffers::size, false);
}

void mischief::sees_cancellation(std::uint64_t user_data) {
    for (const held& h : held_)
        counts_.late += h.what.user_data == user_data ? 1 : 0;
}

std::uint32_t mischief::shorter(std::uint64_t length, bool of_blocks) {
    const std::uint64_t unit = of_blocks && length % block == 0 ? block : 1;
    return static_cast<std::uint32_t>(unit * (1 + random_.below(length / unit)));
}

void mischief::shorten(io_uring_sqe& entry) {
    const bool is_plain = entry.opcode == IORING_OP_RECV || entry.opcode == IORING_OP_SEND ||
                          entry.opcode == IORING_OP_READ || entry.opcode == IORING_OP_WRITE;
    if (is_plain && entry.len > 1 && happens(plan_.shorten, counts_.shortened))
        entry.len =
            shorter(entry.len, entry.opcode == IORING_OP_READ || entry.opcode == IORING_OP_WRITE);
    if (entry.opcode == IORING_OP_SENDMSG) {
        auto& message = *reinterpret_cast<msghdr*>(entry.addr);
        if (message.msg_iovlen == 0 || !happens(plan_.shorten, counts_.shortened))
            return;
        message.msg_iovlen = 1 + random_.below(message.msg_iovlen);
        iovec& last = message.msg_iov[message.msg_iovlen - 1];
        last.iov_len = shorter(last.iov_len, false);
    }
}

unsigned mischief::meddle(kernel_ring::completion (&batch)[kernel_ring::batch], unsigned taken) {
    std::vector<kernel_ring::completion> out;
    for (unsigned i = 0; i < taken; ++i) {
        if (batch[i].user_data <= no_op_max)
            out.push_back(batch[i]);
        else
            held_.push_back({batch[i], happens(plan_.hold, counts_.held) ? 1 + random_.below(turns_max) : 0});
    }
    std::vector<held> still;
    for (held& h : held_) {
        const auto is_same = [&h](const held& other) {
            return other.what.user_data == h.what.user_data;
        };
        if (h.turns_left > 0 || out.size() == kernel_ring::batch ||
            std::any_of(still.begin(), still.end(), is_same)) {
            h.turns_left -= h.turns_left > 0 ? 1 : 0;
            still.push_back(h);
            continue;
        }
        // Anywhere after what is the same operation's.
        std::size_t earliest = 0;
        for (std::size_t i = 0; i < out.size(); ++i)
            if (out[i].user_data == h.what.user_data)
                earliest = i + 1;
        const std::size_t at =
            earliest +
            (plan_.hold != 0 ? random_.below(out.size() - earliest + 1) : out.size() - earliest);
        out.insert(out.begin() + static_cast<std::ptrdiff_t>(at), h.what);
    }
    held_ = std::move(still);
    std::copy(out.begin(), out.end(), batch);
    return static_cast<unsigned>(out.size());
}

}  // namespace tetrad::runtime
