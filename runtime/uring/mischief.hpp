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

    bool is_any() const { return (hold | interrupt | shorten | crowd) != 0; }
};

class mischief {
public:
    explicit mischief(mischief_plan plan) : plan_(plan), random_(plan.seed) {}

    bool crowds() { return happens(plan_.crowd); }
    /// Where true, the operation is not to be submitted: its completion is among those held.
    bool interrupts(op&);
    /// The entry is prepared.
    void shorten(io_uring_sqe& entry);
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
    bool happens(unsigned percent) { return percent != 0 && random_.below(100) < percent; }
    std::uint32_t shorter(std::uint64_t length, bool of_blocks);

    const mischief_plan plan_;
    seeded_random random_;
    std::vector<held> held_;  // in the order of their coming; bounded by the operations in flight
};

}  // namespace tetrad::runtime
