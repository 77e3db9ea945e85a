// SPDX-License-Identifier: Apache-2.0
#include "base/crypto/keys.hpp"

#include <string>

namespace tetrad::crypto {

namespace {

constexpr std::string_view ed25519_name = "ed25519";
constexpr std::string_view secp256k1_name = "secp256k1";

template <std::size_t N>
result<public_key> sized(std::string_view type_name, byte_view raw) {
    if (raw.size() != N)
        return fail(errc::invalid, std::string(type_name) + " public key of " +
                                       std::to_string(raw.size()) + " bytes, expected " +
                                       std::to_string(N));
    return public_key(fixed<N>::from(raw));
}

}  // namespace

result<public_key> public_key::from(std::string_view type_name, byte_view raw) {
    if (type_name == ed25519_name)
        return sized<ed25519::public_key_size>(type_name, raw);
    if (type_name == secp256k1_name)
        return sized<secp256k1::public_key_size>(type_name, raw);
    return fail(errc::unsupported, "key type " + std::string(type_name) + " is not supported");
}

byte_view public_key::raw() const {
    if (const auto* k = std::get_if<ed25519_public>(&key))
        return *k;
    if (const auto* k = std::get_if<secp256k1_public>(&key))
        return *k;
    return {};
}

std::string_view public_key::type_name() const {
    return is_ed25519() ? ed25519_name : has_key() ? secp256k1_name : std::string_view();
}

crypto::address public_key::address() const {
    if (const auto* k = std::get_if<ed25519_public>(&key))
        return address_of(*k);
    if (const auto* k = std::get_if<secp256k1_public>(&key))
        return secp256k1::address_of(*k);
    return {};
}

bool public_key::verify(byte_view message, byte_view sig) const {
    if (const auto* k = std::get_if<ed25519_public>(&key))
        return ed25519::verify(*k, message, sig);
    if (const auto* k = std::get_if<secp256k1_public>(&key))
        return secp256k1::verify(*k, message, sig);
    return false;
}

private_key private_key::from_seed(const fixed<ed25519::seed_size>& seed) {
    auto raw = ed25519::private_from_seed(seed);
    private_key out;
    out.key = ed25519_private(raw);
    wipe(raw.data);
    return out;
}

crypto::public_key private_key::public_key() const {
    if (const auto* k = std::get_if<ed25519_private>(&key))
        return ed25519_public::from(byte_view(*k).subspan(ed25519::seed_size));
    if (const auto* k = std::get_if<secp256k1_private>(&key))
        if (const auto made = secp256k1::public_from_private(byte_view(*k)))
            return *made;
    return {};
}

result<signature> private_key::sign(byte_view message) const {
    if (const auto* k = std::get_if<ed25519_private>(&key))
        return ed25519::sign(message, byte_view(*k));
    if (const auto* k = std::get_if<secp256k1_private>(&key)) {
        TRY(const auto made, secp256k1::sign(message, byte_view(*k)));
        return made;
    }
    return fail(errc::invalid, "no private key");
}

}  // namespace tetrad::crypto
