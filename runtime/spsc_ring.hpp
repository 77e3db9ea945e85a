// SPDX-License-Identifier: Apache-2.0
// A bounded lock-free ring of values between one producing and one consuming thread. Each slot has its number beside its value, so
// that a message costs one cache line to hand over: the consumer looks at the slot that comes next and at nothing else of the producer's.
// How far it has come it publishes once a batch, and the producer looks only where it seems to be out of room.
//
// `Memory` is memory.hpp's everywhere but in the test that enumerates every interleaving of the two ends.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <type_traits>

#include "base/check.hpp"
#include "runtime/memory.hpp"

namespace tetrad::runtime {

template <class T, class Memory = real_memory>
class spsc_ring {
    static_assert(std::is_trivially_copyable_v<T>);

public:
    /// Holds at least `depth` values: the next power of two.
    explicit spsc_ring(std::size_t depth)
        : mask_(std::bit_ceil(depth) - 1), slots_(std::make_unique<slot[]>(mask_ + 1)) {
        CHECK(depth > 0);
    }
    spsc_ring(const spsc_ring&) = delete;

    // ---- producer ----
    /// Puts in as many of the first values as there is room for. Returns how many. The first goes in last: a consumer that waits at its
    /// slot gets in the way of the producer once a batch, not once a value, and then finds them all.
    std::size_t push(std::span<const T> values) {
        if (room() < values.size())
            tail_seen_ = tail_.load(std::memory_order_acquire);
        const std::size_t n = std::min(values.size(), room());
        for (std::size_t i = 1; i < n; ++i)
            put(in_ + i, values[i]);
        if (n > 0)
            put(in_, values[0]);
        in_ += n;
        return n;
    }
    bool push(const T& value) { return push(std::span(&value, 1)) == 1; }
    bool is_full() const {
        return room() == 0 && in_ - tail_.load(std::memory_order_acquire) > mask_;
    }

    // ---- consumer ----
    /// Takes out as many as there are and fit. Returns how many.
    std::size_t pop(std::span<T> into) {
        std::size_t n = 0;
        for (; n < into.size() && is_in(out_); ++n)
            into[n] = slots_[out_++ & mask_].value;
        if (n > 1)
            take_back(out_ - n);
        if (n > 0)
            tail_.store(out_, std::memory_order_release);
        return n;
    }
    bool empty() const { return !is_in(out_); }
    /// How many are in it about now.
    std::size_t size() const {
        std::size_t in = 0, out = capacity();  // so many are; so many are not
        while (in < out) {
            const std::size_t middle = (in + out) / 2;
            if (is_in(out_ + middle))
                in = middle + 1;
            else
                out = middle;
        }
        return in;
    }

    // ---- any thread ----
    std::size_t capacity() const { return mask_ + 1; }

private:
    using counter = typename Memory::template atomic<std::uint64_t>;

    static constexpr std::size_t line = 64;
    // As many to a line as fit in whole; one that needs more than half a line has it for itself.
    static constexpr std::size_t slot_size = std::bit_ceil(sizeof(std::uint64_t) + sizeof(T));
    struct alignas(std::min(line, slot_size)) slot {
        counter number{0};  // of the value that is in it, counted from 1 since the start
        typename Memory::template cell<T> value;
    };

    std::size_t room() const { return mask_ + 1 - static_cast<std::size_t>(in_ - tail_seen_); }
    void put(std::uint64_t n, const T& value) {
        slot& s = slots_[n & mask_];
        s.value = value;
        s.number.store(n + 1, std::memory_order_release);
    }
    /// Those from there on are empty. Nobody reads that: a line that both cores hold seems to cost the producer more to write to than one
    /// that the consumer alone has. Streams of batches were seen to go 1.4 (near) to 2 times (far) as fast; one value alone is slowed down.
    void take_back(std::uint64_t from) {
        for (std::uint64_t n = from; n != out_; ++n)
            slots_[n & mask_].number.store(0, std::memory_order_relaxed);
    }
    /// Whether value number n + 1 has been put in.
    bool is_in(std::uint64_t n) const {
        return slots_[n & mask_].number.load(std::memory_order_acquire) == n + 1;
    }

    const std::size_t mask_;
    const std::unique_ptr<slot[]> slots_;
    alignas(line) std::uint64_t in_ = 0;  // the producer's own: values put in since the start
    std::uint64_t tail_seen_ = 0;
    alignas(line) counter tail_{0};  // written by the consumer: values taken out
    std::uint64_t out_ = 0;          // the same, the consumer's own
};

}  // namespace tetrad::runtime
