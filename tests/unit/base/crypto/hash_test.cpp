// SPDX-License-Identifier: Apache-2.0
// Digests against the examples of FIPS 180-4 and of RIPEMD-160's authors.
#include "base/crypto/hash.hpp"

#include "base/text.hpp"

#include <string>

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::crypto;

namespace {

const std::string two_blocks = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";

}  // namespace

TEST_CASE("SHA-256 gives the standard's digests") {
    CHECK(to_hex(sha256(byte_view())) ==
          "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    CHECK(to_hex(sha256(view("abc"))) ==
          "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    CHECK(to_hex(sha256(view(two_blocks))) ==
          "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    CHECK(to_hex(sha256(view(std::string(1'000'000, 'a')))) ==
          "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST_CASE("SHA-512 gives the standard's digests") {
    CHECK(to_hex(sha512(byte_view())) ==
          "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318d2"
          "877eec2f63b931bd47417a81a538327af9"
          "27da3e");
    CHECK(to_hex(sha512(view("abc"))) ==
          "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23"
          "a3feebbd454d4423643ce80e2a9ac94fa5"
          "4ca49f");
    CHECK(to_hex(sha512(view(std::string(1'000'000, 'a')))) ==
          "e718483d0ce769644e2e42c7bc15b4638e1f98b13b2044285632a803afa973ebde0ff244877ea60a4cb0432c"
          "e577c31beb009c5c2c49aa2e4eadb217ad"
          "8cc09b");
}

TEST_CASE("RIPEMD-160 gives its authors' digests") {
    CHECK(to_hex(ripemd160(byte_view())) == "9c1185a5c5e9fc54612808977ee8f548b2258d31");
    CHECK(to_hex(ripemd160(view("abc"))) == "8eb208f7e05d987a9b044a8e98c6b087f15a0bfc");
    CHECK(to_hex(ripemd160(view("abcdefghijklmnopqrstuvwxyz"))) ==
          "f71c27109c692c1b56bbdceb5b9d2865b3708dbc");
    CHECK(to_hex(ripemd160(view(std::string(1'000'000, 'a')))) ==
          "52783243c1697bdbe16d37f97f68f08325dc1528");
}

TEST_CASE("pieces hash as if they were joined, wherever the cuts are") {
    std::string joined;
    for (int i = 0; i < 300; ++i)
        joined += static_cast<char>(i * 7);
    const auto whole = view(joined);
    for (std::size_t cut = 0; cut <= joined.size(); ++cut) {
        const auto left = whole.first(cut), right = whole.subspan(cut);
        REQUIRE(sha256(left, right) == sha256(whole));
        REQUIRE(sha512({left, right}) == sha512(whole));
        sha256_stream stream;
        stream.update(left);
        auto fork = stream;  // a copy goes on by itself
        stream.update(right);
        REQUIRE(stream.finish() == sha256(whole));
        REQUIRE(fork.finish() == sha256(left));
    }
}

TEST_CASE("an address is the first 20 bytes of the SHA-256") {
    const auto a = address_of(view("abc"));
    CHECK(to_hex(a) == "ba7816bf8f01cfea414140de5dae2223b00361a3");
}
