// SPDX-License-Identifier: Apache-2.0
#include "runtime/uring/ring.hpp"

#include <array>
#include <cerrno>
#include <fstream>
#include <vector>

#include <sys/utsname.h>

#include "base/check.hpp"
#include "runtime/uring/lent_buffers.hpp"

namespace tetrad::runtime {

namespace {

constexpr unsigned entries_min = 8;

/// All that is ever submitted; anything else fails in the kernel. All are there since 5.15; what is newer (requests that complete many
/// times, rings of buffers, deferred task work) came by 6.1, and the set-up flags are refused before that.
constexpr std::array common_operations = {IORING_OP_READ, IORING_OP_ASYNC_CANCEL};
constexpr std::array socket_operations = {IORING_OP_ACCEPT, IORING_OP_CONNECT, IORING_OP_RECV, IORING_OP_SEND, IORING_OP_SENDMSG};
constexpr std::array file_operations = {IORING_OP_OPENAT,   IORING_OP_WRITE,   IORING_OP_FSYNC,    IORING_OP_RENAMEAT,
                                        IORING_OP_UNLINKAT, IORING_OP_MKDIRAT, IORING_OP_FALLOCATE};

std::vector<std::uint8_t> operations_of(operation_groups groups) {
    std::vector<std::uint8_t> all;
    all.reserve(common_operations.size() + socket_operations.size() + file_operations.size());
    auto add = [&all](const auto& codes) {
        for (const auto code : codes)
            all.push_back(static_cast<std::uint8_t>(code));
    };
    add(common_operations);
    if (groups.sockets)
        add(socket_operations);
    if (groups.files)
        add(file_operations);
    return all;
}

std::string kernel_release() {
    utsname names{};
    ::uname(&names);
    return names.release;
}

/// The sysctl that forbids io_uring to some (1) or all (2), where this kernel has it.
int disabled_by_sysctl() {
    int level = 0;
    std::ifstream("/proc/sys/kernel/io_uring_disabled") >> level;
    return level;
}

error explain(int errno_value) {
    const std::string why = system_error(errno_value, "io_uring").text;
    switch (errno_value) {
        case ENOSYS:
            return error(errc::unsupported, why + ". The kernel has no io_uring, or a seccomp filter hides it, as Docker's default"
                                            " profile does: allow io_uring_setup, io_uring_enter and io_uring_register");
        case EPERM:
        case EACCES:
            if (const int level = disabled_by_sysctl(); level != 0)
                return error(errc::unsupported, why + ". The sysctl kernel.io_uring_disabled is " + std::to_string(level) +
                                                ": 0 allows it (sysctl -w kernel.io_uring_disabled=0)");
            return error(errc::unsupported, why + ". A seccomp filter or another security profile forbids it (the sysctl"
                                            " kernel.io_uring_disabled does not): allow io_uring_setup, io_uring_enter and"
                                            " io_uring_register");
        case ENOMEM:
            return error(errc::io, why + ". Not enough locked memory: raise RLIMIT_MEMLOCK (ulimit -l, LimitMEMLOCK=)");
        case EINVAL:  // a flag of the set-up, or a buffer ring, that it does not know
            return error(errc::unsupported, why + ". Linux 6.1 or newer is needed, this is " + kernel_release());
        case EMFILE:
        case ENFILE:
            return error(errc::io, why + ". No file descriptors are left: raise RLIMIT_NOFILE (ulimit -n, LimitNOFILE=)");
        default: return error(errc::io, why);
    }
}

}  // namespace

kernel_ring::~kernel_ring() {
    if (open_)
        io_uring_queue_exit(&ring_);
}

result<void> kernel_ring::open(unsigned entries, unsigned completions, operation_groups groups, lent_buffers* lent,
                               unsigned lent_count) {
    CHECK(!open_);
    for (;;) {
        io_uring_params wanted{};
        wanted.flags = IORING_SETUP_R_DISABLED | IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |
                       IORING_SETUP_TASKRUN_FLAG | IORING_SETUP_SUBMIT_ALL | IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP;
        wanted.cq_entries = completions;
        const int r = io_uring_queue_init_params(entries, &ring_, &wanted);
        if (r == 0)
            break;
        if (r != -ENOMEM || entries <= entries_min)
            return std::unexpected<error>(explain(-r));
        entries /= 2;
        completions /= 2;
    }
    open_ = true;

    std::vector<std::uint64_t> memory((sizeof(io_uring_probe) + 256 * sizeof(io_uring_probe_op) + 7) / 8);
    auto* const probe = reinterpret_cast<io_uring_probe*>(memory.data());
    if (const int r = io_uring_register_probe(&ring_, probe, 256); r < 0)
        return std::unexpected<error>(explain(-r));
    for (const auto code : operations_of(groups))
        if (!io_uring_opcode_supported(probe, code))
            return fail(errc::unsupported, "io_uring: this kernel (" + kernel_release() + ") lacks operation " +
                                               std::to_string(static_cast<int>(code)) + "; Linux 6.1 or newer is needed");
    has_ftruncate_ = io_uring_opcode_supported(probe, op_ftruncate) != 0;
    if (lent)
        lending_refused_ = -lent->open(ring_, lent_count);
    // A ring that is disabled answers EBADFD: whatever else comes is from somebody who forbids the call, and is learnt here.
    if (const int r = io_uring_enter(static_cast<unsigned>(ring_.ring_fd), 0, 0, 0, nullptr); r < 0 && r != -EBADFD)
        return std::unexpected<error>(explain(-r));
    return restrict_operations(groups);
}

// The flags of entries that are allowed are those in use: links (a write with its sync) and buffers that the kernel chooses. What is
// allowed of io_uring_register is what enable_now() and the destructor use; the buffers were registered before.
result<void> kernel_ring::restrict_operations(operation_groups groups) {
    std::vector<io_uring_restriction> allowed;
    const auto allow = [&allowed](std::uint16_t kind, std::uint8_t what) {
        io_uring_restriction r{};
        r.opcode = kind;
        r.register_op = what;  // a union: the same byte for every kind
        allowed.push_back(r);
    };
    for (const auto code : operations_of(groups))
        allow(IORING_RESTRICTION_SQE_OP, code);
    if (has_ftruncate_ && groups.files)
        allow(IORING_RESTRICTION_SQE_OP, op_ftruncate);
    operations_allowed_ = allowed.size();
    allow(IORING_RESTRICTION_SQE_FLAGS_ALLOWED, static_cast<std::uint8_t>((groups.files ? IOSQE_IO_LINK : 0) |
                                                                          (groups.sockets ? IOSQE_BUFFER_SELECT : 0)));
    allow(IORING_RESTRICTION_REGISTER_OP, IORING_REGISTER_RING_FDS);
    allow(IORING_RESTRICTION_REGISTER_OP, IORING_UNREGISTER_RING_FDS);
    if (const int r = io_uring_register_restrictions(&ring_, allowed.data(), static_cast<unsigned>(allowed.size())); r < 0)
        return std::unexpected<error>(explain(-r));
    return {};
}

void kernel_ring::enable_now() {
    CHECK(io_uring_enable_rings(&ring_) == 0);  // this thread becomes the only submitter
    enabled_ = true;
    owner_ = std::this_thread::get_id();
    // Spares the kernel a file lookup in each call. Not having it costs a little and nothing else.
    fd_registered_ = io_uring_register_ring_fd(&ring_) == 1;
}

std::string kernel_ring::description() const {
    return "io_uring: kernel " + kernel_release() + ", " + std::to_string(ring_.sq.ring_entries) + " submission and " +
           std::to_string(ring_.cq.ring_entries) + " completion entries, single issuer, deferred task work, restricted to " +
           std::to_string(operations_allowed_) + " operations" +
           (has_ftruncate_ ? "" : ", truncates by a blocking call") +
           (lending_refused_ == 0 ? "" : ", " + system_error(lending_refused_, "lends no buffers").text);
}

io_uring_sqe* kernel_ring::next_entry(unsigned together) {
    if (io_uring_sq_space_left(&ring_) < together) {
        ++counts_.full;
        ++counts_.enters;
        enable();
        settle(io_uring_submit(&ring_));
        if (io_uring_sq_space_left(&ring_) < together)
            return nullptr;
    }
    return io_uring_get_sqe(&ring_);
}

void kernel_ring::look() {
    if (kernel_flags() & IORING_SQ_CQ_OVERFLOW)
        ++counts_.overflows;
    if (io_uring_sq_ready(&ring_) == 0 && !kernel_has_work())
        return;
    ++counts_.enters;
    settle(io_uring_submit_and_get_events(&ring_));
}

void kernel_ring::wait(duration limit) {
    if (kernel_flags() & IORING_SQ_CQ_OVERFLOW)
        ++counts_.overflows;
    ++counts_.enters;
    io_uring_cqe* first = nullptr;
    if (limit < duration::zero()) {
        settle(io_uring_submit_and_wait_timeout(&ring_, &first, 1, nullptr, nullptr));
        return;
    }
    __kernel_timespec time{};
    time.tv_sec = limit.count() / 1'000'000'000;
    time.tv_nsec = limit.count() % 1'000'000'000;
    settle(io_uring_submit_and_wait_timeout(&ring_, &first, 1, &time, nullptr));
}

void kernel_ring::settle(int returned) {
    if (returned >= 0 || returned == -ETIME || returned == -EINTR)
        return;
    // Out of memory for a request, or completions to be read first: what was not taken is still in the ring, the next turn tries
    // again. Everything else is a mistake of ours.
    CHECK(returned == -EAGAIN || returned == -EBUSY || returned == -ENOMEM);
    ++counts_.refused;
}

unsigned kernel_ring::take(completion (&into)[batch]) {
    io_uring_cqe* found[batch];
    const unsigned n = io_uring_peek_batch_cqe(&ring_, found, batch);
    for (unsigned i = 0; i < n; ++i)
        into[i] = completion{io_uring_cqe_get_data64(found[i]), found[i]->res, found[i]->flags};
    io_uring_cq_advance(&ring_, n);
    return n;
}

}  // namespace tetrad::runtime
