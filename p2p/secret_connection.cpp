// SPDX-License-Identifier: Apache-2.0
#include "p2p/secret_connection.hpp"

#include <algorithm>
#include <limits>

#include "base/crypto/transcript.hpp"
#include "base/text.hpp"
#include "base/wire/protobuf.hpp"

namespace tetrad::p2p {

namespace {

constexpr std::array<std::uint8_t, 3> hello_prefix = {0x22, 0x0a, 0x20};  // length 34, BytesValue.value, length 32

struct auth_message {
    crypto::public_key key;
    crypto::signature signature;
    static constexpr auto schema =
        wire::fields(wire::field<1>("", &auth_message::key), wire::field<2>("", &auth_message::signature));
};

}  // namespace

result<crypto::aead_nonce> frame_key::next_nonce() {
    if (exhausted_)
        return fail(errc::invalid, "secret connection: frame counter exhausted");
    crypto::aead_nonce nonce;
    for (int i = 0; i < 8; ++i)
        nonce.data[4 + i] = static_cast<std::uint8_t>(counter_ >> (8 * i));
    exhausted_ = counter_ == std::numeric_limits<std::uint64_t>::max();
    ++counter_;
    return nonce;
}

result<void> frame_key::seal(byte_view data, byte_span out) {
    CHECK(!data.empty() && data.size() <= frame_data_max && out.size() == frame_sealed_size);
    TRY(const auto nonce, next_nonce());
    const auto plain = out.first(frame_plain_size);
    for (int i = 0; i < 4; ++i)
        plain[i] = static_cast<std::uint8_t>(data.size() >> (8 * i));
    std::copy(data.begin(), data.end(), plain.begin() + 4);
    std::fill(plain.begin() + 4 + data.size(), plain.end(), std::uint8_t{0});
    crypto::seal(key_, nonce, plain, out);
    return {};
}

result<byte_view> frame_key::open(byte_span frame) {
    CHECK(frame.size() == frame_sealed_size);
    TRY(const auto nonce, next_nonce());
    const auto plain = frame.first(frame_plain_size);
    if (!crypto::open(key_, nonce, frame, plain))
        return fail(errc::invalid, "secret connection: a frame does not decrypt");
    const std::uint32_t length = plain[0] | plain[1] << 8 | plain[2] << 16 | static_cast<std::uint32_t>(plain[3]) << 24;
    if (length > frame_data_max)
        return fail(errc::invalid, "secret connection: a frame claims " + std::to_string(length) + " bytes");
    return byte_view(plain.subspan(4, length));
}

secret_handshake::secret_handshake(const fixed<32>& ephemeral, const crypto::private_key& node_key)
    : private_(ephemeral), public_(crypto::x25519_public(ephemeral)), node_key_(node_key) {}

std::array<std::uint8_t, hello_size> secret_handshake::hello() const {
    std::array<std::uint8_t, hello_size> message;
    std::ranges::copy(hello_prefix, message.begin());
    std::ranges::copy(public_.data, message.begin() + hello_prefix.size());
    return message;
}

result<void> secret_handshake::on_hello(byte_view theirs) {
    CHECK(theirs.size() == hello_size);
    if (!std::ranges::equal(theirs.first(hello_prefix.size()), hello_prefix))
        return fail(errc::invalid, "secret connection: the greeting is not a CometBFT node's");
    const auto remote = crypto::x25519_key::from(theirs.subspan(hello_prefix.size()));
    auto dh = crypto::x25519(private_, remote);
    if (!dh)
        return pass(dh);

    const bool we_are_least = public_ < remote;
    crypto::transcript log("TENDERMINT_SECRET_CONNECTION_TRANSCRIPT_HASH");
    log.append("EPHEMERAL_LOWER_PUBLIC_KEY", we_are_least ? public_ : remote);
    log.append("EPHEMERAL_UPPER_PUBLIC_KEY", we_are_least ? remote : public_);
    log.append("DH_SECRET", *dh);
    log.extract("SECRET_CONNECTION_MAC", challenge_.data);

    std::array<std::uint8_t, 96> keys;
    crypto::hkdf_sha256(*dh, {}, view("TENDERMINT_SECRET_CONNECTION_KEY_AND_CHALLENGE_GEN"), keys);
    const auto first = byte_view(keys).first(32), second = byte_view(keys).subspan(32, 32);
    receive_key = frame_key(we_are_least ? first : second);
    send_key = frame_key(we_are_least ? second : first);
    crypto::wipe(keys);
    crypto::wipe(dh->data);
    return {};
}

result<bytes> secret_handshake::auth() const {
    TRY(const auto signature, node_key_.sign(challenge_));
    return wire::encode_delimited(auth_message{node_key_.public_key(), signature});
}

result<crypto::public_key> secret_handshake::on_auth(byte_view message) const {
    auto decoded = wire::decode<auth_message>(message);
    if (!decoded)
        return pass(decoded, "secret connection: authentication");
    if (!decoded->key.is_ed25519())
        return fail(errc::invalid, "secret connection: the peer's key is not ed25519");
    if (!decoded->key.verify(challenge_, decoded->signature))
        return fail(errc::invalid, "secret connection: the peer's signature of the challenge is wrong");
    return decoded->key;
}

std::string peer_id_of(const crypto::public_key& key) { return to_hex(key.address()); }

}  // namespace tetrad::p2p
