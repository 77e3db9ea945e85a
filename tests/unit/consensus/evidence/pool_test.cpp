// SPDX-License-Identifier: Apache-2.0
#include "consensus/evidence/pool.hpp"

#include "tests/unit/consensus/evidence/support.hpp"
#include "tests/unit/storage/support.hpp"

#include <functional>

using namespace tetrad;
using namespace tetrad::consensus::evidence;
using namespace tetrad::consensus::evidence::test;
using storage::test::growing_store;

namespace {

// Ten blocks, a second apart, by four validators.
struct chain_of_ten : growing_store {
    chain_of_ten() : growing_store({{0, 10}, {1, 20}, {2, 30}, {3, 40}}) { add_blocks(10); }

    chain::validator_set set(std::int64_t h) { return db->validators(height_t(h)).value().value(); }
    timestamp time(std::int64_t h) { return db->meta(height_t(h)).value()->header.time; }
    chain::signed_header header(std::int64_t h) {
        return {db->meta(height_t(h)).value()->header, db->commit(height_t(h)).value().value()};
    }
    chain::evidence votes(std::int64_t h, std::int32_t r = 0) {
        return {double_vote(set(h), 0, height_t(h), time(h), round_t(r))};
    }
    chain::light_client_attack lunatic(std::int64_t common, std::int64_t at) {
        auto made_up = header(at).header.value();
        made_up.app_hash = to_bytes("another app");
        auto a = attack_with(made_up, set(at), "ccca");
        blame(a, header(common), set(common), header(at));
        return a;
    }
};

bool says(const auto& r, std::string_view wanted) {
    const auto got = error_of(r);
    INFO("wanted " << wanted << ", got " << got);
    CHECK(got.find(wanted) != got.npos);
    return !r && r.error().code == errc::invalid;
}

}  // namespace

TEST_CASE("true evidence waits once it was told, and telling it again is of no consequence") {
    chain_of_ten c;
    const chain::evidence all[] = {c.votes(3), c.votes(10), {c.lunatic(4, 8)}};
    for (const auto& e : all) {
        CHECK(add(*c.db, e).value());
        CHECK(!add(*c.db, e).value());
        CHECK(c.db->is_evidence_pending(e));
    }
    // In a block: neither is it taken again.
    auto entry = storage::test::grow(c.chain, c.chain.make());
    entry.evidence.committed = {all[0]};
    REQUIRE(error_of(c.db->apply(entry)) == "");
    CHECK(!add(*c.db, all[0]).value());
    CHECK(!c.db->is_evidence_pending(all[0]));
}

TEST_CASE("evidence is refused where the chain does not bear it out") {
    chain_of_ten c;
    CHECK(says(
        add(*c.db, {double_vote(c.set(10), 0, height_t(12), {5, 0})}),
        "Invalid evidence: don't have header #12. Evidence: DuplicateVoteEvidence{VoteA: Vote{"));
    auto late = std::get<chain::duplicate_vote>(c.votes(5).what);
    late.time = c.time(6);
    CHECK(says(add(*c.db, {late}),
               "evidence has a different time to the block it is associated with ("));
    CHECK(says(add(*c.db, {double_vote(set_of({{0, 5}}), 0, height_t(5), c.time(5))}),
               "validator power from evidence and our validator set does not match (5 != 10)"));

    // The commit of the latest block is not known yet, nor is anything after it.
    auto ahead = c.lunatic(4, 8);
    ahead.common_height = height_t(10);
    ahead.time = c.time(10);
    CHECK(says(add(*c.db, {ahead}), "don't have commit at height #10"));
    auto future = c.lunatic(4, 8);
    future.conflicting->signed_header->header->height = height_t(50);
    CHECK(says(add(*c.db, {future}), "don't have commit at height #10"));
    auto missing = c.lunatic(4, 8);
    missing.byzantine.clear();
    CHECK(says(add(*c.db, {missing}), "expected 3 byzantine validators from evidence but got 0"));
    CHECK(c.db->pending_evidence(-1).value().empty());
}

TEST_CASE("evidence that is too old by both ages is refused") {
    chain_of_ten c;
    c.chain.state.params.evidence = {3, 3s, 1000};
    REQUIRE(error_of(c.db->save_state(c.chain.state)) == "");
    CHECK(says(add(*c.db, c.votes(6)),
               "is too old; min height is 7 and evidence can not be older than"));
    CHECK(add(*c.db, c.votes(7)).value());
}

TEST_CASE("a block's evidence is all true, none twice, none in a block already") {
    chain_of_ten c;
    const auto a = c.votes(3), b = c.votes(4);
    const chain::evidence attack{c.lunatic(4, 8)};
    CHECK(error_of(check(*c.db, {})) == "");
    CHECK(error_of(check(*c.db, {a, b, attack})) == "");
    for (const auto& e : {a, b, attack})
        CHECK(c.db->is_evidence_pending(e));  // kept, for who proposes next
    CHECK(error_of(check(*c.db, {a, b, attack})) == "");

    CHECK(says(check(*c.db, {a, b, a}), "duplicate evidence"));
    auto untrue = std::get<chain::duplicate_vote>(c.votes(5).what);
    untrue.b->sig = untrue.a->sig;
    CHECK(says(check(*c.db, {a, {untrue}}), "verifying VoteB: invalid signature"));
    CHECK(!c.db->is_evidence_pending({untrue}));

    // The same hash, and not the same evidence: whether it waits does not matter.
    auto other = std::get<chain::light_client_attack>(attack.what);
    other.byzantine.pop_back();
    REQUIRE(chain::evidence{other}.hash() == attack.hash());
    CHECK(says(check(*c.db, {{other}}), "expected 3 byzantine validators from evidence but got 2"));

    auto entry = storage::test::grow(c.chain, c.chain.make());
    entry.evidence.committed = {a, attack};
    REQUIRE(error_of(c.db->apply(entry)) == "");
    CHECK(says(check(*c.db, {a}), "evidence was already committed"));
    CHECK(says(check(*c.db, {attack}), "evidence was already committed"));
    CHECK(error_of(check(*c.db, {b})) == "");
}

TEST_CASE("a block's evidence is checked also where there is no room to keep it") {
    chain_of_ten c;
    std::int32_t round = 0;
    while (c.db->add_evidence(c.votes(2, ++round)))
        ;
    CHECK(error_of(check(*c.db, {c.votes(3)})) == "");
    CHECK(!c.db->is_evidence_pending(c.votes(3)));
    const auto added = add(*c.db, c.votes(3));
    REQUIRE(!added);
    CHECK(added.error().code == errc::full);
}
