// SPDX-License-Identifier: Apache-2.0
// What the tests of the store and of what stands on it share. Included last of our headers.
#pragma once

#include "base/wire/protobuf.hpp"
#include "storage/memory.hpp"
#include "storage/store.hpp"
#include "tests/unit/chain/growing_chain.hpp"

#include <memory>

#include <catch2/catch.hpp>

namespace tetrad::storage::test {

using chain::test::error_of;
using chain::test::growing_chain;

inline std::unique_ptr<store> opened(std::shared_ptr<memory_disk> disk) {
    auto s = store::open(memory_kv::open(std::move(disk)));
    REQUIRE(error_of(s) == "");
    return std::move(*s);
}

/// Grows the chain by the block; what of it enters the store.
inline block_commit grow(growing_chain& c, const chain::block& b,
                         const chain::finalize_outcome& outcome = {}, slice response = {}) {
    block_commit entry;
    entry.block.emplace();
    entry.block->encoded = slice(wire::encode(b));
    entry.block->meta = {growing_chain::id_of(b),
                         static_cast<std::int64_t>(entry.block->encoded.size()), b.header,
                         static_cast<std::int64_t>(b.data.txs.size())};
    entry.block->last_commit = c.last_commit;
    c.apply(b, outcome);
    entry.block->seen_commit = c.last_commit;
    entry.next = c.state;
    entry.response = std::move(response);
    return entry;
}

/// A chain and a store of it; states[h] and entries[h - 1] are those of block h where it begins at 1.
struct growing_store {
    growing_chain chain;
    std::shared_ptr<memory_disk> disk = std::make_shared<memory_disk>();
    std::unique_ptr<store> db = opened(disk);
    std::vector<chain::state> states;
    std::vector<block_commit> entries;

    explicit growing_store(const std::vector<chain::test::key_power>& validators = {{1, 10},
                                                                                    {2, 7}},
                           height_t initial = height_t(1))
        : chain(validators, initial) {
        states.push_back(chain.state);
        REQUIRE(error_of(db->save_state(chain.state)) == "");
    }
    void add(const chain::finalize_outcome& outcome = {}, slice response = {}) {
        entries.push_back(grow(chain,
                               chain.make({slice(to_bytes(format("tx {}", entries.size())))}),
                               outcome, std::move(response)));
        states.push_back(chain.state);
        REQUIRE(error_of(db->apply(entries.back())) == "");
    }
    void add_blocks(int count) {
        for (int i = 0; i < count; ++i)
            add();
    }
    void reopen() { db = opened(disk); }
};

}  // namespace tetrad::storage::test
