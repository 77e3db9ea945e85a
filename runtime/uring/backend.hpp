// SPDX-License-Identifier: Apache-2.0
// The backend that asks Linux: operations by io_uring, everything immediate by ordinary system calls. One per executor. Only wake()
// may be called from another thread; the first turn() binds the ring to its thread.
//
// An operation costs no allocation: its op is the kernel's user data. What the kernel reads or writes beside the caller's buffers
// (socket addresses, lists of parts) lives in scratch records that are recycled, and so do the records of requests that complete many
// times (multishot.hpp).
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "runtime/backend.hpp"
#include "runtime/growing_ring.hpp"
#include "runtime/uring/lent_buffers.hpp"
#include "runtime/uring/mischief.hpp"
#include "runtime/uring/random.hpp"
#include "runtime/uring/ring.hpp"

namespace tetrad::runtime {

struct uring_options {
    unsigned entries = 512;       // submissions a turn; more than that cost further system calls, nothing is refused
    unsigned completions = 4096;  // the kernel keeps back what does not fit
    unsigned lent = 256;          // buffers of 4 KiB for receives: a power of two, or 0; each takes memory once it was used
    operation_groups may{};       // what the shards of this executor do; all else fails with EACCES
    mischief_plan mischief;       // none
};

class uring_backend final : public backend {
public:
    /// Fails with a text that says what to do where this kernel or this environment has no io_uring for us.
    static result<std::unique_ptr<uring_backend>> open(uring_options = {});
    ~uring_backend() override;

    /// What was found on this machine, for the log.
    std::string description() const { return ring_.description(); }
    /// What was done to it, where the options asked for that.
    mischief_counts troubles() const { return mischief_ ? mischief_->counts() : mischief_counts(); }

    void submit(op&) override;
    void cancel(op&) override;
    void turn(instant deadline) override;
    bool has_news() override { return !done_.empty() || has_unseen() || ring_.has_news(); }
    void wake() override;
    operation_counts counts() const override;

    result<listening> listen(const endpoint&, int backlog) override;
    void shutdown(descriptor) override;
    void shutdown_send(descriptor) override;
    void close(descriptor) override;
    void give_back(void* buffer) override;
    result<endpoint> local_endpoint(descriptor) override;
    result<std::uint64_t> file_size(descriptor) override;
    result<std::vector<std::string>> list_directory(const std::string& path) override;
    result<std::vector<endpoint>> resolve(const std::string& host, std::uint16_t port) override;

    instant now() override;
    std::uint64_t cycles() override;
    timestamp wall_clock() override;
    random_source& random() override { return random_; }
    bool runs_blocking_inline() const override { return false; }

    struct scratch;
    struct multishot;

private:
    explicit uring_backend(descriptor bell);
    bool needs_kernel(op&);  // false where it is done already, with its result set
    io_uring_sqe* free_entry(unsigned together = 1);
    void enqueue(op&);
    bool start(op&);  // false where the ring has no room
    void prepare(io_uring_sqe&, op&);
    void prepare_durable(io_uring_sqe&, op&);
    static unsigned entries_of(const op&);
    void ask_to_cancel(std::uint64_t user_data);
    void push_waiting();
    void arm_bell();
    void deliver(const kernel_ring::completion&);
    void deliver_half(op&, bool is_sync, std::int32_t result);
    bool has_unseen() const;  // something asked for that the kernel does not know of yet
    void hold(descriptor);    // a request works on it
    void let_go(descriptor);  // one of them has ended
    bool is_given_up(descriptor) const;
    void end_in_kernel(op&, std::int32_t result);
    void end_multishots();
    std::int32_t translate(op&, std::int32_t result);  // the kernel's result into the op's
    void finish(op&, std::int32_t result);
    scratch& take_scratch(op&);
    void give_back_scratch(op&);

    // multishot.cpp
    multishot* find_multishot(descriptor) const;
    multishot& make_multishot(descriptor, bool accepts);
    void recycle_if_empty(multishot&);
    bool waits_at_multishot(op&);  // false: this one goes to the kernel by itself
    void stop_waiting(op&);
    void end_now(op&, std::int32_t result);
    std::int32_t take_problem(descriptor);
    void close_multishot(descriptor);
    void shut_accepts(descriptor);
    void serve(multishot&);  // the one place that decides what is next; may recycle it
    void answer(multishot&, op&);
    static std::int32_t name_peer(op&, descriptor accepted);
    void drop_early(multishot&);
    void begin(multishot&);
    bool start(multishot&);  // false where the ring has no room
    static void prepare(io_uring_sqe&, multishot&);
    void end_multishot(multishot&);
    void leave_multishot(op&);
    void deliver(multishot&, const kernel_ring::completion&);

    lent_buffers lent_;                 // unmapped after the ring is gone
    kernel_ring ring_;
    const descriptor bell_;             // an eventfd: wake() rings it
    std::uint64_t bell_rung_ = 0;       // where the kernel writes what it read from it
    bool bell_armed_ = false;
    growing_ring<op*> waiting_;         // started, but the ring had no room; bounded by the number of suspended tasks
    growing_ring<multishot*> arms_waiting_;       // the same
    std::vector<std::uint64_t> cancels_waiting_;  // the same, for cancellations
    struct use {
        std::uint32_t requests = 0;
        bool is_given_up = false;  // closed by its owner: the last request closes it
    };
    std::vector<use> uses_;  // by descriptor
    growing_ring<op*> done_;            // ended without the kernel, to be delivered by the next turn
    std::vector<std::unique_ptr<scratch>> spare_;
    std::vector<std::unique_ptr<multishot>> multishots_;
    std::vector<multishot*> spare_multishots_;
    std::vector<multishot*> by_descriptor_;
    std::size_t multishots_in_kernel_ = 0;
    std::map<descriptor, std::string> listeners_;  // with the path that goes when they are closed
    operation_counts counts_;
    kernel_random random_;
    std::unique_ptr<mischief> mischief_;  // in tests
};

}  // namespace tetrad::runtime
