// SPDX-License-Identifier: Apache-2.0
#include "chain/params.hpp"

#include "base/wire/json.hpp"
#include "tests/unit/chain/support.hpp"

#include <functional>

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::chain;
using namespace tetrad::chain::test;

namespace {

consensus_params made(std::int64_t block_bytes, std::int64_t gas, std::int64_t age,
                      std::int64_t evidence_bytes, std::vector<std::string> key_types = {"ed25519"},
                      std::int64_t enable_height = 0) {
    consensus_params p;
    p.block = {block_bytes, gas};
    p.evidence = {age, duration(age), evidence_bytes};
    p.validator.key_types = std::move(key_types);
    p.abci.vote_extensions_enable_height = height_t(enable_height);
    return p;
}

}  // namespace

TEST_CASE("the hash of parameters is over the block's limits only") {
    for (const auto& c : vectors::group("consensus_hash")) {
        auto p = consensus_params::defaults();
        p.block = {vectors::int64(c, "max_bytes"), vectors::int64(c, "max_gas")};
        CHECK(equal(p.hash(), vectors::hex(c, "hash")));
        const auto before = p.hash();
        p.evidence.max_bytes = 1;
        p.version.app = 9;
        p.validator.key_types.push_back("secp256k1");
        p.abci.vote_extensions_enable_height = height_t(4);
        CHECK(p.hash() == before);
    }
}

TEST_CASE("the shape of parameters is checked as in CometBFT's table") {
    constexpr std::int64_t mega = 1024 * 1024;
    const std::pair<consensus_params, std::string> table[] = {
        {made(1, 0, 2, 0), ""},
        {made(0, 0, 2, 0), "block.MaxBytes cannot be 0"},
        {made(47 * mega, 0, 2, 0), ""},
        {made(10, 0, 2, 0), ""},
        {made(100 * mega, 0, 2, 0), ""},
        {made(101 * mega, 0, 2, 0), "block.MaxBytes is too big. 105906176 > 104857600"},
        {made(1024 * mega, 0, 2, 0), "block.MaxBytes is too big. 1073741824 > 104857600"},
        {made(1, -1, 2, 0), ""},
        {made(1, -2, 2, 0), "block.MaxGas must be greater or equal to -1. Got -2"},
        {made(1, 0, 0, 0), "evidence.MaxAgeNumBlocks must be greater than 0. Got 0"},
        {made(1, 0, 2, 2), "evidence.MaxBytesEvidence is greater than upper bound, 2 > 1"},
        {made(1000, 0, 2, 1), ""},
        {made(1, 0, 2, -1), "evidence.MaxBytes must be non negative. Got: -1"},
        {made(1, 0, -1, 0), "evidence.MaxAgeNumBlocks must be greater than 0. Got -1"},
        {made(1, 0, 2, 0, {}), "len(Validator.PubKeyTypes) must be greater than 0"},
        {made(1, 0, 2, 0, {"ed25519", "potatoes"}),
         "params.Validator.PubKeyTypes[1], potatoes, is an unknown pubkey type"},
        {made(1, 0, 2, 0, {"ed25519", "secp256k1"}), ""},
        {made(-1, 0, 2, 0), ""},
        {made(-1, 0, 2, 100 * mega), ""},
        {made(-1, 0, 2, 100 * mega + 1),
         "evidence.MaxBytesEvidence is greater than upper bound, 104857601 > -1"},
        {made(-2, 0, 2, 0), "block.MaxBytes must be -1 or greater than 0. Got -2"},
        {made(1, 0, 2, 0, {"ed25519"}, -1),
         "ABCI.VoteExtensionsEnableHeight cannot be negative. Got: -1"},
        {consensus_params::defaults(), ""},
        {consensus_params{}, "block.MaxBytes cannot be 0"},
    };
    for (const auto& [p, wanted] : table)
        CHECK(error_of(check_shape(p)) == wanted);

    auto p = made(1, 0, 2, 0);
    p.evidence.max_age = duration(0);
    CHECK(error_of(check_shape(p)) ==
          "evidence.MaxAgeDuration must be grater than 0 if provided, Got 0s");
}

TEST_CASE("an update replaces whole parts") {
    const auto before = made(1, 2, 3, 0);
    CHECK(updated(before, {}) == before);

    consensus_params_update u;
    u.block = {100, 200};
    u.evidence = {300, duration(300), 50};
    u.validator = {{"secp256k1"}};
    CHECK(updated(before, u) == made(100, 200, 300, 50, {"secp256k1"}));

    u = {};
    u.evidence.emplace();  // there, but zero
    CHECK(updated(before, u).evidence == evidence_params{});
    u = {};
    u.version = {1};
    CHECK(updated(before, u).version.app == 1);
    CHECK(updated(before, u).block == before.block);
}

TEST_CASE("vote extensions are enabled for the future only, and not changed once enabled") {
    constexpr std::int64_t absent = -10000000;
    const std::tuple<std::int64_t, std::int64_t, std::int64_t, bool> table[] = {
        // height, from, to, allowed
        {3, 0, 0, true},          {3, 100, 100, true},   {100, 100, 100, true},
        {300, 100, 100, true},    {3, 0, 5, true},       {4, 0, 5, true},
        {5, 0, 5, false},         {6, 0, 5, false},      {50, 0, 5, false},
        {4, 5, 0, true},          {5, 5, 0, false},      {6, 5, 0, false},
        {10, 5, 0, false},        {1, 10, 5, true},      {4, 10, 5, true},
        {5, 10, 5, false},        {6, 10, 5, false},     {9, 10, 5, false},
        {10, 10, 5, false},       {11, 10, 5, false},    {100, 10, 5, false},
        {3, 10, 15, true},        {9, 10, 15, true},     {10, 10, 15, false},
        {11, 10, 15, false},      {14, 10, 15, false},   {15, 10, 15, false},
        {16, 10, 15, false},      {100, 10, 15, false},  {3, 0, -5, false},
        {3, -5, 100, true},       {3, -10, 3, false},    {3, -3, -3, false},
        {100, -8, -9, false},     {300, -10, -8, false}, {300, 400, absent, true},
        {300, 200, absent, true},
    };
    for (const auto& [height, from, to, allowed] : table) {
        INFO("height " << height << ", " << from << " -> " << to);
        consensus_params_update u;
        if (to != absent)
            u.abci = {height_t(to)};
        CHECK(check_update(made(1, 0, 2, 0, {"ed25519"}, from), u, height_t(height)).has_value() ==
              allowed);
    }
    abci_params p;
    CHECK(!p.vote_extensions_enabled(height_t(1)));
    p.vote_extensions_enable_height = height_t(5);
    CHECK(!p.vote_extensions_enabled(height_t(4)));
    CHECK(p.vote_extensions_enabled(height_t(5)));
    CHECK(p.vote_extensions_enabled(height_t(6)));
}

TEST_CASE("parameters print as in a genesis document, an update as in block_results") {
    CHECK(
        to_json(consensus_params::defaults()) ==
        R"({"block":{"max_bytes":"22020096","max_gas":"-1"},"evidence":{"max_age_num_blocks":"100000",)"
        R"("max_age_duration":"172800000000000","max_bytes":"1048576"},"validator":{"pub_key_types":["ed25519"]},)"
        R"("version":{"app":"0"},"abci":{"vote_extensions_enable_height":"0"}})");
    consensus_params_update u;
    u.block = {100, 0};
    u.evidence.emplace();
    u.abci.emplace();
    CHECK(to_json(u) ==
          R"({"block":{"max_bytes":"100"},"evidence":{"max_age_duration":"0"},"abci":{}})");
}

TEST_CASE("what is missing in an encoding is zero, not a default") {
    const auto p = decoded<consensus_params>({});
    CHECK(p == consensus_params{});
    CHECK(p.block.max_bytes == 0);
    const auto defaults = consensus_params::defaults();
    CHECK(decoded<consensus_params>(wire::encode(defaults)) == defaults);
    CHECK(to_hex(wire::encode(consensus_params{})) == "0a00120212001a0022002a00");
}
