// SPDX-License-Identifier: Apache-2.0
#include "chain/vote.hpp"

#include "base/wire/json.hpp"
#include "tests/unit/chain/support.hpp"

#include <functional>

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::chain;
using namespace tetrad::chain::test;

namespace {

constexpr std::string_view chain_id = "test_chain_id";

vote example(vote_type type) {
    vote v;
    v.type = type;
    v.height = height_t(12345);
    v.round = round_t(2);
    v.block = id_of("block");
    v.time = {1514160000, 7};
    v.validator = public_key(0).address();
    v.validator_index = 56789;
    v.sig = sign(0, sign_bytes(v, chain_id));
    return v;
}

}  // namespace

TEST_CASE("sign bytes of votes are CometBFT's") {
    for (const auto& c : vectors::group("vote_sign_bytes")) {
        vote v;
        v.type = static_cast<vote_type>(vectors::int64(c, "type"));
        v.height = height_t(vectors::int64(c, "height"));
        v.round = round_t(static_cast<std::int32_t>(vectors::int64(c, "round")));
        REQUIRE(vectors::at(c, "block_id").is_null());
        v.time = vectors::time(c, "timestamp");
        if (vectors::boolean(c, "has_extension"))
            v.extension = slice(to_bytes("extension"));
        CHECK(sign_bytes(v, vectors::text(c, "chain_id")) == vectors::hex(c, "sign_bytes"));
    }
}

TEST_CASE("sign bytes for a block, for nil, with nanoseconds and of extensions are CometBFT's") {
    int votes = 0, extensions = 0;
    for (const auto& c : vectors::group("sign_bytes_more")) {
        vote v;
        v.height = height_t(vectors::int64(c, "height"));
        v.round = round_t(static_cast<std::int32_t>(vectors::int64(c, "round")));
        const auto id = vectors::text(c, "chain_id");
        if (vectors::has(c, "extension")) {
            ++extensions;
            v.extension = slice(vectors::hex(c, "extension"));
            CHECK(extension_sign_bytes(v, id) == vectors::hex(c, "sign_bytes"));
            continue;
        }
        if (vectors::has(c, "pol_round"))
            continue;  // proposals
        ++votes;
        v.type = static_cast<vote_type>(vectors::int64(c, "type"));
        v.time = vectors::time(c, "timestamp");
        if (vectors::has(c, "block_hash"))
            v.block = {chain::hash(vectors::hex(c, "block_hash")),
                       {static_cast<std::uint32_t>(vectors::int64(c, "psh_total")),
                        chain::hash(vectors::hex(c, "psh_hash"))}};
        CHECK(sign_bytes(v, id) == vectors::hex(c, "sign_bytes"));
        if (vectors::has(c, "signature")) {
            const auto key =
                crypto::private_key::from_seed(fixed<32>::from(vectors::hex(c, "signer_seed")));
            v.validator = key.public_key().address();
            v.sig = signature(vectors::hex(c, "signature"));
            CHECK(verify(v, id, key.public_key()));
        }
    }
    CHECK(votes == 3);
    CHECK(extensions == 2);
}

TEST_CASE("votes that CometBFT made decode, encode, print, sign and verify the same") {
    int seen = 0;
    for (const auto c : oracle("votes").elements()) {
        if (vectors::text(c, "kind") != "vote")
            continue;
        ++seen;
        const auto encoded = vectors::hex(c, "proto");
        const auto v = decoded<vote>(encoded);
        const auto id = vectors::text(c, "chain_id");
        CHECK(wire::encode(v) == encoded);
        CHECK(sign_bytes(v, id) == vectors::hex(c, "sign_bytes"));
        CHECK(extension_sign_bytes(v, id) == vectors::hex(c, "extension_sign_bytes"));
        CHECK(to_json(v) == vectors::text(c, "json"));
        CHECK(error_of(check_shape(v)) == vectors::text(c, "validate_basic"));
        const auto key = public_key(static_cast<int>(vectors::int64(c, "key")));
        CHECK(verify(v, id, key));
        if (!v.extension_sig.empty())
            CHECK(key.verify(extension_sign_bytes(v, id), v.extension_sig));
    }
    CHECK(seen == 18);
}

TEST_CASE("the shape of a vote is checked field by field") {
    const std::pair<std::function<void(vote&)>, std::string> table[] = {
        {[](vote&) {}, ""},
        {[](vote& v) { v.type = vote_type::proposal; }, "invalid Type"},
        {[](vote& v) { v.type = vote_type::unknown; }, "invalid Type"},
        {[](vote& v) { v.height = height_t(-1); }, "negative or zero Height"},
        {[](vote& v) { v.height = height_t(0); }, "negative or zero Height"},
        {[](vote& v) { v.round = round_t(-1); }, "negative Round"},
        {[](vote& v) {
             v.block = {chain::hash(view("\x01\x02\x03")), {111, chain::hash(view("blockparts"))}};
         },
         "wrong BlockID: wrong Hash"},
        {[](vote& v) { v.block.parts.total = 0; },
         "blockID must be either empty or complete, got: "},
        {[](vote& v) { v.validator = address(view("x")); },
         "expected ValidatorAddress size to be 20 bytes, got 1 bytes"},
        {[](vote& v) { v.validator_index = -1; }, "negative ValidatorIndex"},
        {[](vote& v) { v.sig = {}; }, "signature is missing"},
    };
    for (const auto type : {vote_type::prevote, vote_type::precommit})
        for (const auto& [spoil, wanted] : table) {
            auto v = example(type);
            spoil(v);
            const auto got = error_of(check_shape(v));
            INFO(got);
            if (wanted.empty())
                CHECK(got.empty());
            else
                CHECK(got.starts_with(wanted));
        }
}

TEST_CASE("a signature longer than 64 bytes does not decode") {
    auto encoded = wire::encode(example(vote_type::prevote));
    append(encoded, bytes{0x42, 65});  // the field again, longer
    append(encoded, bytes(65, 1));
    CHECK(!wire::decode<vote>(encoded));
}

TEST_CASE("only a precommit for a block may carry an extension") {
    const auto with = [](vote v, std::string_view extension, bool is_signed) {
        v.extension = slice(to_bytes(extension));
        if (is_signed)
            v.extension_sig = sign(0, extension_sign_bytes(v, chain_id));
        return v;
    };
    auto nil = example(vote_type::precommit);
    nil.block = {};
    const auto prevote = example(vote_type::prevote), precommit = example(vote_type::precommit);
    const std::tuple<vote, std::string> table[] = {
        {with(precommit, "extension", true), ""},
        {with(precommit, "", true), ""},
        {with(precommit, "", false), ""},
        {with(precommit, "extension", false),
         "vote extension signature absent on vote with extension"},
        {with(prevote, "extension", true), "unexpected vote extension; vote type 1, isNil false"},
        {with(prevote, "", true), "unexpected vote extension signature"},
        {with(nil, "extension", true), "unexpected vote extension; vote type 2, isNil true"},
        {with(nil, "", true), "unexpected vote extension signature"},
    };
    for (const auto& [v, wanted] : table)
        CHECK(error_of(check_shape(v)) == wanted);

    CHECK(error_of(ensure_extension(precommit)) == "vote extension absent");
    CHECK(ensure_extension(with(precommit, "", true)));
    CHECK(ensure_extension(prevote));
    CHECK(ensure_extension(nil));
}

TEST_CASE("a vote verifies only by its own key, chain and content") {
    auto v = example(vote_type::precommit);
    CHECK(verify(v, chain_id, public_key(0)));
    CHECK(error_of(verify(v, chain_id, public_key(1))) == "invalid validator address");
    CHECK(error_of(verify(v, "another chain", public_key(0))) == "invalid signature");
    auto later = v;
    ++later.time.nanos;
    CHECK(error_of(verify(later, chain_id, public_key(0))) == "invalid signature");

    CHECK(error_of(verify(v, chain_id, public_key(0), true)) ==
          "expected vote extension signature");
    v.extension = slice(to_bytes("extension"));
    v.extension_sig = sign(0, extension_sign_bytes(v, chain_id));
    CHECK(verify(v, chain_id, public_key(0), true));
    v.extension = slice(to_bytes("another extension"));
    CHECK(verify(v, chain_id, public_key(0)));  // it is not in the vote's own sign bytes
    CHECK(error_of(verify(v, chain_id, public_key(0), true)) == "invalid signature");
}

TEST_CASE("a vote prints as in CometBFT's logs") {
    auto v = example(vote_type::precommit);
    v.validator = address(view("ABCDEFGHIJKLMNOPQRST"));
    v.sig = signature(view("sig"));
    v.extension = slice(to_bytes("extension"));
    v.block = {chain::hash(view("blockhash")), {1000000, {}}};
    CHECK(to_string(v) ==
          "Vote{56789:414243444546 12345/02/SIGNED_MSG_TYPE_PRECOMMIT(Precommit) 626C6F636B68 "
          "736967000000 "
          "657874656E73 @ 2017-12-25T00:00:00.000000007Z}");
}
