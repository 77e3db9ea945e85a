// SPDX-License-Identifier: Apache-2.0
// The io_uring of one executor: set-up, hardening, submission and completion. It is made disabled on any thread, restricted to the
// op-codes this program uses, and enabled by the executor's thread, which from then on is the only one that may touch it
// (SINGLE_ISSUER; completions are run inside its own calls, DEFER_TASKRUN). Kernel 6.1 or newer.
#pragma once

#include <cstdint>
#include <string>
#include <thread>

#include <liburing.h>

#include "base/result.hpp"
#include "base/time.hpp"

namespace tetrad::runtime {

class lent_buffers;

/// What a ring may be used for; what is not allowed here fails in the kernel with EACCES. Every ring may read (its bell) and cancel.
struct operation_groups {
    bool sockets = true;  // and receive into lent buffers
    bool files = true;    // open, write, sync, names
};

class kernel_ring {
public:
    kernel_ring() = default;
    kernel_ring(const kernel_ring&) = delete;
    kernel_ring& operator=(const kernel_ring&) = delete;
    ~kernel_ring();

    /// `entries` of submission and `completions` of completion. Where memory is short fewer are taken. Errors say what to do.
    /// `lent`, where given, is opened with `lent_count` buffers; where the kernel refuses that it stays empty, and description() says so.
    result<void> open(unsigned entries, unsigned completions, operation_groups = {}, lent_buffers* lent = nullptr,
                      unsigned lent_count = 0);
    /// The executor's thread, before anything is submitted. Later calls do nothing.
    void enable() {
        if (!enabled_)
            enable_now();
    }
    bool is_enabled() const { return enabled_; }
    bool is_own_thread() const { return owner_ == std::this_thread::get_id(); }
    bool has_ftruncate() const { return has_ftruncate_; }
    /// One line for the log: kernel, sizes, what it can.
    std::string description() const;

    /// A cleared submission entry; null where there is no room even after what waits was submitted. The next `together` - 1 calls
    /// give entries of the same submission (links end with it).
    io_uring_sqe* next_entry(unsigned together = 1);
    /// Entries that the kernel has not seen.
    bool has_unsubmitted() const { return io_uring_sq_ready(&ring_) > 0; }
    /// Completions that can be read without asking the kernel.
    bool has_completions() const { return io_uring_cq_ready(&ring_) > 0; }
    /// The same, or something that look() would have the kernel do.
    bool has_news() const { return has_completions() || io_uring_sq_ready(&ring_) > 0 || kernel_has_work(); }
    /// Submits what waits and lets the kernel run completions, in at most one call; in none where there is nothing to do.
    void look();
    /// The same, and sleeps until a completion or, where `limit` is not negative, for that long.
    void wait(duration limit);

    struct completion {
        std::uint64_t user_data;
        std::int32_t result;
        std::uint32_t flags = 0;
    };
    static constexpr unsigned batch = 256;
    /// Takes up to a batch of completions out of the ring. Returns how many.
    unsigned take(completion (&into)[batch]);

    struct counters {
        std::uint64_t enters = 0;         // system calls
        std::uint64_t full = 0;           // submissions that found the ring full
        std::uint64_t overflows = 0;      // turns that found completions kept back by the kernel for want of room
        std::uint64_t refused = 0;        // calls that the kernel put off (out of memory for a moment)
    };
    const counters& counts() const { return counts_; }

private:
    void enable_now();
    result<void> restrict_operations(operation_groups);
    void settle(int returned);  // what a call of the kernel said
    unsigned kernel_flags() const { return IO_URING_READ_ONCE(*ring_.sq.kflags); }
    bool kernel_has_work() const { return (kernel_flags() & (IORING_SQ_TASKRUN | IORING_SQ_CQ_OVERFLOW)) != 0; }

    io_uring ring_{};
    bool open_ = false;
    bool enabled_ = false;
    bool fd_registered_ = false;
    bool has_ftruncate_ = false;
    int lending_refused_ = 0;  // an errno
    std::size_t operations_allowed_ = 0;
    std::thread::id owner_{};
    counters counts_;
};

/// FTRUNCATE's op-code (kernel 6.9), newer than the packaged header: used where the probe finds it.
constexpr std::uint8_t op_ftruncate = 55;

}  // namespace tetrad::runtime
