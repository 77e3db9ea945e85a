// SPDX-License-Identifier: Apache-2.0
// Unsigned and zig-zag varints, as protobuf and Go's encoding/binary have them.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#include "base/bytes.hpp"

namespace tetrad::wire {

constexpr std::size_t uvarint_max = 10;

constexpr std::size_t uvarint_size(std::uint64_t value) {
    return (static_cast<std::size_t>(std::bit_width(value | 1)) + 6) / 7;
}

/// Writes at most uvarint_max bytes and returns how many.
constexpr std::size_t put_uvarint(std::uint8_t* to, std::uint64_t value) {
    std::size_t n = 0;
    for (; value >= 0x80; value >>= 7)
        to[n++] = static_cast<std::uint8_t>(value | 0x80);
    to[n++] = static_cast<std::uint8_t>(value);
    return n;
}

inline void append_uvarint(bytes& to, std::uint64_t value) {
    std::uint8_t scratch[uvarint_max];
    append(to, {scratch, put_uvarint(scratch, value)});
}

/// Zig-zag, as Go's binary.PutVarint.
constexpr std::uint64_t zigzag(std::int64_t value) {
    return (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
}
constexpr std::int64_t unzigzag(std::uint64_t value) {
    return static_cast<std::int64_t>(value >> 1) ^ -static_cast<std::int64_t>(value & 1);
}

/// Reads one uvarint; returns the bytes used, 0 where `in` ends too soon or the number has more than ten bytes. Bits past the
/// 64th are dropped, as gogoproto's readers do.
constexpr std::size_t get_uvarint_wrapping(byte_view in, std::uint64_t& value) {
    value = 0;
    for (std::size_t i = 0; i < in.size() && i < uvarint_max; ++i) {
        value |= static_cast<std::uint64_t>(in[i] & 0x7f) << (7 * i);
        if (in[i] < 0x80)
            return i + 1;
    }
    return 0;
}

/// Length prefix of a stream message: incomplete (more bytes may complete it), malformed (an overflow), or its value.
enum class prefix_state { incomplete, malformed, complete };
struct prefix {
    prefix_state state;
    std::uint64_t value = 0;
    std::size_t size = 0;  // bytes of the prefix itself
};
constexpr prefix read_prefix(byte_view in) {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < in.size(); ++i) {
        if (i == uvarint_max || (i == uvarint_max - 1 && in[i] > 1))
            return {prefix_state::malformed};
        value |= static_cast<std::uint64_t>(in[i] & 0x7f) << (7 * i);
        if (in[i] < 0x80)
            return {prefix_state::complete, value, i + 1};
    }
    return {prefix_state::incomplete};
}

}  // namespace tetrad::wire
