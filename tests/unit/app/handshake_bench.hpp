// SPDX-License-Identifier: Apache-2.0
// One handshake: an application, the chain it executed, a store and the shards between them. Included last of our headers.
#pragma once

#include "app/handshake.hpp"
#include "tests/unit/app/support.hpp"

#include <catch2/catch.hpp>

namespace tetrad::app::test {

struct handshake_bench {
    journal lines;
    scripted_app app{lines};
    std::optional<executed_chain> chain;
    std::optional<four_shards> shards;
    std::optional<storage_side> storage;
    memory_log log;
    std::int64_t replayed = 0;

    void grow(int n, height_t initial = height_t(1)) { chain.emplace(app, n, initial); }
    void open(std::shared_ptr<storage::memory_disk> disk) {
        storage.reset();
        shards.reset();
        shards.emplace();
        storage.emplace(*shards, std::move(disk));
        lines.clear();
    }
    handshake_input input(const chain::state& s, std::int64_t app_height) const {
        handshake_input in;
        in.state = s;
        in.genesis = chain->chain.genesis;
        in.info.last_block_height = app_height;
        if (app_height > 0)
            in.info.last_block_app_hash = hash_after(app_height);
        return in;
    }
    result<chain::state> run(handshake_input in) {
        handshake h(std::move(in), app, storage::client(storage->reads), storage->commits,
                    logger(log, "consensus"));
        auto ended = shards->run(shards->at_consensus, h.run());
        replayed = h.blocks_replayed();
        return ended;
    }
    /// State after `t` blocks, store with `s`, application after `a`.
    result<chain::state> run(std::size_t s, std::size_t t, std::int64_t a) {
        open(chain->stored(s));
        return run(input(chain->states.at(t), a));
    }
    bool store_is_at(std::size_t n) {
        auto stored = storage->store().state();
        REQUIRE(error_of(stored).empty());
        return storage->store().height().v == static_cast<std::int64_t>(n) &&
               *stored == chain->states.at(n);
    }
};

inline std::string joined(const journal& lines) {
    std::string all;
    for (const auto& l : lines)
        all += (all.empty() ? "" : ", ") + l;
    return all;
}

/// FinalizeBlock and Commit of all blocks from first to last.
inline std::string executions(std::int64_t first, std::int64_t last) {
    journal lines;
    for (auto h = first; h <= last; ++h) {
        lines.push_back(format("FinalizeBlock {}", h));
        lines.push_back("Commit");
    }
    return joined(lines);
}
inline std::string init_and(const std::string& rest) {
    return rest.empty() ? "InitChain" : "InitChain, " + rest;
}

}  // namespace tetrad::app::test
