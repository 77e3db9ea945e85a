// SPDX-License-Identifier: Apache-2.0
// What the application is told of a decided block, and what its answer means to the node. Pure; app/executor carries it out.
#pragma once

#include <vector>

#include "app/abci/messages.hpp"
#include "base/result.hpp"
#include "chain/block.hpp"
#include "chain/commit.hpp"
#include "chain/evidence.hpp"
#include "chain/state.hpp"
#include "chain/update_state.hpp"
#include "storage/store.hpp"

namespace tetrad::app {

/// Who signed the last commit: `signers` are the validators stored for the commit's height. Empty at the initial height. Fails
/// where the sizes differ.
result<abci::commit_info> commit_info_of(const chain::commit& last, const chain::validator_set& signers);

/// One item a misbehaving validator.
std::vector<abci::misbehavior> misbehavior_of(const chain::evidence_list&);

/// `last_validators`: of the block's height - 1; not looked at where the block is the chain's first.
result<abci::request_finalize_block> finalize_request(const chain::block&, height_t initial_height,
                                                      const chain::validator_set& last_validators);

/// What of the response enters the state. Fails where there is not one result a transaction.
result<chain::finalize_outcome> outcome_of(const abci::response_finalize_block&, std::size_t txs);

/// The rows of the transaction index, and the block's. Fails where the application uses a key that is the index's own
/// (tx.hash, tx.height, block.height).
result<std::vector<storage::indexed_tx>> index_txs(const chain::block&, const abci::response_finalize_block&);
result<std::vector<storage::index_entry>> index_block(const abci::response_finalize_block&);

}  // namespace tetrad::app
