// SPDX-License-Identifier: Apache-2.0
// Executes decided blocks on the consensus shard, in the order that keeps application and store together:
//
//   validate -> FinalizeBlock -> one atomic synced batch (block, seen commit, response, state, index) -> the WAL's end of height
//   -> pool locked -> application's Commit -> pool updated -> events -> pruning
//
// An application ahead of the store could not be recovered; one behind is replayed (app/handshake). Owns the chain's state. Every
// error but errc::invalid from validation is final: the node stops with its text.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "app/abci/client.hpp"
#include "app/ports.hpp"
#include "base/log.hpp"
#include "chain/state.hpp"
#include "chain/validate_block.hpp"
#include "storage/store.hpp"

namespace tetrad::app {

struct executor_options {
    bool index_txs = true;             // tx_index.indexer is kv
    bool keep_responses = true;        // not storage.discard_abci_responses
    duration block_time_tolerance = 60s;
};

/// Doors to the other shards.
struct executor_ports {
    storage::commit_port& commits;
    storage::prune_port& prunes;
    pool_lock_port& pool_lock;
    pool_update_port& pool_update;
    events_port& events;
};

class executor {
public:
    executor(chain::state state, height_t base, abci::consensus_connection& app, executor_ports ports, executor_options options,
             logger log);

    const chain::state& state() const { return state_; }
    height_t base() const { return base_; }

    /// A decided block and what proves it.
    struct decided {
        std::shared_ptr<const chain::block> block;
        slice encoded;
        chain::block_id id;
        chain::commit seen_commit;
        std::shared_ptr<const chain::extended_commit> extended_commit;
        bool skip_last_commit = false;   // it was verified as the last block's commit already
        std::vector<chain::evidence> found;  // of misbehaviour at its height: waits for a block from now on
    };
    /// Only the checks: does it follow on the state? errc::invalid where not. Whether its evidence is true is for the evidence pool.
    result<void> validate(const decided&, timestamp now) const;
    /// Once, at the start: tells the pool what fits a block.
    runtime::task<result<void>> open_pool();
    /// All of it; the block has passed validate().
    runtime::task<result<void>> apply(const decided&);

    /// Runs after the batch is durable and before the application commits: the WAL's end of the height.
    std::function<runtime::task<result<void>>(height_t)> before_commit;

private:
    runtime::task<result<void>> commit_app(const decided&, const abci::response_finalize_block&);

    chain::state state_;
    height_t base_;
    abci::consensus_connection& app_;
    executor_ports ports_;
    executor_options options_;
    logger log_;
};

/// What the mempool must know after a block.
pool_update pool_update_for(const chain::block&, const abci::response_finalize_block&, const chain::state& next);

}  // namespace tetrad::app
