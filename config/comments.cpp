// SPDX-License-Identifier: Apache-2.0
#include "config/comments.hpp"

namespace tetrad::config {
namespace {

constexpr std::pair<std::string_view, std::string_view> table[] = {
    {"version", "The program that wrote this file."},
    {"proxy_app",
     "The application: the built-in \"kvstore\" (in memory) or \"persistent_kvstore\", or the "
     "address of one that runs\n"
     "by itself, \"tcp://host:port\" or \"unix://path\"."},
    {"moniker", "What people call this node; peers and status show it."},
    {"db_backend",
     "Which database CometBFT keeps its stores in: goleveldb, cleveldb, boltdb, rocksdb or "
     "badgerdb. tetrad accepts any of\n"
     "them and keeps its own in RocksDB, in tetrad.db under db_dir."},
    {"db_dir", "Directory of the databases."},
    {"log_level",
     "debug, info, error or none; or by module: \"consensus:debug,p2p:none,*:error\"."},
    {"log_format", "plain for people, json for machines."},
    {"genesis_file", "The genesis document: initial validators, parameters and application state."},
    {"priv_validator_key_file", "The key this node validates with."},
    {"priv_validator_state_file",
     "What this node signed last, so that it never signs a second time. Do not copy it between "
     "machines."},
    {"priv_validator_laddr",
     "Where a signer that holds the key elsewhere connects to: \"tcp://host:port\" or "
     "\"unix://path\". Empty: the key file."},
    {"node_key_file", "The key by which peers know this node."},
    {"abci", "How a proxy_app that is an address is spoken to: socket or grpc."},
    {"filter_peers", "Ask the application whether a new peer is welcome."},
    {"event_bus_buffer_capacity",
     "Events that may wait inside the node for slow subscribers; 0: none."},

    {"[rpc]", "JSON-RPC over HTTP: what wallets, explorers and scripts ask."},
    {"rpc.laddr",
     "Where to listen: \"tcp://host:port\" or \"unix://path\". Not on a public address without a "
     "proxy in front."},
    {"rpc.cors_allowed_origins",
     "Web sites whose pages may ask this node from a browser, [\"*\"] for all; [] turns CORS off."},
    {"rpc.cors_allowed_methods", "The HTTP methods and the headers that such pages may use."},
    {"rpc.grpc_laddr", "Where to listen for gRPC, which knows broadcast_tx only. Empty: nowhere."},
    {"rpc.grpc_max_open_connections", "gRPC connections at a time; 0: no limit."},
    {"rpc.unsafe",
     "Serve the methods that change the node itself, such as dial_peers and unsafe_flush_mempool."},
    {"rpc.max_open_connections",
     "HTTP and WebSocket connections at a time; 0: no limit. Each takes a file descriptor (see "
     "ulimit -n)."},
    {"rpc.max_subscription_clients",
     "Clients that may subscribe to events; each broadcast_tx_commit counts as one while it "
     "waits."},
    {"rpc.max_subscriptions_per_client", "Queries that one client may subscribe to."},
    {"rpc.experimental_subscription_buffer_size",
     "Events that may wait for one subscription before it is ended; at least 100."},
    {"rpc.experimental_websocket_write_buffer_size",
     "Answers that may wait for one WebSocket client; at least as many as the events above."},
    {"rpc.experimental_close_on_slow_client",
     "Close a WebSocket that reads too slowly; false: it loses events without being told."},
    {"rpc.timeout_broadcast_tx_commit", "How long broadcast_tx_commit waits for the block."},
    {"rpc.max_request_batch_size", "Requests in one JSON-RPC batch; 0: no limit."},
    {"rpc.max_body_bytes", "Largest body and largest header of a request, in bytes."},
    {"rpc.tls_cert_file",
     "Certificate (with its chain) and key; with both set the node speaks HTTPS. Paths start at "
     "the config directory."},
    {"rpc.pprof_laddr", "Where CometBFT serves Go's profiles; tetrad has none."},

    {"[p2p]", "Peers. One is named by \"id@host:port\"; show-node-id prints the id."},
    {"p2p.laddr", "Where to listen for peers."},
    {"p2p.external_address",
     "The \"host:port\" to tell peers, where it differs from the one above (behind NAT or a "
     "proxy)."},
    {"p2p.seeds", "Nodes to ask for addresses of peers, divided by commas."},
    {"p2p.persistent_peers", "Peers to stay connected to, divided by commas."},
    {"p2p.addr_book_file", "Where known addresses are kept."},
    {"p2p.addr_book_strict",
     "Believe only addresses that the Internet routes; false for private and local networks."},
    {"p2p.max_num_inbound_peers",
     "Peers that connect to us, and peers that we connect to, persistent ones not counted."},
    {"p2p.unconditional_peer_ids", "Ids of peers that no limit applies to, divided by commas."},
    {"p2p.persistent_peers_max_dial_period",
     "Longest pause between two attempts to reach a persistent peer; 0s: it grows with each "
     "attempt."},
    {"p2p.flush_throttle_timeout", "How long small messages may wait to travel together."},
    {"p2p.max_packet_msg_payload_size",
     "Payload of one packet in bytes; every node of a network has to accept it."},
    {"p2p.send_rate", "Bytes a second to, and from, one peer."},
    {"p2p.pex", "Exchange addresses with peers."},
    {"p2p.seed_mode", "Be a seed: collect addresses, give them away, keep nobody connected."},
    {"p2p.private_peer_ids", "Ids of peers whose addresses are not given away, divided by commas."},
    {"p2p.allow_duplicate_ip", "Accept several peers from one address."},
    {"p2p.handshake_timeout",
     "How long a new connection may take to prove who it is, and how long dialing may take."},

    {"[mempool]", "Transactions that wait for a block."},
    {"mempool.type",
     "flood: share them with all peers. nop: have none, the application does it all."},
    {"mempool.recheck", "Check what is left again after each block."},
    {"mempool.recheck_timeout", "How long an application outside this process may take for that."},
    {"mempool.broadcast", "Share transactions with peers; false: they wait here alone."},
    {"mempool.wal_dir", "Directory of a log of all transactions; empty: none."},
    {"mempool.size", "Transactions that may wait, and their bytes together."},
    {"mempool.cache_size", "Transactions remembered so that they are not checked twice."},
    {"mempool.keep-invalid-txs-in-cache",
     "Remember those that failed as well; only where a failed one can never become good."},
    {"mempool.max_tx_bytes", "Largest transaction in bytes."},
    {"mempool.max_batch_bytes", "Not used."},
    {"mempool.experimental_max_gossip_connections_to_persistent_peers",
     "Share transactions with so many persistent peers, and so many others, at a time; 0: with "
     "all."},

    {"[statesync]", "Starting from a snapshot of the application instead of the first block."},
    {"statesync.enable",
     "Applies to a node without blocks only. It will not have the blocks before the snapshot."},
    {"statesync.rpc_servers",
     "Two or more RPC servers, divided by commas, to check the snapshot against; a height and the "
     "hash of its header from a\n"
     "source you trust; and for how long that trust lasts (less than the unbonding time)."},
    {"statesync.discovery_time", "How long to look for snapshots."},
    {"statesync.temp_dir",
     "Where chunks are kept while restoring; empty: the system's directory for temporary files."},
    {"statesync.chunk_request_timeout",
     "How long to wait for a chunk before another peer is asked."},
    {"statesync.chunk_fetchers", "Chunks to fetch at a time."},
    {"statesync.max_snapshot_chunks", "Chunks that a snapshot may have."},

    {"[blocksync]", "Catching up with the network block by block."},
    {"blocksync.version", "There is one: v0."},

    {"[consensus]", "Agreement on blocks. The timeouts grow by their delta with each round."},
    {"consensus.wal_file", "The log from which an interrupted height is taken up again."},
    {"consensus.timeout_propose", "Waiting for a proposal before voting for none."},
    {"consensus.timeout_prevote",
     "Waiting for more prevotes when two thirds are there but do not agree."},
    {"consensus.timeout_precommit", "The same for precommits."},
    {"consensus.timeout_commit",
     "Waiting for late precommits after a block was decided, before the next height."},
    {"consensus.double_sign_check_height",
     "Refuse to start as validator when one of so many last blocks holds a signature of our key; "
     "0: do not look."},
    {"consensus.skip_timeout_commit", "Go to the next height as soon as all precommits are there."},
    {"consensus.create_empty_blocks",
     "Make blocks without transactions: at once, or (interval over 0s) after that time, or not at "
     "all."},
    {"consensus.peer_gossip_sleep_duration",
     "CometBFT's pauses between two looks at what a peer lacks; tetrad reacts to events."},
    {"consensus.block_time_tolerance",
     "How far ahead of our clock a proposed block's time may be."},

    {"[storage]", "What is kept."},
    {"storage.discard_abci_responses",
     "Do not keep the results of blocks; block_results then has no answer."},

    {"[tx_index]", "Finding transactions and blocks by hash and event."},
    {"tx_index.indexer", "kv: in the node's own store. null: none. psql: in PostgreSQL."},
    {"tx_index.psql-conn", "Where that is: postgresql://user:password@host:port/db?options"},

    {"[instrumentation]", "Metrics for Prometheus."},
    {"instrumentation.prometheus", "Serve /metrics at the address below."},
    {"instrumentation.max_open_connections", "Connections at a time; 0: no limit."},
    {"instrumentation.namespace", "What the names of all metrics begin with."},

    {"[shards]",
     "Which parts of the node share a thread, and on which core it runs. CometBFT ignores this "
     "section."},
    {"shards.placement",
     "Threads divided by semicolons, each core:part+part, every part once: "
     "\"0:consensus+network;1:storage+api\". Empty: by the\n"
     "number of cores."},
    {"shards.rotate",
     "The core to begin with, so that several nodes on one machine do not share their busiest "
     "one."},
    {"shards.spin_us",
     "Microseconds that a thread without work looks for some before it sleeps: quicker answers for "
     "a busier core. 0: it sleeps\n"
     "at once. Only for machines with a core to spare for each thread."},
};

}  // namespace

std::span<const std::pair<std::string_view, std::string_view>> comments() { return table; }

std::string_view comment_of(std::string_view path) {
    for (const auto& [key, comment] : table)
        if (key == path)
            return comment;
    return {};
}

}  // namespace tetrad::config
