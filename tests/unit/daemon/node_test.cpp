// SPDX-License-Identifier: Apache-2.0
// Whole nodes that have a chain, or download it.
#include "daemon/node.hpp"

#include "app/kvstore/kvstore.hpp"
#include "tests/unit/daemon/simulated_node.hpp"

using namespace tetrad;
using namespace tetrad::daemon;
using namespace tetrad::daemon::test;

namespace {

/// A chain of kvstore blocks, stored as a node would have stored them.
struct stored_chain : storage::test::stored_chain {
    explicit stored_chain(int blocks) : storage::test::stored_chain({{1, 10}, {2, 7}}) {
        app::kvstore::state app;
        chain.genesis.app_hash = app.app_hash();
        chain.state.app_hash = app.app_hash();
        chain.state.version.consensus.app = app::kvstore::app_version;  // as Info says
        chain.state.last_results_hash =
            chain::results_hash(std::vector<app::abci::exec_tx_result>{});
        begin();
        for (int h = 1; h <= blocks; ++h) {
            ++app.size;
            app::abci::response_finalize_block response;
            response.tx_results.resize(1);
            response.app_hash = app.app_hash();
            grow({slice(to_bytes(format("key{}=value{}", h, h)))}, response);
        }
        in.reset();
    }
};

}  // namespace

TEST_CASE(
    "a node syncs the blocks of another in the simulated world and gets the last one by consensus, "
    "whatever the seed") {
    const auto seed = GENERATE(1, 2, 3);
    constexpr int blocks = 60;
    stored_chain chain(blocks);
    runtime::sim::world world(static_cast<std::uint64_t>(seed));
    simulated_node first(world, "first", "10.0.0.1", 11, chain.chain.genesis, chain.disk);
    simulated_node second(world, "second", "10.0.0.2", 12, chain.chain.genesis,
                          std::make_shared<storage::memory_disk>());
    second.options.settings.p2p.persistent_peers = first.address("10.0.0.1");
    first.start();
    second.start();

    INFO("seed " << seed);
    const bool synced = world.run_until(
        [&] { return second.running->height() == height_t(blocks); }, world.now() + 120s);
    INFO("first:\n" << first.log() << "second:\n" << second.log());
    INFO("second is at " << second.running->height().v << ", the world ended with "
                         << name(world.last_end()));
    REQUIRE(synced);
    CHECK(first.running->height() == height_t(blocks));
    stop(world, {&first, &second});

    auto copy = storage::store::open(storage::memory_kv::open(second.disk));
    auto original = storage::store::open(storage::memory_kv::open(chain.disk));
    REQUIRE((copy && original));
    for (int h = 1; h <= blocks; ++h) {
        auto a = (*original)->block(height_t(h)), b = (*copy)->block(height_t(h));
        REQUIRE((a && *a && b && *b));
        CHECK(**a == **b);
        auto ra = (*original)->response(height_t(h)), rb = (*copy)->response(height_t(h));
        REQUIRE((ra && *ra && rb && *rb));
    }
    auto state = (*copy)->state();
    REQUIRE((state && *state));
    CHECK((*state)->last_block_height == height_t(blocks));
}

TEST_CASE(
    "a node that was stopped goes on where it was, and its in-memory application is replayed") {
    stored_chain chain(20);
    runtime::sim::world world(7);
    simulated_node first(world, "first", "10.0.0.1", 11, chain.chain.genesis, chain.disk);
    for (int round = 0; round < 2; ++round) {
        first.start();
        REQUIRE(world.run_until([&] { return first.running->is_ready(); }, world.now() + 60s));
        CHECK(first.running->height() == height_t(20));
        stop(world, {&first});
    }
}

TEST_CASE(
    "a node says that it catches up until it goes over to consensus, also where no block comes any "
    "more") {
    constexpr int blocks = 20;
    stored_chain chain(blocks);
    runtime::sim::world world(5);
    runtime::sim::testing::process reader(world.add_host("reader", "10.0.0.9"));
    simulated_node first(world, "first", "10.0.0.1", 11, chain.chain.genesis, chain.disk);
    simulated_node second(world, "second", "10.0.0.2", 12, chain.chain.genesis,
                          std::make_shared<storage::memory_disk>());
    second.options.settings.p2p.persistent_peers = first.address("10.0.0.1");

    second.start();
    REQUIRE(world.run_until([&] { return second.running->is_ready(); }, world.now() + 60s));
    CHECK(is_catching_up(reader, *second.running));  // who has no peers cannot know
    first.start();
    REQUIRE(world.run_until([&] { return second.running->height() == height_t(blocks - 1); },
                            world.now() + 120s));
    CHECK(is_catching_up(reader, *second.running));
    world.run_for(2s);
    CHECK(second.running->height() == height_t(blocks));
    CHECK_FALSE(is_catching_up(reader, *second.running));
    CHECK_FALSE(is_catching_up(reader, *first.running));  // its peer is behind

    stop(world, {&second});
    second.start();
    REQUIRE(world.run_until([&] { return second.running->is_ready(); }, world.now() + 60s));
    world.run_for(20s);
    CHECK_FALSE(is_catching_up(reader, *second.running));
    stop(world, {&first, &second});
}

TEST_CASE("an application ahead of an empty store is refused with one line, also where the hashes agree") {
    stored_chain chain(0);
    runtime::sim::world world(1);
    auto disk = std::make_shared<storage::memory_disk>();
    storage::app_write executed;  // two blocks without a transaction: the hash is that of genesis
    executed.puts.emplace_back(to_bytes("stateKey"), to_bytes(R"({"size":0,"height":2})"));
    REQUIRE(storage::test::opened(disk)->write_app(executed));
    simulated_node first(world, "first", "10.0.0.1", 11, chain.chain.genesis, disk);
    first.options.app = application::persistent_kvstore;
    first.start();
    REQUIRE(world.run_until([&] { return first.running->failure().has_value(); }, world.now() + 60s));
    CHECK(first.running->failure()->text ==
          "the application is at height 2 but the store has no blocks; restore the blocks or reset the application");
    first.running->request_stop();
    REQUIRE(world.run_until([&] { return first.running->is_stopped(); }, world.now() + 60s));
}
