// SPDX-License-Identifier: Apache-2.0
#include "consensus/evidence/verify.hpp"

#include <functional>
#include <string>
#include <vector>

#include "chain/evidence_age.hpp"
#include "tests/unit/consensus/evidence/support.hpp"

using namespace tetrad;
using namespace tetrad::consensus::evidence;
using namespace tetrad::consensus::evidence::test;
using chain::test::hash_of;

namespace {

// Four members, the strongest first, and what was decided at two heights.
struct truth {
    chain::validator_set set = set_of({{0, 10}, {1, 20}, {2, 30}, {3, 40}});
    chain::signed_header common = decided(height_t(4), {1700000000, 0});
    chain::signed_header trusted = decided(height_t(9), {1700000050, 0});

    chain::signed_header decided(height_t h, timestamp at, std::string_view flags = "cccc") const {
        chain::header made;
        made.version = {chain::block_protocol, 0};
        made.chain_id = chain_id;
        made.height = h;
        made.time = at;
        made.validators_hash = made.next_validators_hash = set.hash();
        made.app_hash = to_bytes("app");
        made.proposer = set.at(0).address;
        return {made, chain::test::signed_commit(set, chain_id, h, round_t(1),
                                                 {made.hash(), {1, hash_of("p")}}, at, flags)};
    }

    /// A header that does not follow, signed by the three strongest.
    chain::light_client_attack lunatic() const {
        auto made_up = *trusted.header;
        made_up.app_hash = to_bytes("another app");
        auto a = attack_with(made_up, set, "ccca");
        blame(a, common, set, trusted);
        return a;
    }
    /// A header that might have been, signed in the round that decided, and so twice by whoever is in both.
    chain::light_client_attack equivocation(round_t r = round_t(1)) const {
        auto sibling = *trusted.header;
        sibling.data_hash = hash_of("other transactions");
        auto a = attack_with(sibling, set, "ccca", r);
        blame(a, trusted, set, trusted);
        return a;
    }
};

std::string said_of(const truth& t, const chain::light_client_attack& a) {
    const auto& common = a.common_height == t.trusted.header->height ? t.trusted : t.common;
    return error_of(verify(a, common, t.trusted, t.set));
}

// Signs anew what was changed in a vote.
void sign_again(chain::vote& v) {
    v.sig = chain::test::sign(chain::test::key_of(v.validator), sign_bytes(v, chain_id));
}

chain::commit& commit_of(chain::light_client_attack& a) {
    return *a.conflicting->signed_header->commit;
}
chain::header& header_of(chain::light_client_attack& a) {
    return *a.conflicting->signed_header->header;
}

}  // namespace

TEST_CASE(
    "evidence is too old where both its age in blocks and its age in time are over the limit") {
    chain::state s;
    s.params.evidence = {10, 60s, 1000};
    s.last_block_height = height_t(20);
    s.last_block_time = {1000, 0};
    CHECK(!chain::is_too_old(s, height_t(10), {900, 0}));
    CHECK(!chain::is_too_old(s, height_t(9), {940, 0}));
    CHECK(chain::is_too_old(s, height_t(9), {939, 999'999'999}));

    auto d = double_vote(set_of({{0, 10}}), 0, height_t(9), {939, 0});
    CHECK(error_of(verify_age({d}, {939, 0}, s)) ==
          "evidence from height 9 (created at: 1970-01-01 00:15:39 +0000 UTC) is too old; min "
          "height is 10 and "
          "evidence can not be older than 1970-01-01 00:17:40 +0000 UTC");
    d.time = {941, 0};
    CHECK(error_of(verify_age({d}, {941, 0}, s)) == "");
    CHECK(error_of(verify_age({d}, {941, 1}, s)) ==
          "evidence has a different time to the block it is associated with (1970-01-01 00:15:41 "
          "+0000 UTC != "
          "1970-01-01 00:15:41.000000001 +0000 UTC)");
}

TEST_CASE("two votes of one validator are evidence where all of it is the chain's own") {
    const auto set = set_of({{0, 10}, {1, 20}, {2, 30}});
    const std::pair<std::function<void(chain::duplicate_vote&)>, std::string> table[] = {
        {[](auto&) {}, ""},
        {[](auto& d) {
             const auto other = set_of({{7, 5}});
             d = double_vote(other, 0, height_t(9), {5, 0});
         },
         "was not a validator at height 9"},
        {[](auto& d) { d.b->height = height_t(10), sign_again(*d.b); },
         "h/r/s does not match: 9/0/SIGNED_MSG_TYPE_PRECOMMIT vs 10/0/SIGNED_MSG_TYPE_PRECOMMIT"},
        {[](auto& d) { d.b->round = round_t(1), sign_again(*d.b); },
         "h/r/s does not match: 9/0/SIGNED_MSG_TYPE_PRECOMMIT vs 9/1/SIGNED_MSG_TYPE_PRECOMMIT"},
        {[](auto& d) { d.b->type = chain::vote_type::prevote, sign_again(*d.b); },
         "h/r/s does not match: 9/0/SIGNED_MSG_TYPE_PRECOMMIT vs 9/0/SIGNED_MSG_TYPE_PREVOTE"},
        {[&](auto& d) { d.b->validator = set.at(2).address, sign_again(*d.b); },
         "validator addresses do not match: "},
        {[](auto& d) { d.b = d.a; }, "block IDs are the same ("},
        {[](auto& d) { d.validator_power = power_t(31); },
         "validator power from evidence and our validator set does not match (31 != 20)"},
        {[](auto& d) { d.total_power = power_t(61); },
         "total voting power from the evidence and our validator set does not match (61 != 60)"},
        {[](auto& d) {
             d.a->time = {7, 0};
         },
         "verifying VoteA: invalid signature"},
        {[](auto& d) { d.b->sig = d.a->sig; }, "verifying VoteB: invalid signature"},
    };
    for (const auto& [spoil, wanted] : table) {
        auto d = double_vote(set, 1, height_t(9), {5, 0});
        spoil(d);
        const auto got = error_of(verify(d, chain_id, set));
        INFO("wanted " << wanted << ", got " << got);
        CHECK((wanted.empty() ? got.empty() : got.find(wanted) != got.npos));
    }
    const auto good = double_vote(set, 1, height_t(9), {5, 0});
    CHECK(error_of(verify(good, "another chain", set)) == "verifying VoteA: invalid signature");
}

TEST_CASE("a vote for nothing and one for a block are two votes") {
    const auto set = set_of({{0, 10}, {1, 20}});
    const auto nil = vote_by(set, 0, height_t(3), round_t(2), {}, chain::vote_type::prevote);
    const auto some =
        vote_by(set, 0, height_t(3), round_t(2), id_of("x"), chain::vote_type::prevote);
    const auto d = make_duplicate_vote(some, nil, {5, 0}, set);
    REQUIRE(d);
    CHECK(error_of(check_shape(*d)) == "");
    CHECK(error_of(verify(*d, chain_id, set)) == "");
}

TEST_CASE(
    "an attack is evidence where it was signed by enough, is not ours, and blames those who did "
    "it") {
    const truth t;
    const std::pair<std::function<void(chain::light_client_attack&)>, std::string> table[] = {
        {[](auto&) {}, ""},
        {[&](auto& a) { a = t.equivocation(); }, ""},
        // The jump from the common height.
        {[&](auto& a) {
             a = attack_with(header_of(a), t.set, "aaac");
             blame(a, t.common, t.set, t.trusted);
         },
         "skipping verification of conflicting block failed: invalid commit -- insufficient voting "
         "power: got 10, "
         "needed more than 33"},
        {[](auto& a) { commit_of(a).signatures[1].sig = commit_of(a).signatures[0].sig; },
         "skipping verification of conflicting block failed: wrong signature (#1)"},
        // At one height a made-up header has nobody's signature but those of its own set.
        {[&](auto& a) {
             a = t.lunatic();
             a.common_height = t.trusted.header->height;
         },
         "common height is the same as conflicting block height so expected the conflicting block "
         "to be correctly "
         "derived yet it wasn't"},
        // Its own two thirds.
        {[&](auto& a) {
             a = attack_with(header_of(a), t.set, "caca");
             a.conflicting->validators = set_of({{0, 10}, {1, 20}, {2, 30}, {3, 60}}).record();
             blame(a, t.common, t.set, t.trusted);
         },
         "invalid commit from conflicting block: "},
        {[](auto& a) { a.total_power = power_t(99); },
         "total voting power from the evidence and our validator set does not match (99 != 100)"},
        // It is what we have.
        {[&](auto& a) {
             a = attack_with(*t.trusted.header, t.set, "cccc", round_t(1));
             blame(a, t.common, t.set, t.trusted);
         },
         "trusted header hash matches the evidence's conflicting header hash: " +
             to_hex_upper(t.trusted.header->hash())},
        // Who is to blame.
        {[](auto& a) { a.byzantine.pop_back(); },
         "expected 3 byzantine validators from evidence but got 2"},
        {[](auto& a) { std::swap(a.byzantine[0], a.byzantine[1]); },
         "evidence contained an unexpected byzantine validator address; expected: "},
        {[](auto& a) { a.byzantine[2].power = power_t(21); },
         "evidence contained unexpected byzantine validator power; expected 20, got 21"},
        {[](auto& a) { a.byzantine[1].key = {}; }, "byzantine validator at index 1 has nil pubkey"},
        {[](auto& a) { a.byzantine[1].key = chain::test::public_key(0); },
         "byzantine validator at index 1 has address "},
        // Another round: nobody can be named, and nobody may be.
        {[&](auto& a) { a = t.equivocation(round_t(0)); },
         "expected nil validators from an amnesia light client attack but got 0"},
        {[&](auto& a) {
             a = t.equivocation(round_t(0));
             a.byzantine = {t.set.at(0)};
         },
         "expected nil validators from an amnesia light client attack but got 1"},
    };
    for (const auto& [spoil, wanted] : table) {
        auto a = t.lunatic();
        spoil(a);
        const auto got = said_of(t, a);
        INFO("wanted " << wanted << ", got " << got);
        CHECK((wanted.empty() ? got.empty() : got.starts_with(wanted)));
    }
}

TEST_CASE("a block ahead of the chain is an attack where its time is not") {
    truth t;
    auto ahead = *t.trusted.header;
    ahead.height = height_t(30);
    ahead.app_hash = to_bytes("another app");
    for (const auto& [later, wanted] :
         {std::pair(0s, std::string()),
          std::pair(
              1s,
              std::string("conflicting block doesn't violate monotonically increasing time ("))}) {
        ahead.time = t.trusted.header->time + later;
        auto a = attack_with(ahead, t.set, "cccc");
        blame(a, t.common, t.set, t.trusted);
        const auto got = said_of(t, a);
        INFO(got);
        CHECK((wanted.empty() ? got.empty() : got.starts_with(wanted)));
    }
}
