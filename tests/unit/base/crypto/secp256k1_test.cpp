// SPDX-License-Identifier: Apache-2.0
// ECDSA over secp256k1: known keys, addresses and deterministic signatures, and the corners where
// verifiers differ.
#include "base/crypto/secp256k1.hpp"

#include "base/text.hpp"
#include "tests/vectors/vectors.hpp"

#include <algorithm>
#include <string>

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::crypto;

namespace {

const bytes order = *from_hex("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141");

/// Big endian, 32 bytes; what overflows is lost.
bytes add(byte_view a, byte_view b) {
    bytes sum(32);
    unsigned carry = 0;
    for (std::size_t i = 32; i-- > 0;) {
        carry += a[i] + b[i];
        sum[i] = static_cast<std::uint8_t>(carry);
        carry >>= 8;
    }
    return sum;
}

bytes subtract(byte_view a, byte_view b) {
    bytes difference(32);
    int borrow = 0;
    for (std::size_t i = 32; i-- > 0;) {
        const int d = a[i] - b[i] - borrow;
        difference[i] = static_cast<std::uint8_t>(d);
        borrow = d < 0;
    }
    return difference;
}

bytes joined(byte_view a, byte_view b) {
    auto out = to_bytes(a);
    append(out, b);
    return out;
}

bytes scalar(std::uint8_t last) {
    bytes b(32);
    b[31] = last;
    return b;
}

/// Bitcoin's text of an address: version 0, 20 bytes, 4 bytes of the double SHA-256, in base 58.
std::string base58check(byte_view hash) {
    bytes payload(1);
    append(payload, hash);
    append(payload, byte_view(sha256(sha256(payload))).first(4));
    static constexpr std::string_view digits =
        "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    std::string out;
    const auto zeros = static_cast<std::size_t>(
        std::find_if(payload.begin(), payload.end(), [](auto b) { return b != 0; }) -
        payload.begin());
    for (auto rest = payload;
         std::any_of(rest.begin(), rest.end(), [](auto b) { return b != 0; });) {
        unsigned remainder = 0;
        for (auto& b : rest) {
            remainder = remainder << 8 | b;
            b = static_cast<std::uint8_t>(remainder / 58);
            remainder %= 58;
        }
        out += digits[remainder];
    }
    out.append(zeros, '1');
    return {out.rbegin(), out.rend()};
}

}  // namespace

TEST_CASE("vectors: secp256k1 keys and addresses") {
    std::size_t seen = 0;
    for (const auto& c : vectors::group("secp256k1")) {
        const auto pub = secp256k1::public_from_private(vectors::hex(c, "priv"));
        REQUIRE(pub.has_value());
        CHECK(to_hex(*pub) == vectors::text(c, "pub"));
        CHECK(base58check(secp256k1::address_of(*pub)) == vectors::text(c, "address_base58check"));
        ++seen;
    }
    CHECK(seen == 1);
}

TEST_CASE("secp256k1 signatures are those of RFC 6979, with the lower s") {
    struct {
        std::uint8_t priv;
        const char *message, *sig;
    } const known[] = {
        {1, "Satoshi Nakamoto",
         "934b1ea10a4b3c1757e2b0c017d0b6143ce3c9a7e6a4a49860d7a6ab210ee3d82442ce9d2b916064108014783"
         "e923ec36b49743e2ffa1c4496f01a512aaf"
         "d9e5"},
        {1, "All those moments will be lost in time, like tears in rain. Time to die...",
         "8600dbd41e348fe5c9465ab92d23e3db8b98b873beecd930736488696438cb6b547fe64427496db33bf66019d"
         "acbf0039c04199abb0122918601db38a72c"
         "fc21"},
    };
    for (const auto& k : known) {
        const auto sig = secp256k1::sign(view(k.message), scalar(k.priv));
        REQUIRE(sig.has_value());
        CHECK(to_hex(*sig) == k.sig);
        CHECK(secp256k1::verify(*secp256k1::public_from_private(scalar(k.priv)), view(k.message),
                                *sig));
    }
}

TEST_CASE("what was signed with secp256k1 verifies, and no changed bit of it does") {
    for (std::uint8_t n = 1; n <= 20; ++n) {
        const auto priv = sha256(view("key"), bytes{n});
        const auto pub = to_bytes(*secp256k1::public_from_private(priv));
        const bytes message(n, n);
        const auto sig = to_bytes(*secp256k1::sign(message, priv));
        REQUIRE(secp256k1::verify(pub, message, sig));
        REQUIRE_FALSE(secp256k1::verify(pub, bytes(n + 1u, n), sig));
        for (std::size_t bit = n % 8; bit < 512; bit += 37) {
            auto bad = sig;
            bad[bit / 8] ^= static_cast<std::uint8_t>(1u << (bit % 8));
            REQUIRE_FALSE(secp256k1::verify(pub, message, bad));
        }
        auto other_y = pub;
        other_y[0] ^= 1;
        REQUIRE_FALSE(secp256k1::verify(other_y, message, sig));
    }
}

TEST_CASE("the higher s of a secp256k1 signature is refused") {
    const auto priv = scalar(7);
    const auto pub = *secp256k1::public_from_private(priv);
    const auto sig = *secp256k1::sign(view("message"), priv);
    const auto r = byte_view(sig).first(32), s = byte_view(sig).subspan(32);
    REQUIRE(secp256k1::verify(pub, view("message"), sig));
    CHECK_FALSE(secp256k1::verify(pub, view("message"), joined(r, subtract(order, s))));
    CHECK_FALSE(secp256k1::verify(pub, view("message"), joined(bytes(32), s)));
    CHECK_FALSE(secp256k1::verify(pub, view("message"), joined(r, bytes(32))));
    CHECK_FALSE(secp256k1::verify(pub, view("message"), joined(order, s)));
    CHECK_FALSE(secp256k1::verify(pub, view("message"), joined(r, order)));
}

TEST_CASE("r and s past the order are taken modulo it, as CometBFT does") {
    // Keys made to fit numbers that are small enough to be written past the order too. CometBFT
    // answers the same to all of them; the third has a point whose x itself lies past the order.
    struct {
        const char *message, *pub, *r, *s;
    } const known[] = {
        {"small s", "03d464ea453949409dabc7c385b530c397f334a1ce9187576bcd4ca70eb26ff3fd",
         "f01d6b9018ab421dd410404cb869072065522bf85734008f105cf385a023a80f",
         "00000000000000000000000000000000000000000000000000000000000003e8"},
        {"small r", "02d7894a983a1ea88cc41d2d9608aa432fa8ed01ab7c66719c843cc5ea7305e17b",
         "0000000000000000000000000000000000000000000000000000000000000001",
         "00000000000000000000000000000000000000000000000000000000000007d0"},
        {"x past n", "02bc750aa8c97b2995201e624aa32e20a08099d962d365d72fcba383f181103cf9",
         "0000000000000000000000000000000000000000000000000000000000000002",
         "0000000000000000000000000000000000000000000000000000000000000bb8"},
    };
    for (const auto& k : known) {
        INFO(k.message);
        const auto pub = *from_hex(k.pub), r = *from_hex(k.r), s = *from_hex(k.s);
        auto accepts = [&](byte_view r_bytes, byte_view s_bytes) {
            return secp256k1::verify(pub, view(k.message), joined(r_bytes, s_bytes));
        };
        CHECK(accepts(r, s));
        CHECK(accepts(r, add(order, s)));
        CHECK_FALSE(accepts(r, subtract(order, s)));
        CHECK_FALSE(accepts(r, add(s, scalar(1))));
        if (r[0] == 0) {
            CHECK(accepts(add(order, r), s));
            CHECK(accepts(add(order, r), add(order, s)));
        }
    }
}

TEST_CASE("secp256k1 keys that are none are refused") {
    CHECK_FALSE(secp256k1::public_from_private(bytes(32)).has_value());
    CHECK_FALSE(secp256k1::public_from_private(order).has_value());
    CHECK_FALSE(secp256k1::public_from_private(bytes(31, 1)).has_value());
    CHECK_FALSE(secp256k1::sign(view("m"), bytes(32, 0xff)).has_value());
    CHECK(secp256k1::public_from_private(subtract(order, scalar(1))).has_value());

    const auto sig = *secp256k1::sign(view("m"), scalar(1));
    auto pub = to_bytes(*secp256k1::public_from_private(scalar(1)));
    REQUIRE(secp256k1::verify(pub, view("m"), sig));
    CHECK_FALSE(secp256k1::verify(byte_view(pub).first(32), view("m"), sig));
    CHECK_FALSE(secp256k1::verify(pub, view("m"), byte_view(sig).first(63)));
    for (const int form : {0x00, 0x01, 0x04, 0x06, 0x07}) {
        pub[0] = static_cast<std::uint8_t>(form);
        CHECK_FALSE(secp256k1::verify(pub, view("m"), sig));
    }
    bytes no_point(33, 0);
    no_point[0] = 2;
    no_point[32] = 5;  // x = 5 is on no point of the curve
    CHECK_FALSE(secp256k1::verify(no_point, view("m"), sig));
    CHECK_FALSE(secp256k1::verify(joined(bytes{2}, bytes(32, 0xff)), view("m"), sig));
}
