// SPDX-License-Identifier: Apache-2.0
// A chain that grows and is stored as a node stores it, in memory.
#pragma once

#include "app/abci/messages.hpp"
#include "base/wire/protobuf.hpp"
#include "chain/results.hpp"
#include "storage/memory.hpp"
#include "storage/store.hpp"
#include "tests/unit/chain/growing_chain.hpp"

#include <memory>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

namespace tetrad::storage::test {

struct stored_chain {
    chain::test::growing_chain chain;
    std::shared_ptr<memory_disk> disk = std::make_shared<memory_disk>();
    std::unique_ptr<store> in;

    /// Nothing is stored before begin(), so that a test may change the genesis.
    explicit stored_chain(const std::vector<chain::test::key_power>& validators)
        : chain(validators) {
        auto opened = store::open(memory_kv::open(disk));
        REQUIRE(opened);
        in = std::move(*opened);
    }
    void begin() {
        block_commit first;
        first.next = chain.state;
        REQUIRE(in->apply(first));
    }

    /// The next block, with what the application said to it; every transaction is indexed.
    chain::block grow(std::vector<chain::tx> txs,
                      const app::abci::response_finalize_block& response,
                      bool keep_responses = true) {
        const chain::block b = chain.make(std::move(txs));
        block_commit c;
        c.block.emplace();
        c.block->last_commit = chain.last_commit;
        chain.apply(b, {chain::results_hash(response.tx_results), {}, {}, response.app_hash});
        c.block->encoded = slice(wire::encode(b));
        c.block->meta = {chain::test::growing_chain::id_of(b),
                         static_cast<std::int64_t>(c.block->encoded.size()), b.header,
                         static_cast<std::int64_t>(b.data.txs.size())};
        c.block->seen_commit = chain.last_commit;
        c.next = chain.state;
        c.response = slice(wire::encode(response));
        c.keep_responses = keep_responses;
        for (std::size_t i = 0; i < b.data.txs.size(); ++i) {
            const app::abci::tx_result record{b.header.height.v, static_cast<std::uint32_t>(i),
                                              b.data.txs[i], response.tx_results.at(i)};
            c.txs.push_back({chain::tx_hash(b.data.txs[i]), slice(wire::encode(record)), {}});
        }
        REQUIRE(in->apply(c));
        return b;
    }
};

}  // namespace tetrad::storage::test
