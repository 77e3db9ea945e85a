// SPDX-License-Identifier: Apache-2.0
// The handshake against every relation of store, state and application, as the table at the head of app/handshake.hpp has it.
#include "app/handshake.hpp"

#include "storage/keys.hpp"
#include "tests/unit/app/handshake_bench.hpp"

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::app;
using namespace tetrad::app::test;

namespace {

using chain::test::public_key;

using bench = handshake_bench;
constexpr int blocks = 5;

}  // namespace

TEST_CASE(
    "handshake: an application behind is brought to the store's height by exactly the blocks it "
    "lacks") {
    bench b;
    b.grow(blocks);
    for (std::size_t s = 0; s <= blocks; ++s)
        for (std::size_t t = s == 0 ? 0 : s - 1; t <= s; ++t)
            for (std::size_t a = 0; a <= s; ++a) {
                INFO("store " << s << ", state " << t << ", application " << a);
                const auto ended = b.run(s, t, static_cast<std::int64_t>(a));
                REQUIRE(error_of(ended) == "");
                CHECK(*ended == b.chain->states.at(s));
                CHECK(b.store_is_at(s));
                const auto calls =
                    executions(static_cast<std::int64_t>(a) + 1, static_cast<std::int64_t>(s));
                CHECK(joined(b.lines) == (a == 0 ? init_and(calls) : calls));
                CHECK(b.replayed == static_cast<std::int64_t>(a == s && t < s ? 1 : s - a));
                CHECK(!b.storage->halted);
            }
}

TEST_CASE("handshake: what cannot fit together is refused with a line that names both heights") {
    const struct {
        std::size_t s, t;
        std::int64_t a;
        errc code;
        const char* text;
    } cases[] = {
        {3, 3, 4, errc::fatal,
         "the application is at height 4, the store only at 3; restore the blocks or reset the "
         "application"},
        {3, 2, 4, errc::fatal,
         "the application is at height 4, the store only at 3; restore the blocks or reset the "
         "application"},
        {0, 0, 2, errc::fatal,
         "the application is at height 2 but the store has no blocks; restore the blocks or reset "
         "the application"},
        {3, 3, -1, errc::fatal, "the application answered Info with height -1"},
        {3, 4, 3, errc::corrupt, "the store is at height 3, the state at 4"},
        {3, 1, 1, errc::corrupt, "the store is at height 3, the state at 1"},
    };
    bench b;
    b.grow(blocks);
    for (const auto& c : cases) {
        INFO("store " << c.s << ", state " << c.t << ", application " << c.a);
        const auto ended = b.run(c.s, c.t, c.a);
        REQUIRE_FALSE(ended);
        CHECK(ended.error().code == c.code);
        CHECK(ended.error().text == c.text);
        CHECK(b.lines.empty());
    }
}

TEST_CASE(
    "handshake: a store that begins above what the application needs is refused, one just below it "
    "is not") {
    bench b;
    b.grow(blocks);
    const struct {
        std::int64_t a;
        const char* text;
    } cases[] = {
        {0,
         "the application is at height 0, but the store begins at 4; restore the application's "
         "data"},
        {2,
         "the application is at height 2, but the store begins at 4; restore the application's "
         "data"},
        {3, ""},
        {5, ""},
    };
    for (const auto& c : cases) {
        INFO("application " << c.a);
        b.open(b.chain->stored(5));
        REQUIRE(b.storage->store().prune(height_t(4)) == height_t(4));
        const auto ended = b.run(b.input(b.chain->states.at(5), c.a));
        CHECK(error_of(ended) == c.text);
        if (c.a == 3)
            CHECK(joined(b.lines) == executions(4, 5));
    }
}

TEST_CASE("handshake: a replayed block is given as when it was decided") {
    bench b;
    b.app.change = [](std::int64_t h, abci::response_finalize_block& r) {
        if (h == 2)
            r.validator_updates = {{public_key(3), power_t(20)}};
    };
    b.grow(blocks);
    REQUIRE(error_of(b.run(5, 5, 0)) == "");
    REQUIRE(b.app.finalized.size() == 5);
    for (std::size_t i = 0; i < 5; ++i) {
        const auto& q = b.app.finalized[i];
        const auto& before = b.chain->states.at(i);
        const auto& header = b.chain->commits.at(i).block->meta.header;
        INFO("block " << q.height);
        CHECK(q.txs == std::vector<slice>{slice(to_bytes(format("tx {}", i)))});
        CHECK(equal(q.hash, b.chain->commits.at(i).block->meta.id.hash));
        CHECK(q.time == header.time);
        CHECK(equal(q.next_validators_hash, header.next_validators_hash));
        CHECK(q.proposer_address == header.proposer);
        REQUIRE(q.decided_last_commit.votes.size() == before.last_validators.size());
        for (std::size_t v = 0; v < before.last_validators.size(); ++v) {
            const auto& vote = q.decided_last_commit.votes[v];
            CHECK(vote.validator == abci::validator{before.last_validators.at(v).address,
                                                    before.last_validators.at(v).power.v});
            CHECK(vote.block_id_flag == abci::block_id_flag::commit);
        }
    }
    CHECK(b.app.finalized[4].decided_last_commit.votes.size() ==
          3);  // block 4 was the first that the third validator signed
}

TEST_CASE("handshake: an application that comes to another hash stops the node") {
    bench b;
    b.grow(blocks);
    const auto text = [](std::int64_t h, std::string_view has, std::string_view wants) {
        return format(
            "the application's hash after block {} is {}, the chain says {}: was one of the two "
            "reset without the other?",
            h, to_hex_upper(view(has)), to_hex_upper(view(wants)));
    };
    SECTION("at the store's height") {
        b.open(b.chain->stored(3));
        auto in = b.input(b.chain->states.at(3), 3);
        in.info.last_block_app_hash = to_bytes("other");
        const auto ended = b.run(std::move(in));
        REQUIRE_FALSE(ended);
        CHECK(ended.error() == error(errc::fatal, text(3, "other", "app 3")));
        CHECK(b.lines.empty());
    }
    SECTION("after the last replayed block") {
        b.app.change = [](std::int64_t h, auto& r) {
            if (h == 3)
                r.app_hash = to_bytes("other");
        };
        CHECK(error_of(b.run(3, 3, 1)) == text(3, "other", "app 3"));
        CHECK(joined(b.lines) == executions(2, 3));
    }
    SECTION("in the middle of a replay: the next block is not executed") {
        b.app.change = [](std::int64_t h, auto& r) {
            if (h == 2)
                r.app_hash = to_bytes("other");
        };
        CHECK(error_of(b.run(4, 4, 0)) == text(2, "other", "app 2"));
        CHECK(joined(b.lines) == init_and(executions(1, 2)));
    }
    SECTION("before the first replayed block") {
        b.open(b.chain->stored(4));
        auto in = b.input(b.chain->states.at(4), 2);
        in.info.last_block_app_hash = to_bytes("other");
        CHECK(error_of(b.run(std::move(in))) == text(2, "other", "app 2"));
        CHECK(b.lines.empty());
    }
    SECTION("of an empty chain") {
        b.app.first.app_hash = to_bytes("init");
        b.open(b.chain->stored(0));
        auto in = b.input(b.chain->states.at(1), 0);  // a state, but no block
        CHECK(error_of(b.run(std::move(in))) == text(0, "init", "app 1"));
    }
}

TEST_CASE(
    "handshake: an application without hashes is replayed without comparing them on the way") {
    bench b;
    b.app.change = [](std::int64_t, auto& r) { r.app_hash.clear(); };
    b.app.first.app_hash.clear();
    b.grow(blocks);
    CHECK(error_of(b.run(3, 3, 0)) == "");
    CHECK(joined(b.lines) == init_and(executions(1, 3)));
}

TEST_CASE("handshake: InitChain tells the genesis document") {
    bench b;
    b.grow(0);
    auto& genesis = b.chain->chain.genesis;
    genesis.app_state = to_bytes(R"({"a": 1})");
    b.open(std::make_shared<storage::memory_disk>());
    const auto ended = b.run(b.input(b.chain->states.at(0), 0));
    REQUIRE(error_of(ended) == "");
    REQUIRE(b.app.inits.size() == 1);
    const auto& q = b.app.inits[0];
    CHECK(q.time == genesis.time);
    CHECK(q.chain_id == "growing");
    CHECK(q.consensus_params == genesis.params);
    CHECK(q.validators == std::vector<chain::validator_update>{{public_key(1), power_t(10)},
                                                               {public_key(2), power_t(7)}});
    CHECK(q.app_state_bytes == genesis.app_state);
    CHECK(q.initial_height == 1);
    CHECK(ended->app_hash == to_bytes("genesis"));  // the application named none
    CHECK(equal(ended->last_results_hash, crypto::sha256({})));
    CHECK(*b.storage->store().state() == *ended);
}

TEST_CASE("handshake: what the application answers to InitChain makes the first state") {
    bench b;
    b.grow(0);
    b.open(std::make_shared<storage::memory_disk>());
    b.app.first.app_hash = to_bytes("init");
    b.app.first.validators = {{public_key(5), power_t(3)}, {public_key(6), power_t(4)}};
    b.app.first.consensus_params.emplace();
    b.app.first.consensus_params->block = chain::block_params_update{1000, 77};
    b.app.first.consensus_params->version = chain::version_params_update{9};
    auto genesis_state = chain::genesis_state(b.chain->chain.genesis, "0.38.25");
    auto in = b.input(*genesis_state, 0);
    in.info.app_version = 4;
    const auto ended = b.run(std::move(in));
    REQUIRE(error_of(ended) == "");
    const auto set = chain::test::set_of({{5, 3}, {6, 4}});
    CHECK(ended->validators == set);
    CHECK(ended->next_validators == set.incremented(1));
    CHECK(ended->last_validators.empty());
    CHECK(ended->params.block == chain::block_params{1000, 77});
    CHECK(ended->params.evidence == genesis_state->params.evidence);
    CHECK(ended->version.consensus.app == 9);
    CHECK(ended->app_hash == to_bytes("init"));
    auto& store = b.storage->store();
    CHECK(*store.state() == *ended);
    CHECK(**store.validators(height_t(1)) == ended->validators);
    CHECK(**store.validators(height_t(2)) == ended->next_validators);
    CHECK(**store.params(height_t(1)) == ended->params);
}

TEST_CASE(
    "handshake: without an answer of parameters the version is that of Info, and only before the "
    "first block") {
    bench b;
    b.grow(1);
    for (const std::size_t t : {0u, 1u}) {
        b.open(b.chain->stored(t));
        auto in = b.input(b.chain->states.at(t), static_cast<std::int64_t>(t));
        in.info.app_version = 4;
        const auto ended = b.run(std::move(in));
        REQUIRE(error_of(ended) == "");
        CHECK(ended->version.consensus.app == (t == 0 ? 4u : 0u));
    }
}

TEST_CASE("handshake: InitChain for a chain that has blocks does not touch the state") {
    bench b;
    b.grow(blocks);
    b.open(b.chain->stored(2));
    b.app.first.validators = {{public_key(5), power_t(3)}};
    const auto ended = b.run(b.input(b.chain->states.at(2), 0));
    REQUIRE(error_of(ended) == "");
    CHECK(*ended == b.chain->states.at(2));
    CHECK(b.store_is_at(2));
}

TEST_CASE("handshake: no validators in genesis and none from the application is refused") {
    bench b;
    b.grow(0);
    b.chain->chain.genesis.validators.clear();
    auto bare = chain::genesis_state(b.chain->chain.genesis, "0.38.25");
    b.open(std::make_shared<storage::memory_disk>());
    CHECK(error_of(b.run(b.input(*bare, 0))) ==
          "the application's answer to InitChain: validator set is nil in genesis and still empty "
          "after InitChain");
    b.app.first.validators = {{public_key(5), power_t(3)}};
    const auto ended = b.run(b.input(*bare, 0));
    REQUIRE(error_of(ended) == "");
    CHECK(ended->validators.size() == 1);
}

TEST_CASE("handshake: a chain may begin above height 1") {
    bench b;
    b.grow(3, height_t(10));
    for (std::size_t s = 0; s <= 3; ++s)
        for (std::size_t t = s == 0 ? 0 : s - 1; t <= s; ++t)
            for (const std::int64_t a :
                 {std::int64_t{0}, std::int64_t{10}, std::int64_t{11}, std::int64_t{12}}) {
                const std::int64_t height = s == 0 ? 0 : 9 + static_cast<std::int64_t>(s);
                if (a > height)
                    continue;
                INFO("store " << height << ", state after " << t << " blocks, application " << a);
                const auto ended = b.run(s, t, a);
                REQUIRE(error_of(ended) == "");
                CHECK(*ended == b.chain->states.at(s));
                const auto calls = executions(a == 0 ? 10 : a + 1, height);
                CHECK(joined(b.lines) == (a == 0 ? init_and(calls) : calls));
            }
    REQUIRE(!b.app.finalized.empty());
    CHECK(b.app.finalized[0].height == 10);
    CHECK(b.app.finalized[0].decided_last_commit.votes.empty());
}

TEST_CASE("handshake: block S with its stored answer needs that answer") {
    bench b;
    b.grow(blocks);
    SECTION("there is none") {
        for (auto& c : b.chain->commits)
            c.response = slice();
        CHECK(error_of(b.run(3, 2, 3)) ==
              "the application has block 3, but its answer to it is not in the store");
    }
    SECTION("it is that of another block") {
        b.chain->commits[2].response = slice();
        CHECK(error_of(b.run(3, 2, 3)) ==
              "the application has block 3, but its answer to it is not in the store");
    }
    SECTION("one without a hash takes that of Info") {
        abci::response_finalize_block bare;
        bare.tx_results.resize(1);
        b.chain->commits[2].response = slice(wire::encode(bare));
        const auto ended = b.run(3, 2, 3);
        REQUIRE(error_of(ended) == "");
        CHECK(ended->app_hash == hash_after(3));
    }
}

TEST_CASE("handshake: a missing block or set of validators is named") {
    bench b;
    b.grow(blocks);
    const auto without = [&](storage::table t, bytes key) {
        auto disk = b.chain->stored(4);
        storage::batch gone;
        gone.erase(t, key);
        REQUIRE(storage::memory_kv::open(disk)->write(gone, storage::durability::synced));
        b.open(disk);
        return b.run(b.input(b.chain->states.at(4), 1));
    };
    const auto block = without(storage::table::blocks, storage::keys::of('B', height_t(3)));
    REQUIRE_FALSE(block);
    CHECK(block.error() == error(errc::corrupt, "block 3 is not in the store"));
    const auto set = without(storage::table::states, storage::keys::of('V', height_t(2)));
    REQUIRE_FALSE(set);
    CHECK(set.error() == error(errc::corrupt, "the validators of height 2 are not in the store"));
}

TEST_CASE("handshake: an application that fails ends it with the call's name") {
    bench b;
    b.grow(blocks);
    b.app.broken = error(errc::closed, "the connection ended");
    const auto init = b.run(3, 3, 0);
    REQUIRE_FALSE(init);
    CHECK(init.error() == error(errc::closed, "InitChain: the connection ended"));
    for (const std::size_t t : {2u, 3u}) {
        const auto finalize = b.run(3, t, 2);
        REQUIRE_FALSE(finalize);
        CHECK(finalize.error() == error(errc::closed, "FinalizeBlock: the connection ended"));
    }
}

TEST_CASE("handshake: an answer that does not fit the block ends it") {
    bench b;
    b.grow(blocks);
    b.app.change = [](std::int64_t, auto& r) { r.tx_results.clear(); };
    for (const std::size_t t : {2u, 3u})
        CHECK(error_of(b.run(3, t, 2)) == "the application answered 1 transactions with 0 results");
}

TEST_CASE(
    "handshake: a block that was stored without its state enters the index when it is applied") {
    bench b;
    b.app.change = [](std::int64_t, auto& r) {
        for (auto& t : r.tx_results)
            t.events = {{"app", {{"key", "x", true}}}};
    };
    b.grow(blocks);
    REQUIRE(error_of(b.run(3, 2, 2)) == "");
    auto found = b.storage->store().tx(chain::tx_hash(view("tx 2")));
    REQUIRE(error_of(found) == "");
    REQUIRE(found->has_value());
    const auto record = wire::decode<abci::tx_result>(**found);
    REQUIRE(error_of(record) == "");
    CHECK(record->height == 3);
    CHECK(record->result.events.size() == 1);
}
