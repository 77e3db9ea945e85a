// SPDX-License-Identifier: Apache-2.0
// Keccak by way of SHA3-256, Merlin against its own test vectors, and the challenge of a whole
// handshake.
#include "base/crypto/transcript.hpp"

#include "base/crypto/ed25519.hpp"
#include "base/text.hpp"
#include "tests/vectors/vectors.hpp"

#include <algorithm>
#include <string>

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::crypto;

namespace {

std::string sha3_256(byte_view message) {
    constexpr std::size_t rate = 136;
    std::array<std::uint64_t, 25> lanes{};
    auto padded = to_bytes(message);
    padded.push_back(6);
    padded.resize((padded.size() + rate - 1) / rate * rate);
    padded.back() |= 0x80;
    for (std::size_t i = 0; i < padded.size(); ++i) {
        const auto at = i % rate;
        lanes[at / 8] ^= std::uint64_t{padded[i]} << (8 * (at % 8));
        if (at == rate - 1)
            keccak_f1600(lanes);
    }
    bytes out;
    for (std::size_t i = 0; i < 32; ++i)
        out.push_back(static_cast<std::uint8_t>(lanes[i / 8] >> (8 * (i % 8))));
    return to_hex(out);
}

fixed<32> extract(transcript& t, std::string_view label) {
    fixed<32> out;
    t.extract(label, out.data);
    return out;
}

}  // namespace

TEST_CASE("Keccak-f[1600] makes SHA3-256") {
    CHECK(sha3_256({}) == "a7ffc6f8bf1ed76651c14756a061d662f580ff4de43b49fa82d80a4b80f8434a");
    CHECK(sha3_256(view("abc")) ==
          "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532");
    CHECK(sha3_256(view(std::string(1'000'000, 'a'))) ==
          "5c8875ae474a3634ba4fd55ec85bffd661f32aca75c6d699d0cdcb6c115891c1");
}

TEST_CASE("vectors: merlin") {
    std::size_t seen = 0;
    for (const auto& c : vectors::group("merlin")) {
        transcript t(vectors::text(c, "transcript_utf8"));
        fixed<32> last;
        if (vectors::has(c, "ops")) {
            for (const auto op : vectors::at(c, "ops").elements()) {
                const auto kind = vectors::text(vectors::at(op, 0)),
                           label = vectors::text(vectors::at(op, 1));
                if (kind == "append") {
                    t.append(label, vectors::hex(vectors::at(op, 2)));
                } else {
                    REQUIRE(kind == "extract");
                    REQUIRE(vectors::int64(vectors::at(op, 2)) == 32);
                    last = extract(t, label);
                }
            }
        } else {  // the loop that its note tells
            REQUIRE(vectors::text(c, "name") == "complex");
            t.append("step1", view("some data"));
            for (int i = 0; i < 32; ++i) {
                last = extract(t, "challenge");
                t.append("bigdata", bytes(1024, 0x63));
                t.append("challengedata", last);
            }
        }
        CHECK(to_hex(last) == vectors::text(c, "expect"));
        ++seen;
    }
    CHECK(seen == 2);
}

TEST_CASE("every byte that enters a transcript changes what comes out") {
    auto challenge = [](std::string_view label, std::string_view name, std::string_view message,
                        std::size_t size) {
        transcript t(label);
        t.append(name, view(message));
        bytes out(size);
        t.extract("challenge", out);
        return to_hex(out);
    };
    const auto base = challenge("label", "name", "message", 32);
    CHECK(base == challenge("label", "name", "message", 32));
    CHECK(base != challenge("Label", "name", "message", 32));
    CHECK(base != challenge("label", "Name", "message", 32));
    CHECK(base != challenge("label", "name", "messagf", 32));
    CHECK(base != challenge("label", "namem", "essage", 32));
    CHECK(challenge("label", "name", "message", 33).substr(0, 64) !=
          base);  // the length is part of the request
}

TEST_CASE("a copied transcript goes on by itself") {
    transcript t("label");
    t.append("a", view("first"));
    auto fork = t;
    fork.append("b", view("second"));
    const auto forked = extract(fork, "challenge");
    auto other_fork = t;
    CHECK(extract(other_fork, "challenge") == extract(t, "challenge"));
    CHECK(forked != extract(t, "challenge"));
}

TEST_CASE("outputs and inputs longer than the sponge's rate cross its edge") {
    // Extracting at once or absorbing at once is the same as STROBE's `more`, whatever the sizes of
    // the pieces.
    for (const std::size_t cut : {0u, 1u, 100u, 165u, 166u, 167u, 331u, 332u, 333u, 499u}) {
        bytes message(500, 7), whole(500), parts(500);
        strobe128 a("test"), b("test");
        a.ad(message, false);
        a.prf(whole, false);
        b.ad(byte_view(message).first(cut), false);
        b.ad(byte_view(message).subspan(cut), true);
        b.prf(byte_span(parts).first(cut), false);
        b.prf(byte_span(parts).subspan(cut), true);
        INFO("cut at " << cut);
        CHECK(whole == parts);
    }
}

TEST_CASE("vectors: secret_connection_full, the challenge and both signatures of it") {
    std::size_t seen = 0;
    for (const auto& c : vectors::group("secret_connection_full")) {
        const auto a = vectors::hex(c, "eph_pub_a"), b = vectors::hex(c, "eph_pub_b");
        CHECK((compare(a, b) < 0) == vectors::boolean(c, "a_is_least"));
        transcript t("TENDERMINT_SECRET_CONNECTION_TRANSCRIPT_HASH");
        t.append("EPHEMERAL_LOWER_PUBLIC_KEY", std::min(a, b));
        t.append("EPHEMERAL_UPPER_PUBLIC_KEY", std::max(a, b));
        t.append("DH_SECRET", vectors::hex(c, "dh_secret"));
        const auto challenge = extract(t, "SECRET_CONNECTION_MAC");
        CHECK(to_hex(challenge) == vectors::text(c, "challenge"));
        for (const auto* side : {"a", "b"}) {
            const auto s = vectors::at(c, side);
            const auto priv =
                ed25519::private_from_seed(fixed<32>::from(vectors::hex(s, "node_seed")));
            CHECK(to_hex(byte_view(priv).subspan(32)) == vectors::text(s, "node_pub"));
            CHECK(to_hex(ed25519::sign(challenge, priv)) == vectors::text(s, "signature"));
            CHECK(ed25519::verify(vectors::hex(s, "node_pub"), challenge,
                                  vectors::hex(s, "signature")));
            ++seen;
        }
    }
    CHECK(seen == 4);
}

TEST_CASE("a transcript is overwritten when it dies") {
    alignas(transcript) unsigned char memory[sizeof(transcript)];
    auto* log = new (memory) transcript("test");
    log->append("DH_SECRET", bytes(32, 0xee));
    std::destroy_at(log);
    std::size_t left = 0;
    for (const volatile unsigned char& b : memory)
        left += b != 0;
    CHECK(left <= 3);  // where in the state it stood
}
