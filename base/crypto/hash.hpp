// SPDX-License-Identifier: Apache-2.0
// SHA-256, SHA-512 and RIPEMD-160 by libcrypto. One shot over one or several pieces (as if they
// were joined), or piece by piece. Pure functions and plain values: any shard, any number at once;
// nothing is allocated and no provider is looked up, because merkle trees hash 33 and 65 bytes at a
// time.
#pragma once

#include "base/bytes.hpp"

#include <array>
#include <concepts>
#include <cstddef>
#include <initializer_list>

namespace tetrad::crypto {

using hash512 = fixed<64>;

/// The identity of a key: 20 bytes, empty where it is absent.
using address = inline_bytes<20>;
/// 64 bytes with either kind of key, empty where it is absent.
using signature = inline_bytes<64>;

/// SHA-256 of what was given so far. A copy goes on from the same state.
class sha256_stream {
public:
    sha256_stream();
    void update(byte_view);
    /// Once; after it the stream is spent.
    hash256 finish();

private:
    alignas(8) std::array<std::byte, 112> state_;
};

class sha512_stream {
public:
    sha512_stream();
    void update(byte_view);
    /// Once; after it the stream is spent.
    hash512 finish();

private:
    alignas(8) std::array<std::byte, 216> state_;
};

hash256 sha256(byte_view);
hash256 sha256(std::initializer_list<byte_view> pieces);
template <std::convertible_to<byte_view>... More>
hash256 sha256(byte_view first, byte_view second, const More&... more) {
    return sha256({first, second, byte_view(more)...});
}

hash512 sha512(byte_view);
hash512 sha512(std::initializer_list<byte_view> pieces);

fixed<20> ripemd160(byte_view);

/// The first 20 bytes of the SHA-256: the address of an ed25519 key, the id of a node.
address address_of(byte_view public_key);

}  // namespace tetrad::crypto
