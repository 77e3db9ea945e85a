// SPDX-License-Identifier: Apache-2.0
// libcrypto's EC functions by their older names (EC_KEY, ECDSA_*): the EVP ones look an algorithm
// up and parse parameters for each key, and give no way to choose the nonce.
#define OPENSSL_SUPPRESS_DEPRECATED
#include "base/crypto/secp256k1.hpp"

#include "base/crypto/box.hpp"

#include <array>
#include <memory>
#include <optional>

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/obj_mac.h>

namespace tetrad::crypto::secp256k1 {

namespace {

template <auto Free>
struct freer {
    template <class T>
    void operator()(T* p) const {
        Free(p);
    }
};
using bignum = std::unique_ptr<BIGNUM, freer<BN_clear_free>>;
using point = std::unique_ptr<EC_POINT, freer<EC_POINT_free>>;
using ec_key = std::unique_ptr<EC_KEY, freer<EC_KEY_free>>;
using ecdsa_sig = std::unique_ptr<ECDSA_SIG, freer<ECDSA_SIG_free>>;
using scratch = std::unique_ptr<BN_CTX, freer<BN_CTX_free>>;

// For want of memory only.
template <class T>
T* made(T* p) {
    CHECK(p != nullptr);
    return p;
}

// The curve: constant, and only read from after it was made (25 us). It lives as long as the
// process.
const EC_GROUP* curve() {
    static const EC_GROUP* const group = made(EC_GROUP_new_by_curve_name(NID_secp256k1));
    return group;
}

const BIGNUM* order() { return EC_GROUP_get0_order(curve()); }

bignum number(byte_view big_endian) {
    return bignum(made(BN_bin2bn(big_endian.data(), static_cast<int>(big_endian.size()), nullptr)));
}

bignum number() { return bignum(made(BN_secure_new())); }

ec_key empty_key() {
    ec_key key(made(EC_KEY_new()));
    CHECK(EC_KEY_set_group(key.get(), curve()) == 1);
    return key;
}

bool is_high(const BIGNUM* s) {
    bignum half(made(BN_new()));
    CHECK(BN_rshift1(half.get(), order()) == 1);
    return BN_cmp(s, half.get()) > 0;
}

// A scalar in [1, order), or nothing.
bignum secret_scalar(byte_view big_endian) {
    if (big_endian.size() != private_key_size)
        return nullptr;
    auto d = number();
    CHECK(BN_bin2bn(big_endian.data(), static_cast<int>(big_endian.size()), d.get()) != nullptr);
    BN_set_flags(d.get(), BN_FLG_CONSTTIME);
    return BN_is_zero(d.get()) || BN_cmp(d.get(), order()) >= 0 ? nullptr : std::move(d);
}

point times_base(const BIGNUM* scalar, BN_CTX* ctx) {
    point p(made(EC_POINT_new(curve())));
    CHECK(EC_POINT_mul(curve(), p.get(), scalar, nullptr, nullptr, ctx) == 1);
    return p;
}

// RFC 6979 section 3.2 with HMAC-SHA256: nonces for one key and digest, one after the other until
// one is in range and used.
class nonces {
public:
    nonces(byte_view private_key, const hash256& digest) {
        value_.data.fill(1);
        // bits2octets: the digest modulo the order, which is a subtraction at most.
        auto h = number(digest);
        if (BN_cmp(h.get(), order()) >= 0)
            CHECK(BN_sub(h.get(), h.get(), order()) == 1);
        std::array<std::uint8_t, 32 + 1 + 64> seed;
        std::memcpy(seed.data() + 33, private_key.data(), 32);
        CHECK(BN_bn2binpad(h.get(), seed.data() + 65, 32) == 32);
        for (const std::uint8_t round : {0, 1}) {
            std::memcpy(seed.data(), value_.data.data(), 32);
            seed[32] = round;
            key_ = hmac_sha256(key_, seed);
            value_ = hmac_sha256(key_, value_);
        }
        wipe(seed);
    }
    nonces(const nonces&) = delete;
    nonces& operator=(const nonces&) = delete;
    ~nonces() {
        wipe(key_.data);
        wipe(value_.data);
    }

    bignum next() {
        for (;;) {
            if (used_) {
                std::array<std::uint8_t, 33> more{};
                std::memcpy(more.data(), value_.data.data(), 32);
                key_ = hmac_sha256(key_, more);
                value_ = hmac_sha256(key_, value_);
                wipe(more);
            }
            used_ = true;
            value_ = hmac_sha256(key_, value_);
            if (auto k = secret_scalar(value_))
                return k;
        }
    }

private:
    fixed<32> key_, value_;
    bool used_ = false;
};

// Nothing where this nonce makes r or s zero.
std::optional<fixed<signature_size>> sign_with(const BIGNUM* k, const hash256& digest, EC_KEY* key,
                                               BN_CTX* ctx) {
    const auto p = times_base(k, ctx);
    auto x = number(), r = number(), k_inverse = number(), exponent = number();
    CHECK(EC_POINT_get_affine_coordinates(curve(), p.get(), x.get(), nullptr, ctx) == 1);
    CHECK(BN_nnmod(r.get(), x.get(), order(), ctx) == 1);
    // Fermat: the order is prime, and the power runs in constant time.
    CHECK(BN_copy(exponent.get(), order()) != nullptr && BN_sub_word(exponent.get(), 2) == 1);
    CHECK(BN_mod_exp_mont_consttime(k_inverse.get(), k, exponent.get(), order(), ctx, nullptr) ==
          1);
    if (BN_is_zero(r.get()))
        return std::nullopt;
    const ecdsa_sig sig(ECDSA_do_sign_ex(digest.data.data(), 32, k_inverse.get(), r.get(), key));
    if (!sig) {
        ERR_clear_error();
        return std::nullopt;
    }
    bignum s(made(BN_dup(ECDSA_SIG_get0_s(sig.get()))));
    if (is_high(s.get()))
        CHECK(BN_sub(s.get(), order(), s.get()) == 1);
    fixed<signature_size> out;
    CHECK(BN_bn2binpad(r.get(), out.data.data(), 32) == 32);
    CHECK(BN_bn2binpad(s.get(), out.data.data() + 32, 32) == 32);
    return out;
}

}  // namespace

result<fixed<public_key_size>> public_from_private(byte_view private_key) {
    const auto d = secret_scalar(private_key);
    if (!d)
        return fail(errc::invalid, "secp256k1 private key out of range");
    scratch ctx(made(BN_CTX_secure_new()));
    const auto p = times_base(d.get(), ctx.get());
    fixed<public_key_size> out;
    CHECK(EC_POINT_point2oct(curve(), p.get(), POINT_CONVERSION_COMPRESSED, out.data.data(),
                             out.size(), ctx.get()) == public_key_size);
    return out;
}

result<fixed<signature_size>> sign(byte_view message, byte_view private_key) {
    const auto d = secret_scalar(private_key);
    if (!d)
        return fail(errc::invalid, "secp256k1 private key out of range");
    scratch ctx(made(BN_CTX_secure_new()));
    const auto key = empty_key();
    CHECK(EC_KEY_set_private_key(key.get(), d.get()) == 1);
    const auto digest = sha256(message);
    for (nonces candidates(private_key, digest);;)
        if (auto made_now = sign_with(candidates.next().get(), digest, key.get(), ctx.get()))
            return *made_now;
}

bool verify(byte_view public_key, byte_view message, byte_view sig) {
    if (public_key.size() != public_key_size || sig.size() != signature_size)
        return false;
    scratch ctx(made(BN_CTX_new()));
    point p(made(EC_POINT_new(curve())));
    const auto key = empty_key();
    if (EC_POINT_oct2point(curve(), p.get(), public_key.data(), public_key.size(), ctx.get()) !=
            1 ||
        EC_KEY_set_public_key(key.get(), p.get()) != 1) {
        ERR_clear_error();
        return false;
    }
    auto r = number(sig.first(32)), s = number(sig.subspan(32));
    CHECK(BN_nnmod(r.get(), r.get(), order(), ctx.get()) == 1 &&
          BN_nnmod(s.get(), s.get(), order(), ctx.get()) == 1);
    if (BN_is_zero(r.get()) || BN_is_zero(s.get()) || is_high(s.get()))
        return false;
    ecdsa_sig parsed(made(ECDSA_SIG_new()));
    CHECK(ECDSA_SIG_set0(parsed.get(), r.release(), s.release()) == 1);
    const auto digest = sha256(message);
    const bool good = ECDSA_do_verify(digest.data.data(), 32, parsed.get(), key.get()) == 1;
    if (!good)
        ERR_clear_error();
    return good;
}

address address_of(byte_view public_key) { return ripemd160(sha256(public_key)); }

}  // namespace tetrad::crypto::secp256k1
