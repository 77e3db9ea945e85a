// SPDX-License-Identifier: Apache-2.0
#include "consensus/privval/guard.hpp"

#include "base/wire/json.hpp"
#include "tests/unit/consensus/core/support.hpp"

using namespace tetrad;
using namespace tetrad::consensus::privval;
using chain::vote_type;
using consensus::core::test::block_of;
using consensus::core::test::hash_of;

namespace {

constexpr std::string_view chain_id = "guarded";
const chain::signature sig{hash_of("signature")};

chain::vote a_vote(vote_type type, std::int64_t height, std::int32_t round,
                   std::string_view block = "A", timestamp time = {1700000000, 5}) {
    return {type, height_t(height), round_t(round), block_of(block), time, {}, 0, {}, {}, {}};
}
chain::proposal a_proposal(std::int64_t height, std::int32_t round, std::string_view block = "A",
                           timestamp time = {1700000000, 5}) {
    return {vote_type::proposal,
            height_t(height),
            round_t(round),
            round_t(-1),
            block_of(block),
            time,
            {}};
}

/// "sign", "again", or why not.
template <class T>
std::string outcome(const sign_record& last, const T& wanted, std::string_view id = chain_id) {
    const auto checked = check(last, wanted, id);
    if (!checked)
        return checked.error().text;
    return *checked ? "again" : "sign";
}

}  // namespace

TEST_CASE("what is above the record may be signed, what is below may not") {
    const auto last = next_record(a_vote(vote_type::prevote, 10, 3), chain_id, sig);
    CHECK(outcome({}, a_vote(vote_type::prevote, 1, 0)) == "sign");
    CHECK(outcome({}, a_proposal(1, 0)) == "sign");
    CHECK(outcome(last, a_vote(vote_type::precommit, 10, 3)) == "sign");
    CHECK(outcome(last, a_proposal(10, 4)) == "sign");
    CHECK(outcome(last, a_vote(vote_type::prevote, 10, 4, "B")) == "sign");
    CHECK(outcome(last, a_proposal(11, 0)) == "sign");
    CHECK(outcome(last, a_vote(vote_type::precommit, 9, 7)) ==
          "height regression. Got 9, last height 10");
    CHECK(outcome(last, a_vote(vote_type::precommit, 10, 2)) ==
          "round regression at height 10. Got 2, last round 3");
    CHECK(outcome(last, a_proposal(10, 3)) ==
          "step regression at height 10 round 3. Got 1, last step 2");
    CHECK(outcome(next_record(a_vote(vote_type::precommit, 10, 3), chain_id, sig),
                  a_vote(vote_type::prevote, 10, 3)) ==
          "step regression at height 10 round 3. Got 2, last step 3");
}

TEST_CASE("the same thing is given out again, with the time and the signature of then") {
    const timestamp then{1700000000, 5}, now{1700000001, 6};
    const signed_before before{then, sig};
    const auto vote = next_record(a_vote(vote_type::prevote, 10, 3), chain_id, sig);
    CHECK(check(vote, a_vote(vote_type::prevote, 10, 3), chain_id).value() == before);
    CHECK(check(vote, a_vote(vote_type::prevote, 10, 3, "A", now), chain_id).value() == before);
    const auto nil = next_record(a_vote(vote_type::precommit, 10, 3, "nil"), chain_id, sig);
    CHECK(check(nil, a_vote(vote_type::precommit, 10, 3, "nil", now), chain_id).value() == before);
    const auto proposal = next_record(a_proposal(10, 3), chain_id, sig);
    CHECK(check(proposal, a_proposal(10, 3, "A", now), chain_id).value() == before);
}

TEST_CASE("another thing at the same place is a conflict") {
    const std::string vote_conflict = "conflicting data: something else was signed at 10/3/2";
    const auto vote = next_record(a_vote(vote_type::prevote, 10, 3), chain_id, sig);
    CHECK(outcome(vote, a_vote(vote_type::prevote, 10, 3, "B")) == vote_conflict);
    CHECK(outcome(vote, a_vote(vote_type::prevote, 10, 3, "nil")) == vote_conflict);
    CHECK(outcome(vote, a_vote(vote_type::prevote, 10, 3), "another chain") == vote_conflict);
    const auto proposal = next_record(a_proposal(10, 3), chain_id, sig);
    CHECK(outcome(proposal, a_proposal(10, 3, "B")) ==
          "conflicting data: something else was signed at 10/3/1");
    auto other_proof = a_proposal(10, 3);
    other_proof.pol_round = round_t(2);
    CHECK(outcome(proposal, other_proof) ==
          "conflicting data: something else was signed at 10/3/1");
}

TEST_CASE("a record that does not say what was signed allows nothing at its place") {
    auto last = next_record(a_vote(vote_type::prevote, 10, 3), chain_id, sig);
    const auto wanted = a_vote(vote_type::prevote, 10, 3);
    last.sign_bytes.resize(last.sign_bytes.size() - 1);
    CHECK(outcome(last, wanted) == "conflicting data: something else was signed at 10/3/2");
    last.sign_bytes = to_bytes("\xff\xff\xff");
    CHECK(outcome(last, wanted) == "conflicting data: something else was signed at 10/3/2");
    last.sign_bytes.clear();
    CHECK(outcome(last, wanted) == "signed at 10/3/2 before, and the record does not say what");
    last = next_record(wanted, chain_id, sig);
    last.signature.clear();
    CHECK(outcome(last, wanted) == "signed at 10/3/2 before, and the record does not say what");
    last.signature.assign(1000, 1);
    CHECK(outcome(last, wanted) == "signed at 10/3/2 before, and the record does not say what");
}

TEST_CASE("extensions are not part of what is compared") {
    auto vote = a_vote(vote_type::precommit, 10, 3);
    const auto last = next_record(vote, chain_id, sig);
    vote.extension = slice(to_bytes("another"));
    CHECK(outcome(last, vote) == "again");
}

TEST_CASE("what is no vote is not signed") {
    CHECK(outcome({}, a_vote(vote_type::proposal, 1, 0)) == "not a vote");
}
