// SPDX-License-Identifier: Apache-2.0
#include "chain/state.hpp"

#include "base/wire/json.hpp"
#include "chain/validate_block.hpp"
#include "tests/unit/chain/growing_chain.hpp"

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::chain;
using namespace tetrad::chain::test;

TEST_CASE("a chain that CometBFT's executor applied goes the same way here, byte for byte") {
    const auto chain = oracle("chain");
    auto doc = genesis_from_json(vectors::text(chain, "genesis"));
    REQUIRE(doc);
    REQUIRE(validate_and_complete(*doc, {}));
    auto state = genesis_state(*doc, "0.38.25");
    REQUIRE(state);
    CHECK(to_hex(encode_state(*state)) == vectors::text(chain, "state"));

    int blocks = 0;
    for (const auto c : vectors::at(chain, "blocks").elements()) {
        ++blocks;
        const slice received(vectors::hex(c, "block"));
        const auto b = decode_block(received);
        REQUIRE(b);
        INFO("height " << b->header.height.v);
        CHECK(canonical_encoding(received, *b).data() == received.data());
        const auto id = decoded<block_id>(vectors::hex(c, "id"));
        CHECK(block_id{b->hash(), part_set_header_of(received)} == id);
        REQUIRE(error_of(validate_block(*state, *b)).empty());

        // The same block is what we would have made.
        auto ours = make_block(*state, b->data.txs, *b->last_commit, b->evidence,
                               state->validators.proposer().address);
        REQUIRE(ours);
        CHECK(*ours == *b);

        finalize_outcome outcome;
        outcome.results_hash = hash256::from(vectors::hex(c, "results"));
        outcome.app_hash = vectors::hex(c, "app_hash");
        if (const auto updates = vectors::at(c, "validator_updates"); !updates.is_null())
            for (const auto u : updates.elements())
                outcome.validator_updates.push_back(decoded<validator_update>(vectors::hex(u)));
        if (const auto update = vectors::hex(c, "params_update"); !update.empty())
            outcome.params_update = decoded<consensus_params_update>(update);
        auto next = update_state(*state, id, b->header, outcome);
        REQUIRE(error_of(next).empty());
        CHECK(to_hex(encode_state(*next)) == vectors::text(c, "state"));

        const auto stored = decode_state(encode_state(*next));
        REQUIRE(stored);
        CHECK(*stored == *next);
        state = stored;  // a restart after each block changes nothing
    }
    CHECK(blocks == 12);
}

TEST_CASE("a genesis state is ready for the first block") {
    const growing_chain chain({{0, 10}, {1, 20}}, height_t(7));
    const auto& s = chain.state;
    CHECK(s.next_height() == height_t(7));
    CHECK(s.last_block_height == height_t(0));
    CHECK(s.last_block.is_zero());
    CHECK(s.last_block_time == chain.genesis.time);
    CHECK(s.validators.incremented(1) == s.next_validators);
    CHECK(s.last_validators.empty());
    CHECK(s.last_height_validators_changed == height_t(7));
    CHECK(s.last_height_params_changed == height_t(7));
    CHECK(s.last_results_hash.empty());
    CHECK(s.version.consensus == consensus_version{11, 0});
    const auto back = decode_state(encode_state(s));
    REQUIRE(back);
    CHECK(*back == s);
}

TEST_CASE("a genesis state without validators waits for the application's") {
    genesis_doc doc;
    doc.chain_id = "chain";
    REQUIRE(validate_and_complete(doc, {5, 0}));
    const auto s = genesis_state(doc, "x");
    REQUIRE(s);
    CHECK(s->validators.empty());
    CHECK(s->next_validators.empty());
    const auto back = decode_state(encode_state(*s));
    REQUIRE(back);
    CHECK(*back == *s);
}

TEST_CASE("a stored state that does not hold together is refused") {
    growing_chain chain({{0, 10}, {1, 20}});
    chain.grow(2);
    auto record = record_of(chain.state);
    CHECK(state_from(record).has_value());
    auto bad = record;
    bad.validators.reset();
    CHECK(error_of(state_from(bad)) == "nil validator set");
    bad = record;
    bad.last_validators.reset();
    CHECK(!state_from(bad));
    bad = record;
    bad.next_validators->proposer.reset();
    CHECK(!state_from(bad));
    bad = record;
    bad.last_block.hash = chain::hash(view("x"));
    CHECK(error_of(state_from(bad)) == "wrong Hash");
    CHECK(!decode_state(view("\xff")));
}

TEST_CASE("a block is made of the state, and its time is the median of its commit") {
    growing_chain chain({{0, 10}, {1, 20}, {2, 30}});
    const auto first = chain.make();
    CHECK(first.header.time == chain.genesis.time);
    CHECK(first.last_commit == commit{});
    chain.apply(first);
    for (auto& s : chain.last_commit.signatures)
        s.time = chain.genesis.time + (s.validator == public_key(2).address() ? 9s : 5s);
    const auto second = chain.make();
    CHECK(second.header.time == chain.genesis.time + 5s);
    CHECK(second.header.last_block == chain.state.last_block);
    CHECK(second.header.app_hash == chain.state.app_hash);

    chain.last_commit.signatures[0].validator = public_key(9).address();
    const auto none = make_block(chain.state, {}, chain.last_commit, {}, {});
    CHECK(
        error_of(none).starts_with("error making block while calculating median time: commit "
                                   "validator not found in validator set: "));
}
