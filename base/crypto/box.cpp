// SPDX-License-Identifier: Apache-2.0
#include "base/crypto/box.hpp"

#include "base/crypto/sodium.hpp"

#include <sodium.h>

namespace tetrad::crypto {

static_assert(aead_tag_size == crypto_aead_chacha20poly1305_ietf_ABYTES);
static_assert(aead_key::size() == crypto_aead_chacha20poly1305_ietf_KEYBYTES);
static_assert(aead_nonce::size() == crypto_aead_chacha20poly1305_ietf_NPUBBYTES);

x25519_key x25519_public(const x25519_key& private_key) {
    require_sodium();
    x25519_key out;
    CHECK(crypto_scalarmult_base(out.data.data(), private_key.data.data()) == 0);
    return out;
}

result<fixed<32>> x25519(const x25519_key& private_key, const x25519_key& peers_public_key) {
    require_sodium();
    result<fixed<32>> out{fixed<32>{}};  // made where it is returned: no copy is left behind
    if (crypto_scalarmult(out->data.data(), private_key.data.data(),
                          peers_public_key.data.data()) != 0)
        out = fail(errc::invalid, "public key of low order");
    return out;
}

namespace {

// HMAC over pieces. (libsodium's one-shot call takes keys of 32 bytes only.)
fixed<32> hmac(byte_view key, std::initializer_list<byte_view> pieces) {
    static constexpr std::uint8_t nothing = 0;  // libsodium wants an address also of an empty key
    if (key.empty())
        key = byte_view(&nothing, 0);
    crypto_auth_hmacsha256_state state;
    fixed<32> out;
    crypto_auth_hmacsha256_init(&state, key.data(), key.size());
    for (const auto& piece : pieces)
        crypto_auth_hmacsha256_update(&state, piece.data(), piece.size());
    crypto_auth_hmacsha256_final(&state, out.data.data());
    sodium_memzero(&state, sizeof state);
    return out;
}

}  // namespace

fixed<32> hmac_sha256(byte_view key, byte_view message) {
    require_sodium();
    return hmac(key, {message});
}

void hkdf_sha256(byte_view input_key, byte_view salt, byte_view info, byte_span out) {
    require_sodium();
    CHECK(out.size() <= 255 * 32);
    // HMAC pads a short key with zeros, so an empty salt is the 32 zero bytes of the RFC.
    auto extracted = hmac(salt, {input_key});
    fixed<32> block;
    byte_view before;
    for (std::uint8_t counter = 1; !out.empty(); ++counter) {
        block = hmac(extracted, {before, info, byte_view(&counter, 1)});
        before = block;
        const auto n = std::min(out.size(), block.size());
        std::memcpy(out.data(), block.data.data(), n);
        out = out.subspan(n);
    }
    wipe(extracted.data);
    wipe(block.data);
}

void seal(const aead_key& key, const aead_nonce& nonce, byte_view plain, byte_span out) {
    require_sodium();
    CHECK(out.size() == plain.size() + aead_tag_size);
    CHECK(crypto_aead_chacha20poly1305_ietf_encrypt(out.data(), nullptr, plain.data(), plain.size(),
                                                    nullptr, 0, nullptr, nonce.data.data(),
                                                    key.data.data()) == 0);
}

bool open(const aead_key& key, const aead_nonce& nonce, byte_view sealed, byte_span out) {
    require_sodium();
    if (sealed.size() < aead_tag_size)
        return false;
    CHECK(out.size() == sealed.size() - aead_tag_size);
    return crypto_aead_chacha20poly1305_ietf_decrypt(out.data(), nullptr, nullptr, sealed.data(),
                                                     sealed.size(), nullptr, 0, nonce.data.data(),
                                                     key.data.data()) == 0;
}

void wipe(byte_span secret) {
    if (!secret.empty())
        sodium_memzero(secret.data(), secret.size());
}

bool equal_in_constant_time(byte_view a, byte_view b) {
    return a.size() == b.size() && (a.empty() || sodium_memcmp(a.data(), b.data(), a.size()) == 0);
}

}  // namespace tetrad::crypto
