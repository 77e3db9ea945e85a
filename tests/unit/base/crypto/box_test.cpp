// SPDX-License-Identifier: Apache-2.0
// X25519, HKDF and ChaCha20-Poly1305 against RFC 7748, 5869, 4231 and 8439.
#include "base/crypto/box.hpp"

#include "base/crypto/hash.hpp"
#include "base/text.hpp"
#include "tests/vectors/vectors.hpp"

#include <algorithm>
#include <string>

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::crypto;

namespace {

fixed<32> key(std::string_view hex) { return fixed<32>::from(*from_hex(hex)); }

std::string derived(byte_view input, byte_view salt, byte_view info, std::size_t size) {
    bytes out(size);
    hkdf_sha256(input, salt, info, out);
    return to_hex(out);
}

bytes counting(int from, int to) {
    bytes b;
    for (int i = from; i <= to; ++i)
        b.push_back(static_cast<std::uint8_t>(i));
    return b;
}

}  // namespace

TEST_CASE("X25519 agrees with RFC 7748") {
    CHECK(
        to_hex(*x25519(key("a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4"),
                       key("e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c"))) ==
        "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552");
    CHECK(
        to_hex(*x25519(key("4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d"),
                       key("e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493"))) ==
        "95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957");

    const auto alice = key("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a");
    const auto bob = key("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb");
    CHECK(to_hex(x25519_public(alice)) ==
          "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a");
    CHECK(to_hex(x25519_public(bob)) ==
          "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f");
    const auto shared = x25519(alice, x25519_public(bob));
    CHECK(to_hex(*shared) == "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742");
    CHECK(x25519(bob, x25519_public(alice)) == shared);
}

TEST_CASE("a thousand rounds of X25519 end where RFC 7748 says") {
    auto k = key("0900000000000000000000000000000000000000000000000000000000000000");
    auto u = k;
    for (int i = 0; i < 1000; ++i) {
        const auto next = *x25519(k, u);
        u = k;
        k = next;
        if (i == 0)
            REQUIRE(to_hex(k) ==
                    "422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079");
    }
    CHECK(to_hex(k) == "684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51");
}

TEST_CASE("X25519 refuses public keys of low order") {
    const auto mine = key("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a");
    for (const auto* low : {"0000000000000000000000000000000000000000000000000000000000000000",
                            "0100000000000000000000000000000000000000000000000000000000000000",
                            "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
                            "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
                            "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                            "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                            "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                            "0000000000000000000000000000000000000000000000000000000000000080"}) {
        const auto made = x25519(mine, key(low));
        INFO(low);
        REQUIRE_FALSE(made.has_value());
        CHECK(made.error().code == errc::invalid);
    }
}

TEST_CASE("HMAC-SHA256 agrees with RFC 4231") {
    CHECK(to_hex(hmac_sha256(bytes(20, 0x0b), view("Hi There"))) ==
          "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    CHECK(to_hex(hmac_sha256(view("Jefe"), view("what do ya want for nothing?"))) ==
          "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    CHECK(to_hex(hmac_sha256(bytes(131, 0xaa),
                             view("Test Using Larger Than Block-Size Key - Hash Key First"))) ==
          "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST_CASE("HKDF-SHA256 agrees with RFC 5869") {
    CHECK(derived(bytes(22, 0x0b), counting(0x00, 0x0c), counting(0xf0, 0xf9), 42) ==
          "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865");
    CHECK(derived(counting(0x00, 0x4f), counting(0x60, 0xaf), counting(0xb0, 0xff), 82) ==
          "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c6"
          "5e590e09da3275600c2f09b8367793a9ac"
          "a3db71cc30c58179ec3e87c14c01d5c1f3434f1d87");
    CHECK(derived(bytes(22, 0x0b), {}, {}, 42) ==
          "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8");
}

TEST_CASE("HKDF of a longer output begins with the shorter one, up to the limit") {
    const auto longest = derived(view("key"), view("salt"), view("info"), 255 * 32);
    for (const std::size_t size : {0u, 1u, 31u, 32u, 33u, 64u, 96u, 8159u})
        CHECK(longest.substr(0, 2 * size) ==
              derived(view("key"), view("salt"), view("info"), size));
    CHECK(derived(view("key"), {}, {}, 32) == derived(view("key"), bytes(32), {}, 32));
}

TEST_CASE("ChaCha20-Poly1305 agrees with RFC 8439") {
    // The RFC's example without its associated data: the ciphertext is the RFC's, the tag another
    // implementation's.
    const auto k = aead_key::from(counting(0x80, 0x9f));
    const auto nonce = aead_nonce::from(*from_hex("070000004041424344454647"));
    const auto plain = view(
        "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the "
        "future, sunscreen would be it.");
    bytes sealed(plain.size() + aead_tag_size);
    seal(k, nonce, plain, sealed);
    CHECK(to_hex(byte_view(sealed).first(plain.size())) ==
          "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d63dbea45e8ca9671282fafb69"
          "da92728b1a71de0a9e060b2905d6a5b67e"
          "cd3b3692ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc3ff4def08e4b7a9de5"
          "76d26586cec64b6116");
    CHECK(to_hex(byte_view(sealed).subspan(plain.size())) == "6a23a4681fd59456aea1d29f82477216");

    bytes back(plain.size());
    REQUIRE(open(k, nonce, sealed, back));
    CHECK(equal(back, plain));
}

TEST_CASE("frames are sealed and opened in place") {
    const auto k = aead_key::from(counting(0, 31));
    const auto nonce = aead_nonce::from(counting(0, 11));
    bytes frame(1028 + aead_tag_size), apart(frame.size());
    for (std::size_t i = 0; i < 1028; ++i)
        frame[i] = static_cast<std::uint8_t>(i * 31);
    const auto plain = to_bytes(byte_view(frame).first(1028));
    seal(k, nonce, plain, apart);
    seal(k, nonce, byte_view(frame).first(1028), frame);
    CHECK(frame == apart);
    REQUIRE(open(k, nonce, frame, byte_span(frame).first(1028)));
    CHECK(equal(byte_view(frame).first(1028), plain));
}

TEST_CASE("a frame with any bit changed, another key or another nonce does not open") {
    const auto k = aead_key::from(counting(0, 31));
    const auto nonce = aead_nonce::from(counting(0, 11));
    bytes sealed(64 + aead_tag_size), out(64);
    seal(k, nonce, bytes(64, 0x5a), sealed);
    for (std::size_t bit = 0; bit < 8 * sealed.size(); ++bit) {
        auto changed = sealed;
        changed[bit / 8] ^= static_cast<std::uint8_t>(1u << (bit % 8));
        REQUIRE_FALSE(open(k, nonce, changed, out));
    }
    auto other_key = k;
    other_key.data[31] ^= 1;
    CHECK_FALSE(open(other_key, nonce, sealed, out));
    auto other_nonce = nonce;
    other_nonce.data[4] ^= 1;
    CHECK_FALSE(open(k, other_nonce, sealed, out));
    CHECK_FALSE(open(k, nonce, byte_view(sealed).first(15), byte_span()));
    CHECK(open(k, nonce, sealed, out));
}

TEST_CASE("an empty text is a tag alone") {
    const aead_key k;
    const aead_nonce nonce;
    bytes sealed(aead_tag_size);
    seal(k, nonce, {}, sealed);
    CHECK(open(k, nonce, sealed, {}));
    sealed[0] ^= 1;
    CHECK_FALSE(open(k, nonce, sealed, {}));
}

TEST_CASE("wipe leaves zeros") {
    bytes secret(100, 0xff);
    wipe(secret);
    CHECK(secret == bytes(100));
    wipe({});
}

namespace {

constexpr std::string_view connection_info = "TENDERMINT_SECRET_CONNECTION_KEY_AND_CHALLENGE_GEN";

}  // namespace

TEST_CASE("vectors: secret_connection_derive, the keys of both directions") {
    std::size_t seen = 0;
    for (const auto& c : vectors::group("secret_connection_derive")) {
        const auto okm = derived(vectors::hex(c, "dh_secret"), {}, view(connection_info), 96);
        const bool least = vectors::boolean(c, "local_is_least");
        CHECK(okm.substr(0, 64) == vectors::text(c, least ? "recv_key" : "send_key"));
        CHECK(okm.substr(64, 64) == vectors::text(c, least ? "send_key" : "recv_key"));
        CHECK(okm.substr(128) == vectors::text(c, "okm_64_96"));
        ++seen;
    }
    CHECK(seen == 32);
}

TEST_CASE("vectors: secret_connection_full, key exchange and sealed frames") {
    std::size_t frames = 0;
    for (const auto& c : vectors::group("secret_connection_full")) {
        const auto priv_a = key(vectors::text(c, "eph_priv_a")),
                   priv_b = key(vectors::text(c, "eph_priv_b"));
        const auto pub_a = x25519_public(priv_a), pub_b = x25519_public(priv_b);
        CHECK(to_hex(pub_a) == vectors::text(c, "eph_pub_a"));
        CHECK(to_hex(pub_b) == vectors::text(c, "eph_pub_b"));
        CHECK(to_hex(*x25519(priv_a, pub_b)) == vectors::text(c, "dh_secret"));
        CHECK(to_hex(*x25519(priv_b, pub_a)) == vectors::text(c, "dh_secret"));
        const auto okm = derived(vectors::hex(c, "dh_secret"), {}, view(connection_info), 96);
        for (const auto* side : {"a", "b"}) {
            const auto s = vectors::at(c, side);
            const bool least = vectors::boolean(c, "a_is_least") == (side == std::string_view("a"));
            CHECK(okm.substr(least ? 0 : 64, 64) == vectors::text(s, "recv_key"));
            CHECK(okm.substr(least ? 64 : 0, 64) == vectors::text(s, "send_key"));

            // Frame 0 carries the delimited AuthSigMessage, frame 1 what was written next.
            const auto contents = {vectors::hex(s, "auth_msg_delimited"),
                                   vectors::hex(s, "frame_1_plain_data")};
            std::uint8_t number = 0;
            for (const auto& content : contents) {
                bytes frame(1028 + aead_tag_size);
                frame[0] = static_cast<std::uint8_t>(content.size());
                std::copy(content.begin(), content.end(), frame.begin() + 4);
                aead_nonce nonce;
                nonce.data[4] = number;
                seal(key(vectors::text(s, "send_key")), nonce, byte_view(frame).first(1028), frame);
                const auto name = "sealed_frame_" + std::to_string(number);
                CHECK(to_hex(sha256(frame)) == vectors::text(s, name + "_sha256"));
                CHECK(to_hex(byte_view(frame).subspan(1028)) == vectors::text(s, name + "_tag"));
                if (number == 0) {
                    const auto head = vectors::hex(s, name + "_head");
                    CHECK(equal(byte_view(frame).first(head.size()), head));
                }
                ++number;
                ++frames;
            }
        }
    }
    CHECK(frames == 8);
}
