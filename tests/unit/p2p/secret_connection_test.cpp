// SPDX-License-Identifier: Apache-2.0
// The handshake and its frames without I/O: the golden bytes of both sides, and everything that is refused.
#include "p2p/secret_connection.hpp"

#include "base/crypto/hash.hpp"
#include "base/text.hpp"
#include "base/wire/protobuf.hpp"
#include "base/wire/varint.hpp"
#include "tests/vectors/vectors.hpp"

#include <string>

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::p2p;

namespace {

fixed<32> filled(std::uint8_t with) {
    fixed<32> f;
    f.data.fill(with);
    return f;
}

crypto::private_key key_of(const json::value& side) {
    return crypto::private_key::from_seed(fixed<32>::from(vectors::hex(side, "node_seed")));
}

bytes sealed(frame_key& key, byte_view data) {
    bytes frame(frame_sealed_size);
    REQUIRE(key.seal(data, frame));
    return frame;
}

/// A frame as a peer that keeps no rules may make it: any claimed length, any padding.
bytes sealed_by_hand(const fixed<32>& key, std::uint8_t counter, std::uint32_t claimed,
                     std::uint8_t padding) {
    bytes frame(frame_sealed_size, padding);
    for (int i = 0; i < 4; ++i)
        frame[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(claimed >> (8 * i));
    crypto::aead_nonce nonce;
    nonce.data[4] = counter;
    crypto::seal(key, nonce, byte_view(frame).first(frame_plain_size), frame);
    return frame;
}

std::string text_of(const error& e) { return e.text; }
template <class T>
std::string refusal(const result<T>& r) {
    return r ? std::string("accepted") : text_of(r.error());
}

byte_view without_prefix(const bytes& delimited) {
    const auto prefix = wire::read_prefix(delimited);
    REQUIRE(prefix.state == wire::prefix_state::complete);
    REQUIRE(prefix.size + prefix.value == delimited.size());
    return byte_view(delimited).subspan(prefix.size);
}

/// Two sides that have exchanged their hellos.
struct two_sides {
    crypto::private_key key_a = crypto::private_key::from_seed(filled(3));
    crypto::private_key key_b = crypto::private_key::from_seed(filled(4));
    secret_handshake a{filled(1), key_a}, b{filled(2), key_b};
    two_sides() {
        REQUIRE(a.on_hello(b.hello()));
        REQUIRE(b.on_hello(a.hello()));
    }
};

}  // namespace

TEST_CASE("vectors: secret_connection_full, every byte of both sides of the handshake") {
    std::size_t sides = 0;
    for (const auto& c : vectors::group("secret_connection_full")) {
        const auto at_a = vectors::at(c, "a"), at_b = vectors::at(c, "b");
        secret_handshake a(fixed<32>::from(vectors::hex(c, "eph_priv_a")), key_of(at_a));
        secret_handshake b(fixed<32>::from(vectors::hex(c, "eph_priv_b")), key_of(at_b));
        CHECK(equal(a.hello(), vectors::hex(c, "eph_msg_a")));
        CHECK(equal(byte_view(b.hello()).subspan(3), vectors::hex(c, "eph_pub_b")));
        REQUIRE(a.on_hello(b.hello()));
        REQUIRE(b.on_hello(a.hello()));

        const auto check_side = [&](secret_handshake& we, secret_handshake& they,
                                    const json::value& ours) {
            const auto auth = we.auth();
            REQUIRE(auth);
            CHECK(*auth == vectors::hex(ours, "auth_msg_delimited"));
            const auto who = they.on_auth(without_prefix(*auth));
            REQUIRE(who);
            CHECK(to_hex(who->raw()) == vectors::text(ours, "node_pub"));

            const auto first = sealed(we.send_key, *auth);
            const auto head = vectors::hex(ours, "sealed_frame_0_head");
            CHECK(equal(byte_view(first).first(head.size()), head));
            CHECK(to_hex(byte_view(first).last(crypto::aead_tag_size)) ==
                  vectors::text(ours, "sealed_frame_0_tag"));
            CHECK(to_hex(crypto::sha256(first)) == vectors::text(ours, "sealed_frame_0_sha256"));
            const auto data = vectors::hex(ours, "frame_1_plain_data");
            const auto second = sealed(we.send_key, data);
            CHECK(to_hex(crypto::sha256(second)) == vectors::text(ours, "sealed_frame_1_sha256"));

            auto received = first;
            const auto opened = they.receive_key.open(received);
            REQUIRE(opened);
            CHECK(equal(*opened, *auth));
            received = second;
            const auto then = they.receive_key.open(received);
            REQUIRE(then);
            CHECK(equal(*then, data));
            ++sides;
        };
        check_side(a, b, at_a);
        check_side(b, a, at_b);
    }
    CHECK(sides == 4);
}

TEST_CASE("vectors: node_identity, a peer's id is the lower-case hex of its key's address") {
    for (const auto& c : vectors::group("node_identity")) {
        const auto key = crypto::private_key::from_seed(fixed<32>::from(vectors::hex(c, "seed")));
        CHECK(peer_id_of(key.public_key()) == vectors::text(c, "id"));
    }
}

TEST_CASE("a greeting of another form is refused") {
    two_sides t;
    auto hello = t.b.hello();
    for (std::size_t i = 0; i < 3; ++i) {
        auto bent = hello;
        bent[i] ^= 1;
        CHECK(refusal(t.a.on_hello(bent)).find("not a CometBFT node's") != std::string::npos);
    }
}

TEST_CASE("an ephemeral key of low order ends the handshake") {
    // The points of order 1, 2, 4 and 8 of curve25519 and their other encodings (as CometBFT's test of evil peers has them).
    const auto* const key =
        GENERATE("0000000000000000000000000000000000000000000000000000000000000000",
                 "0100000000000000000000000000000000000000000000000000000000000000",
                 "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
                 "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
                 "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                 "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                 "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f");
    INFO(key);
    secret_handshake us(filled(1), crypto::private_key::from_seed(filled(3)));
    auto hello = us.hello();
    std::ranges::copy(*from_hex(key), hello.begin() + 3);
    CHECK_FALSE(us.on_hello(hello));
}

TEST_CASE("a proof of another challenge, by another key or of another kind is refused") {
    two_sides t;
    secret_handshake elsewhere(filled(9), t.key_b);
    REQUIRE(elsewhere.on_hello(t.a.hello()));
    const auto right = *t.b.auth();
    CHECK(t.a.on_auth(without_prefix(right)));

    const auto replayed = *elsewhere.auth();
    CHECK(refusal(t.a.on_auth(without_prefix(replayed)))
              .find("signature of the challenge is wrong") != std::string::npos);

    for (const std::size_t at :
         {std::size_t{10}, right.size() - 1}) {  // a bit of the key, of the signature
        auto bent = right;
        bent[at] ^= 1;
        CHECK_FALSE(t.a.on_auth(without_prefix(bent)));
    }
    const auto no_key = *from_hex(
        "0a00"
        "1240" +
        std::string(128, 'a'));
    CHECK(refusal(t.a.on_auth(no_key)).find("not ed25519") != std::string::npos);
    const auto secp = *from_hex(
        "0a23"
        "1221"
        "02" +
        std::string(64, '1') + "1240" + std::string(128, 'a'));
    CHECK(refusal(t.a.on_auth(secp)).find("not ed25519") != std::string::npos);
    const auto short_key = *from_hex(
        "0a06"
        "0a04"
        "01020304"
        "1240" +
        std::string(128, 'a'));
    CHECK_FALSE(t.a.on_auth(short_key));
    CHECK_FALSE(t.a.on_auth({}));
    CHECK_FALSE(t.a.on_auth(without_prefix(right).first(60)));
}

TEST_CASE("a frame that was changed, repeated, left out or comes from ourselves does not open") {
    two_sides t;
    const auto first = sealed(t.a.send_key, view("first")),
               second = sealed(t.a.send_key, view("second"));
    for (const std::size_t at : {std::size_t{0}, std::size_t{600}, frame_sealed_size - 1}) {
        auto key = t.b.receive_key;
        auto bent = first;
        bent[at] ^= 0x80;
        CHECK(refusal(key.open(bent)) == "secret connection: a frame does not decrypt");
    }
    auto key = t.b.receive_key;
    auto frame = second;
    CHECK_FALSE(key.open(frame));  // the first is missing

    key = t.b.receive_key;
    frame = first;
    REQUIRE(key.open(frame));
    frame = first;
    CHECK_FALSE(key.open(frame));  // a second time

    frame = first;
    CHECK_FALSE(t.a.receive_key.open(frame));  // reflected to its sender
}

TEST_CASE("a frame may hold 0 to 1024 bytes and any padding, and may not claim more") {
    const auto key = filled(7);
    for (const std::uint32_t claimed : {0U, 1U, 1024U}) {
        frame_key receive(key);
        auto frame = sealed_by_hand(key, 0, claimed, 0xee);
        const auto data = receive.open(frame);
        REQUIRE(data);
        CHECK(equal(*data, bytes(claimed, 0xee)));
    }
    for (const std::uint32_t claimed : {1025U, 0x10000U, 0x7fffffffU, 0x80000000U, 0xffffffffU}) {
        frame_key receive(key);
        auto frame = sealed_by_hand(key, 0, claimed, 0);
        CHECK(refusal(receive.open(frame)) ==
              format("secret connection: a frame claims {} bytes", claimed));
    }
}

TEST_CASE("whichever ephemeral key is the smaller one, each side opens what the other seals") {
    for (std::uint8_t other = 10; other < 30; ++other) {
        const auto node = crypto::private_key::from_seed(filled(3));
        secret_handshake a(filled(1), node), b(filled(other), node);
        REQUIRE(a.on_hello(b.hello()));
        REQUIRE(b.on_hello(a.hello()));
        auto there = sealed(a.send_key, view("there")), back = sealed(b.send_key, view("back"));
        CHECK(b.receive_key.open(there));
        CHECK(a.receive_key.open(back));
    }
}

TEST_CASE("an authentication of which any bit was turned is refused") {
    two_sides t;
    const auto right = *t.b.auth();
    const auto message = without_prefix(right);
    int accepted = 0;
    for (std::size_t i = 0; i < message.size(); ++i)
        for (int bit = 0; bit < 8; ++bit) {
            auto bent = to_bytes(message);
            bent[i] ^= static_cast<std::uint8_t>(1 << bit);
            accepted += t.a.on_auth(bent).has_value();
        }
    CHECK(accepted == 0);
}

TEST_CASE("keys are overwritten when a connection or its handshake dies") {
    const auto key_b = crypto::private_key::from_seed(filled(4));
    alignas(secret_handshake) unsigned char memory[sizeof(secret_handshake)];
    auto* const us = new (memory) secret_handshake(filled(0xee), crypto::private_key::from_seed(filled(0xdd)));
    secret_handshake them(filled(2), key_b);
    REQUIRE(us->on_hello(them.hello()));
    fixed<sizeof(frame_key)> key_as_it_was;
    std::memcpy(key_as_it_was.data.data(), &us->send_key, sizeof(frame_key));
    std::destroy_at(us);
    const bytes after(memory, memory + sizeof memory);
    const auto holds = [&](byte_view secret) { return std::ranges::search(after, secret).begin() != after.end(); };
    CHECK_FALSE(holds(filled(0xee)));
    CHECK_FALSE(holds(byte_view(bytes(32, 0xdd))));
    CHECK_FALSE(holds(byte_view(key_as_it_was).first(32)));
}
