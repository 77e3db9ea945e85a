// SPDX-License-Identifier: Apache-2.0
// What the harnesses share: an input taken apart from its front, and the memory that a call takes at its peak. What must hold is
// said with CHECK of base/check.hpp, whose abort libFuzzer reports with the input.
#pragma once

#include "base/bytes.hpp"
#include "base/check.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <sanitizer/allocator_interface.h>

namespace tetrad::fuzz {

/// Small choices stand at the front of an input, one byte each; what is left is the text or the bytes under test.
class input {
public:
    input(const std::uint8_t* data, std::size_t size) : rest_(data, size) {}
    std::size_t size() const { return rest_.size(); }
    bool empty() const { return rest_.empty(); }
    std::uint8_t byte() {
        const auto b = take(1);
        return b.empty() ? std::uint8_t{0} : b[0];
    }
    /// One of 0 to count-1.
    std::size_t below(std::size_t count) { return byte() % count; }
    std::uint64_t number() {
        std::uint64_t n = 0;
        for (const auto b : take(8))
            n = n << 8 | b;
        return n;
    }
    /// As many bytes as there are, at most `count`.
    byte_view take(std::size_t count) {
        const auto taken = rest_.first(std::min(count, rest_.size()));
        rest_ = rest_.subspan(taken.size());
        return taken;
    }
    byte_view rest() { return take(rest_.size()); }

private:
    byte_view rest_;
};

/// The most bytes that were allocated at a time since this was made, beyond what was there before.
class allocation_peak {
public:
    allocation_peak() {
        [[maybe_unused]] static const int installed = __sanitizer_install_malloc_and_free_hooks(
            [](const volatile void*, std::size_t size) {
                now_ += static_cast<std::int64_t>(size);
                most_ = std::max(most_, now_);
            },
            [](const volatile void* p) { now_ -= static_cast<std::int64_t>(__sanitizer_get_allocated_size(p)); });
        now_ = most_ = 0;
    }
    std::int64_t bytes() const { return most_; }

private:
    static inline std::int64_t now_ = 0, most_ = 0;
};

}  // namespace tetrad::fuzz
