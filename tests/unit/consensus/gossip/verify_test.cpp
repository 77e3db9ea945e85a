// SPDX-License-Identifier: Apache-2.0
#include "consensus/gossip/verify.hpp"

#include "consensus/gossip/receive.hpp"
#include "tests/unit/chain/support.hpp"
#include "tests/unit/consensus/gossip/support.hpp"

#include <functional>

using namespace tetrad;
using namespace tetrad::consensus::gossip;
using namespace tetrad::consensus::gossip::test;
using chain::test::error_of;

namespace {

constexpr auto prevote = vote_type::prevote;
constexpr auto precommit = vote_type::precommit;
constexpr std::string_view chain_id = "gossip";

/// Our side, with validators that can sign.
struct signed_side : our_side {
    signed_side() {
        validators = chain::test::set_of({{0, 10}, {1, 10}, {2, 10}, {3, 10}});
        last_validators = chain::test::set_of({{0, 10}, {1, 10}, {2, 10}});
    }
};

chain::vote signed_vote(const chain::validator_set& set, std::size_t who, vote_type t, height_t h,
                        std::int32_t r, std::string_view block = "A",
                        std::string_view extension = {}) {
    auto v = vote_of(set, who, t, h, round_t(r), block_of(block));
    const int key = chain::test::key_of(v.validator);
    v.sig = chain::test::sign(key, sign_bytes(v, chain_id));
    if (!extension.empty()) {
        v.extension = slice(to_bytes(extension));
        v.extension_sig = chain::test::sign(key, extension_sign_bytes(v, chain_id));
    }
    return v;
}

chain::proposal signed_proposal(const chain::validator_set& validators, std::int32_t r,
                                std::int32_t proposer_of_round) {
    auto p = proposal_of(10, r, -1);
    const auto turn =
        proposer_of_round == 0 ? validators : validators.incremented(proposer_of_round);
    p.sig =
        chain::test::sign(chain::test::key_of(turn.proposer().address), sign_bytes(p, chain_id));
    return p;
}

/// What is left to be verified of it.
template <class Candidate, class M>
Candidate candidate(const our_view& v, std::uint8_t channel, M m) {
    peer_state peer;
    const auto got = receive(channel, encoded({std::move(m)}), v, peer, now);
    REQUIRE(got);
    REQUIRE(std::holds_alternative<Candidate>(*got));
    return std::get<Candidate>(*got);
}
candidate_proposal candidate_of(const our_view& v, const chain::proposal& p) {
    return candidate<candidate_proposal>(v, 0x21, messages::proposal_message{p});
}
candidate_vote candidate_of(const our_view& v, const chain::vote& m) {
    return candidate<candidate_vote>(v, 0x22, messages::vote_message{m});
}

}  // namespace

TEST_CASE("a part is verified with its own proof, under the header that is being collected") {
    const auto block = block_in_parts(3), longer = block_in_parts(4);
    for (std::size_t i = 0; i < 3; ++i)
        CHECK(error_of(verify(candidate_part{*block.at(i), block.header()})) == "");
    auto changed = *block.at(1);
    changed.data = slice(bytes(chain::part_bytes_max, 8));
    CHECK_FALSE(verify(candidate_part{changed, block.header()}));
    CHECK_FALSE(verify(candidate_part{*longer.at(1), block.header()}));
    CHECK_FALSE(verify(candidate_part{*block.at(1), {4, block.header().hash}}));  // its total
}

TEST_CASE("a proposal is verified with the key of whose turn the round is") {
    for (const std::int32_t round : {0, 1, 2, 3, 6}) {
        signed_side us;
        us.round = round_t(round);
        for (const std::int32_t signer : {round, round + 1}) {
            const auto p = signed_proposal(us.validators, round, signer);
            const auto c = candidate_of(us, p);
            INFO("round " << round << ", signed by the proposer of " << signer);
            CHECK(error_of(verify(c, chain_id)) == (signer == round ? "" : "invalid signature"));
            CHECK_FALSE(verify(c, "another chain"));
        }
    }
}

TEST_CASE("a vote is verified with the key of its index, which its address has to match") {
    const signed_side us;
    const auto& set = us.validators;
    struct row {
        std::string what;
        std::function<void(chain::vote&)> spoil;
        std::string why;
    };
    for (const auto& [what, spoil, why] : std::vector<row>{
             {"as it is", [](chain::vote&) {}, ""},
             {"another index", [](chain::vote& v) { v.validator_index = 2; },
              "invalid validator address"},
             {"another address", [&](chain::vote& v) { v.validator = set.at(2).address; },
              "invalid validator address"},
             {"another validator",
              [&](chain::vote& v) {
                  v.validator_index = 2;
                  v.validator = set.at(2).address;
              },
              "invalid signature"},
             {"no such index", [](chain::vote& v) { v.validator_index = 4; },
              "invalid validator index 4"},
             {"far beyond", [](chain::vote& v) { v.validator_index = INT32_MAX; },
              "invalid validator index 2147483647"},
             {"another block", [](chain::vote& v) { v.block = block_of("B"); },
              "invalid signature"},
             {"another time", [](chain::vote& v) { v.time = v.time + 1ns; }, "invalid signature"},
         }) {
        auto v = signed_vote(set, 1, prevote, ours, 3);
        spoil(v);
        const auto c = candidate_of(us, v);
        INFO(what);
        CHECK(error_of(verify(c, chain_id)) == why);
        CHECK_FALSE(verify(c, "another chain"));
    }
}

TEST_CASE("a late precommit is verified with the validators of the height before") {
    signed_side us;
    us.step = step_t::new_height;
    us.last_commit->have = bit_array(3);
    us.last_commit->by_block.clear();
    us.validators = chain::test::set_of({{4, 10}, {5, 10}, {6, 10}, {7, 10}});
    for (const bool by_last : {true, false}) {
        const auto& set = by_last ? us.last_validators : us.validators;
        const auto v = signed_vote(set, 2, precommit, height_t(9), 1, "last");
        const auto c = candidate_of(us, v);
        CHECK(verify(c, chain_id).has_value() == by_last);
    }
}

TEST_CASE("extensions are signed where they are enabled, and absent elsewhere") {
    struct row {
        std::int64_t enabled_from;
        vote_type type;
        std::string block;
        std::string extension;
        std::string why;
    };
    for (const auto& [from, type, block, extension, why] : {
             row{0, precommit, "A", "", ""},
             row{0, precommit, "A", "e", "a vote extension where none are enabled"},
             row{11, precommit, "A", "e", "a vote extension where none are enabled"},
             row{10, precommit, "A", "e", ""},
             row{10, precommit, "A", "", "expected vote extension signature"},
             row{10, precommit, "nil", "", ""},
             row{10, prevote, "A", "", ""},
         }) {
        signed_side us;
        us.abci.vote_extensions_enable_height = height_t(from);
        const auto v = signed_vote(us.validators, 1, type, ours, 3, block, extension);
        const auto c = candidate_of(us, v);
        INFO("from " << from << ": " << block << " " << extension);
        CHECK(error_of(verify(c, chain_id)) == why);
    }
}

TEST_CASE("an extension that is not the one that was signed does not verify") {
    signed_side us;
    us.abci.vote_extensions_enable_height = height_t(1);
    auto v = signed_vote(us.validators, 1, precommit, ours, 3, "A", "extension");
    v.extension = slice(to_bytes("another one"));
    const candidate_vote c{std::make_shared<const chain::vote>(v), us.validators, true};
    CHECK(error_of(verify(c, chain_id)) == "invalid signature");
}

TEST_CASE("of two heights each has the rule of its own about extensions") {
    signed_side us;
    us.step = step_t::new_height;
    us.abci.vote_extensions_enable_height = ours;  // so not at 9
    us.last_commit->by_block.clear();
    const auto v = signed_vote(us.last_validators, 2, precommit, height_t(9), 1, "last");
    const auto c = candidate_of(us, v);
    CHECK_FALSE(c.extensions);
    CHECK(verify(c, chain_id));
}
