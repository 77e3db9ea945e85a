// SPDX-License-Identifier: Apache-2.0
// The backend that asks Linux: operations by io_uring, everything immediate by ordinary system calls. One per executor. Only wake()
// may be called from another thread; the first turn() binds the ring to its thread.
//
// An operation costs no allocation: its op is the kernel's user data. What the kernel reads or writes beside the caller's buffers
// (socket addresses, lists of parts) lives in scratch records that are recycled.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "runtime/backend.hpp"
#include "runtime/growing_ring.hpp"
#include "runtime/uring/mischief.hpp"
#include "runtime/uring/random.hpp"
#include "runtime/uring/ring.hpp"

namespace tetrad::runtime {

struct uring_options {
    unsigned entries = 512;       // submissions a turn; more than that cost further system calls, nothing is refused
    unsigned completions = 4096;  // the kernel keeps back what does not fit
    mischief_plan mischief;       // none
};

class uring_backend final : public backend {
public:
    /// Fails with a text that says what to do where this kernel or this environment has no io_uring for us.
    static result<std::unique_ptr<uring_backend>> open(uring_options = {});
    ~uring_backend() override;

    /// What was found on this machine, for the log.
    std::string description() const { return ring_.description(); }

    void submit(op&) override;
    void cancel(op&) override;
    void turn(instant deadline) override;
    bool has_news() override { return !done_.empty() || ring_.has_news(); }
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

private:
    struct scratch;

    explicit uring_backend(descriptor bell);
    bool needs_kernel(op&);  // false where it is done already, with its result set
    io_uring_sqe* free_entry();
    void enqueue(op&);
    bool start(op&);  // false where the ring has no room
    void prepare(io_uring_sqe&, op&);
    void ask_to_cancel(op&);
    void push_waiting();
    void arm_bell();
    void deliver(const kernel_ring::completion&);
    std::int32_t translate(op&, std::int32_t result);  // the kernel's result into the op's
    void finish(op&, std::int32_t result);
    scratch& take_scratch(op&);
    void give_back_scratch(op&);

    kernel_ring ring_;
    const descriptor bell_;             // an eventfd: wake() rings it
    std::uint64_t bell_rung_ = 0;       // where the kernel writes what it read from it
    bool bell_armed_ = false;
    growing_ring<op*> waiting_;         // started, but the ring had no room; bounded by the number of suspended tasks
    std::vector<op*> cancels_waiting_;  // the same, for cancellations
    growing_ring<op*> done_;            // ended without the kernel, to be delivered by the next turn
    std::vector<std::unique_ptr<scratch>> spare_;
    std::map<descriptor, std::string> unix_listeners_;  // whose path goes when they are closed
    operation_counts counts_;
    kernel_random random_;
    std::unique_ptr<mischief> mischief_;  // in tests
};

}  // namespace tetrad::runtime
