// SPDX-License-Identifier: Apache-2.0
#include "runtime/ring.hpp"

#include <bit>

#include "base/check.hpp"

namespace tetrad::runtime {

// A slot's sequence says whose it is: position p while it is free for the producer's p-th letter, p + 1 once that letter is in it,
// p + size when the consumer has taken it, which is "free" for the next lap.

ring::ring(std::size_t depth) : mask_(std::bit_ceil(depth) - 1), slots_(std::make_unique<slot[]>(mask_ + 1)) {
    CHECK(depth > 0);
    for (std::size_t i = 0; i <= mask_; ++i)
        slots_[i].sequence.store(i, std::memory_order_relaxed);
}

ring::~ring() {
    while (letter* l = pop())
        l->drop_undelivered();
}

bool ring::push(letter* l) {
    slot& s = slots_[head_ & mask_];
    if (s.sequence.load(std::memory_order_acquire) != head_)
        return false;
    s.value = l;
    s.sequence.store(++head_, std::memory_order_release);
    return true;
}

letter* ring::pop() {
    slot& s = slots_[tail_ & mask_];
    if (s.sequence.load(std::memory_order_acquire) != tail_ + 1)
        return nullptr;
    letter* const l = s.value;
    s.sequence.store(tail_ + mask_ + 1, std::memory_order_release);
    ++tail_;
    return l;
}

bool ring::empty() const {
    return slots_[tail_ & mask_].sequence.load(std::memory_order_acquire) != tail_ + 1;
}

}  // namespace tetrad::runtime
