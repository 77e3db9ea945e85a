// SPDX-License-Identifier: Apache-2.0
// Trouble between the kernel and the backend, for tests: whatever a kernel may do to an operation now and then is done often, drawn
// from a seed. Nothing of it may be seen by the backend's callers, beyond what any call of theirs may meet (fewer bytes than asked).
// Owned by the backend, and absent unless uring_options asks for it.
#pragma once

#include <cstdint>
#include <vector>

#include "base/random.hpp"
#include "runtime/backend.hpp"
#include "runtime/uring/ring.hpp"

namespace tetrad::runtime {

/// How often, in percent.
struct mischief_plan {
    std::uint64_t seed = 0;
    unsigned hold =
        0;  // completions kept back for some turns: others overtake them, cancellations come too late for them
    unsigned interrupt =
        0;  // operations that the kernel never sees, and that end with -EINTR or -EAGAIN
    unsigned shorten = 0;  // transfers that are asked of the kernel for fewer bytes
    unsigned crowd =
        0;  // submissions and cancellations that find the ring full and wait for another turn
    unsigned end_early = 0;  // requests that should complete many times, and end after one
    unsigned starve = 0;     // receives into lent buffers that are told that all are out

    bool is_any() const { return (hold | interrupt | shorten | crowd | end_early | starve) != 0; }
};

/// What was done, for tests that want to know that it was.
struct mischief_counts {
    std::uint64_t held = 0, interrupted = 0, shortened = 0, crowded = 0, ended_early = 0, starved = 0;
    std::uint64_t late = 0;  // completions that were held when their cancellation came
};

class mischief {
public:
    explicit mischief(mischief_plan plan) : plan_(plan), random_(plan.seed) {}

    const mischief_counts& counts() const { return counts_; }

    bool crowds() { return happens(plan_.crowd, counts_.crowded); }
    /// Where true, the operation is not to be submitted: its completion is among those held.
    bool interrupts(op&);
    /// The same for a request that completes many times, and that this ends; `lends`: a receive.
    bool interrupts(std::uint64_t user_data, bool lends);
    /// The entry is prepared.
    void shorten(io_uring_sqe& entry);
    /// The entry is prepared as one that completes many times; the kernel ends it after one where this changes it.
    void end_early(io_uring_sqe& entry);
    void sees_cancellation(std::uint64_t user_data);
    /// `taken` completions are in the batch; returns how many are to be delivered instead, which it put there. Those of one
    /// operation stay in their order.
    unsigned meddle(kernel_ring::completion (&batch)[kernel_ring::batch], unsigned taken);
    /// While true the backend must not sleep.
    bool holds_any() const { return !held_.empty(); }

private:
    struct held {
        kernel_ring::completion what;
        std::uint64_t turns_left;
    };
    bool happens(unsigned percent, std::uint64_t& counted) {
        const bool yes = percent != 0 && random_.below(100) < percent;
        counted += yes ? 1 : 0;
        return yes;
    }
    void hold_result(std::uint64_t user_data, std::int32_t result);
    std::uint32_t shorter(std::uint64_t length, bool of_blocks);

    const mischief_plan plan_;
    seeded_random random_;
    mischief_counts counts_;
    std::vector<held> held_;  // in the order of their coming; bounded by the operations in flight
};

}  // namespace tetrad::runtime
