// SPDX-License-Identifier: Apache-2.0
// The layout of keys: their order is that of heights and of texts, none is another's beginning, none is longer than its bound.
#include "storage/keys.hpp"

#include "base/random.hpp"
#include "base/text.hpp"

#include <string>
#include <vector>

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::storage;

namespace {

bytes escaped(std::string_view t) {
    bytes key;
    keys::append_escaped(key, view(t));
    return key;
}

}  // namespace

TEST_CASE("keys: heights are in order, and apart by kind") {
    const std::int64_t heights[] = {0,     1,     9,      10,      255,           256,
                                    65535, 65536, 99'999, 100'000, INT64_MAX - 1, INT64_MAX};
    for (std::size_t i = 0; i + 1 < std::size(heights); ++i) {
        const auto a = keys::of('B', height_t(heights[i])),
                   b = keys::of('B', height_t(heights[i + 1]));
        CHECK(compare(a, b) < 0);
        CHECK(compare(b, keys::of('C', height_t(0))) < 0);
        CHECK(a.size() == 9);
    }
    CHECK(keys::of('B', height_t(0x0102030405060708)) == bytes{'B', 1, 2, 3, 4, 5, 6, 7, 8});
}

TEST_CASE("keys: numbers are read back") {
    for (const std::uint64_t v : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{256},
                                  UINT64_MAX, std::uint64_t{1} << 63}) {
        bytes b;
        keys::append_big64(b, v);
        CHECK(b.size() == 8);
        CHECK(keys::read_big64(b) == v);
    }
    CHECK(keys::read_big64(keys::big64(height_t(77))) == 77);
    bytes b;
    keys::append_big32(b, 0x01020304);
    CHECK(b == bytes{1, 2, 3, 4});
}

TEST_CASE("keys: a key of a hash is the kind and the hash") {
    const hash256 h = crypto::sha256(view("x"));
    const auto key = keys::of('H', h);
    CHECK(key.size() == 33);
    CHECK(key[0] == 'H');
    CHECK(equal(byte_view(key).subspan(1), h));
}

TEST_CASE("keys: escaped texts keep their order, whatever follows them, and none begins another") {
    std::vector<std::string> texts = {"",
                                      std::string(1, '\0'),
                                      std::string(2, '\0'),
                                      std::string("\0\1", 2),
                                      std::string("\0\xff", 2),
                                      "\x01",
                                      "a",
                                      std::string("a\0", 2),
                                      std::string("a\0b", 3),
                                      "a\x01",
                                      "aa",
                                      "b",
                                      "\xff",
                                      "\xff\xff"};
    seeded_random random(5);
    for (int i = 0; i < 60; ++i) {
        std::string t;
        for (auto n = random.below(6); n > 0; --n)
            t.push_back("\0\1\xffz"[random.below(4)]);
        texts.push_back(t);
    }
    for (const auto& a : texts)
        for (const auto& b : texts) {
            if (a == b)
                continue;
            INFO(to_hex(view(a)) << " and " << to_hex(view(b)));
            bytes after_a = escaped(a), after_b = escaped(b);
            after_a.push_back(0xff);  // what follows does not decide
            after_b.push_back(0x00);
            REQUIRE((compare(after_a, after_b) < 0) == (compare(view(a), view(b)) < 0));
            const bytes whole = escaped(b), other = escaped(a);
            REQUIRE_FALSE((whole.size() >= other.size() &&
                           std::equal(other.begin(), other.end(), whole.begin())));
        }
}

TEST_CASE("keys: a long text takes a bounded key that is its own") {
    const std::string exact(keys::text_bytes_max, 'a'), longer = exact + "b", other = exact + "c",
                                                        zeros(100'000, '\0');
    CHECK(escaped(exact).size() == keys::text_bytes_max + 2);
    CHECK(escaped(longer).size() == keys::text_bytes_max + 2 + 32);
    CHECK(escaped(longer) != escaped(other));
    CHECK(escaped(longer) != escaped(exact));
    CHECK(escaped(longer) == escaped(longer));
    CHECK(escaped(zeros).size() == 2 * keys::text_bytes_max + 2 + 32);
    CHECK(compare(escaped(exact), escaped(longer)) < 0);
}
