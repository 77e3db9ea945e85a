// SPDX-License-Identifier: Apache-2.0
// The word by which the consumer of a ring that is about to sleep asks its producer for a wake-up.
//
// The consumer, before it blocks, sets it and polls the ring once more; the producer, once per flush and after its pushes, takes it
// and, where it was set, wakes. Both sides use read-modify-writes of one word: their order then gives either "the sleeper sees the
// value" or "the sender sees the bell". A plain load after a release store would not be enough on x86.
#pragma once

#include <cstdint>

#include "runtime/memory.hpp"

namespace tetrad::runtime {

template <class Memory = real_memory>
class basic_doorbell {
public:
    /// Consumer, before it sleeps.
    void set() { wanted_.exchange(1, std::memory_order_acq_rel); }
    /// Consumer, awake again.
    void clear() { wanted_.exchange(0, std::memory_order_acq_rel); }
    /// Producer: true where the consumer has to be woken.
    bool take() {
        return wanted_.fetch_or(0, std::memory_order_acq_rel) != 0 && wanted_.exchange(0, std::memory_order_acq_rel) != 0;
    }

private:
    alignas(64) typename Memory::template atomic<std::uint32_t> wanted_{0};
};
using doorbell = basic_doorbell<>;

}  // namespace tetrad::runtime
