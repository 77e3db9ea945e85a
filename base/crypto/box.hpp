// SPDX-License-Identifier: Apache-2.0
// What the secret connection is made of, by libsodium: X25519, HKDF-SHA256, and ChaCha20-Poly1305
// (IETF: 12-byte nonce, no associated data) over memory of the caller. Pure functions: any shard;
// nothing is allocated. Nonces are the caller's: the same key and nonce never seal twice.
#pragma once

#include "base/bytes.hpp"
#include "base/result.hpp"

#include <cstddef>

namespace tetrad::crypto {

constexpr std::size_t aead_tag_size = 16;

using aead_key = fixed<32>;
using aead_nonce = fixed<12>;
using x25519_key = fixed<32>;

x25519_key x25519_public(const x25519_key& private_key);

/// The shared secret, which the caller wipes. Fails where the peer's key is of low order, so that the secret would be zero.
result<fixed<32>> x25519(const x25519_key& private_key, const x25519_key& peers_public_key);

/// Extract and expand (RFC 5869) into all of `out`, at most 255 * 32 bytes. An empty salt is 32
/// zero bytes.
void hkdf_sha256(byte_view input_key, byte_view salt, byte_view info, byte_span out);

fixed<32> hmac_sha256(byte_view key, byte_view message);

/// `out` has room for the plain text and the tag, exactly; it may start where `plain` starts, or
/// not overlap it.
void seal(const aead_key& key, const aead_nonce& nonce, byte_view plain, byte_span out);

/// `out` has exactly the size of `sealed` without its tag; it may start where `sealed` starts, or
/// not overlap it. False where the tag does not fit or `sealed` is shorter than a tag: then `out`
/// holds nothing of use.
[[nodiscard]] bool open(const aead_key& key, const aead_nonce& nonce, byte_view sealed,
                        byte_span out);

/// Overwrites secrets in a way that the compiler does not drop.
void wipe(byte_span secret);

/// In a time that depends on the sizes only.
bool equal_in_constant_time(byte_view a, byte_view b);

}  // namespace tetrad::crypto
