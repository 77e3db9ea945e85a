// SPDX-License-Identifier: Apache-2.0
// ECDSA over secp256k1 as CometBFT's validators of that type use it: 33-byte compressed keys,
// 64-byte signatures r || s (big endian, the lower of the two possible s), over the SHA-256 of the
// message. By libcrypto; nothing here reads a random source: signing takes its nonce from key and
// message (RFC 6979).
// Pure functions: any shard or worker. Verifying costs about half a millisecond; keys of this type
// are rare.
#pragma once

#include "base/bytes.hpp"
#include "base/crypto/hash.hpp"
#include "base/result.hpp"

#include <cstddef>

namespace tetrad::crypto::secp256k1 {

constexpr std::size_t public_key_size = 33;
constexpr std::size_t private_key_size = 32;
constexpr std::size_t signature_size = 64;

/// Fails where the private key is not 32 bytes, is zero, or is not below the order of the curve.
result<fixed<public_key_size>> public_from_private(byte_view private_key);

/// Fails as public_from_private does.
result<fixed<signature_size>> sign(byte_view message, byte_view private_key);

/// False also where the key or the signature has another length or the key is not on the curve. As
/// in CometBFT, r and s at or above the order of the curve are taken modulo it, and then zero or a
/// high s is refused.
bool verify(byte_view public_key, byte_view message, byte_view sig);

/// RIPEMD160(SHA256(key)), as Bitcoin has it.
address address_of(byte_view public_key);

}  // namespace tetrad::crypto::secp256k1
