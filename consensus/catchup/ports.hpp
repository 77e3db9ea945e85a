// SPDX-License-Identifier: Apache-2.0
// Block sync, between the network shard (which downloads and verifies signatures) and the consensus shard (which executes).
#pragma once

#include <memory>

#include "base/bytes.hpp"
#include "chain/block.hpp"
#include "chain/commit.hpp"
#include "chain/part_set.hpp"
#include "chain/validator_set.hpp"
#include "runtime/port.hpp"

namespace tetrad::consensus {

/// Where the chain stands on this node, as the network shard needs it: published after start and after each block.
struct chain_tip {
    height_t height;                                             // last applied; 0 before the first
    height_t base;                                               // first block in the store; 0 where there is none
    std::string chain_id;
    height_t initial_height;
    chain::validator_set validators;       // of height + 1
    chain::validator_set next_validators;  // of height + 2
};

/// A downloaded block whose commit (found in its successor) was verified with the validators whose hash the block names. The
/// consensus shard checks that these are the state's, validates the rest, executes and stores it.
struct synced_block {
    std::shared_ptr<const chain::block> block;
    slice encoded;                       // the block's canonical bytes, as stored
    chain::block_id id;
    std::shared_ptr<const chain::commit> commit;  // +2/3 for id, from the next block
    std::shared_ptr<const chain::extended_commit> extended_commit;  // as sent, verified; null where none was sent
};

/// Strictly in order. errc::invalid: the block breaks a rule (its senders are dropped, and it is asked for again); errc::closed:
/// the height was not the next one (a block before it was refused) or the node stops, ask no more from this answer.
using apply_port = runtime::port<synced_block, result<chain_tip>>;

}  // namespace tetrad::consensus
