// SPDX-License-Identifier: Apache-2.0
// Brings the application to the store's height when a node starts (CometBFT's Handshaker). Consensus shard,
// before anything else runs there.
//
//   S = store's height, T = state's height, A = application's height
//   A = 0              InitChain; where T = 0 its answer makes the first state
//   S = T, A < S       blocks A+1..S are replayed against the application, without touching the state
//   S = T, A = S       nothing to do
//   S = T+1            (a state rolled back without its block) A < T: replayed to T, then block S is applied; A = T: block S is
//                      applied; A = S: the state is advanced by the stored answer to block S, without the application
//   A > S              refused: the application is ahead of an empty or older store
//
// A block's batch is atomic, so a crash leaves S = T and A = S or A = S - 1.
#pragma once

#include "app/abci/client.hpp"
#include "base/log.hpp"
#include "chain/genesis.hpp"
#include "chain/state.hpp"
#include "storage/client.hpp"
#include "storage/store.hpp"

namespace tetrad::app {

struct handshake_input {
    chain::state state;                 // loaded, or made from the genesis document
    chain::genesis_doc genesis;
    abci::response_info info;           // the application's answer on the query connection
    bool index_txs = true;
    bool keep_responses = true;
};

class handshake {
public:
    handshake(handshake_input in, abci::consensus_connection& app, storage::client blocks, storage::commit_port& commits, logger log);

    /// The state to go on from; the application is at its height.
    runtime::task<result<chain::state>> run();
    std::int64_t blocks_replayed() const { return replayed_; }

private:
    struct range {
        height_t base, height;
    };
    runtime::task<result<void>> init_chain();
    runtime::task<result<void>> replay(height_t from, height_t to);
    runtime::task<result<void>> replay_one(height_t h);
    runtime::task<result<void>> apply_stored(height_t h, bool app_has_it);
    runtime::task<result<void>> save();
    runtime::task<result<std::shared_ptr<const chain::block>>> load(height_t h);
    result<void> check_app_hash(byte_view expected, height_t h) const;

    handshake_input in_;
    abci::consensus_connection& app_;
    storage::client blocks_;
    storage::commit_port& commits_;
    logger log_;
    bytes app_hash_;               // what the application has come to
    std::int64_t replayed_ = 0;
};

}  // namespace tetrad::app
