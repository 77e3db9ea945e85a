// SPDX-License-Identifier: Apache-2.0
// What the shards say to each other about applications and transactions. Rings and depths are on daemon/shard_plan.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "app/abci/messages.hpp"
#include "base/bytes.hpp"
#include "base/result.hpp"
#include "chain/block.hpp"
#include "chain/params.hpp"
#include "chain/validator_set.hpp"
#include "runtime/port.hpp"

namespace tetrad::app {

// ---- api -> network: the mempool ----

/// Checks a transaction and, where it passes, pools and gossips it.
struct submit_tx {
    slice tx;
};
struct submitted_tx {
    hash256 id;
    abci::response_check_tx check;
};
/// Fails with the mempool's texts: "tx already exists in cache", "mempool is full: ...", "Tx too large. ...".
using submit_port = runtime::port<submit_tx, result<submitted_tx>>;

/// What waits in the pool.
struct list_txs {
    std::size_t limit = 0;  // transactions to return; the counts are always there
};
struct listed_txs {
    std::size_t total = 0;
    std::size_t total_bytes = 0;
    std::vector<slice> txs;
};
using list_port = runtime::port<list_txs, result<listed_txs>>;

// ---- consensus -> network: the pool around a proposal and a commit ----

/// Transactions for a block, in order, while their size in it and their gas allow; -1: no limit.
struct reap_txs {
    std::int64_t bytes_max = -1;
    std::int64_t gas_max = -1;
};
using reap_port = runtime::port<reap_txs, result<std::vector<slice>>>;

/// No CheckTx may be under way while the application commits. Answered when the mempool connection is idle; then the pool holds
/// checks back until pool_update.
struct pool_lock {};
using pool_lock_port = runtime::port<pool_lock, result<void>>;

/// The block is committed: take its transactions out, recheck the rest, go on.
struct pool_update {
    height_t height;
    std::vector<slice> txs;
    std::vector<std::uint32_t> codes;        // of the results, one a transaction
    std::size_t tx_bytes_max = 0;            // what fits a block now (pre-check); 0: no limit
    std::int64_t block_gas_max = -1;         // post-check; -1: no limit
};
using pool_update_port = runtime::port<pool_update, result<void>>;

// ---- consensus -> api: what happened ----

/// A block was committed. Shared and immutable.
struct block_committed {
    height_t height;
    chain::block_id id;
    std::shared_ptr<const chain::block> block;
    std::shared_ptr<const abci::response_finalize_block> response;
};
using events_port = runtime::port<std::shared_ptr<const block_committed>, result<void>>;

}  // namespace tetrad::app
