// SPDX-License-Identifier: Apache-2.0
// Ed25519: RFC 8032's examples, the rule of ZIP-215 on the signatures where implementations differ,
// and batches.
#include "base/crypto/ed25519.hpp"

#include "base/crypto/hash.hpp"
#include "base/text.hpp"
#include "tests/vectors/vectors.hpp"

#include <string>
#include <vector>

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::crypto;

namespace {

struct rfc_example {
    const char *seed, *pub, *message, *sig;
};

const rfc_example rfc8032[] = {
    {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
     "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b"
     "46bd25bf5f0595bbe24655141438e7a1"
     "00b"},
    {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
     "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11"
     "d8c387b2eaeb4302aeeb00d291612bb0"
     "c00"},
    {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
     "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc"
     "6594a7c15e9716ed28dc027beceea1ec"
     "40a"},
    {"833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
     "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
     "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3fee"
     "bbd454d4423643ce80e2a9ac94fa54ca"
     "49f",
     "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e"
     "0303dca179c138ac17ad9bef1177331a"
     "704"},
};

/// Owns what an ed25519::item borrows.
struct signed_message {
    bytes pub, message, sig;
    ed25519::item item() const { return {pub, message, sig}; }
};

fixed<32> seed_of(std::uint64_t n) { return sha256(view("seed " + std::to_string(n))); }

signed_message make_signed(std::uint64_t n, std::size_t message_size = 122) {
    const auto priv = ed25519::private_from_seed(seed_of(n));
    signed_message s;
    s.pub = to_bytes(byte_view(priv).subspan(32));
    for (std::size_t i = 0; i < message_size; ++i)
        s.message.push_back(static_cast<std::uint8_t>(n + 3 * i));
    s.sig = to_bytes(ed25519::sign(s.message, priv));
    return s;
}

std::vector<ed25519::item> items_of(const std::vector<signed_message>& all) {
    std::vector<ed25519::item> items;
    for (const auto& s : all)
        items.push_back(s.item());
    return items;
}

bool verify(const signed_message& s) { return ed25519::verify(s.pub, s.message, s.sig); }

}  // namespace

TEST_CASE("RFC 8032's keys and signatures are made and verified") {
    for (const auto& e : rfc8032) {
        const auto seed = fixed<32>::from(*from_hex(e.seed));
        const auto message = *from_hex(e.message);
        const auto priv = ed25519::private_from_seed(seed);
        CHECK(to_hex(ed25519::public_from_seed(seed)) == e.pub);
        CHECK(to_hex(priv) == std::string(e.seed) + e.pub);
        CHECK(to_hex(ed25519::sign(message, priv)) == e.sig);
        CHECK(ed25519::verify(*from_hex(e.pub), message, *from_hex(e.sig)));
    }
}

TEST_CASE("a signature with any bit of key, message or signature changed does not verify") {
    const auto good = make_signed(1, 24);
    REQUIRE(verify(good));
    auto flips = [&](bytes signed_message::*part) {
        for (std::size_t bit = 0; bit < 8 * (good.*part).size(); ++bit) {
            auto bad = good;
            (bad.*part)[bit / 8] ^= static_cast<std::uint8_t>(1u << (bit % 8));
            INFO("bit " << bit);
            REQUIRE_FALSE(verify(bad));
        }
    };
    flips(&signed_message::pub);
    flips(&signed_message::message);
    flips(&signed_message::sig);
}

TEST_CASE("a key or signature of another length is false, not an error") {
    const auto good = make_signed(2);
    for (const std::size_t size : {0u, 31u, 33u}) {
        auto bad = good;
        bad.pub.resize(size);
        CHECK_FALSE(verify(bad));
    }
    for (const std::size_t size : {0u, 63u, 65u}) {
        auto bad = good;
        bad.sig.resize(size);
        CHECK_FALSE(verify(bad));
    }
}

TEST_CASE("S at or above the order is refused, though the equation would hold") {
    // S + L, little endian, for the four multiples that fit in 32 bytes.
    const auto order =
        *from_hex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
    auto s = make_signed(3);
    for (int multiple = 1; multiple <= 14; ++multiple) {
        unsigned carry = 0;
        for (std::size_t i = 0; i < 32; ++i) {
            carry += s.sig[32 + i] + order[i];
            s.sig[32 + i] = static_cast<std::uint8_t>(carry);
            carry >>= 8;
        }
        INFO("L times " << multiple);
        REQUIRE(carry == 0);
        CHECK_FALSE(verify(s));
    }
}

TEST_CASE("every pair of small-order A and R verifies with S = 0, as ZIP-215 says") {
    const vectors::group group("ed25519_zip215");
    std::size_t pairs = 0;
    const auto test_case = group[0];
    std::vector<signed_message> all;
    for (const auto a : vectors::at(test_case, "small_order_encodings").elements())
        for (const auto r : vectors::at(test_case, "small_order_encodings").elements()) {
            signed_message s{vectors::hex(a), to_bytes("Zcash"), vectors::hex(r)};
            s.sig.resize(64);
            INFO("A " << to_hex(s.pub) << " R " << to_hex(byte_view(s.sig).first(32)));
            CHECK(verify(s));
            s.sig[32] = 1;  // S = 1 adds a point that nothing outweighs
            CHECK_FALSE(verify(s));
            s.sig[32] = 0;
            all.push_back(std::move(s));
            ++pairs;
        }
    CHECK(pairs == 196);
    CHECK_FALSE(ed25519::verify_batch(items_of(all)).has_value());
}

TEST_CASE("vectors: ed25519_speccheck, the column of ZIP-215") {
    std::size_t seen = 0, valid = 0;
    for (const auto& c : vectors::group("ed25519_speccheck")) {
        const signed_message s{vectors::hex(c, "pub_key"), vectors::hex(c, "message"),
                               vectors::hex(c, "signature")};
        INFO("case " << seen);
        CHECK(verify(s) == vectors::boolean(c, "expect_valid"));
        CHECK(ed25519::verify_batch(items_of({s})).has_value() !=
              vectors::boolean(c, "expect_valid"));
        CHECK(ed25519::verify_batch(items_of({make_signed(1), s, make_signed(2)})).has_value() !=
              vectors::boolean(c, "expect_valid"));
        ++seen;
        valid += vectors::boolean(c, "expect_valid");
    }
    CHECK(seen == 12);
    CHECK(valid == 9);
}

TEST_CASE("a batch names the first signature that is not valid") {
    std::vector<signed_message> all;
    for (std::uint64_t n = 0; n < 40; ++n)
        all.push_back(make_signed(n, n));
    CHECK_FALSE(ed25519::verify_batch({}).has_value());
    CHECK_FALSE(ed25519::verify_batch(items_of(all)).has_value());
    for (std::size_t bad = 0; bad < all.size(); ++bad) {
        auto some = all;
        some[bad].sig[bad] ^= 1;
        REQUIRE(ed25519::verify_batch(items_of(some)) == bad);
        some[all.size() - 1].message.push_back(0);
        REQUIRE(ed25519::verify_batch(items_of(some)) == bad);
        some = all;
        some[bad].pub.pop_back();
        REQUIRE(ed25519::verify_batch(items_of(some)) == bad);
        some = all;
        some[bad].sig.push_back(0);
        REQUIRE(ed25519::verify_batch(items_of(some)) == bad);
    }
}

TEST_CASE("errors that would cancel out in a sum do not pass a batch") {
    // Two signatures of one key and message with S raised by one and lowered by one: their plain
    // sum is right.
    auto up = make_signed(5), down = up;
    ++up.sig[32];
    --down.sig[32];
    REQUIRE(up.sig[32] != 0);
    REQUIRE(down.sig[32] != 0xff);
    CHECK(ed25519::verify_batch(items_of({up, down})) == 0u);
    // And R swapped between two signatures of one key.
    auto one = make_signed(6, 10), other = make_signed(6, 11);
    for (std::size_t i = 0; i < 32; ++i)
        std::swap(one.sig[i], other.sig[i]);
    CHECK(ed25519::verify_batch(items_of({one, other})) == 0u);
}
