// SPDX-License-Identifier: Apache-2.0
// Keys as values: identity, wire and JSON forms, signing by kind, and what is refused.
#include "base/crypto/keys.hpp"

#include "base/text.hpp"
#include "base/wire/json.hpp"
#include "base/wire/protobuf.hpp"
#include "tests/vectors/vectors.hpp"

#include <new>
#include <string>

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::crypto;

namespace {

private_key ed25519_key() { return private_key::from_seed(sha256(view("a seed"))); }

private_key secp256k1_key() {
    private_key k;
    k.key = secp256k1_private(sha256(view("another seed")));
    return k;
}

/// As node_key.json has it.
struct key_file {
    private_key priv_key;
    static constexpr auto schema = wire::fields(wire::json_field("priv_key", &key_file::priv_key));
};

}  // namespace

TEST_CASE("vectors: node_identity") {
    std::size_t seen = 0;
    for (const auto& c : vectors::group("node_identity")) {
        const auto key = private_key::from_seed(fixed<32>::from(vectors::hex(c, "seed")));
        const auto pub = key.public_key();
        CHECK(to_hex(pub.raw()) == vectors::text(c, "pub"));
        CHECK(to_hex(pub.address()) == vectors::text(c, "id"));
        CHECK(to_hex_upper(pub.address()) == vectors::text(c, "address_upper"));
        const auto text = vectors::text(c, "node_key_json_utf8");
        CHECK(to_json(key_file{key}) == text);
        const auto read = from_json<key_file>(text);
        REQUIRE(read.has_value());
        CHECK(read->priv_key == key);
        ++seen;
    }
    CHECK(seen == 1);
}

TEST_CASE("a key signs and its public key verifies, by kind") {
    for (const auto& key : {ed25519_key(), secp256k1_key()}) {
        const auto pub = key.public_key();
        INFO(pub.type_name());
        REQUIRE(pub.has_key());
        const auto sig = key.sign(view("message"));
        REQUIRE(sig.has_value());
        CHECK(sig->size() == 64);
        CHECK(pub.verify(view("message"), *sig));
        CHECK_FALSE(pub.verify(view("massage"), *sig));
        CHECK_FALSE(pub.verify(view("message"), {}));
        CHECK(pub.address().size() == 20);
    }
    CHECK(ed25519_key().public_key().type_name() == "ed25519");
    CHECK(secp256k1_key().public_key().type_name() == "secp256k1");
    CHECK(ed25519_key().public_key() != secp256k1_key().public_key());
}

TEST_CASE("no key is a value too") {
    const public_key none;
    CHECK_FALSE(none.has_key());
    CHECK(none.raw().empty());
    CHECK(none.type_name().empty());
    CHECK(none.address().empty());
    CHECK_FALSE(none.verify(view("m"), bytes(64)));
    CHECK(wire::encode(none).empty());
    CHECK(to_json(none) == "null");
    CHECK_FALSE(private_key().has_key());
    CHECK_FALSE(private_key().public_key().has_key());
    CHECK_FALSE(private_key().sign(view("m")).has_value());
}

TEST_CASE("a public key's wire form is tendermint.crypto.PublicKey") {
    const auto ed = ed25519_key().public_key(), secp = secp256k1_key().public_key();
    CHECK(to_hex(wire::encode(ed)) == "0a20" + to_hex(ed.raw()));
    CHECK(to_hex(wire::encode(secp)) == "1221" + to_hex(secp.raw()));
    for (const auto& k : {ed, secp, public_key()}) {
        const auto back = wire::decode<public_key>(wire::encode(k));
        REQUIRE(back.has_value());
        CHECK(*back == k);
    }
    // A key of zeros is a key: written, though its bytes are all zero.
    CHECK(wire::encode(public_key(ed25519_public{})).size() == 34);
}

TEST_CASE("a public key of another length does not decode") {
    for (const auto* hex : {"0a00", "0a021234", "1200", "12021234"})
        CHECK_FALSE(wire::decode<public_key>(*from_hex(hex)).has_value());
    bytes long_key(33 + 2, 1);
    long_key[0] = 0x0a;
    long_key[1] = 33;
    CHECK_FALSE(wire::decode<public_key>(long_key).has_value());
}

TEST_CASE("a public key's JSON form names its type") {
    for (const auto& k : {ed25519_key().public_key(), secp256k1_key().public_key()}) {
        const auto text = to_json(k);
        CHECK(text == R"({"type":"tendermint/PubKey)" +
                          std::string(k.is_ed25519() ? "Ed25519" : "Secp256k1") + R"(","value":")" +
                          to_base64(k.raw()) + R"("})");
        const auto back = from_json<public_key>(text);
        REQUIRE(back.has_value());
        CHECK(*back == k);
    }
    CHECK_FALSE(
        from_json<public_key>(R"({"type":"tendermint/PubKeyEd25519","value":"AAAA"})").has_value());
    CHECK_FALSE(from_json<public_key>(R"({"type":"tendermint/PubKeyBls12_381","value":"AAAA"})")
                    .has_value());
}

TEST_CASE("keys are made from the names that ABCI uses") {
    const auto ed = ed25519_key().public_key(), secp = secp256k1_key().public_key();
    CHECK(*public_key::from("ed25519", ed.raw()) == ed);
    CHECK(*public_key::from("secp256k1", secp.raw()) == secp);
    CHECK_FALSE(public_key::from("ed25519", secp.raw()).has_value());
    CHECK_FALSE(public_key::from("secp256k1", {}).has_value());
    const auto unknown = public_key::from("sr25519", ed.raw());
    REQUIRE_FALSE(unknown.has_value());
    CHECK(unknown.error().code == errc::unsupported);
}

TEST_CASE("private keys in files: both kinds, and broken ones") {
    const auto secp = secp256k1_key();
    const auto text = to_json(secp);
    CHECK(text.starts_with(R"({"type":"tendermint/PrivKeySecp256k1","value":")"));
    CHECK(*from_json<private_key>(text) == secp);
    CHECK_FALSE(from_json<private_key>(R"({"type":"tendermint/PrivKeyEd25519","value":"AAAA"})")
                    .has_value());
    CHECK_FALSE(
        from_json<private_key>(R"({"type":"tendermint/PrivKeyEd25519","value":"not base64"})")
            .has_value());

    private_key out_of_range;
    out_of_range.key = secp256k1_private();
    CHECK_FALSE(out_of_range.public_key().has_key());
    CHECK_FALSE(out_of_range.sign(view("m")).has_value());
}

TEST_CASE("secrets are equal where all of their bytes are, and a log line does not take them") {
    const ed25519_private a(fixed<64>::from(bytes(64, 0xee)));
    for (const std::size_t at : {std::size_t{0}, std::size_t{31}, std::size_t{63}}) {
        bytes other(64, 0xee);
        REQUIRE(a == ed25519_private(fixed<64>::from(other)));
        other[at] ^= 0x80;
        REQUIRE(a != ed25519_private(fixed<64>::from(other)));
    }
    CHECK_FALSE(equal_in_constant_time(bytes(3), bytes(4)));
    CHECK(equal_in_constant_time({}, {}));
    STATIC_REQUIRE_FALSE(std::is_convertible_v<ed25519_private, byte_view>);
    STATIC_REQUIRE_FALSE(std::is_convertible_v<ed25519_private, std::string_view>);
}

TEST_CASE("a secret is overwritten when it dies") {
    alignas(ed25519_private) unsigned char memory[sizeof(ed25519_private)];
    auto* s = new (memory) ed25519_private(fixed<64>::from(bytes(64, 0xee)));
    REQUIRE(s->data()[63] == 0xee);
    std::destroy_at(s);
    for (const volatile unsigned char& b : memory)
        REQUIRE(b == 0);
}
