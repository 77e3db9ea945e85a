// SPDX-License-Identifier: Apache-2.0
#include "chain/proposal.hpp"

#include "base/wire/json.hpp"
#include "tests/unit/chain/support.hpp"

#include <functional>

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::chain;
using namespace tetrad::chain::test;

namespace {

proposal example() {
    proposal p;
    p.type = vote_type::proposal;
    p.height = height_t(4);
    p.round = round_t(2);
    p.pol_round = round_t(-1);
    p.block = id_of("block");
    p.time = {1514160000, 0};
    p.sig = sign(0, sign_bytes(p, "test_chain_id"));
    return p;
}

}  // namespace

TEST_CASE("sign bytes of proposals are CometBFT's") {
    const block_id id{
        chain::hash(*from_hex("8b01023386c371778ecb6368573e539afc3cc860ec3a2f614e54fe5652f4fc80")),
        {1000000, chain::hash(*from_hex(
                      "72db3d959635dff1bb567bedaa70573392c5159666a3f8caf11e413aac52207a"))}};
    int seen = 0;
    for (const auto& c : vectors::group("sign_bytes_more")) {
        if (!vectors::has(c, "pol_round"))
            continue;
        ++seen;
        proposal p;
        p.height = height_t(vectors::int64(c, "height"));
        p.round = round_t(static_cast<std::int32_t>(vectors::int64(c, "round")));
        p.pol_round = round_t(static_cast<std::int32_t>(vectors::int64(c, "pol_round")));
        p.block = id;
        p.time = vectors::time(c, "timestamp");
        CHECK(sign_bytes(p, vectors::text(c, "chain_id")) == vectors::hex(c, "sign_bytes"));
    }
    CHECK(seen == 2);
}

TEST_CASE("proposals that CometBFT made decode, encode, print, sign and verify the same") {
    int seen = 0;
    for (const auto c : oracle("votes").elements()) {
        if (vectors::text(c, "kind") != "proposal")
            continue;
        ++seen;
        const auto encoded = vectors::hex(c, "proto");
        const auto p = decoded<proposal>(encoded);
        const auto id = vectors::text(c, "chain_id");
        CHECK(wire::encode(p) == encoded);
        CHECK(sign_bytes(p, id) == vectors::hex(c, "sign_bytes"));
        CHECK(to_json(p) == vectors::text(c, "json"));
        CHECK(error_of(check_shape(p)) == vectors::text(c, "validate_basic"));
        CHECK(verify(p, id, public_key(static_cast<int>(vectors::int64(c, "key")))));
        CHECK(
            error_of(verify(p, id + "x", public_key(static_cast<int>(vectors::int64(c, "key"))))) ==
            "invalid signature");
    }
    CHECK(seen == 6);
}

TEST_CASE("the shape of a proposal is checked field by field") {
    const std::pair<std::function<void(proposal&)>, std::string> table[] = {
        {[](proposal&) {}, ""},
        {[](proposal& p) { p.type = vote_type::precommit; }, "invalid Type"},
        {[](proposal& p) { p.type = {}; }, "invalid Type"},
        {[](proposal& p) { p.height = height_t(-1); }, "negative Height"},
        {[](proposal& p) { p.round = round_t(-1); }, "negative Round"},
        {[](proposal& p) { p.pol_round = round_t(-2); }, "negative POLRound (exception: -1)"},
        {[](proposal& p) { p.block.parts.hash = chain::hash(view("blockparts")); },
         "wrong BlockID: wrong PartSetHeader: wrong Hash: expected size to be 32 bytes, got 10 "
         "bytes"},
        {[](proposal& p) { p.block = {}; },
         "expected a complete, non-empty BlockID, got: :0:000000000000"},
        {[](proposal& p) { p.sig = {}; }, "signature is missing"},
    };
    for (const auto& [spoil, wanted] : table) {
        auto p = example();
        spoil(p);
        CHECK(error_of(check_shape(p)) == wanted);
    }
}

TEST_CASE("a proposal may not have more parts than a block of the largest size") {
    const std::tuple<std::int64_t, std::uint32_t, bool> table[] = {
        {10 * 65536, 5, true},
        {10 * 65536, 10, true},
        {10 * 65536, 11, false},
        {10 * 65536, 20, false},
        {10 * 65536, UINT32_MAX, false},
        {-1, UINT32_MAX, false},
        {-1, 1600, true},
        {-1, 1601, false},
        {1, 1, true},
        {65536, 1, true},
        {65537, 2, true},
        {65536, 2, false},
    };
    for (const auto& [bytes_max, total, fits] : table) {
        auto p = example();
        p.block.parts.total = total;
        INFO(bytes_max << " " << total);
        CHECK(check_parts(p, bytes_max).has_value() == fits);
    }
    auto p = example();
    p.block.parts.total = 20;
    CHECK(error_of(check_parts(p, 655360)) == "proposal has too many parts 20 (max: 10)");
}
