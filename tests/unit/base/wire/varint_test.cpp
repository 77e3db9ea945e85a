// SPDX-License-Identifier: Apache-2.0
#include "base/wire/varint.hpp"

#include "base/random.hpp"
#include "base/text.hpp"

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::wire;

namespace {
std::string hex_of(std::uint64_t v) {
    bytes out;
    append_uvarint(out, v);
    return to_hex(out);
}
bytes raw(std::string_view hex) {
    const auto decoded = from_hex(hex);
    REQUIRE(decoded);
    return *decoded;
}
}  // namespace

TEST_CASE("uvarints are little groups of seven bits") {
    const std::pair<std::uint64_t, std::string> table[] = {
        {0, "00"}, {1, "01"}, {127, "7f"}, {128, "8001"}, {300, "ac02"}, {16383, "ff7f"}, {16384, "808001"},
        {std::uint64_t{1} << 32, "8080808010"}, {std::uint64_t{1} << 63, "80808080808080808001"}, {UINT64_MAX, "ffffffffffffffffff01"},
    };
    for (const auto& [v, hex] : table) {
        CHECK(hex_of(v) == hex);
        CHECK(uvarint_size(v) == hex.size() / 2);
        std::uint64_t back = 1;
        CHECK(get_uvarint_wrapping(raw(hex), back) == hex.size() / 2);
        CHECK(back == v);
    }
}

TEST_CASE("size, writing and reading agree on every length") {
    seeded_random random(2);
    for (int i = 0; i < 2000; ++i) {
        const auto v = random.uint64() >> random.below(64);
        bytes out;
        append_uvarint(out, v);
        REQUIRE(out.size() == uvarint_size(v));
        std::uint64_t back = 0;
        REQUIRE(get_uvarint_wrapping(out, back) == out.size());
        REQUIRE(back == v);
        const auto p = read_prefix(out);
        REQUIRE(p.state == prefix_state::complete);
        REQUIRE(p.value == v);
        REQUIRE(p.size == out.size());
        for (std::size_t cut = 0; cut < out.size(); ++cut) {
            REQUIRE(get_uvarint_wrapping(byte_view(out).first(cut), back) == 0);
            REQUIRE(read_prefix(byte_view(out).first(cut)).state == prefix_state::incomplete);
        }
    }
}

TEST_CASE("a field's reader takes long forms and drops bits past the 64th; eleven bytes are too many") {
    std::uint64_t v = 0;
    CHECK(get_uvarint_wrapping(raw("8180808000"), v) == 5);
    CHECK(v == 1);
    CHECK(get_uvarint_wrapping(raw("ffffffffffffffffff7f"), v) == 10);
    CHECK(v == UINT64_MAX);
    CHECK(get_uvarint_wrapping(raw("ffffffffffffffffffff01"), v) == 0);
    CHECK(get_uvarint_wrapping({}, v) == 0);
}

TEST_CASE("a length prefix tells an overflow from one that is not all there") {
    CHECK(read_prefix(raw("ffffffffffffffffff01")).value == UINT64_MAX);
    CHECK(read_prefix(raw("ffffffffffffffffff02")).state == prefix_state::malformed);
    CHECK(read_prefix(raw("ffffffffffffffffffff")).state == prefix_state::malformed);
    CHECK(read_prefix(raw("ffffffffffffffffff")).state == prefix_state::incomplete);
    CHECK(read_prefix(raw("05ffff")).size == 1);
}

TEST_CASE("zig-zag keeps small numbers small") {
    const std::pair<std::int64_t, std::uint64_t> table[] = {{0, 0}, {-1, 1}, {1, 2}, {-2, 3}, {2147483647, 4294967294}, {INT64_MAX, UINT64_MAX - 1}, {INT64_MIN, UINT64_MAX}};
    for (const auto& [number, coded] : table) {
        CHECK(zigzag(number) == coded);
        CHECK(unzigzag(coded) == number);
    }
}
