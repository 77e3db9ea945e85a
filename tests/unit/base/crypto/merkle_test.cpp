// SPDX-License-Identifier: Apache-2.0
// Roots against golden values and against the recursive definition of RFC 6962; proofs of every
// leaf, and altered ones.
#include "base/crypto/merkle.hpp"

#include "base/crypto/hash.hpp"
#include "base/text.hpp"
#include "base/wire/json.hpp"
#include "base/wire/protobuf.hpp"
#include "tests/vectors/vectors.hpp"

#include <bit>
#include <limits>
#include <string>

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::crypto;

namespace {

std::vector<bytes> make_leaves(std::size_t count) {
    std::vector<bytes> leaves;
    for (std::size_t i = 0; i < count; ++i)
        leaves.push_back(to_bytes("leaf " + std::to_string(i)));
    return leaves;
}

std::vector<byte_view> views(const std::vector<bytes>& leaves) {
    return {leaves.begin(), leaves.end()};
}

/// Section 2.1 of the RFC, as it stands there.
hash256 by_definition(std::span<const byte_view> leaves) {
    if (leaves.empty())
        return sha256(byte_view());
    if (leaves.size() == 1)
        return sha256(bytes{0}, leaves[0]);
    const auto k = std::bit_floor(leaves.size() - 1);
    return sha256(bytes{1}, by_definition(leaves.first(k)), by_definition(leaves.subspan(k)));
}

}  // namespace

TEST_CASE("vectors: merkle_root") {
    std::size_t seen = 0;
    for (const auto& c : vectors::group("merkle_root")) {
        std::vector<bytes> leaves;
        for (const auto leaf : vectors::at(c, "leaves").elements())
            leaves.push_back(vectors::hex(leaf));
        CHECK(to_hex(merkle_root(views(leaves))) == vectors::text(c, "root"));
        CHECK(to_hex(prove(views(leaves)).root) == vectors::text(c, "root"));
        ++seen;
    }
    CHECK(seen == 5);
}

TEST_CASE("vectors: merkle_rfc6962") {
    const vectors::group group("merkle_rfc6962");
    auto expected = [&](std::string_view name) {
        for (const auto& c : group)
            if (vectors::text(c, "name") == name)
                return vectors::text(c, "expect");
        return std::string("no such case");
    };
    CHECK(to_hex(merkle_root(std::span<const byte_view>())) == expected("empty tree"));
    CHECK(to_hex(merkle_leaf({})) == expected("empty leaf"));
    CHECK(to_hex(merkle_leaf(view("L123456"))) == expected("leaf L123456"));
    // Its children are not hashes: four bytes each.
    CHECK(to_hex(sha256(bytes{1}, view("N123"), view("N456"))) == expected("node N123,N456"));
}

TEST_CASE("vectors: part_set, its root and every proof") {
    for (const auto& c : vectors::group("part_set")) {
        bytes data(150000);
        for (std::size_t i = 0; i < data.size(); ++i)
            data[i] = static_cast<std::uint8_t>(7 * i % 251);
        std::vector<byte_view> parts;
        for (std::size_t at = 0; at < data.size(); at += 65536)
            parts.push_back(
                byte_view(data).subspan(at, std::min<std::size_t>(65536, data.size() - at)));
        const auto made = prove(parts);
        CHECK(to_hex(made.root) == vectors::text(c, "hash"));
        REQUIRE(made.proofs.size() == static_cast<std::size_t>(vectors::int64(c, "total")));
        std::size_t i = 0;
        for (const auto expected : vectors::at(c, "proofs").elements()) {
            const auto& p = made.proofs.at(i++);
            CHECK(p.index == vectors::int64(expected, "index"));
            CHECK(to_hex(p.leaf_hash) == vectors::text(expected, "leaf_hash"));
            std::size_t a = 0;
            for (const auto aunt : vectors::at(expected, "aunts").elements())
                CHECK(to_hex(p.aunts.at(a++)) == vectors::text(aunt));
            CHECK(a == p.aunts.size());
        }
        CHECK(i == made.proofs.size());
    }
}

TEST_CASE("roots made leaf by leaf are those of the recursive definition") {
    merkle_builder growing;
    for (std::size_t count = 0; count <= 300; ++count) {
        const auto leaves = make_leaves(count);
        const auto expected = by_definition(views(leaves));
        REQUIRE(merkle_root(views(leaves)) == expected);
        REQUIRE(merkle_root(count, [&](std::size_t i) { return byte_view(leaves[i]); }) ==
                expected);
        REQUIRE(merkle_root(count, [](std::size_t i) {
                    return to_bytes("leaf " + std::to_string(i));
                }) == expected);
        REQUIRE(growing.root() == expected);  // asking for the root does not end the tree
        REQUIRE(growing.size() == count);
        growing.add(view("leaf " + std::to_string(count)));
    }
}

TEST_CASE("the proof of every leaf verifies, and no altered one does") {
    for (std::size_t count = 1; count <= 40; ++count) {
        const auto leaves = make_leaves(count);
        const auto [root, proofs] = prove(views(leaves));
        REQUIRE(root == by_definition(views(leaves)));
        REQUIRE(proofs.size() == count);
        for (std::size_t i = 0; i < count; ++i) {
            const auto& p = proofs[i];
            INFO("leaf " << i << " of " << count);
            REQUIRE(check_shape(p));
            REQUIRE(verify(p, root, leaves[i]));
            REQUIRE(prove_leaf(count, i, [&](std::size_t n) { return byte_view(leaves[n]); }) == p);
            REQUIRE_FALSE(verify(p, root, count == 1 ? bytes{} : leaves[(i + 1) % count]));
            auto wrong_root = root;
            wrong_root.data[i % 32] ^= 1;
            REQUIRE_FALSE(verify(p, wrong_root, leaves[i]));
            REQUIRE_FALSE(verify(p, byte_view(root).first(31), leaves[i]));
            REQUIRE_FALSE(verify(p, {}, leaves[i]));

            auto altered = [&](auto change) {
                auto bad = p;
                change(bad);
                return verify(bad, root, leaves[i]).has_value();
            };
            REQUIRE_FALSE(altered([](auto& bad) { bad.index = -1; }));
            REQUIRE_FALSE(altered([](auto& bad) { bad.total = -1; }));
            REQUIRE_FALSE(altered([](auto& bad) { bad.total = 0; }));
            REQUIRE_FALSE(altered([](auto& bad) { bad.index = bad.total; }));
            REQUIRE_FALSE(altered([](auto& bad) { bad.leaf_hash = {}; }));
            REQUIRE_FALSE(altered([](auto& bad) { bad.aunts.push_back({}); }));
            for (std::size_t a = 0; a < p.aunts.size(); ++a) {
                REQUIRE_FALSE(altered([&](auto& bad) { bad.aunts[a].data[a] ^= 0x80; }));
                REQUIRE_FALSE(altered([&](auto& bad) {
                    bad.aunts.erase(bad.aunts.begin() + static_cast<std::ptrdiff_t>(a));
                }));
            }
            for (std::size_t other = 0; other < count; ++other)
                if (other != i)
                    REQUIRE_FALSE(
                        altered([&](auto& bad) { bad.index = static_cast<std::int64_t>(other); }));
        }
    }
}

TEST_CASE("totals and indices at the ends of their range give an error, not a loop") {
    merkle_proof p;
    p.leaf_hash = sha256(byte_view());
    for (const auto total : {std::numeric_limits<std::int64_t>::max(), std::int64_t{1} << 62,
                             (std::int64_t{1} << 62) + 1}) {
        p.total = total;
        for (const auto index : {std::int64_t{0}, total / 2, total - 1}) {
            p.index = index;
            p.aunts.clear();
            CHECK_FALSE(root_of(p));
            p.aunts.resize(merkle_proof::aunts_max);
            CHECK_FALSE(root_of(p));
        }
        p.index = std::numeric_limits<std::int64_t>::min();
        CHECK_FALSE(root_of(p));
    }
    // A path of full length is walked: the leftmost leaf of 2^62 has 62 aunts.
    p.total = std::int64_t{1} << 62;
    p.index = 0;
    p.aunts.assign(62, {});
    CHECK(root_of(p));
}

TEST_CASE("a proof's shape is checked as CometBFT's ValidateBasic does") {
    merkle_proof good;
    good.total = 2;
    good.leaf_hash = sha256(byte_view());
    good.aunts.resize(merkle_proof::aunts_max);
    REQUIRE(check_shape(good));
    auto text_of = [&](auto change) {
        auto bad = good;
        change(bad);
        const auto checked = check_shape(bad);
        return checked ? std::string("no error") : checked.error().text;
    };
    CHECK(text_of([](auto& p) { p.total = -1; }) == "negative Total");
    CHECK(text_of([](auto& p) { p.index = -1; }) == "negative Index");
    CHECK(text_of([](auto& p) { p.leaf_hash = {}; }) == "expected LeafHash size to be 32, got 0");
    CHECK(text_of([](auto& p) { p.aunts.push_back({}); }) ==
          "expected no more than 100 aunts, got 101");
}

TEST_CASE("a proof's wire form is tendermint.crypto.Proof") {
    merkle_proof p;
    p.total = 3;
    p.index = 2;
    p.leaf_hash = hash256{{1}};
    p.aunts = {hash256{{2}}, hash256{}};
    const std::string zeros(62, '0');
    const auto encoded = wire::encode(p);
    CHECK(to_hex(encoded) == "080310021a2001" + zeros + "222002" + zeros + "222000" + zeros);
    CHECK(*wire::decode<merkle_proof>(encoded) == p);
    CHECK(wire::encode(merkle_proof{}).empty());
    CHECK_FALSE(wire::decode<merkle_proof>(*from_hex("22021234")));  // an aunt of two bytes
    CHECK_FALSE(check_shape(*wire::decode<merkle_proof>(*from_hex("1a021234"))));
    CHECK_FALSE(wire::decode<merkle_proof>(*from_hex("1a21" + zeros + "00000000")));
}

TEST_CASE("a proof's JSON form is CometBFT's") {
    const auto one = prove(std::vector<byte_view>{view("a")});
    CHECK(to_json(one.proofs[0]) == R"({"total":"1","index":"0","leaf_hash":")" +
                                        to_base64(merkle_leaf(view("a"))) + R"(","aunts":[]})");
    const auto two = prove(std::vector<byte_view>{view("a"), view("b")});
    const auto text = R"({"total":"2","index":"1","leaf_hash":")" +
                      to_base64(merkle_leaf(view("b"))) + R"(","aunts":[")" +
                      to_base64(merkle_leaf(view("a"))) + R"("]})";
    CHECK(to_json(two.proofs[1]) == text);
    CHECK(*from_json<merkle_proof>(text) == two.proofs[1]);
}
