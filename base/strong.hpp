// SPDX-License-Identifier: Apache-2.0
// Strong integers: two integers side by side in a signature are two types. No implicit conversion either way; `.v` is the
// number. Arithmetic only with itself or a plain offset.
#pragma once

#include <compare>
#include <cstdint>

namespace tetrad {

template <class Tag, class Rep>
struct strong {
    using rep = Rep;
    Rep v{};

    constexpr strong() = default;
    constexpr explicit strong(Rep value) : v(value) {}

    constexpr auto operator<=>(const strong&) const = default;
    constexpr strong operator+(Rep n) const { return strong(static_cast<Rep>(v + n)); }
    constexpr strong operator-(Rep n) const { return strong(static_cast<Rep>(v - n)); }
    constexpr Rep operator-(strong o) const { return static_cast<Rep>(v - o.v); }
    constexpr strong& operator++() { ++v; return *this; }
};

/// Height of a block; 0 means none yet. Signed, as on the wire, where hostile values may be negative.
using height_t = strong<struct height_tag, std::int64_t>;
/// Round of a height; -1 means none.
using round_t = strong<struct round_tag, std::int32_t>;
/// Voting power.
using power_t = strong<struct power_tag, std::int64_t>;

}  // namespace tetrad
