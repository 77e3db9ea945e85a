// SPDX-License-Identifier: Apache-2.0
// Batches against single verification where it matters: signatures and keys with torsion added,
// which only the cofactor makes valid, and mixtures of valid and forged ones of every kind.
#include "base/crypto/ed25519.hpp"

#include "base/crypto/edwards25519.hpp"
#include "base/crypto/hash.hpp"
#include "base/text.hpp"
#include "tests/unit/base/crypto/numbers.hpp"
#include "tests/vectors/vectors.hpp"

#include <string>
#include <vector>

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::crypto;
namespace group = tetrad::crypto::edwards25519;

namespace {

const auto order =
    numbers::from_text("1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3ed");
const auto p =
    numbers::from_text("7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffed");

struct forged {
    bytes pub, message, sig;
    ed25519::item item() const { return {pub, message, sig}; }
};

group::encoding encoding_of(const group::point& q) {
    // 1/z = z^(p - 2)
    const auto root = group::power_for_root(q.z);
    const auto inverse = group::squared(root, 3) * group::squared(q.z) * q.z;
    auto out = group::encoded(q.y * inverse);
    out[31] |= static_cast<std::uint8_t>(group::encoded(q.x * inverse)[0] << 7);
    return out;
}

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

numbers::number secret(std::string_view name, std::size_t n) {
    return numbers::reduced(sha512(view(std::string(name) + std::to_string(n))), order);
}

group::point plus(const group::point& a, const group::point& b) {
    return group::finished(a + group::ready(b));
}

/// Signs as anyone who holds the scalar may: with a point of small order added to the key, and one
/// to R.
forged sign_with_torsion(std::size_t n, const group::point& on_a, const group::point& on_r) {
    const auto a = secret("a", n), r = secret("r", n);
    forged out;
    out.pub = to_bytes(encoding_of(plus(multiple(a, group::base), on_a)));
    out.message = to_bytes("message " + std::to_string(n));
    const auto r_bytes = encoding_of(plus(multiple(r, group::base), on_r));
    const auto k = numbers::reduced(sha512({r_bytes, out.pub, out.message}), order);
    out.sig = to_bytes(r_bytes);
    append(out.sig, numbers::sum(r, numbers::product(k, a, order), order));
    return out;
}

std::vector<group::point> torsion_points() {
    std::vector<group::point> all;
    const vectors::group cases("ed25519_zip215");
    for (const auto hex : vectors::at(cases[0], "small_order_encodings").elements()) {
        group::encoding b;
        REQUIRE(from_hex(vectors::text(hex), b));
        all.push_back(*group::decoded(b));
    }
    return all;
}

std::vector<ed25519::item> items_of(const std::vector<forged>& all) {
    std::vector<ed25519::item> items;
    for (const auto& f : all)
        items.push_back(f.item());
    return items;
}

bool alone(const forged& f) { return ed25519::verify(f.pub, f.message, f.sig); }

}  // namespace

TEST_CASE("torsion on a key or on R does not make a signature invalid, alone or in a batch") {
    const auto torsion = torsion_points();
    std::vector<forged> all;
    for (std::size_t a = 0; a < 8; ++a)
        for (std::size_t r = 0; r < 8; r += 1 + a % 3)
            all.push_back(sign_with_torsion(all.size(), torsion[a], torsion[r]));
    for (const auto& f : all)
        REQUIRE(alone(f));
    REQUIRE_FALSE(ed25519::verify_batch(items_of(all)).has_value());
    // One that is wrong among them is found, wherever it is.
    for (const std::size_t at : {std::size_t{0}, all.size() / 2, all.size() - 1}) {
        auto some = all;
        some[at].message.push_back('!');
        REQUIRE_FALSE(alone(some[at]));
        REQUIRE(ed25519::verify_batch(items_of(some)) == at);
    }
}

TEST_CASE("a batch and single verification agree on every way to spoil a signature") {
    const auto torsion = torsion_points();
    const auto good = sign_with_torsion(1000, torsion[0], torsion[0]);
    const auto other = sign_with_torsion(1001, torsion[1], torsion[3]);
    std::vector<forged> kinds;
    auto spoil = [&](auto change) {
        auto f = good;
        change(f);
        kinds.push_back(f);
    };
    auto set_half = [](forged& f, std::size_t half, const numbers::number& n) {
        std::copy(n.data.begin(), n.data.end(),
                  f.sig.begin() + static_cast<std::ptrdiff_t>(32 * half));
    };
    const auto s = numbers::number::from(byte_view(good.sig).subspan(32));
    spoil([](forged&) {});
    spoil([&](forged& f) { set_half(f, 1, numbers::sum(s, numbers::small(1), order)); });
    spoil([&](forged& f) { set_half(f, 1, numbers::negative(s, order)); });
    spoil([&](forged& f) { set_half(f, 1, order); });
    spoil([&](forged& f) { set_half(f, 1, numbers::number()); });
    spoil([&](forged& f) { f.sig[63] |= 0x80; });
    spoil([&](forged& f) { f.sig[63] |= 0x20; });
    spoil([&](forged& f) { f.sig[31] ^= 0x80; });
    spoil([&](forged& f) { set_half(f, 0, numbers::small(2)); });  // not on the curve
    spoil([&](forged& f) { set_half(f, 0, numbers::small(1)); });
    spoil([&](forged& f) { set_half(f, 0, p); });
    spoil([&](forged& f) { f.pub[31] ^= 0x80; });
    spoil([&](forged& f) { f.pub = to_bytes(numbers::small(2)); });
    spoil([&](forged& f) { f.pub = to_bytes(numbers::small(1)); });
    spoil([&](forged& f) { f.pub = other.pub; });
    spoil([&](forged& f) { f.message = other.message; });
    spoil([&](forged& f) { f.pub.clear(); });
    spoil([&](forged& f) { f.sig.clear(); });
    for (std::size_t i = 0; i < kinds.size(); ++i) {
        INFO("kind " << i);
        const bool valid = alone(kinds[i]);
        CHECK(valid == (i == 0));
        for (const auto& batch : {std::vector{kinds[i], other}, std::vector{other, kinds[i]},
                                  std::vector{kinds[i], kinds[i]}}) {
            std::optional<std::size_t> expected;
            if (!valid)
                expected = alone(batch[0]) ? 1 : 0;
            CHECK(ed25519::verify_batch(items_of(batch)) == expected);
        }
    }
}

TEST_CASE("batches of every size up to three times the largest chunk find the first bad one") {
    const auto torsion = torsion_points();
    std::vector<forged> all;
    for (std::size_t n = 0; n < 8; ++n)
        all.push_back(sign_with_torsion(n, torsion[n], torsion[0]));
    std::vector<forged> batch;
    for (std::size_t size = 1; size <= 100; ++size) {
        batch.push_back(all[size % all.size()]);
        if (size % 7 != 1 && size > 3)
            continue;
        INFO("size " << size);
        REQUIRE_FALSE(ed25519::verify_batch(items_of(batch)).has_value());
        auto bad = batch;
        const auto first = size * 2 / 3;
        bad[first].sig[33] ^= 4;
        bad[size - 1].sig[2] ^= 1;
        REQUIRE(ed25519::verify_batch(items_of(bad)) == first);
    }
}
