// SPDX-License-Identifier: Apache-2.0
// A chain for tests: states follow from signed blocks, one after another.
#pragma once

#include "chain/part_set.hpp"
#include "chain/state.hpp"
#include "chain/update_state.hpp"
#include "tests/unit/chain/support.hpp"

#include <catch2/catch.hpp>

namespace tetrad::chain::test {

struct growing_chain {
    genesis_doc genesis;
    chain::state state;
    commit last_commit;  // of state.last_block

    explicit growing_chain(const std::vector<key_power>& validators,
                           height_t initial = height_t(1)) {
        genesis.chain_id = "growing";
        genesis.initial_height = initial;
        genesis.time = {1700000000, 0};
        genesis.app_hash = to_bytes("genesis");
        for (const auto& [key, power] : validators)
            genesis.validators.push_back({{}, public_key(key), power_t(power), ""});
        REQUIRE(validate_and_complete(genesis, genesis.time));
        auto made = genesis_state(genesis, "0.38.25");
        REQUIRE(made);
        state = *made;
    }

    block make(std::vector<tx> txs = {}, evidence_list evidence = {}) const {
        auto b = make_block(state, std::move(txs), last_commit, std::move(evidence),
                            state.validators.proposer().address);
        REQUIRE(b);
        return *b;
    }
    static block_id id_of(const block& b) {
        return {b.hash(), part_set_header_of(wire::encode(b))};
    }

    /// All validators of the block's height sign it, one second later, as `flags` has it where given.
    commit sign(const block& b, std::string flags = {}) const {
        if (flags.empty())
            flags.assign(state.validators.size(), 'c');
        return signed_commit(state.validators, state.chain_id, b.header.height, round_t(0),
                             id_of(b), b.header.time + 1s, flags);
    }

    void apply(const block& b, const finalize_outcome& outcome = {}) {
        auto commit = sign(b);
        auto next = update_state(state, id_of(b), b.header, outcome);
        REQUIRE(error_of(next).empty());
        state = *next;
        last_commit = std::move(commit);
    }
    void grow(int blocks) {
        for (int i = 0; i < blocks; ++i)
            apply(make({slice(to_bytes(format("tx {}", i)))}));
    }
};

}  // namespace tetrad::chain::test
