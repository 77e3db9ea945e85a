// SPDX-License-Identifier: Apache-2.0
#include "chain/part_set.hpp"

#include "base/random.hpp"
#include "base/wire/json.hpp"
#include "tests/unit/chain/support.hpp"

#include <functional>
#include <numeric>

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::chain;
using namespace tetrad::chain::test;

namespace {

slice random_slice(std::size_t size, std::uint64_t seed = 1) {
    bytes raw(size);
    seeded_random(seed).fill(raw);
    return slice(std::move(raw));
}

part_set waiting_for(const part_set_header& h) {
    auto made = part_set::waiting_for(h);
    REQUIRE(made);
    return std::move(*made);
}

}  // namespace

TEST_CASE("parts and their proofs are CometBFT's") {
    for (const auto& c : vectors::group("part_set")) {
        bytes raw(150000);  // the case's data_rule
        for (std::size_t i = 0; i < raw.size(); ++i)
            raw[i] = static_cast<std::uint8_t>((7 * i) % 251);
        const slice encoded(raw);
        const auto set = part_set::of(encoded);
        CHECK(static_cast<std::int64_t>(set.total()) == vectors::int64(c, "total"));
        CHECK(equal(set.header().hash, vectors::hex(c, "hash")));
        CHECK(part_set_header_of(encoded) == set.header());
        for (const auto p : vectors::at(c, "proofs").elements()) {
            const auto* one = set.at(static_cast<std::size_t>(vectors::int64(p, "index")));
            REQUIRE(one);
            CHECK(equal(one->proof.leaf_hash, vectors::hex(p, "leaf_hash")));
            std::size_t i = 0;
            for (const auto aunt : vectors::at(p, "aunts").elements())
                CHECK(equal(one->proof.aunts.at(i++), vectors::hex(aunt)));
            CHECK(i == one->proof.aunts.size());
        }
    }
}

TEST_CASE("a block's parts are slices of it and its set is complete") {
    const auto encoded = random_slice(100 * part_bytes_max - 5);
    auto set = part_set::of(encoded);
    CHECK(set.total() == 100);
    CHECK(set.is_complete());
    CHECK(set.have().is_full());
    CHECK(set.bytes() == static_cast<std::int64_t>(encoded.size()));
    CHECK(set.encoded().data() == encoded.data());
    for (std::size_t i = 0; i < 100; ++i) {
        REQUIRE(set.at(i));
        CHECK(set.at(i)->data.data() == encoded.data() + i * part_bytes_max);
        CHECK(check_shape(*set.at(i)));
    }
    CHECK(!set.at(100));
}

TEST_CASE("sizes around the limits of a part") {
    for (const std::size_t size : {1u, 65535u, 65536u, 65537u, 131072u}) {
        const auto set = part_set::of(random_slice(size));
        CHECK(set.total() == (size + 65535) / 65536);
        CHECK(set.at(set.total() - 1)->data.size() == (size - 1) % 65536 + 1);
    }
    CHECK(part_set::of(slice()).total() == 0);
    CHECK(part_set::of(slice()).is_complete());
}

TEST_CASE("parts that arrive in any order make the block") {
    const auto encoded = random_slice(20 * part_bytes_max + 77);
    const auto source = part_set::of(encoded);
    auto set = waiting_for(source.header());
    CHECK(set.count() == 0);
    CHECK(!set.is_complete());
    CHECK(set.have().size() == 21);

    std::vector<std::size_t> order(21);
    std::iota(order.begin(), order.end(), std::size_t{0});
    seeded_random(7).shuffle(order);
    for (const auto i : order) {
        CHECK(!set.at(i));
        const auto added = set.add(*source.at(i));
        REQUIRE(added);
        CHECK(*added);
        CHECK(set.have().get(i));
    }
    REQUIRE(set.is_complete());
    CHECK(set.bytes() == static_cast<std::int64_t>(encoded.size()));
    CHECK(set.encoded() == encoded);
    // Once joined, the parts lie in what was joined.
    CHECK(set.at(3)->data.data() == set.encoded().data() + 3 * part_bytes_max);
    CHECK(set.at(3)->data == source.at(3)->data);

    const auto again = set.add(*source.at(0));
    REQUIRE(again);
    CHECK(!*again);
}

TEST_CASE("parts that do not prove their place are refused") {
    const auto source = part_set::of(random_slice(3 * part_bytes_max));
    auto set = waiting_for(source.header());
    const std::pair<std::function<void(part&)>, std::string> table[] = {
        {[](part& p) { p.index = 3; }, "error part set unexpected index"},
        {[](part& p) { p.index = UINT32_MAX; }, "error part set unexpected index"},
        {[](part& p) { p.proof.aunts[0].data[0] ^= 1; }, "error part set invalid proof"},
        {[](part& p) { p.proof.aunts.pop_back(); }, "error part set invalid proof"},
        {[](part& p) { p.proof.aunts.emplace_back(); }, "error part set invalid proof"},
        {[](part& p) { p.proof.total = 4; }, "error part set invalid proof"},
        {[](part& p) { p.proof.index = 1; }, "error part set invalid proof"},
        {[](part& p) { p.proof.leaf_hash = hash_of("x"); }, "error part set invalid proof"},
        {[](part& p) { p.data = random_slice(part_bytes_max, 9); }, "error part set invalid proof"},
    };
    for (const auto& [spoil, wanted] : table) {
        auto p = *source.at(0);
        spoil(p);
        CHECK(error_of(set.add(p)) == wanted);
        CHECK(set.count() == 0);
    }
    CHECK(set.have().is_empty());
}

TEST_CASE("no memory is set aside for more parts than a block can have") {
    CHECK(part_set::waiting_for({static_cast<std::uint32_t>(parts_max), hash_of("x")}).has_value());
    const auto more =
        part_set::waiting_for({static_cast<std::uint32_t>(parts_max) + 1, hash_of("x")});
    REQUIRE(!more);
    CHECK(more.error().code == errc::too_large);
    CHECK(!part_set::waiting_for({UINT32_MAX, hash_of("x")}));
}

TEST_CASE("the shape of a part is checked as in CometBFT's table") {
    const std::pair<std::function<void(part&)>, std::string> table[] = {
        {[](part&) {}, ""},
        {[](part& p) { p.data = random_slice(part_bytes_max + 1); }, "error part size too big"},
        {[](part& p) {
             p.index = 1;
             p.data = random_slice(part_bytes_max - 1);
             p.proof.total = 2;
             p.proof.index = 1;
         },
         ""},
        {[](part& p) { p.data = random_slice(part_bytes_max - 1); },
         "error inner part with invalid size"},
        {[](part& p) { p.index = 1; }, "invalid part: part index 1 != proof index 0"},
        {[](part& p) { p.proof.leaf_hash = {}; },
         "invalid part: wrong Proof: expected LeafHash size to be 32, got 0"},
        {[](part& p) { p.proof.aunts.resize(101); },
         "invalid part: wrong Proof: expected no more than 100 aunts, got 101"},
        {[](part& p) { p.proof.total = -1; }, "invalid part: wrong Proof: negative Total"},
    };
    const auto source = part_set::of(random_slice(100 * part_bytes_max));
    for (const auto& [spoil, wanted] : table) {
        auto p = *source.at(0);
        spoil(p);
        CHECK(error_of(check_shape(p)) == wanted);
    }
}

TEST_CASE("a part prints its bytes in hex") {
    const auto set = part_set::of(slice(to_bytes("xyz")));
    const auto text = to_json(*set.at(0));
    CHECK(text.starts_with(
        R"({"index":0,"bytes":"78797A","proof":{"total":"1","index":"0","leaf_hash":")"));
    CHECK(decoded<part>(wire::encode(*set.at(0))) == *set.at(0));
}
