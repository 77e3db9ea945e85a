// SPDX-License-Identifier: Apache-2.0
// The field against plain arithmetic, up to the ends of what its limbs may hold; the group against
// keys that libsodium makes and against the curve's equation.
#include "base/crypto/edwards25519.hpp"

#include "base/crypto/ed25519.hpp"
#include "base/crypto/hash.hpp"
#include "tests/unit/base/crypto/numbers.hpp"
#include "tests/vectors/vectors.hpp"

#include <string>
#include <vector>

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::crypto;
namespace group = tetrad::crypto::edwards25519;
using group::element;

namespace {

const auto p =
    numbers::from_text("7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffed");

/// Pseudo-random words, the same in each run.
class words {
public:
    std::uint64_t next() {
        if (left_ == 0) {
            const std::uint8_t n[2] = {static_cast<std::uint8_t>(count_),
                                       static_cast<std::uint8_t>(count_ >> 8)};
            block_ = sha512({view("words"), n});
            ++count_;
            left_ = 8;
        }
        std::uint64_t w;
        std::memcpy(&w, block_.data.data() + 8 * --left_, 8);
        return w;
    }

private:
    hash512 block_;
    std::size_t left_ = 0, count_ = 0;
};

/// The value of five limbs of any size.
numbers::number value(const element& e) {
    bytes wide(48);
    for (int limb = 0; limb < 5; ++limb) {
        unsigned carry = 0;
        const auto shift = static_cast<std::size_t>(51 * limb);
        for (std::size_t bit = 0; bit < 64; ++bit)
            if (e.v[limb] >> bit & 1) {
                carry = 1u << ((shift + bit) % 8);
                for (auto i = (shift + bit) / 8; carry != 0; ++i) {
                    carry += wide[i];
                    wide[i] = static_cast<std::uint8_t>(carry);
                    carry >>= 8;
                }
            }
    }
    return numbers::reduced(wide, p);
}

numbers::number number_of(const group::encoding& b) { return numbers::number::from(b); }

std::uint64_t largest(const element& e) {
    return *std::max_element(std::begin(e.v), std::end(e.v));
}

constexpr std::uint64_t tight_end = (std::uint64_t{1} << 51) + (std::uint64_t{1} << 18);
constexpr std::uint64_t sum_end = (std::uint64_t{1} << 53) - 76;
constexpr std::uint64_t loose_end = std::uint64_t{1} << 54;

/// Elements with limbs below `end`: the ends, zeros among them, and random ones.
std::vector<element> samples(std::uint64_t end) {
    std::vector<element> all{
        group::zero, group::one, {{end - 1, end - 1, end - 1, end - 1, end - 1}}};
    for (int limb = 0; limb < 5; ++limb) {
        all.push_back(group::zero);
        all.back().v[limb] = end - 1;
    }
    // p - 1, p, p + 1 and twice p
    const auto mask = group::limb_mask;
    for (const std::uint64_t low : {mask - 19, mask - 18, mask - 17})
        all.push_back({{low, mask, mask, mask, mask}});
    all.push_back({{mask, mask, mask, mask, mask}});
    words random;
    for (int i = 0; i < 12; ++i) {
        element e;
        for (auto& limb : e.v)
            limb = random.next() % end;
        all.push_back(e);
    }
    return all;
}

numbers::number inverse(const numbers::number& a) {
    return numbers::power(
        a, numbers::from_text("7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffeb"),
        p);
}

/// x and y of a point.
std::pair<numbers::number, numbers::number> affine(const group::point& q) {
    const auto z = inverse(value(q.z));
    return {numbers::product(value(q.x), z, p), numbers::product(value(q.y), z, p)};
}

std::string encoded_hex(const group::point& q) {
    auto [x, y] = affine(q);
    y.data[31] |= static_cast<std::uint8_t>(x.data[0] << 7);
    return to_hex(y);
}

/// [s]q by doubling and adding, bit for bit.
group::point multiple(byte_view s, const group::point& q) {
    auto total = group::identity;
    const auto step = group::ready(q);
    for (std::size_t bit = 256; bit-- > 0;) {
        total = group::doubled(total);
        if (s[bit / 8] >> (bit % 8) & 1)
            total = group::finished(total) + step;
    }
    return group::finished(total);
}

}  // namespace

TEST_CASE("products and squares are right and tight for all loose elements") {
    const auto all = samples(loose_end);
    for (const auto& a : all) {
        REQUIRE(value(group::squared(a)) == numbers::product(value(a), value(a), p));
        REQUIRE(largest(group::squared(a)) < tight_end);
        for (const auto& b : all) {
            REQUIRE(value(a * b) == numbers::product(value(a), value(b), p));
            REQUIRE(largest(a * b) < tight_end);
        }
    }
}

TEST_CASE(
    "differences are right and tight for all sums of tight elements, and sums are in their "
    "bounds") {
    const auto all = samples(sum_end);
    for (const auto& a : all)
        for (const auto& b : all) {
            REQUIRE(value(a - b) == numbers::sum(value(a), numbers::negative(value(b), p), p));
            REQUIRE(largest(a - b) < tight_end);
        }
    for (const auto& a : samples(tight_end))
        for (const auto& b : samples(tight_end)) {
            REQUIRE(value(a + b) == numbers::sum(value(a), value(b), p));
            REQUIRE(largest(a + b) < sum_end);
        }
}

TEST_CASE("encoding gives the one form below p, of limbs of any size") {
    auto all = samples(loose_end);
    all.push_back({{UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX}});
    for (const auto& a : all) {
        REQUIRE(number_of(group::encoded(a)) == value(a));
        REQUIRE(group::element_of(group::encoded(a)) == a);
    }
    // Decoding looks at 255 bits and takes p and above.
    for (const auto* hex : {"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                            "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                            "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"}) {
        group::encoding b;
        REQUIRE(from_hex(hex, b));
        auto low = numbers::number::from(b);
        low.data[31] &= 0x7f;
        CHECK(number_of(group::encoded(group::element_of(b))) == numbers::reduced(low, p));
        CHECK(largest(group::element_of(b)) < tight_end);
    }
}

TEST_CASE("constants are what they are called") {
    const auto d = value(group::d);
    CHECK(numbers::product(d, numbers::reduced(*from_hex("42db01"), p), p) ==  // 121666 d = -121665
          numbers::negative(numbers::reduced(*from_hex("41db01"), p), p));
    CHECK(value(group::d2) == numbers::sum(d, d, p));
    CHECK(numbers::sum(
              numbers::product(value(group::sqrt_minus_one), value(group::sqrt_minus_one), p),
              numbers::small(1), p) == numbers::number());
    CHECK(numbers::product(value(group::base.y), numbers::small(5), p) == numbers::small(4));
    const auto exponent =
        numbers::from_text("0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffd");
    CHECK(value(group::power_for_root(group::d)) == numbers::power(d, exponent, p));
}

TEST_CASE("multiples of the generator are the public keys that libsodium makes") {
    for (int n = 0; n < 6; ++n) {
        const auto seed = sha256(view("seed " + std::to_string(n)));
        auto scalar = to_bytes(byte_view(sha512(seed)).first(32));
        scalar[0] &= 248;
        scalar[31] &= 127;
        scalar[31] |= 64;
        const auto pub = ed25519::public_from_seed(seed);
        CHECK(encoded_hex(multiple(scalar, group::base)) == to_hex(pub));
        const auto read = group::decoded(pub.data);
        REQUIRE(read.has_value());
        CHECK(encoded_hex(*read) == to_hex(pub));
        CHECK(value(read->t) == numbers::product(value(read->x), value(read->y), p));
    }
}

TEST_CASE("32 bytes decode where the curve has a point of that y, and to a point on the curve") {
    const auto d = value(group::d);
    const auto half = numbers::from_text(
        "3ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff6");  // (p - 1) / 2
    std::vector<group::encoding> all;
    for (int i = 0; i < 24; ++i)
        all.push_back(sha256(view("y " + std::to_string(i))).data);
    for (int low = 0xd8; low <= 0xff; ++low) {  // around p and past it, with either sign
        group::encoding b;
        b.fill(0xff);
        b[0] = static_cast<std::uint8_t>(low);
        b[31] = low % 2 ? 0x7f : 0xff;
        all.push_back(b);
    }
    int points = 0;
    for (const auto& b : all) {
        auto y_bytes = b;
        y_bytes[31] &= 0x7f;
        const auto y = numbers::reduced(y_bytes, p), yy = numbers::product(y, y, p);
        const auto u = numbers::sum(yy, numbers::negative(numbers::small(1), p), p);
        const auto v = numbers::sum(numbers::product(d, yy, p), numbers::small(1), p);
        // u/v is a square where uv is one.
        const bool exists = u == numbers::number() ||
                            numbers::power(numbers::product(u, v, p), half, p) == numbers::small(1);
        const auto read = group::decoded(b);
        INFO(to_hex(b));
        REQUIRE(read.has_value() == exists);
        if (!read)
            continue;
        ++points;
        const auto x = value(read->x);
        CHECK(numbers::product(v, numbers::product(x, x, p), p) == u);
        CHECK(value(read->y) == y);
        CHECK(value(read->z) == numbers::small(1));
        CHECK(value(read->t) == numbers::product(x, y, p));
        if (x != numbers::number())
            CHECK((x.data[0] & 1) == b[31] >> 7);
    }
    CHECK(points > 16);
    CHECK(points < static_cast<int>(all.size()) - 16);
}

TEST_CASE("small-order points decode in all their encodings and vanish when multiplied by eight") {
    const vectors::group cases("ed25519_zip215");
    for (const auto encoding : vectors::at(cases[0], "small_order_encodings").elements()) {
        group::encoding b;
        REQUIRE(from_hex(vectors::text(encoding), b));
        const auto q = group::decoded(b);
        INFO(vectors::text(encoding));
        REQUIRE(q.has_value());
        CHECK(group::is_identity(multiple(numbers::small(8), *q)));
    }
    // (0, -1) has order two: x is zero there too, yet it is not the identity.
    group::encoding minus_one;
    minus_one.fill(0xff);
    minus_one[0] = 0xec;
    minus_one[31] = 0x7f;
    CHECK_FALSE(group::is_identity(*group::decoded(minus_one)));
}

TEST_CASE("the laws of the group hold") {
    const auto three = multiple(sha256(view("3")), group::base),
               four = multiple(sha256(view("4")), group::base);
    const auto five = multiple(sha256(view("5")), group::base);
    auto add = [](const group::point& a, const group::point& b) {
        return group::finished(a + group::ready(b));
    };
    auto same = [](const group::point& a, const group::point& b) {
        return encoded_hex(a) == encoded_hex(b);
    };
    CHECK(same(add(three, four), add(four, three)));
    CHECK(same(add(add(three, four), five), add(three, add(four, five))));
    CHECK(same(group::finished(three - group::ready(four)), add(three, group::negated(four))));
    CHECK(group::is_identity(group::finished(three - group::ready(three))));
    CHECK(group::is_identity(group::finished(group::identity)));
    CHECK(same(add(three, group::finished(group::identity)), three));
    CHECK(same(group::finished(group::doubled(three + group::ready(four))),
               add(add(three, four), add(three, four))));
    // The order of the generator.
    const auto order =
        *from_hex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
    CHECK(group::is_identity(multiple(order, group::base)));
    CHECK_FALSE(group::is_identity(multiple(sha256(view("x")), group::base)));
}
