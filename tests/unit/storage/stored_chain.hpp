// SPDX-License-Identifier: Apache-2.0
// A chain that grows and is stored as a node stores it, in memory, with the answers of an application. Included last of our headers.
#pragma once

#include "app/abci/messages.hpp"
#include "chain/results.hpp"
#include "tests/unit/storage/support.hpp"

#include <utility>
#include <vector>

#include <catch2/catch.hpp>

namespace tetrad::storage::test {

struct stored_chain {
    growing_chain chain;
    std::shared_ptr<memory_disk> disk = std::make_shared<memory_disk>();
    std::unique_ptr<store> in = opened(disk);

    /// Nothing is stored before begin(), so that a test may change the genesis.
    explicit stored_chain(const std::vector<chain::test::key_power>& validators)
        : chain(validators) {}
    void begin() { REQUIRE(error_of(in->save_state(chain.state)) == ""); }

    /// The next block, with what the application said to it; every transaction is indexed.
    chain::block grow(std::vector<chain::tx> txs,
                      const app::abci::response_finalize_block& response,
                      bool keep_responses = true) {
        const chain::block b = chain.make(std::move(txs));
        auto c = test::grow(chain, b,
                            {chain::results_hash(response.tx_results), {}, {}, response.app_hash},
                            slice(wire::encode(response)));
        c.keep_responses = keep_responses;
        for (std::size_t i = 0; i < b.data.txs.size(); ++i) {
            const app::abci::tx_result record{b.header.height.v, static_cast<std::uint32_t>(i),
                                              b.data.txs[i], response.tx_results.at(i)};
            c.txs.push_back({chain::tx_hash(b.data.txs[i]), slice(wire::encode(record)), {}});
        }
        REQUIRE(error_of(in->apply(c)) == "");
        return b;
    }
};

}  // namespace tetrad::storage::test
