// SPDX-License-Identifier: Apache-2.0
// Arithmetic modulo numbers of at most 256 bits for tests, in the plainest way: what the real code
// is compared with must be right at a glance, not fast.
#pragma once

#include "base/bytes.hpp"
#include "base/text.hpp"

#include <array>
#include <cstdint>
#include <cstring>

namespace tetrad::numbers {

/// 32 bytes, little endian, as in Ed25519.
using number = fixed<32>;

inline number small(std::uint8_t n) {
    number out;
    out.data[0] = n;
    return out;
}

/// From the usual way of writing, big endian.
inline number from_text(std::string_view hex) {
    auto b = *from_hex(hex);
    return number::from(bytes(b.rbegin(), b.rend()));
}

/// Any number of bytes, little endian, modulo m: bit by bit, r becomes 2r + bit, less m where that
/// is not below m.
inline number reduced(byte_view little_endian, const number& m) {
    using word = unsigned __int128;
    std::array<std::uint64_t, 4> r{}, modulus;
    std::memcpy(modulus.data(), m.data.data(), 32);
    for (std::size_t bit = 8 * little_endian.size(); bit-- > 0;) {
        std::array<std::uint64_t, 4> less;
        word carry = little_endian[bit / 8] >> (bit % 8) & 1;
        std::uint64_t borrow = 0;
        for (std::size_t i = 0; i < 4; ++i) {
            carry += word{r[i]} << 1;
            r[i] = static_cast<std::uint64_t>(carry);
            carry >>= 64;
            const word difference = word{r[i]} - modulus[i] - borrow;
            less[i] = static_cast<std::uint64_t>(difference);
            borrow = static_cast<std::uint64_t>(difference >> 64) & 1;
        }
        if (carry >= borrow)
            r = less;
    }
    number out;
    std::memcpy(out.data.data(), r.data(), 32);
    return out;
}

inline number product(const number& a, const number& b, const number& m) {
    std::array<std::uint8_t, 64> wide{};
    for (std::size_t i = 0; i < 32; ++i) {
        unsigned carry = 0;
        for (std::size_t j = 0; j < 32; ++j) {
            carry += wide[i + j] + unsigned{a.data[i]} * b.data[j];
            wide[i + j] = static_cast<std::uint8_t>(carry);
            carry >>= 8;
        }
        wide[i + 32] = static_cast<std::uint8_t>(carry);
    }
    return reduced(wide, m);
}

inline number sum(const number& a, const number& b, const number& m) {
    std::array<std::uint8_t, 33> wide{};
    unsigned carry = 0;
    for (std::size_t i = 0; i < 32; ++i) {
        carry += unsigned{a.data[i]} + b.data[i];
        wide[i] = static_cast<std::uint8_t>(carry);
        carry >>= 8;
    }
    wide[32] = static_cast<std::uint8_t>(carry);
    return reduced(wide, m);
}

/// m - a, for a < m.
inline number negative(const number& a, const number& m) {
    number out;
    int borrow = 0;
    for (std::size_t i = 0; i < 32; ++i) {
        const int digit = m.data[i] - a.data[i] - borrow;
        borrow = digit < 0;
        out.data[i] = static_cast<std::uint8_t>(digit + 256 * borrow);
    }
    return reduced(out, m);
}

inline number power(const number& a, const number& exponent, const number& m) {
    auto out = small(1);
    for (std::size_t bit = 256; bit-- > 0;) {
        out = product(out, out, m);
        if (exponent.data[bit / 8] >> (bit % 8) & 1)
            out = product(out, a, m);
    }
    return out;
}

}  // namespace tetrad::numbers
