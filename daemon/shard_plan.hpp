// SPDX-License-Identifier: Apache-2.0
// The whole machine on one page: every door between shards, its two ends, how many requests fit, how many are served at once, what
// they carry. A ring holds the letters of all doors of its pair of shards, so none can overflow; a caller without a credit waits
// (call, post) or is told (try_post). The largest message is a block (chain::block_bytes_max), always behind a reference.
#pragma once

#include <array>
#include <vector>

#include "app/kvstore/kvstore.hpp"
#include "app/ports.hpp"
#include "consensus/catchup/ports.hpp"
#include "consensus/engine/ports.hpp"
#include "consensus/evidence/gossip.hpp"
#include "p2p/status.hpp"
#include "runtime/task_queue.hpp"
#include "runtime/topology.hpp"
#include "runtime/uring/ring.hpp"
#include "storage/client.hpp"
#include "storage/store.hpp"

namespace tetrad::daemon {

/// consensus -> network, once: the chain stands here; begin.
using go_network_port = runtime::port<consensus::chain_tip, result<runtime::endpoint>>;
/// consensus -> api, once: the node is ready to answer.
struct go_api {};
using go_api_port = runtime::port<go_api, result<std::vector<runtime::endpoint>>>;
/// consensus -> api, at the handshake: the api shard owns the application's query connection.
using info_port = runtime::port<app::abci::request_info, result<app::abci::response_info>>;

/// network -> consensus, once: block sync has caught up; blocks are decided here from now on.
struct go_consensus {};
using go_consensus_port = runtime::port<go_consensus, result<void>>;
/// network -> api, once, after that.
struct caught_up {};
using caught_up_port = runtime::port<caught_up, result<void>>;

/// The four shards of a node, by role.
struct shard_set {
    runtime::shard& consensus;
    runtime::shard& network;
    runtime::shard& storage;
    runtime::shard& api;
};

/// The queues of each shard: what keeps blocks coming, and what may wait behind it. Where shards share a thread their queues share it
/// too, so consensus and the network come before the rest of theirs.
//
//   queue   shares  latency   what
//   main    400     yes       of consensus and network: proposals, votes, parts, the pool's locks; block sync
//   main    200     no        of storage: commits; of api: HTTP, JSON-RPC, events
//   bulk    100     no        of network: transactions of clients (CheckTx), their evidence; of storage: blocks for peers, queries
runtime::queue_spec main_queue(runtime::role);
runtime::queue_spec bulk_queue();

/// What the shards of a thread may ask of the kernel by their ring; all else fails there. Files are the consensus shard's (its log and
/// the signer's record; the store's are RocksDB's, which uses no ring), sockets those of network and api; storage has neither.
runtime::operation_groups ring_operations(const std::vector<runtime::role>& shards);

struct shard_plan {
    explicit shard_plan(shard_set s);

    // name                                  from -> to               depth  served at once
    storage::commit_port commits;         // consensus -> storage         4  1
    storage::app_write_port app_writes;   // consensus -> storage         4  1
    storage::prune_port prunes;           // consensus -> storage         2  1
    storage::read_port consensus_reads;   // consensus -> storage         8  8     a block's evidence is verified here
    storage::read_port network_reads;     // network   -> storage       256  64    blocks for peers; their evidence is verified here
    storage::read_port api_reads;         // api       -> storage       256  64    queries
    consensus::apply_port apply;          // network   -> consensus      16  1     downloaded blocks, in order
    go_consensus_port go_consensus_shard; // network   -> consensus       1  1     block sync has nothing left to do
    consensus::engine::input_port inputs; // network   -> consensus    1024  1     of peers, verified
    consensus::engine::txs_port txs;      // network   -> consensus       2  1     the pool has some
    consensus::engine::news_port news;    // consensus -> network      1024  1     for peers, in order
    app::reap_port reaps;                 // consensus -> network         1  1     transactions for a block
    app::pool_lock_port pool_lock;        // consensus -> network         1  1
    app::pool_update_port pool_update;    // consensus -> network         1  1
    go_network_port go_network;           // consensus -> network         1  1
    app::submit_port submits;             // api       -> network      1024  256   transactions
    app::list_port lists;                 // api       -> network        64  1
    consensus::evidence::submit_port evidence;  // api -> network        16  1     of clients, verified by network_reads
    p2p::status_port network_status;      // api       -> network        64  1
    app::events_port events;              // consensus -> api            64  1     committed blocks
    caught_up_port caught_up_shard;       // network   -> api             1  1     status says so from here on
    info_port info;                       // consensus -> api             1  1
    app::kvstore::publish_port publish;   // consensus -> api            16  1     the application's snapshot
    go_api_port go_api_shard;             // consensus -> api             1  1
};

}  // namespace tetrad::daemon
