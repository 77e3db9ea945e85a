// SPDX-License-Identifier: Apache-2.0
// What the tests of evidence share: true evidence against a validator of a chain that grows, to be spoilt. Included last of our
// headers: Catch's CHECK takes the place of ours from here on.
#pragma once

#include <string>
#include <string_view>

#include "chain/evidence.hpp"
#include "tests/unit/chain/growing_chain.hpp"

#include <catch2/catch.hpp>

namespace tetrad::consensus::evidence::test {

using chain::test::error_of;
using chain::test::id_of;
using chain::test::set_of;

constexpr std::string_view chain_id = "growing";  // growing_chain's

/// Signed by member `index` of the set.
inline chain::vote vote_by(const chain::validator_set& set, std::size_t index, height_t h,
                           round_t r, const chain::block_id& id,
                           chain::vote_type type = chain::vote_type::precommit) {
    chain::vote v;
    v.type = type;
    v.height = h;
    v.round = r;
    v.block = id;
    v.time = {1700000100, 0};
    v.validator = set.at(index).address;
    v.validator_index = static_cast<std::int32_t>(index);
    v.sig = chain::test::sign(chain::test::key_of(v.validator), sign_bytes(v, chain_id));
    return v;
}

/// Member `index` voted for two blocks in one round.
inline chain::duplicate_vote double_vote(const chain::validator_set& set, std::size_t index,
                                         height_t h, timestamp block_time, round_t r = round_t(0)) {
    const auto made = make_duplicate_vote(vote_by(set, index, h, r, id_of("x")),
                                          vote_by(set, index, h, r, id_of("y")), block_time, set);
    REQUIRE(error_of(made) == "");
    return *made;
}

/// What those of `set` whom `flags` marks with a c showed to a light client; nobody is blamed yet.
inline chain::light_client_attack attack_with(const chain::header& made_up,
                                              const chain::validator_set& set,
                                              std::string_view flags, round_t r = round_t(0)) {
    chain::light_client_attack a;
    a.conflicting.emplace();
    a.conflicting->signed_header.emplace();
    a.conflicting->signed_header->header = made_up;
    a.conflicting->signed_header->commit = chain::test::signed_commit(
        set, chain_id, made_up.height, r, {made_up.hash(), {1, chain::test::hash_of("parts")}},
        made_up.time, flags);
    a.conflicting->validators = set.record();
    return a;
}

/// Completes an attack with what a truthful node would say of it.
inline void blame(chain::light_client_attack& a, const chain::signed_header& common,
                  const chain::validator_set& common_set, const chain::signed_header& trusted) {
    a.common_height = common.header->height;
    a.time = common.header->time;
    a.total_power = common_set.total_power();
    a.byzantine = byzantine_validators(a, common_set, trusted);
}

}  // namespace tetrad::consensus::evidence::test
