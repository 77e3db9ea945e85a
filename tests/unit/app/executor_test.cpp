// SPDX-License-Identifier: Apache-2.0
// The order of a block's effects, what is durable before what, and every answer of an application that a node cannot go on from.
#include "app/executor.hpp"

#include "tests/unit/app/executor_bench.hpp"

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::app;
using namespace tetrad::app::test;
using chain::test::public_key;
using bench = executor_bench;
using disk = storage::memory_disk;

TEST_CASE(
    "executor: a block is durable before the application commits, and is told of afterwards") {
    bench b;
    b.start(2);
    REQUIRE(error_of(b.apply(0)) == "");
    CHECK(b.lines == whole_block);
    CHECK(b.runs->state() == b.chain->states.at(1));
    CHECK(b.runs->base() == height_t(1));
    REQUIRE(error_of(b.apply(1)) == "");
    CHECK(b.runs->state() == b.chain->states.at(2));
    CHECK(b.runs->base() == height_t(1));
    CHECK(b.log.contains("executed block"));
}

TEST_CASE(
    "executor: one batch holds the block, both commits, the answer, the state and the index") {
    bench b;
    b.app.change = [](std::int64_t, auto& r) {
        r.tx_results[0].events = {{"app", {{"key", "x", true}, {"other", "y", false}}}};
        r.events = {{"begin", {{"foo", "100", true}}}};
    };
    b.start(2);
    REQUIRE(error_of(b.apply(0)) == "");
    REQUIRE(error_of(b.apply(1)) == "");
    CHECK(std::ranges::count(b.lines, "synced batch") == 2);

    auto store = b.reopened();
    const auto& expected = *b.chain->commits[1].block;
    CHECK(store->height() == height_t(2));
    CHECK(**store->block(height_t(2)) == expected.encoded);
    CHECK((*store->meta(height_t(2)))->header == expected.meta.header);
    CHECK((*store->meta(height_t(2)))->num_txs == 1);
    CHECK((*store->meta(height_t(2)))->block_size ==
          static_cast<std::int64_t>(expected.encoded.size()));
    CHECK(**store->commit(height_t(1)) == expected.last_commit);
    CHECK(**store->seen_commit(height_t(2)) == expected.seen_commit);
    CHECK(**store->state() == b.chain->states[2]);
    CHECK(**store->response(height_t(2)) == b.chain->commits[1].response);
    CHECK((*store->last_response())->height == height_t(2));
    CHECK((*store->tx(chain::tx_hash(view("tx 1")))).has_value());
    // of each block: a transaction, its one marked attribute, and the block's
    CHECK(b.on->entries(storage::table::index) == 6);
}

TEST_CASE("executor: index and answers are kept only where they are wanted") {
    bench b;
    executor_options options;
    options.index_txs = false;
    options.keep_responses = false;
    b.start(2, 0, options);
    REQUIRE(error_of(b.apply(0)) == "");
    REQUIRE(error_of(b.apply(1)) == "");
    auto store = b.reopened();
    CHECK(b.on->entries(storage::table::index) == 0);
    CHECK(!*store->response(height_t(1)));
    CHECK(**store->response(height_t(2)) ==
          b.chain->commits[1].response);  // the last one: a crash may need it
}

TEST_CASE("executor: wherever the process dies, the store holds the whole block or nothing of it") {
    for (const auto when :
         {disk::verdict::crash_before, disk::verdict::crash_after, disk::verdict::fail}) {
        bench b;
        b.start(2, 1);
        b.on->set_plan([&](const disk::call& c) {
            return c.what == disk::operation::write ? when : disk::verdict::proceed;
        });
        const auto applied = b.apply(1);
        REQUIRE_FALSE(applied);
        CHECK(applied.error().code == errc::fatal);
        CHECK(applied.error().text.starts_with("storing block 2: "));
        CHECK(b.lines == journal{"FinalizeBlock 2"});  // the application has not committed
        CHECK(b.runs->state() == b.chain->states.at(1));
        REQUIRE(b.storage->halted);
        CHECK(b.storage->halted->code == errc::fatal);
        auto store = b.reopened();
        const std::size_t now = when == disk::verdict::crash_after ? 2 : 1;
        CHECK(store->height().v == static_cast<std::int64_t>(now));
        CHECK(**store->state() == b.chain->states.at(now));
    }
}

TEST_CASE("executor: the application does not commit where the end of the height was not written") {
    bench b;
    b.start(1);
    b.runs->before_commit = [](height_t) -> task<result<void>> {
        co_return fail(errc::fatal, "wal: disk full");
    };
    const auto applied = b.apply(0);
    REQUIRE_FALSE(applied);
    CHECK(applied.error() == error(errc::fatal, "wal: disk full"));
    CHECK(b.lines == journal{"FinalizeBlock 1", "synced batch"});
}

TEST_CASE("executor: an application that fails ends the block with the call's name") {
    SECTION("at FinalizeBlock nothing is stored") {
        bench b;
        b.start(1);
        b.app.broken = error(errc::io, "connection reset");
        const auto applied = b.apply(0);
        REQUIRE_FALSE(applied);
        CHECK(applied.error() == error(errc::io, "FinalizeBlock: connection reset"));
        CHECK(b.lines == journal{"FinalizeBlock 1"});
        CHECK(b.reopened()->height() == height_t(0));
    }
    SECTION("at Commit the block is stored: the next start replays it") {
        bench b;
        b.start(1);
        b.runs->before_commit = [&b](height_t) {
            b.app.broken = error(errc::io, "connection reset");
            return b.note("the connection breaks");
        };
        const auto applied = b.apply(0);
        REQUIRE_FALSE(applied);
        CHECK(applied.error() == error(errc::io, "Commit: connection reset"));
        CHECK(b.lines == journal{"FinalizeBlock 1", "synced batch", "the connection breaks", "lock",
                                 "Commit"});
        CHECK(b.reopened()->height() == height_t(1));
    }
}

TEST_CASE(
    "executor: an answer that the protocol does not allow is named, and nothing of the block is "
    "kept") {
    using response = abci::response_finalize_block;
    const crypto::public_key other_kind{crypto::secp256k1_public{}};
    const struct {
        const char* what;
        std::function<void(response&)> change;
        const char* text;  // a part of the line
    } cases[] = {
        {"a result too few", [](response& r) { r.tx_results.clear(); },
         "the application answered 1 transactions with 0 results"},
        {"a result too many", [](response& r) { r.tx_results.resize(2); },
         "the application answered 1 transactions with 2 results"},
        {"negative power",
         [](response& r) {
             r.validator_updates = {{public_key(3), power_t(-1)}};
         },
         "error in validator updates: voting power can't be negative"},
        {"a kind of key that the parameters do not allow",
         [&](response& r) {
             r.validator_updates = {{other_kind, power_t(1)}};
         },
         "is using pubkey secp256k1, which is unsupported for consensus"},
        {"no key",
         [](response& r) {
             r.validator_updates = {{{}, power_t(1)}};
         },
         "key type <nil> is not supported"},
        {"removal of one that is not there",
         [](response& r) {
             r.validator_updates = {{public_key(9), power_t(0)}};
         },
         "changing validator set: failed to find validator"},
        {"removal of all",
         [](response& r) {
             r.validator_updates = {{public_key(1), power_t(0)}, {public_key(2), power_t(0)}};
         },
         "would result in empty set"},
        {"the same one twice",
         [](response& r) {
             r.validator_updates = {{public_key(3), power_t(1)}, {public_key(3), power_t(2)}};
         },
         "duplicate entry"},
        {"too much power in all",
         [](response& r) {
             r.validator_updates = {{public_key(3), power_t(chain::total_power_max)}};
         },
         "changing validator set: "},
        {"parameters out of range",
         [](response& r) {
             r.consensus_param_updates.emplace();
             r.consensus_param_updates->block = chain::block_params_update{0, -1};
         },
         "validating new consensus params: block.MaxBytes cannot be 0"},
        {"vote extensions from a height that has come",
         [](response& r) {
             r.consensus_param_updates.emplace();
             r.consensus_param_updates->abci =
                 chain::abci_params_update{height_t(1)};
         },
         "updating consensus params: "},
    };
    for (const auto& c : cases) {
        INFO(c.what);
        bench b;
        b.start(1);
        b.app.change = [&c](std::int64_t, response& r) { c.change(r); };
        const auto applied = b.apply(0);
        REQUIRE_FALSE(applied);
        CAPTURE(applied.error().text);
        CHECK(applied.error().text.find(c.text) != std::string::npos);
        CHECK(b.lines == journal{"FinalizeBlock 1"});
        CHECK(b.runs->state() == b.chain->states.at(0));
        CHECK(b.reopened()->height() == height_t(0));
    }
}

TEST_CASE("executor: validators change two heights on, parameters at the next") {
    bench b;
    b.app.change = [](std::int64_t h, auto& r) {
        if (h != 1)
            return;
        r.validator_updates = {{public_key(3), power_t(4)}, {public_key(2), power_t(0)}};
        r.consensus_param_updates.emplace();
        r.consensus_param_updates->block = chain::block_params_update{2000000, 9};
    };
    b.start(4);
    const auto before = b.chain->states.at(0).params;
    for (std::size_t i = 0; i < 4; ++i)
        REQUIRE(error_of(b.apply(i)) == "");
    auto store = b.reopened();
    for (std::int64_t h = 1; h <= 6; ++h) {
        const auto set = store->validators(height_t(h));
        REQUIRE(error_of(set) == "");
        REQUIRE(set->has_value());
        CHECK((*set)->has(public_key(3).address()) == (h >= 3));
        CHECK((*set)->has(public_key(2).address()) == (h < 3));
        if (h <= 5)
            CHECK((*store->params(height_t(h)))->block.max_gas ==
                  (h == 1 ? before.block.max_gas : 9));
    }
    CHECK(b.updates.at(0).block_gas_max == 9);
}

TEST_CASE("executor: misbehaviour that the block proves is told to the application") {
    bench b;
    b.start(1);
    const auto set = b.chain->states.at(0).validators;
    chain::vote one{chain::vote_type::precommit,
                    height_t(1),
                    round_t(0),
                    chain::test::id_of("a"),
                    {1700000000, 0},
                    set.at(0).address,
                    0};
    one.sig = chain::test::sign(1, chain::sign_bytes(one, b.chain->chain.state.chain_id));
    chain::vote other = one;
    other.block = chain::test::id_of("b");
    auto twice = chain::make_duplicate_vote(one, other, {1700000000, 0}, set);
    REQUIRE(error_of(twice) == "");
    b.chain->add(b.app, {slice(to_bytes("tx"))}, {{{*twice}}});
    REQUIRE(error_of(b.apply(0)) == "");
    REQUIRE(error_of(b.apply(1)) == "");
    REQUIRE(b.app.finalized.size() == 2);
    CHECK(b.app.finalized[0].misbehavior.empty());
    REQUIRE(b.app.finalized[1].misbehavior.size() == 1);
    CHECK(b.app.finalized[1].misbehavior[0].validator == abci::validator{set.at(0).address, 10});
    CHECK(b.app.finalized[0].decided_last_commit.votes.empty());
    CHECK(b.app.finalized[1].decided_last_commit.votes.size() == 2);
}

TEST_CASE(
    "executor: the pool is told the block's transactions, their codes and what fits the next "
    "block") {
    bench b;
    b.app.change = [](std::int64_t, auto& r) { r.tx_results[0].code = 7; };
    b.start(1);
    REQUIRE(error_of(b.apply(0)) == "");
    REQUIRE(b.updates.size() == 1);
    const auto& u = b.updates[0];
    CHECK(u.height == height_t(1));
    CHECK(u.txs == std::vector<slice>{slice(to_bytes("tx 0"))});
    CHECK(u.codes == std::vector<std::uint32_t>{7});
    // MaxDataBytesNoEvidence of the default 21 MiB and two validators: less header, overhead and last commit.
    CHECK(u.tx_bytes_max == 22020096 - 11 - 626 - (94 + 2 * 111));
    CHECK(u.block_gas_max == -1);
    REQUIRE(b.told.size() == 1);
    CHECK(b.told[0]->height == height_t(1));
    CHECK(b.told[0]->id == b.chain->commits[0].block->meta.id);
    CHECK(b.told[0]->response->tx_results[0].code == 7);

    auto unlimited = b.chain->states.at(1);
    unlimited.params.block.max_bytes = -1;
    const auto d = b.decided(0);
    CHECK(pool_update_for(*d.block, *b.told[0]->response, unlimited).tx_bytes_max ==
          100 * 1024 * 1024 - 11 - 626 - (94 + 2 * 111));
}

TEST_CASE("executor: blocks below the application's retain height go, once it rises") {
    bench b;
    b.start(6, 4);
    b.on->set_plan(nullptr);
    const struct {
        std::int64_t retain;
        std::int64_t base;
    } steps[] = {{3, 3}, {2, 3}};
    for (std::size_t i = 0; i < 2; ++i) {
        b.app.retain_height = steps[i].retain;
        REQUIRE(error_of(b.apply(4 + i)) == "");
        CHECK(b.runs->base() == height_t(steps[i].base));
        CHECK(b.storage->store().base() == height_t(steps[i].base));
    }
    CHECK(!*b.storage->store().block(height_t(2)));
    CHECK((*b.storage->store().block(height_t(3))).has_value());
}

TEST_CASE("executor: a retain height that cannot be is refused and logged; the chain goes on") {
    bench b;
    b.start(3, 2);
    b.app.retain_height = 4;
    REQUIRE(error_of(b.apply(2)) == "");
    CHECK(b.runs->base() == height_t(1));
    CHECK(b.log.contains("the application's retain height was refused"));
    CHECK(b.log.contains("cannot prune beyond the latest height 3"));
    CHECK(b.lines.back() == "event");
}

TEST_CASE("executor: a disk that fails while pruning stops the node") {
    bench b;
    b.start(3, 2);
    b.app.retain_height = 3;
    b.on->set_plan([](const disk::call& c) {
        return c.what == disk::operation::write && c.wanted == storage::durability::buffered
                   ? disk::verdict::fail
                   : disk::verdict::proceed;
    });
    const auto applied = b.apply(2);
    REQUIRE_FALSE(applied);
    CHECK(applied.error() == error(errc::fatal, "pruning: write: the disk refused"));
}

TEST_CASE(
    "executor: an application that uses a key of the index is not indexed, and is told so in the "
    "log") {
    bench b;
    b.app.change = [](std::int64_t, auto& r) {
        r.tx_results[0].events = {{"tx", {{"height", "1", true}}}};
        r.events = {{"begin", {{"foo", "100", true}}}};
    };
    b.start(1);
    REQUIRE(error_of(b.apply(0)) == "");
    CHECK(b.lines == whole_block);
    CHECK(b.on->entries(storage::table::index) == 1);  // the block's own
    CHECK(b.log.contains("block not indexed"));
}

TEST_CASE("executor: what does not follow on the state is invalid") {
    bench b;
    b.start(3, 1);
    const timestamp now = b.decided(2).block->header.time;
    CHECK(error_of(b.runs->validate(b.decided(1), now)) == "");
    const auto later = b.runs->validate(b.decided(2), now);
    REQUIRE_FALSE(later);
    CHECK(later.error().code == errc::invalid);
    CHECK(later.error().text.find("wrong Block.Header.Height. Expected 2, got 3") !=
          std::string::npos);

    const auto early = b.runs->validate(b.decided(1), b.decided(1).block->header.time + -60s);
    REQUIRE_FALSE(early);
    CHECK(early.error().text.find("is too far in the future") != std::string::npos);

    auto forged = b.decided(1);
    auto block = *forged.block;
    block.last_commit->signatures[0].sig = chain::test::sign(1, view("something else"));
    block.header.last_commit_hash = block.last_commit->hash();
    forged.block = std::make_shared<const chain::block>(block);
    CHECK(error_of(b.runs->validate(forged, now)).find("wrong signature") != std::string::npos);
    forged.skip_last_commit = true;
    CHECK(error_of(b.runs->validate(forged, now)) == "");

    auto extended = b.decided(1);
    extended.extended_commit = std::make_shared<const chain::extended_commit>();
    CHECK(error_of(b.runs->validate(extended, now)) ==
          "vote extensions are not enabled but the commit has some");
}

TEST_CASE("executor: where vote extensions are enabled the extended commit is wanted, and stored") {
    bench b;
    b.app.first.consensus_params.emplace();
    b.app.first.consensus_params->abci = chain::abci_params_update{height_t(1)};
    b.start(1);
    auto d = b.decided(0);
    const timestamp now = d.block->header.time;
    CHECK(error_of(b.runs->validate(d, now)) ==
          "vote extensions are enabled but the commit has none");
    d.extended_commit =
        std::make_shared<const chain::extended_commit>(chain::extended(d.seen_commit));
    CHECK(error_of(b.runs->validate(d, now)) == "");
    REQUIRE(error_of(b.shards->run(b.shards->at_consensus, b.runs->apply(d))) == "");
    CHECK(**b.reopened()->extended_commit(height_t(1)) == *d.extended_commit);
}
