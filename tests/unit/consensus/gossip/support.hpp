// SPDX-License-Identifier: Apache-2.0
// What the tests of gossip share: our side as a view of height 10 with four validators, and a peer that is told things in short.
// Included last of our headers: Catch's CHECK takes the place of ours from here on.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/text.hpp"
#include "chain/messages.hpp"
#include "consensus/gossip/peer_state.hpp"
#include "consensus/gossip/view.hpp"
#include "tests/unit/consensus/core/support.hpp"

namespace tetrad::consensus::gossip::test {

namespace messages = chain::messages;
using chain::vote_type;
using core::step_t;
using core::test::block_of;
using core::test::hash_of;
using core::test::validators_of;
using core::test::vote_of;

/// In the tests the name alone is ambiguous.
using our_view = gossip::view;

constexpr timestamp now{1700000000, 0};
constexpr height_t ours(10);

inline slice encoded(messages::consensus_message m) { return slice(encode_consensus(m)); }

/// "x_x_": who has it.
inline bit_array bits(std::string_view marks) {
    bit_array out(marks.size());
    for (std::size_t i = 0; i < marks.size(); ++i)
        out.set(i, marks[i] == 'x');
    return out;
}

/// Puts a vote of each of `who` in; the third one for the same block makes a majority of four.
inline void hold(std::optional<held_votes>& held, const chain::validator_set& set,
                 const votes_id& id, std::string_view who, std::string_view block) {
    if (!held)
        held.emplace(set.size());
    const auto chosen = bits(who);
    for (auto i = chosen.next_set(0); i; i = chosen.next_set(*i + 1)) {
        const auto v = vote_of(set, *i, id.type, id.height, id.round, block_of(block));
        held->have.set(*i);
        held->messages[*i] = encoded({messages::vote_message{v}});
        auto& voters = held->by_block.try_emplace(v.block.key(), set.size()).first->second;
        voters.set(*i);
        if (voters.count() * 3 > set.size() * 2)
            held->majority = v.block;
    }
}

/// We are at height 10, round 3, step propose; block 9 was decided in round 1 by all but the last validator; the store has blocks
/// from 5 on.
struct our_side : view {
    our_side() {
        height = ours;
        round = round_t(3);
        step = step_t::propose;
        initial_height = height_t(1);
        store_base = height_t(5);
        validators = validators_of({10, 10, 10, 10});
        last_validators = validators_of({10, 10, 10});
        last_commit_round = round_t(1);
        hold(last_commit, last_validators, {height_t(9), round_t(1), vote_type::precommit}, "xx_",
             "last");
        last_commit->majority = block_of("last");
    }
    void vote(std::int32_t r, vote_type t, std::string_view who, std::string_view block = "A") {
        std::optional<held_votes> held;
        if (const auto found = votes.find({round_t(r), t}); found != votes.end())
            held = std::move(found->second);
        hold(held, validators, {height, round_t(r), t}, who, block);
        votes.insert_or_assign({round_t(r), t}, std::move(*held));
    }
    void prevote(std::int32_t r, std::string_view who, std::string_view block = "A") {
        vote(r, vote_type::prevote, who, block);
    }
    void precommit(std::int32_t r, std::string_view who, std::string_view block = "A") {
        vote(r, vote_type::precommit, who, block);
    }
};

inline chain::proposal proposal_of(std::int64_t h, std::int32_t r, std::int32_t pol_round,
                                   std::uint32_t parts = 3, std::string_view block = "A") {
    chain::proposal p{vote_type::proposal, height_t(h), round_t(r), round_t(pol_round),
                      block_of(block),     now,         {}};
    p.block.parts.total = parts;
    p.sig = chain::signature(hash_of("signature"));
    return p;
}

/// A block of that many parts.
inline chain::part_set block_in_parts(std::size_t parts) {
    return chain::part_set::of(slice(bytes(chain::part_bytes_max * (parts - 1) + 1, 7)));
}

inline messages::new_round_step step_message(std::int64_t h, std::int32_t r, step_t s,
                                             std::int32_t last_commit_round = 0) {
    return {height_t(h), round_t(r), static_cast<std::uint32_t>(s), 0, round_t(last_commit_round)};
}

/// A peer that has said where it is.
struct peer_at : peer_state {
    peer_at(std::int64_t h, std::int32_t r, step_t s = step_t::propose,
            std::int32_t last_commit_round = 1) {
        REQUIRE(on(step_message(h, r, s, last_commit_round), now));
    }
    using peer_state::on;
    bool goes_to(std::int64_t h, std::int32_t r, step_t s = step_t::propose,
                 std::int32_t last_commit_round = 1) {
        return on(step_message(h, r, s, last_commit_round), now);
    }
    /// It has the votes of these, by its own word.
    void has_votes(std::int64_t h, std::int32_t r, vote_type t, std::string_view who,
                   const view& v) {
        const auto chosen = bits(who);
        for (auto i = chosen.next_set(0); i; i = chosen.next_set(*i + 1))
            on(messages::has_vote{height_t(h), round_t(r), t, static_cast<std::int32_t>(*i)}, v);
    }
};

/// "" where there is no room for them.
inline std::string prevotes(const peer_state& p) { return bits_text(p.at().prevotes); }
inline std::string precommits(const peer_state& p) { return bits_text(p.at().precommits); }
inline std::string pol(const peer_state& p) { return bits_text(p.at().pol); }
inline std::string last_commit(const peer_state& p) { return bits_text(p.at().last_commit); }
inline std::string catchup(const peer_state& p) { return bits_text(p.at().catchup_commit); }
inline std::string parts(const peer_state& p) { return bits_text(p.at().parts); }

}  // namespace tetrad::consensus::gossip::test
