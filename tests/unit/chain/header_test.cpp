// SPDX-License-Identifier: Apache-2.0
#include "chain/header.hpp"

#include "base/crypto/merkle.hpp"
#include "base/wire/json.hpp"
#include "tests/unit/chain/support.hpp"

#include <functional>

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::chain;
using namespace tetrad::chain::test;

namespace {

// google.protobuf.BytesValue.
struct wrapped {
    byte_view value;
    static constexpr auto schema = wire::fields(wire::field<1>("", &wrapped::value));
};

header example() {
    header h;
    h.version = {block_protocol, 1};
    h.chain_id = "test-chain";
    h.height = height_t(3);
    h.time = {1700000000, 5};
    h.last_block = id_of("last");
    h.last_commit_hash = hash_of("commit");
    h.data_hash = hash_of("data");
    h.validators_hash = hash_of("validators");
    h.next_validators_hash = hash_of("next validators");
    h.consensus_hash = hash_of("consensus");
    h.app_hash = to_bytes("app");
    h.last_results_hash = hash_of("results");
    h.evidence_hash = hash_of("evidence");
    h.proposer = public_key(0).address();
    return h;
}

}  // namespace

TEST_CASE("the hash of CometBFT's test header") {
    for (const auto& c : vectors::group("header_hash")) {
        const auto id = vectors::at(c, "last_block_id");
        const auto hash = [&](std::string_view name) { return chain::hash(vectors::hex(c, name)); };
        header h;
        h.version = {static_cast<std::uint64_t>(vectors::int64(c, "version_block")),
                     static_cast<std::uint64_t>(vectors::int64(c, "version_app"))};
        h.chain_id = vectors::text(c, "chain_id");
        h.height = height_t(vectors::int64(c, "height"));
        h.time = vectors::time(c, "time");
        h.last_block = {chain::hash(vectors::hex(id, "hash")),
                        {static_cast<std::uint32_t>(vectors::int64(id, "total")),
                         chain::hash(vectors::hex(id, "psh_hash"))}};
        h.last_commit_hash = hash("last_commit_hash");
        h.data_hash = hash("data_hash");
        h.validators_hash = hash("validators_hash");
        h.next_validators_hash = hash("next_validators_hash");
        h.consensus_hash = hash("consensus_hash");
        h.app_hash = vectors::hex(c, "app_hash");
        h.last_results_hash = hash("last_results_hash");
        h.evidence_hash = hash("evidence_hash");
        h.proposer = address(vectors::hex(c, "proposer_address"));
        CHECK(equal(h.hash(), vectors::hex(c, "expect")));
    }
}

TEST_CASE("headers that CometBFT made decode, encode, print and hash the same") {
    int hashless = 0;
    for (const auto c : oracle("headers").elements()) {
        const auto encoded = vectors::hex(c, "proto");
        const auto h = decoded<header>(encoded);
        CHECK(wire::encode(h) == encoded);
        CHECK(equal(h.hash(), vectors::hex(c, "hash")));
        CHECK(to_json(h) == vectors::text(c, "json"));
        CHECK(error_of(check_shape(h)) == vectors::text(c, "validate_basic"));
        hashless += h.hash().empty();
        const auto back = from_json<header>(vectors::text(c, "json"));
        REQUIRE(back);
        CHECK(*back == h);
    }
    CHECK(hashless == 1);  // the one without a validators_hash
}

TEST_CASE("every field is in the hash") {
    const std::function<void(header&)> changes[] = {
        [](header& h) { h.version.app = 2; },
        [](header& h) { h.version.block = 12; },
        [](header& h) { h.chain_id += "x"; },
        [](header& h) { h.height = height_t(4); },
        [](header& h) { ++h.time.nanos; },
        [](header& h) { h.last_block.parts.total = 2; },
        [](header& h) { h.last_commit_hash = {}; },
        [](header& h) { h.data_hash = {}; },
        [](header& h) { h.validators_hash = hash_of("others"); },
        [](header& h) { h.next_validators_hash = {}; },
        [](header& h) { h.consensus_hash = {}; },
        [](header& h) { h.app_hash.clear(); },
        [](header& h) { h.last_results_hash = {}; },
        [](header& h) { h.evidence_hash = {}; },
        [](header& h) { h.proposer = public_key(1).address(); },
    };
    for (const auto& change : changes) {
        auto h = example();
        change(h);
        CHECK(h.hash() != example().hash());
    }
}

TEST_CASE("long names and application hashes are leaves like the short ones") {
    // Lengths around one and two bytes of their prefix, against leaves made by the general encoder.
    for (const std::size_t size : {1u, 126u, 127u, 128u, 129u, 300u, 20000u}) {
        auto h = example();
        h.app_hash.assign(size, 7);
        h.chain_id.assign(size, 'c');
        crypto::merkle_builder tree;
        const auto add = [&](byte_view v) { tree.add(wire::encode(wrapped{v})); };
        tree.add(wire::encode(h.version));
        add(view(h.chain_id));
        tree.add(bytes{0x08, 3});
        tree.add(*from_hex("0880e2cfaa061005"));
        tree.add(wire::encode(h.last_block));
        add(h.last_commit_hash);
        add(h.data_hash);
        add(h.validators_hash);
        add(h.next_validators_hash);
        add(h.consensus_hash);
        add(h.app_hash);
        add(h.last_results_hash);
        add(h.evidence_hash);
        add(h.proposer);
        CHECK(equal(h.hash(), tree.root()));
    }
}

TEST_CASE("the shape of a header is checked field by field, in CometBFT's order") {
    const chain::hash small(view("x"));
    const std::string size = ": expected size to be 32 bytes, got 1 bytes";
    const std::pair<std::function<void(header&)>, std::string> table[] = {
        {[](header&) {}, ""},
        {[](header& h) { h.version.block = 10; },
         "block protocol is incorrect: got: 10, want: 11 "},
        {[](header& h) { h.chain_id.assign(51, 'c'); }, "chainID is too long; got: 51, max: 50"},
        {[](header& h) { h.chain_id.assign(50, 'c'); }, ""},
        {[](header& h) { h.height = height_t(-1); }, "negative Height"},
        {[](header& h) { h.height = height_t(0); }, "zero Height"},
        {[&](header& h) { h.last_block.hash = small; }, "wrong LastBlockID: wrong Hash"},
        {[](header& h) { h.last_block = {}; }, ""},
        {[&](header& h) { h.last_commit_hash = small; }, "wrong LastCommitHash" + size},
        {[&](header& h) { h.data_hash = small; }, "wrong DataHash" + size},
        {[&](header& h) { h.evidence_hash = small; }, "wrong EvidenceHash" + size},
        {[](header& h) { h.proposer = address(view("x")); },
         "invalid ProposerAddress length; got: 1, expected: 20"},
        {[&](header& h) { h.validators_hash = small; }, "wrong ValidatorsHash" + size},
        {[&](header& h) { h.next_validators_hash = small; }, "wrong NextValidatorsHash" + size},
        {[&](header& h) { h.consensus_hash = small; }, "wrong ConsensusHash" + size},
        {[&](header& h) { h.last_results_hash = small; }, "wrong LastResultsHash" + size},
        {[](header& h) { h.app_hash.assign(5000, 1); }, ""},
        {[&](header& h) { h.data_hash = small, h.evidence_hash = small; }, "wrong DataHash" + size},
    };
    for (const auto& [spoil, wanted] : table) {
        auto h = example();
        spoil(h);
        CHECK(error_of(check_shape(h)) == wanted);
    }
}
