// SPDX-License-Identifier: Apache-2.0
#include "chain/update_state.hpp"

#include "chain/validate_block.hpp"
#include "tests/unit/chain/growing_chain.hpp"

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::chain;
using namespace tetrad::chain::test;

namespace {

validator_update update(int key, std::int64_t power) { return {public_key(key), power_t(power)}; }

result<state> after(const growing_chain& chain, const finalize_outcome& outcome) {
    const auto b = chain.make();
    return update_state(chain.state, growing_chain::id_of(b), b.header, outcome);
}

finalize_outcome with_updates(std::vector<validator_update> updates) {
    finalize_outcome o;
    o.validator_updates = std::move(updates);
    return o;
}

}  // namespace

TEST_CASE("validator updates of height h decide from h + 2") {
    growing_chain chain({{0, 10}, {1, 20}});
    chain.grow(1);
    const auto before = chain.state;
    chain.apply(chain.make(), with_updates({update(2, 5), update(0, 0)}));  // height 2
    CHECK(chain.state.last_height_validators_changed == height_t(4));
    CHECK(chain.state.validators == before.next_validators);
    CHECK(chain.state.last_validators == before.validators);
    CHECK(chain.state.next_validators.has(public_key(2).address()));
    CHECK(!chain.state.next_validators.has(public_key(0).address()));

    const auto third = chain.make();
    CHECK(equal(third.header.next_validators_hash, chain.state.next_validators.hash()));
    REQUIRE(validate_block(chain.state, third));
    chain.apply(third);
    CHECK(chain.state.validators.has(public_key(2).address()));  // height 4
    CHECK(chain.state.last_height_validators_changed == height_t(4));
    chain.grow(3);
    CHECK(error_of(validate_block(chain.state, chain.make())).empty());
}

TEST_CASE("without updates the sets move on by a turn") {
    growing_chain chain({{0, 10}, {1, 20}, {2, 30}});
    for (int i = 0; i < 10; ++i) {
        const auto before = chain.state;
        chain.grow(1);
        CHECK(chain.state.validators == before.next_validators);
        CHECK(chain.state.next_validators == before.next_validators.incremented(1));
        CHECK(chain.state.last_height_validators_changed == height_t(1));
        CHECK(chain.state.last_height_params_changed == height_t(1));
    }
}

TEST_CASE("updates that the parameters do not allow are refused") {
    const validator_params ed25519_only{{"ed25519"}}, secp256k1_only{{"secp256k1"}};
    CHECK(check_updates(std::vector{update(0, 10), update(1, 0)}, ed25519_only));
    CHECK(error_of(check_updates(std::vector{update(0, -100)}, ed25519_only))
              .starts_with("voting power can't be negative {PubKeyEd25519{"));
    CHECK(error_of(check_updates(std::vector{update(0, 10)}, secp256k1_only))
              .ends_with("is using pubkey ed25519, which is unsupported for consensus"));
    CHECK(check_updates(std::vector{update(0, 0)}, secp256k1_only));
    CHECK(error_of(check_updates(std::vector{validator_update{{}, power_t(1)}}, ed25519_only)) ==
          "fromproto: key type <nil> is not supported");
    CHECK(members_of(std::vector{update(0, 3)}).value() == members({{0, 3}}));
}

TEST_CASE("an application that breaks the rules is told so") {
    growing_chain chain({{0, 10}, {1, 20}});
    chain.grow(1);
    CHECK(error_of(after(chain, with_updates({update(0, -1)})))
              .starts_with("error in validator updates: voting power can't be negative {"));
    CHECK(error_of(after(chain, with_updates({update(7, 0)})))
              .starts_with("commit failed for application: changing validator set: failed to find "
                           "validator "));
    CHECK(error_of(after(chain, with_updates({update(0, 0), update(1, 0)}))) ==
          "commit failed for application: changing validator set: applying the validator changes "
          "would result in empty set");
    CHECK(error_of(after(chain, with_updates({validator_update{{}, power_t(0)}}))) ==
          "fromproto: key type <nil> is not supported");

    finalize_outcome o;
    o.params_update.emplace();
    o.params_update->block.emplace();
    CHECK(error_of(after(chain, o)) ==
          "commit failed for application: validating new consensus params: block.MaxBytes cannot "
          "be 0");
    o.params_update = consensus_params_update{};
    o.params_update->abci.emplace();
    o.params_update->abci->vote_extensions_enable_height = height_t(2);
    CHECK(error_of(after(chain, o)) ==
          "commit failed for application: updating consensus params: vote extensions cannot be "
          "updated to a past or current "
          "height, enable height: 2, current height 2");
}

TEST_CASE("parameters change from the next height, and the version with them") {
    growing_chain chain({{0, 10}});
    chain.grow(1);
    finalize_outcome o;
    o.app_hash = to_bytes("app");
    o.results_hash = hash_of("results");
    o.params_update.emplace();
    o.params_update->version = {7};
    o.params_update->block = {5000000, 11};
    const auto before = chain.state;
    chain.apply(chain.make(), o);
    const auto& s = chain.state;
    CHECK(s.params.block == block_params{5000000, 11});
    CHECK(s.params.evidence == before.params.evidence);
    CHECK(s.version.consensus.app == 7);
    CHECK(s.last_height_params_changed == height_t(3));
    CHECK(s.last_block_height == height_t(2));
    CHECK(equal(s.last_results_hash, o.results_hash));
    CHECK(s.app_hash == o.app_hash);
    const auto next = chain.make();
    CHECK(next.header.version.app == 7);
    CHECK(error_of(validate_block(s, next)).empty());
}

TEST_CASE("InitChain may name validators, parameters and the first hash") {
    const growing_chain chain({{0, 10}, {1, 20}});
    const auto same = after_init_chain(chain.state, {});
    REQUIRE(same);
    CHECK(same->validators == chain.state.validators);
    CHECK(same->app_hash == to_bytes("genesis"));
    CHECK(equal(same->last_results_hash, crypto::sha256(byte_view())));

    init_chain_outcome o;
    o.validators = {update(3, 5), update(4, 6)};
    o.app_hash = to_bytes("first");
    o.params_update.emplace();
    o.params_update->version = {3};
    const auto changed = after_init_chain(chain.state, o);
    REQUIRE(changed);
    CHECK(changed->validators == set_of({{3, 5}, {4, 6}}));
    CHECK(changed->next_validators == set_of({{3, 5}, {4, 6}}).incremented(1));
    CHECK(changed->app_hash == o.app_hash);
    CHECK(changed->version.consensus.app == 3);

    genesis_doc bare;
    bare.chain_id = "bare";
    REQUIRE(validate_and_complete(bare, {5, 0}));
    const auto empty = genesis_state(bare, "x");
    REQUIRE(empty);
    CHECK(error_of(after_init_chain(*empty, {})) ==
          "validator set is nil in genesis and still empty after InitChain");
    CHECK(after_init_chain(*empty, o).has_value());
    o.validators.push_back(update(3, 1));
    CHECK(error_of(after_init_chain(*empty, o))
              .starts_with("Cannot create validator set: duplicate entry "));
}
