// SPDX-License-Identifier: Apache-2.0
// Verification tries libsodium's own verifier first. It is stricter than ZIP-215 (no cofactor, no
// small order, canonical keys), so what it accepts is valid, and that is every signature that an
// honest signer makes; what it refuses is decided by the equation itself, built from libsodium's
// public point and scalar functions.
#include "base/crypto/ed25519.hpp"

#include "base/crypto/box.hpp"
#include "base/crypto/hash.hpp"
#include "base/crypto/sodium.hpp"

#include <sodium.h>

namespace tetrad::crypto::ed25519 {

namespace {

using encoded = fixed<32>;  // a point or a scalar, little endian

constexpr encoded identity{{1}};

encoded reduce(const hash512& wide) {
    encoded out;
    crypto_core_ed25519_scalar_reduce(out.data.data(), wide.data.data());
    return out;
}

// [8]P in canonical form. libsodium's addition takes any 32 bytes that decompress; nothing where
// these do not.
std::optional<encoded> times_cofactor(byte_view point) {
    encoded p = encoded::from(point);
    for (int i = 0; i < 3; ++i)
        if (crypto_core_ed25519_add(p.data.data(), p.data.data(), p.data.data()) != 0)
            return std::nullopt;
    return p;
}

// [s]P for P of the prime-order subgroup. libsodium refuses to take or to make the identity, so that
// is answered here; false is for what it refuses beyond that, which is nothing of that subgroup.
bool multiply(encoded& out, const encoded& s, const encoded& p) {
    out = identity;
    return s == encoded{} || p == identity ||
           crypto_scalarmult_ed25519_noclamp(out.data.data(), s.data.data(), p.data.data()) == 0;
}

bool multiply_base(encoded& out, const encoded& s) {
    out = identity;
    return s == encoded{} ||
           crypto_scalarmult_ed25519_base_noclamp(out.data.data(), s.data.data()) == 0;
}

// [8][S]B == [8]R + [k][8]A, where k is of the bytes as received.
bool verify_equation(byte_view a, byte_view message, byte_view sig) {
    const auto r = sig.first(32), s_bytes = sig.subspan(32);
    hash512 wide;
    std::memcpy(wide.data.data(), s_bytes.data(), 32);
    const auto s = reduce(wide);
    if (!equal(s, s_bytes))
        return false;
    const auto a8 = times_cofactor(a), r8 = times_cofactor(r);
    if (!a8 || !r8)
        return false;
    const auto k = reduce(sha512({r, a, message}));

    static constexpr encoded eight{{8}};
    encoded s8, ka8, left, right;
    crypto_core_ed25519_scalar_mul(s8.data.data(), s.data.data(), eight.data.data());
    return multiply_base(left, s8) && multiply(ka8, k, *a8) &&
           crypto_core_ed25519_add(right.data.data(), r8->data.data(), ka8.data.data()) == 0 &&
           left == right;
}

}  // namespace

fixed<public_key_size> public_from_seed(const fixed<seed_size>& seed) {
    require_sodium();
    auto h = sha512(seed);
    fixed<public_key_size> out;
    // The scalar is the first half; this function clamps it as RFC 8032 says.
    CHECK(crypto_scalarmult_ed25519_base(out.data.data(), h.data.data()) == 0);
    wipe(h.data);
    return out;
}

fixed<private_key_size> private_from_seed(const fixed<seed_size>& seed) {
    const auto pub = public_from_seed(seed);
    fixed<private_key_size> out;
    std::memcpy(out.data.data(), seed.data.data(), seed_size);
    std::memcpy(out.data.data() + seed_size, pub.data.data(), public_key_size);
    return out;
}

fixed<signature_size> sign(byte_view message, byte_view private_key) {
    require_sodium();
    CHECK(private_key.size() == private_key_size);
    fixed<signature_size> out;
    CHECK(crypto_sign_detached(out.data.data(), nullptr, message.data(), message.size(),
                               private_key.data()) == 0);
    return out;
}

bool verify(byte_view public_key, byte_view message, byte_view sig) {
    require_sodium();
    if (public_key.size() != public_key_size || sig.size() != signature_size)
        return false;
    return crypto_sign_verify_detached(sig.data(), message.data(), message.size(),
                                       public_key.data()) == 0 ||
           verify_equation(public_key, message, sig);
}

}  // namespace tetrad::crypto::ed25519
