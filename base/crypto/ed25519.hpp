// SPDX-License-Identifier: Apache-2.0
// Ed25519 with the verification rule of ZIP-215, which every node of a network must share to the
// last bit: A and R are any 32 bytes that decompress (not canonical, small order, torsion: all
// allowed), S is canonical, and the equation is multiplied by the cofactor: [8][S]B == [8]R +
// [8][k]A. A batch gives the same answers as one call each.
// Pure functions over views: any shard or worker, any number at once; no state, no allocation that
// outlives the call. Nothing here makes random bytes: a key comes from a seed that the caller got
// from its backend.
#pragma once

#include "base/bytes.hpp"

#include <cstddef>
#include <optional>
#include <span>

namespace tetrad::crypto::ed25519 {

constexpr std::size_t public_key_size = 32;
constexpr std::size_t private_key_size = 64;
constexpr std::size_t signature_size = 64;
constexpr std::size_t seed_size = 32;

/// The public key of a seed (RFC 8032).
fixed<public_key_size> public_from_seed(const fixed<seed_size>& seed);

/// The private key as CometBFT keeps it in files: seed, then public key. The caller wipes it
/// (keys.hpp does).
fixed<private_key_size> private_from_seed(const fixed<seed_size>& seed);

/// Signs with seed || public key, both as given: a public key that is not the seed's makes a
/// signature that does not verify.
fixed<signature_size> sign(byte_view message, byte_view private_key);

/// False also where the key or the signature has another length.
bool verify(byte_view public_key, byte_view message, byte_view sig);

/// Borrowed: what the views point to lives until the call has returned.
struct item {
    byte_view public_key;
    byte_view message;
    byte_view signature;
};

/// Nothing where all are valid, else the index of the first that is not. Nothing too for no items.
std::optional<std::size_t> verify_batch(std::span<const item> items);

}  // namespace tetrad::crypto::ed25519
