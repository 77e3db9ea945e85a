// SPDX-License-Identifier: Apache-2.0
// The secret connection, without I/O: who is at the other end, and the sealed frames that follow. As p2p/conn of CometBFT.
//
//   both sides at once                                      this class
//   -> 22 0a 20 <ephemeral X25519 key>                      hello()
//   <- the same                                             on_hello(35 bytes): keys and challenge are derived
//   everything below travels in sealed frames of 1044 bytes
//   -> uvarint | AuthSigMessage{node key, signature}        auth(): what to send as plain text
//   <- the same                                             on_auth(plain message): the peer's key, proven
//
// Neither side begins; each writes before it reads. Exactly 35 bytes must be read for the hello: what follows is sealed.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "base/bytes.hpp"
#include "base/crypto/box.hpp"
#include "base/crypto/keys.hpp"
#include "base/result.hpp"

namespace tetrad::p2p {

constexpr std::size_t frame_data_max = 1024;
constexpr std::size_t frame_plain_size = 4 + frame_data_max;
constexpr std::size_t frame_sealed_size = frame_plain_size + crypto::aead_tag_size;
constexpr std::size_t hello_size = 35;
constexpr std::size_t auth_bytes_max = 1024 * 1024;  // what CometBFT reads at most

/// One direction's key (32 bytes, wiped when it dies) and frame counter. A counter that would wrap ends the connection.
class frame_key {
public:
    frame_key() = default;
    explicit frame_key(byte_view key) { std::ranges::copy(key.first(key_.size()), key_.data.begin()); }
    frame_key(const frame_key&) = default;
    frame_key& operator=(const frame_key&) = default;
    ~frame_key() { crypto::wipe(key_.data); }

    /// data: 1 to 1024 bytes, not within `out`; out: frame_sealed_size bytes.
    result<void> seal(byte_view data, byte_span out);
    /// Opens in place and returns the data inside. An error is final.
    result<byte_view> open(byte_span frame);

private:
    result<crypto::aead_nonce> next_nonce();
    crypto::aead_key key_{};
    std::uint64_t counter_ = 0;
    bool exhausted_ = false;
};

class secret_handshake {
public:
    /// `ephemeral`: 32 random bytes, for this connection only.
    secret_handshake(const fixed<32>& ephemeral, const crypto::private_key& node_key);
    secret_handshake(const secret_handshake&) = delete;
    ~secret_handshake() { crypto::wipe(private_.data); }

    std::array<std::uint8_t, hello_size> hello() const;
    /// Fails on a malformed hello and on a key of low order.
    result<void> on_hello(byte_view their_hello);
    /// Length-prefixed, to be sent in sealed frames.
    result<bytes> auth() const;
    /// `message` without its length prefix. Returns the peer's key.
    result<crypto::public_key> on_auth(byte_view message) const;

    frame_key send_key, receive_key;  // after on_hello

private:
    crypto::x25519_key private_;
    crypto::x25519_key public_;
    crypto::private_key node_key_;
    fixed<32> challenge_{};
};

/// Lower-case hex of the key's address.
std::string peer_id_of(const crypto::public_key&);

}  // namespace tetrad::p2p
