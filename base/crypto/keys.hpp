// SPDX-License-Identifier: Apache-2.0
// Keys as values: what a validator set, a key file or a peer's greeting holds. A public key is
// ed25519, secp256k1 or, as decoded from a message that had none, no key at all; that it has the
// length of its kind is in its type, so a key of another length does not decode. A private key
// wipes its memory when it dies. Both derive their wire and JSON forms from their schema. Plain
// values: any shard.
#pragma once

#include "base/bytes.hpp"
#include "base/crypto/box.hpp"
#include "base/crypto/ed25519.hpp"
#include "base/crypto/hash.hpp"
#include "base/crypto/secp256k1.hpp"
#include "base/result.hpp"
#include "base/wire/schema.hpp"

#include <compare>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <variant>

namespace tetrad::crypto {

using ed25519_public = fixed<ed25519::public_key_size>;
using secp256k1_public = fixed<secp256k1::public_key_size>;

/// tendermint.crypto.PublicKey; in JSON {"type":"tendermint/PubKeyEd25519","value":"<base64>"}.
struct public_key {
    std::variant<std::monostate, ed25519_public, secp256k1_public> key;

    static constexpr auto schema = wire::fields(
        wire::one_of("", &public_key::key, wire::alternative{1, "tendermint/PubKeyEd25519"},
                     wire::alternative{2, "tendermint/PubKeySecp256k1"}));

    public_key() = default;
    public_key(const ed25519_public& k) : key(k) {}
    public_key(const secp256k1_public& k) : key(k) {}
    /// From the type name that ABCI and consensus parameters use. Fails for another type or length.
    static result<public_key> from(std::string_view type_name, byte_view raw);

    bool has_key() const { return key.index() != 0; }
    bool is_ed25519() const { return std::holds_alternative<ed25519_public>(key); }
    /// The raw key; empty where there is none.
    byte_view raw() const;
    /// "ed25519", "secp256k1", or "" where there is none.
    std::string_view type_name() const;
    /// Empty where there is no key.
    crypto::address address() const;
    /// By the rule of the key's kind; false where there is no key.
    bool verify(byte_view message, byte_view sig) const;

    bool operator==(const public_key&) const = default;
};

/// N secret bytes (zero until assigned), overwritten when they die, compared in constant time. They become a byte_view only where that
/// is asked for by name, so a log line cannot take them.
template <std::size_t N>
class secret {
public:
    static constexpr bool is_secret = true;  // whoever decodes one wipes what it came from

    secret() = default;
    explicit secret(const fixed<N>& f) : bytes_(f) {}
    secret(const secret&) = default;
    secret& operator=(const secret&) = default;
    ~secret() { wipe(bytes_.data); }

    /// False, and unchanged, where b has another length.
    bool assign(byte_view b) {
        if (b.size() != N)
            return false;
        std::memcpy(bytes_.data.data(), b.data(), N);
        return true;
    }
    static constexpr std::size_t size() { return N; }
    const std::uint8_t* data() const { return bytes_.data.data(); }
    explicit operator byte_view() const { return bytes_; }
    bool operator==(const secret& o) const { return equal_in_constant_time(bytes_, o.bytes_); }

private:
    fixed<N> bytes_;
};

using ed25519_private = secret<ed25519::private_key_size>;
using secp256k1_private = secret<secp256k1::private_key_size>;

/// In JSON {"type":"tendermint/PrivKeyEd25519","value":"<base64 of seed || public key>"}; it is in
/// no protobuf message of the protocol.
struct private_key {
    std::variant<std::monostate, ed25519_private, secp256k1_private> key;

    static constexpr auto schema = wire::fields(
        wire::one_of("", &private_key::key, wire::alternative{1, "tendermint/PrivKeyEd25519"},
                     wire::alternative{2, "tendermint/PrivKeySecp256k1"}));

    /// The ed25519 key of 32 bytes that the caller's backend drew at random.
    static private_key from_seed(const fixed<ed25519::seed_size>& seed);

    bool has_key() const { return key.index() != 0; }
    /// As the file has it: of ed25519 the second half. No key where there is none or a secp256k1
    /// key is out of range.
    crypto::public_key public_key() const;
    /// Fails where there is no key or a secp256k1 key is out of range.
    result<signature> sign(byte_view message) const;

    bool operator==(const private_key&) const = default;
};

}  // namespace tetrad::crypto
