// SPDX-License-Identifier: Apache-2.0
// An executor with the storage shard on a disk in memory and stand-ins for the pool and the events. Included last of our headers.
#pragma once

#include "app/executor.hpp"
#include "tests/unit/app/support.hpp"

#include <catch2/catch.hpp>

namespace tetrad::app::test {

inline const journal whole_block = {
    "FinalizeBlock 1", "synced batch", "end of height 1", "lock", "Commit", "update", "event"};

struct executor_bench {
    journal lines;
    scripted_app app{lines};
    std::optional<executed_chain> chain;
    std::shared_ptr<storage::memory_disk> on;
    std::optional<four_shards> shards;
    std::optional<storage_side> storage;
    std::optional<pool_lock_port> locks;
    std::optional<pool_update_port> pool_updates;
    std::optional<events_port> events;
    std::optional<executor> runs;
    std::vector<pool_update> updates;
    std::vector<std::shared_ptr<const block_committed>> told;
    memory_log log;

    ~executor_bench() {
        if (shards)
            shards->stop();
    }

    /// A chain of `blocks`, of which `have` are stored and executed already.
    void start(int blocks, std::size_t have = 0, executor_options options = {}) {
        chain.emplace(app, blocks);
        on = chain->stored(have);
        shards.emplace();
        storage.emplace(*shards, on);
        locks.emplace(runtime::port_spec{"lock", 1, 1}, shards->consensus, shards->network);
        pool_updates.emplace(runtime::port_spec{"update", 1, 1}, shards->consensus,
                             shards->network);
        events.emplace(runtime::port_spec{"events", 4, 1}, shards->consensus, shards->api);
        locks->serve(shards->at_network, [this](pool_lock) { return note("lock"); });
        pool_updates->serve(shards->at_network, [this](pool_update u) {
            updates.push_back(std::move(u));
            return note("update");
        });
        events->serve(shards->at_api, [this](std::shared_ptr<const block_committed> e) {
            told.push_back(std::move(e));
            return note("event");
        });
        runs.emplace(
            chain->states.at(have), storage->store().base(), app,
            executor_ports{storage->commits, storage->prunes, *locks, *pool_updates, *events},
            options, logger(log, "state"));
        runs->before_commit = [this](height_t h) { return note(format("end of height {}", h.v)); };
        on->set_plan([this](const storage::memory_disk::call& c) {
            if (c.what == storage::memory_disk::operation::write)
                lines.push_back(c.wanted == storage::durability::synced ? "synced batch" : "batch");
            return storage::memory_disk::verdict::proceed;
        });
    }
    task<result<void>> note(std::string line) {
        lines.push_back(std::move(line));
        co_return result<void>{};
    }

    executor::decided decided(std::size_t i) const {
        const auto& c = *chain->commits.at(i).block;
        auto block = chain::decode_block(c.encoded);
        REQUIRE(error_of(block) == "");
        executor::decided d;
        d.block = std::make_shared<const chain::block>(std::move(*block));
        d.encoded = c.encoded;
        d.id = c.meta.id;
        d.seen_commit = c.seen_commit;
        return d;
    }
    result<void> apply(std::size_t i) {
        auto applied = shards->run(shards->at_consensus, runs->apply(decided(i)));
        shards->world.run_idle();
        return applied;
    }
    std::unique_ptr<storage::store> reopened() {
        on->set_plan(nullptr);
        return storage::test::opened(on);
    }
};

}  // namespace tetrad::app::test
