// SPDX-License-Identifier: Apache-2.0
// What the application is told of a decided block, what its answer means, and the rows of the index (CometBFT: state/execution.go,
// state/txindex/kv, state/indexer/block/kv).
#include "app/finalize.hpp"

#include "base/wire/protobuf.hpp"
#include "tests/unit/chain/growing_chain.hpp"

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::app;
using namespace tetrad::chain::test;

namespace {

abci::event event(std::string type, std::vector<abci::event_attribute> attributes) {
    return {std::move(type), std::move(attributes)};
}
abci::response_finalize_block response_of(std::vector<abci::event> of_tx,
                                          std::vector<abci::event> of_block = {}) {
    abci::response_finalize_block r;
    r.tx_results.resize(1);
    r.tx_results[0].events = std::move(of_tx);
    r.events = std::move(of_block);
    return r;
}
struct plain_entry {
    std::string key, value;
    std::uint32_t event;
    bool operator==(const plain_entry&) const = default;
};
std::vector<plain_entry> plain(const std::vector<storage::index_entry>& entries) {
    std::vector<plain_entry> out;
    for (const auto& e : entries)
        out.push_back({e.key, e.value, e.event});
    return out;
}

}  // namespace

TEST_CASE(
    "finalize: the last commit is told member by member, with the power of its height and the flag "
    "of its vote") {
    const auto set = set_of({{1, 10}, {2, 7}, {3, 5}});
    auto commit = signed_commit(set, "c", height_t(4), round_t(2), chain::test::id_of("b"),
                                {1700000000, 0}, "can");
    const auto info = commit_info_of(commit, set);
    REQUIRE(error_of(info) == "");
    CHECK(info->round == 2);
    REQUIRE(info->votes.size() == 3);
    const abci::block_id_flag flags[] = {abci::block_id_flag::commit, abci::block_id_flag::absent,
                                         abci::block_id_flag::nil};
    for (std::size_t i = 0; i < 3; ++i) {
        CHECK(info->votes[i].validator == abci::validator{set.at(i).address, set.at(i).power.v});
        CHECK(info->votes[i].block_id_flag == flags[i]);
    }

    commit.signatures.pop_back();
    CHECK(error_of(commit_info_of(commit, set)) ==
          "the commit of height 4 has 2 signatures, its validators are 3");
    CHECK(commit_info_of(commit, set).error().code == errc::corrupt);
}

TEST_CASE("finalize: one misbehaviour a validator, of either kind of evidence") {
    const auto set = set_of({{1, 10}, {2, 7}});
    chain::vote a{chain::vote_type::precommit,
                  height_t(3),
                  round_t(0),
                  chain::test::id_of("a"),
                  {5, 0},
                  public_key(2).address(),
                  1};
    chain::vote b = a;
    b.block = chain::test::id_of("b");
    const timestamp when{1700000003, 7};
    auto twice = chain::make_duplicate_vote(a, b, when, set);
    REQUIRE(error_of(twice) == "");
    chain::light_client_attack attack;
    attack.common_height = height_t(2);
    attack.byzantine = {member(1, 10), member(2, 7)};
    attack.total_power = power_t(17);
    attack.time = {1700000002, 0};

    const auto told = misbehavior_of({{{*twice}, {attack}, {}}});
    REQUIRE(told.size() == 3);
    CHECK(told[0].type == abci::misbehavior_type::duplicate_vote);
    CHECK(told[0].validator == abci::validator{public_key(2).address(), 7});
    CHECK(told[0].height == 3);
    CHECK(told[0].time == when);
    CHECK(told[0].total_voting_power == 17);
    for (int i : {1, 2}) {
        const auto& m = told[static_cast<std::size_t>(i)];
        CHECK(m.type == abci::misbehavior_type::light_client_attack);
        CHECK(m.validator == abci::validator{public_key(i).address(), i == 1 ? 10 : 7});
        CHECK(m.height == 2);
        CHECK(m.time == attack.time);
        CHECK(m.total_voting_power == 17);
    }
}

TEST_CASE(
    "finalize: the request holds the block; the initial one has no last commit, wherever it "
    "begins") {
    for (const std::int64_t initial : {1, 10}) {
        growing_chain c({{1, 10}, {2, 7}}, height_t(initial));
        const auto first = c.make({slice(to_bytes("a=1"))});
        const auto q = finalize_request(first, height_t(initial), c.state.last_validators);
        REQUIRE(error_of(q) == "");
        CHECK(q->decided_last_commit.votes.empty());
        CHECK(q->height == initial);
        CHECK(q->txs == first.data.txs);
        CHECK(equal(q->hash, first.hash()));
        CHECK(q->time == c.genesis.time);
        CHECK(equal(q->next_validators_hash, c.state.next_validators.hash()));
        CHECK(q->proposer_address == first.header.proposer);

        c.apply(first);
        auto second = c.make();
        const auto next = finalize_request(second, height_t(initial), c.state.last_validators);
        REQUIRE(error_of(next) == "");
        CHECK(next->decided_last_commit.votes.size() == 2);
        CHECK(next->txs.empty());
        second.last_commit.reset();
        CHECK(finalize_request(second, height_t(initial), c.state.last_validators).error().code ==
              errc::corrupt);
    }
}

TEST_CASE(
    "finalize: an answer has one result a transaction, and its hash is over what all agree on") {
    auto r = response_of({event("app", {{"key", "x", true}})});
    r.app_hash = to_bytes("after");
    r.tx_results[0].log = "only here";
    const auto outcome = outcome_of(r, 1);
    REQUIRE(error_of(outcome) == "");
    CHECK(outcome->app_hash == to_bytes("after"));
    CHECK(outcome->results_hash == chain::results_hash(std::vector<abci::exec_tx_result>(1)));
    for (const std::size_t txs : {0, 2}) {
        CHECK(error_of(outcome_of(r, txs)) ==
              format("the application answered {} transactions with 1 results", txs));
        CHECK(outcome_of(r, txs).error().code == errc::fatal);
    }
}

TEST_CASE("finalize: what the application marked is indexed under type.key, counted by event") {
    growing_chain c({{1, 10}});
    const auto b = c.make({slice(to_bytes("a=1"))});
    const std::vector<abci::event> events = {
        event("app", {{"creator", "C", true}, {"hidden", "h", false}, {"key", "", true}}),
        event("", {{"key", "of an event without a type", true}}),
        event("transfer.out", {{"", "without a key", true}, {"to", "x", true}, {"to", "y", true}}),
    };
    const std::vector<plain_entry> wanted = {{"app.creator", "C", 0},
                                             {"app.key", "", 0},
                                             {"transfer.out.to", "x", 2},
                                             {"transfer.out.to", "y", 2}};
    const auto response = response_of(events, events);
    const auto rows = index_txs(b, response);
    REQUIRE(error_of(rows) == "");
    REQUIRE(rows->size() == 1);
    CHECK(rows->front().id == chain::tx_hash(view("a=1")));
    CHECK(plain(rows->front().entries) == wanted);
    const auto record = wire::decode<abci::tx_result>(rows->front().record);
    REQUIRE(error_of(record) == "");
    CHECK(record->height == 1);
    CHECK(record->index == 0);
    CHECK(record->tx == b.data.txs[0]);
    CHECK(record->result == response.tx_results[0]);

    const auto of_block = index_block(response);
    REQUIRE(error_of(of_block) == "");
    CHECK(plain(*of_block) == wanted);
}

TEST_CASE("finalize: the index's own keys are refused, marked or not, each where it is its own") {
    growing_chain c({{1, 10}});
    const auto b = c.make({slice(to_bytes("a=1"))});
    const auto text = [](std::string_view key) {
        return format("event type and attribute key \"{}\" is reserved; please use a different key",
                      key);
    };
    for (const bool marked : {true, false}) {
        const auto txs = [&](std::string type, std::string key) {
            return error_of(index_txs(
                b, response_of({event(std::move(type), {{std::move(key), "1", marked}})})));
        };
        const auto of_block = [&](std::string type, std::string key) {
            return error_of(index_block(
                response_of({}, {event(std::move(type), {{std::move(key), "1", marked}})})));
        };
        CHECK(txs("tx", "hash") == text("tx.hash"));
        CHECK(txs("tx", "height") == text("tx.height"));
        CHECK(txs("block", "height") == "");
        CHECK(of_block("block", "height") == text("block.height"));
        CHECK(of_block("tx", "height") == "");
    }
}
