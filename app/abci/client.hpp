// SPDX-License-Identifier: Apache-2.0
// The application as a node sees it: four connections, each owned by exactly one shard. A failure (the
// connection broke, the application answered nonsense) cannot be gone on from: the text goes up and the node stops.
#pragma once

#include <memory>

#include "app/abci/messages.hpp"
#include "base/result.hpp"
#include "runtime/task.hpp"

namespace tetrad::app::abci {

/// Consensus shard. Strictly one request at a time.
class consensus_connection {
public:
    virtual ~consensus_connection() = default;
    virtual runtime::task<result<response_init_chain>> init_chain(request_init_chain) = 0;
    virtual runtime::task<result<response_prepare_proposal>> prepare_proposal(request_prepare_proposal) = 0;
    virtual runtime::task<result<response_process_proposal>> process_proposal(request_process_proposal) = 0;
    virtual runtime::task<result<response_extend_vote>> extend_vote(request_extend_vote) = 0;
    virtual runtime::task<result<response_verify_vote_extension>> verify_vote_extension(request_verify_vote_extension) = 0;
    virtual runtime::task<result<response_finalize_block>> finalize_block(request_finalize_block) = 0;
    virtual runtime::task<result<response_commit>> commit() = 0;
};

/// Network shard. Checks are answered in order.
class mempool_connection {
public:
    virtual ~mempool_connection() = default;
    virtual runtime::task<result<response_check_tx>> check_tx(request_check_tx) = 0;
    /// Every check sent before it has been answered when it returns.
    virtual runtime::task<result<void>> flush() = 0;
};

/// Api shard; info also at the handshake, before the shards serve.
class query_connection {
public:
    virtual ~query_connection() = default;
    virtual runtime::task<result<response_info>> info(request_info) = 0;
    virtual runtime::task<result<response_query>> query(request_query) = 0;
};

/// Storage shard. Built-in applications have no snapshots.
class snapshot_connection {
public:
    virtual ~snapshot_connection() = default;
    virtual runtime::task<result<std::vector<snapshot>>> list_snapshots() = 0;
    virtual runtime::task<result<bytes>> load_snapshot_chunk(std::uint64_t height, std::uint32_t format, std::uint32_t chunk) = 0;
};

/// Info is asked on the query connection, which the api shard owns; the handshake runs on the consensus shard and reaches it
/// through a port (daemon/shard_plan).
struct connections {
    std::unique_ptr<consensus_connection> consensus;
    std::unique_ptr<mempool_connection> mempool;
    std::unique_ptr<query_connection> query;
    std::unique_ptr<snapshot_connection> snapshot;
};

}  // namespace tetrad::app::abci
