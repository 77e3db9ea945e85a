// SPDX-License-Identifier: Apache-2.0
// A bounded lock-free ring of values between one producing and one consuming thread. Each end remembers what it last saw of the
// other's index and looks again only where that says full or empty; a batch costs one store of an index.
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
    explicit spsc_ring(std::size_t depth) : mask_(std::bit_ceil(depth) - 1), slots_(std::make_unique<cell[]>(mask_ + 1)) {
        CHECK(depth > 0);
    }
    spsc_ring(const spsc_ring&) = delete;

    // ---- producer ----
    /// Puts in as many of the first values as there is room for. Returns how many.
    std::size_t push(std::span<const T> values) {
        if (room() < values.size())
            tail_seen_ = tail_.load(std::memory_order_acquire);
        const std::size_t n = std::min(values.size(), room());
        for (std::size_t i = 0; i < n; ++i)
            slots_[(in_ + i) & mask_] = values[i];
        if (n > 0)
            head_.store(in_ += n, std::memory_order_release);
        return n;
    }
    bool push(const T& value) { return push(std::span(&value, 1)) == 1; }
    bool is_full() const { return in_ - tail_.load(std::memory_order_acquire) > mask_; }

    // ---- consumer ----
    /// Takes out as many as there are and fit. Returns how many.
    std::size_t pop(std::span<T> into) {
        if (head_seen_ - out_ < into.size())
            head_seen_ = head_.load(std::memory_order_acquire);
        const std::size_t n = std::min<std::size_t>(into.size(), head_seen_ - out_);
        for (std::size_t i = 0; i < n; ++i)
            into[i] = slots_[(out_ + i) & mask_];
        if (n > 0)
            tail_.store(out_ += n, std::memory_order_release);
        return n;
    }
    bool empty() const { return head_.load(std::memory_order_acquire) == out_; }

    // ---- any thread ----
    /// How many are in it about now.
    std::size_t size() const {
        const std::uint64_t out = tail_.load(std::memory_order_acquire);
        return static_cast<std::size_t>(head_.load(std::memory_order_acquire) - out);
    }
    std::size_t capacity() const { return mask_ + 1; }

private:
    using cell = typename Memory::template cell<T>;
    using counter = typename Memory::template atomic<std::uint64_t>;

    std::size_t room() const { return mask_ + 1 - static_cast<std::size_t>(in_ - tail_seen_); }

    static constexpr std::size_t line = 64;
    const std::size_t mask_;
    const std::unique_ptr<cell[]> slots_;
    alignas(line) counter head_{0};  // written by the producer: values put in since the start
    std::uint64_t in_ = 0;           // the same, the producer's own
    std::uint64_t tail_seen_ = 0;
    alignas(line) counter tail_{0};  // written by the consumer: values taken out
    std::uint64_t out_ = 0;
    std::uint64_t head_seen_ = 0;
};

}  // namespace tetrad::runtime
