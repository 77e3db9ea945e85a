// SPDX-License-Identifier: Apache-2.0
// What the tests of the consensus core share: validators and blocks by name, and a core that is driven and that answers in words.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/crypto/hash.hpp"
#include "base/crypto/keys.hpp"
#include "base/text.hpp"
#include "chain/validator_set.hpp"
#include "consensus/core/core.hpp"

#include <catch2/catch.hpp>

namespace tetrad::consensus::core::test {

inline hash256 hash_of(std::string_view t) { return crypto::sha256(view(t)); }

/// Nothing is verified here, so keys are made up of a hash and nobody can sign with them.
inline chain::validator_set validators_of(const std::vector<std::int64_t>& powers) {
    std::vector<chain::validator> members;
    for (std::size_t i = 0; i < powers.size(); ++i) {
        members.push_back(chain::validator::of(
            crypto::ed25519_public(hash_of(format("validator {}", i))), power_t(powers[i])));
    }
    auto made = chain::validator_set::make(members);
    REQUIRE(made);
    return *made;
}

/// "nil" is the zero id.
inline chain::block_id block_of(std::string_view name) {
    if (name == "nil")
        return {};
    return {hash_of(name), {1, hash_of(std::string(name) + " parts")}};
}

inline chain::vote vote_of(const chain::validator_set& set, std::size_t who, chain::vote_type type,
                           height_t h, round_t r, const chain::block_id& id) {
    chain::vote v{
        type, h,  r, id, {1700000000, 0}, set.at(who).address, static_cast<std::int32_t>(who),
        {},   {}, {}};
    v.sig = chain::signature(hash_of(format("signature of {} {} {} {} {}", who,
                                            static_cast<int>(type), h.v, r.v, to_string(id))));
    return v;
}
inline vote_ptr shared_vote(const chain::validator_set& set, std::size_t who, chain::vote_type type,
                            height_t h, round_t r, const chain::block_id& id) {
    return std::make_shared<const chain::vote>(vote_of(set, who, type, h, r, id));
}

inline source peer(int n) { return source(byte_view(hash_of(format("peer {}", n))).first(20)); }

}  // namespace tetrad::consensus::core::test
