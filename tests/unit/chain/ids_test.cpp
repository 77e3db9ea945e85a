// SPDX-License-Identifier: Apache-2.0
#include "chain/ids.hpp"

#include "base/wire/json.hpp"
#include "base/wire/protobuf.hpp"
#include "chain/text.hpp"
#include "tests/unit/chain/support.hpp"

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::chain;
using namespace tetrad::chain::test;

TEST_CASE("a hash is empty or 32 bytes") {
    CHECK(check_hash({}));
    CHECK(check_hash(hash256{}));
    CHECK(error_of(check_hash(fixed<31>{})) == "expected size to be 32 bytes, got 31 bytes");
    CHECK(error_of(check_hash(fixed<1>{})) == "expected size to be 32 bytes, got 1 bytes");
}

TEST_CASE("a block id is zero, complete, or neither") {
    const auto whole = id_of("block");
    block_id zero, no_total = whole, no_parts = whole, short_hash = whole;
    no_total.parts.total = 0;
    no_parts.parts.hash = {};
    short_hash.hash = chain::hash(byte_view(fixed<31>{}));
    CHECK((whole.is_complete() && !whole.is_zero()));
    CHECK((zero.is_zero() && !zero.is_complete()));
    for (const auto& id : {no_total, no_parts, short_hash})
        CHECK((!id.is_zero() && !id.is_complete()));
}

TEST_CASE("the shape of a block id is its lengths") {
    const auto whole = id_of("block");
    block_id bad_hash = whole, bad_parts = whole;
    bad_hash.hash = chain::hash(view("too short"));
    bad_parts.parts.hash = chain::hash(view("short"));
    CHECK(check_shape(whole));
    CHECK(check_shape(block_id{}));
    CHECK(error_of(check_shape(bad_hash)) == "wrong Hash");
    CHECK(error_of(check_shape(bad_parts)) ==
          "wrong PartSetHeader: wrong Hash: expected size to be 32 bytes, got 5 bytes");
}

TEST_CASE("the key of a block id is its hash and the encoding of its parts") {
    block_id id = id_of("block");
    id.parts.total = UINT32_MAX;  // the longest there is
    bytes wanted = to_bytes(id.hash);
    append(wanted, wire::encode(id.parts));
    CHECK(wanted.size() == 72);
    CHECK(equal(id.key(), wanted));
    CHECK(block_id{}.key().empty());

    block_id more = id;
    more.parts.total = 1;
    CHECK(more.key() != id.key());
    // Bytes decide the order: the tag 08 of a total stands before the tag 12 of a hash.
    block_id only_hash{id.hash, {0, id.parts.hash}};
    CHECK(id.key() < only_hash.key());
}

TEST_CASE("a block id prints and reads as CometBFT's") {
    const block_id id{chain::hash(view("\x01\x02\x03")), {7, chain::hash(view("abcdefgh"))}};
    CHECK(to_string(id) == "010203:7:616263646566");
    CHECK(to_string(block_id{}) == ":0:000000000000");
    CHECK(to_json(id) == R"({"hash":"010203","parts":{"total":7,"hash":"6162636465666768"}})");
    const auto back = from_json<block_id>(to_json(id));
    REQUIRE(back);
    CHECK(*back == id);
    CHECK(to_hex(wire::encode(block_id{})) == "1200");
}

TEST_CASE("times in errors look as Go prints them") {
    CHECK(time_text({1709251198, 123000000}) == "2024-02-29 23:59:58.123 +0000 UTC");
    CHECK(time_text({}) == "0001-01-01 00:00:00 +0000 UTC");
    CHECK(fingerprint(view("\xff")) == "FF0000000000");
}
