// SPDX-License-Identifier: Apache-2.0
// libcrypto's low-level digests. OpenSSL 3 calls them deprecated in favour of EVP, but a digest of
// 65 bytes costs 120 ns through them, 220 ns through a prefetched and reused EVP context, and 840
// ns through the one-shot SHA256() (which fetches each time); they use the same SHA-NI code. The
// states live in the caller's memory, so their sizes are checked here.
#define OPENSSL_SUPPRESS_DEPRECATED
#include "base/crypto/hash.hpp"

#include <new>
#include <type_traits>

#include <openssl/ripemd.h>
#include <openssl/sha.h>

namespace tetrad::crypto {

namespace {

// The streams keep a context as bytes so that libcrypto stays out of the header. It is a plain
// struct of integers.
template <class Context, std::size_t N>
Context& context(std::array<std::byte, N>& state) {
    static_assert(sizeof(Context) <= N && alignof(Context) <= 8 &&
                  std::is_trivially_copyable_v<Context>);
    return *reinterpret_cast<Context*>(state.data());
}

}  // namespace

sha256_stream::sha256_stream() {
    new (state_.data()) SHA256_CTX;
    SHA256_Init(&context<SHA256_CTX>(state_));
}

void sha256_stream::update(byte_view b) {
    SHA256_Update(&context<SHA256_CTX>(state_), b.data(), b.size());
}

hash256 sha256_stream::finish() {
    hash256 out;
    SHA256_Final(out.data.data(), &context<SHA256_CTX>(state_));
    return out;
}

sha512_stream::sha512_stream() {
    new (state_.data()) SHA512_CTX;
    SHA512_Init(&context<SHA512_CTX>(state_));
}

void sha512_stream::update(byte_view b) {
    SHA512_Update(&context<SHA512_CTX>(state_), b.data(), b.size());
}

hash512 sha512_stream::finish() {
    hash512 out;
    SHA512_Final(out.data.data(), &context<SHA512_CTX>(state_));
    return out;
}

hash256 sha256(byte_view b) {
    sha256_stream s;
    s.update(b);
    return s.finish();
}

hash256 sha256(std::initializer_list<byte_view> pieces) {
    sha256_stream s;
    for (const auto& piece : pieces)
        s.update(piece);
    return s.finish();
}

hash512 sha512(byte_view b) {
    sha512_stream s;
    s.update(b);
    return s.finish();
}

hash512 sha512(std::initializer_list<byte_view> pieces) {
    sha512_stream s;
    for (const auto& piece : pieces)
        s.update(piece);
    return s.finish();
}

fixed<20> ripemd160(byte_view b) {
    // Not through a provider: only OpenSSL 3.0.7 and later have it outside the legacy one.
    RIPEMD160_CTX state;
    fixed<20> out;
    RIPEMD160_Init(&state);
    RIPEMD160_Update(&state, b.data(), b.size());
    RIPEMD160_Final(out.data.data(), &state);
    return out;
}

address address_of(byte_view public_key) {
    const auto hash = sha256(public_key);
    return address(byte_view(hash).first(20));
}

}  // namespace tetrad::crypto
