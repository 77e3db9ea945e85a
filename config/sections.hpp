// SPDX-License-Identifier: Apache-2.0
// The settings of a node: one plain struct a section of config.toml, with its defaults and one list of its keys, from which the
// reader, the writer, the environment's names and the flags derive. Keys, their order and defaults are those of CometBFT v0.38;
// [shards] is ours. Made once at start (config/load) and copied to whoever needs it: values, on any shard.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "base/wire/schema.hpp"

namespace tetrad::config {

using wire::fields;
using wire::json_field;

// How a key is laid out in the file, beside wire::inlined.
constexpr unsigned comma_list = 1u << 16;  // a list as one text, divided by commas
constexpr unsigned in_quotes = 1u << 17;   // a number as text

/// The keys above all sections.
struct base_section {
    std::string version;
    std::string proxy_app = "tcp://127.0.0.1:26658";
    std::string moniker = "anonymous";
    std::string db_backend = "goleveldb";
    std::string db_dir = "data";
    std::string log_level = "info";
    std::string log_format = "plain";
    std::string genesis_file = "config/genesis.json";
    std::string priv_validator_key_file = "config/priv_validator_key.json";
    std::string priv_validator_state_file = "data/priv_validator_state.json";
    std::string priv_validator_laddr;
    std::string node_key_file = "config/node_key.json";
    std::string abci = "socket";
    bool filter_peers = false;
    std::int64_t event_bus_buffer_capacity = 0;

    static constexpr auto schema =
        fields(json_field("version", &base_section::version),
               json_field("proxy_app", &base_section::proxy_app),
               json_field("moniker", &base_section::moniker),
               json_field("db_backend", &base_section::db_backend),
               json_field("db_dir", &base_section::db_dir),
               json_field("log_level", &base_section::log_level),
               json_field("log_format", &base_section::log_format),
               json_field("genesis_file", &base_section::genesis_file),
               json_field("priv_validator_key_file", &base_section::priv_validator_key_file),
               json_field("priv_validator_state_file", &base_section::priv_validator_state_file),
               json_field("priv_validator_laddr", &base_section::priv_validator_laddr),
               json_field("node_key_file", &base_section::node_key_file),
               json_field("abci", &base_section::abci),
               json_field("filter_peers", &base_section::filter_peers),
               json_field("event_bus_buffer_capacity", &base_section::event_bus_buffer_capacity));
    bool operator==(const base_section&) const = default;
};

struct rpc_section {
    std::string laddr = "tcp://127.0.0.1:26657";
    std::vector<std::string> cors_allowed_origins;
    std::vector<std::string> cors_allowed_methods = {"HEAD", "GET", "POST"};
    std::vector<std::string> cors_allowed_headers = {"Origin", "Accept", "Content-Type",
                                                     "X-Requested-With", "X-Server-Time"};
    std::string grpc_laddr;
    std::int64_t grpc_max_open_connections = 900;
    bool unsafe = false;
    std::int64_t max_open_connections = 900;  // 0: no limit
    std::int64_t max_subscription_clients = 100;
    std::int64_t max_subscriptions_per_client = 5;
    std::int64_t experimental_subscription_buffer_size = 200;
    std::int64_t experimental_websocket_write_buffer_size = 200;
    bool experimental_close_on_slow_client = false;
    duration timeout_broadcast_tx_commit = 10s;
    std::int64_t max_request_batch_size = 10;  // 0: no limit
    std::int64_t max_body_bytes = 1'000'000;
    std::int64_t max_header_bytes = 1 << 20;
    std::string tls_cert_file;
    std::string tls_key_file;
    std::string pprof_laddr;

    static constexpr auto schema = fields(
        json_field("laddr", &rpc_section::laddr),
        json_field("cors_allowed_origins", &rpc_section::cors_allowed_origins),
        json_field("cors_allowed_methods", &rpc_section::cors_allowed_methods),
        json_field("cors_allowed_headers", &rpc_section::cors_allowed_headers),
        json_field("grpc_laddr", &rpc_section::grpc_laddr),
        json_field("grpc_max_open_connections", &rpc_section::grpc_max_open_connections),
        json_field("unsafe", &rpc_section::unsafe),
        json_field("max_open_connections", &rpc_section::max_open_connections),
        json_field("max_subscription_clients", &rpc_section::max_subscription_clients),
        json_field("max_subscriptions_per_client", &rpc_section::max_subscriptions_per_client),
        json_field("experimental_subscription_buffer_size",
                   &rpc_section::experimental_subscription_buffer_size),
        json_field("experimental_websocket_write_buffer_size",
                   &rpc_section::experimental_websocket_write_buffer_size),
        json_field("experimental_close_on_slow_client",
                   &rpc_section::experimental_close_on_slow_client),
        json_field("timeout_broadcast_tx_commit", &rpc_section::timeout_broadcast_tx_commit),
        json_field("max_request_batch_size", &rpc_section::max_request_batch_size),
        json_field("max_body_bytes", &rpc_section::max_body_bytes),
        json_field("max_header_bytes", &rpc_section::max_header_bytes),
        json_field("tls_cert_file", &rpc_section::tls_cert_file),
        json_field("tls_key_file", &rpc_section::tls_key_file),
        json_field("pprof_laddr", &rpc_section::pprof_laddr));
    bool operator==(const rpc_section&) const = default;
};

struct p2p_section {
    std::string laddr = "tcp://0.0.0.0:26656";
    std::string external_address;
    std::string seeds;  // id@host:port, comma-separated, as the next
    std::string persistent_peers;
    std::string addr_book_file = "config/addrbook.json";
    bool addr_book_strict = true;
    std::int64_t max_num_inbound_peers = 40;
    std::int64_t max_num_outbound_peers = 10;
    std::string unconditional_peer_ids;
    duration persistent_peers_max_dial_period = 0s;  // 0: exponential back-off
    duration flush_throttle_timeout = 100ms;
    std::int64_t max_packet_msg_payload_size = 1024;
    std::int64_t send_rate = 5'120'000;  // bytes a second
    std::int64_t recv_rate = 5'120'000;
    bool pex = true;
    bool seed_mode = false;
    std::string private_peer_ids;
    bool allow_duplicate_ip = false;
    duration handshake_timeout = 20s;
    duration dial_timeout = 3s;

    static constexpr auto schema = fields(
        json_field("laddr", &p2p_section::laddr),
        json_field("external_address", &p2p_section::external_address),
        json_field("seeds", &p2p_section::seeds),
        json_field("persistent_peers", &p2p_section::persistent_peers),
        json_field("addr_book_file", &p2p_section::addr_book_file),
        json_field("addr_book_strict", &p2p_section::addr_book_strict),
        json_field("max_num_inbound_peers", &p2p_section::max_num_inbound_peers),
        json_field("max_num_outbound_peers", &p2p_section::max_num_outbound_peers),
        json_field("unconditional_peer_ids", &p2p_section::unconditional_peer_ids),
        json_field("persistent_peers_max_dial_period",
                   &p2p_section::persistent_peers_max_dial_period),
        json_field("flush_throttle_timeout", &p2p_section::flush_throttle_timeout),
        json_field("max_packet_msg_payload_size", &p2p_section::max_packet_msg_payload_size),
        json_field("send_rate", &p2p_section::send_rate),
        json_field("recv_rate", &p2p_section::recv_rate), json_field("pex", &p2p_section::pex),
        json_field("seed_mode", &p2p_section::seed_mode),
        json_field("private_peer_ids", &p2p_section::private_peer_ids),
        json_field("allow_duplicate_ip", &p2p_section::allow_duplicate_ip),
        json_field("handshake_timeout", &p2p_section::handshake_timeout),
        json_field("dial_timeout", &p2p_section::dial_timeout));
    bool operator==(const p2p_section&) const = default;
};

struct mempool_section {
    std::string type = "flood";  // or "nop"; "" is "flood"
    bool recheck = true;
    duration recheck_timeout = 1s;
    bool broadcast = true;
    std::string wal_dir;
    std::int64_t size = 5000;
    std::int64_t max_txs_bytes = 1 << 30;
    std::int64_t cache_size = 10'000;
    bool keep_invalid_txs_in_cache = false;
    std::int64_t max_tx_bytes = 1 << 20;
    std::int64_t max_batch_bytes = 0;  // CometBFT does not use it either
    std::int64_t experimental_max_gossip_connections_to_persistent_peers = 0;
    std::int64_t experimental_max_gossip_connections_to_non_persistent_peers = 0;

    static constexpr auto schema = fields(
        json_field("type", &mempool_section::type),
        json_field("recheck", &mempool_section::recheck),
        json_field("recheck_timeout", &mempool_section::recheck_timeout),
        json_field("broadcast", &mempool_section::broadcast),
        json_field("wal_dir", &mempool_section::wal_dir),
        json_field("size", &mempool_section::size),
        json_field("max_txs_bytes", &mempool_section::max_txs_bytes),
        json_field("cache_size", &mempool_section::cache_size),
        json_field("keep-invalid-txs-in-cache", &mempool_section::keep_invalid_txs_in_cache),
        json_field("max_tx_bytes", &mempool_section::max_tx_bytes),
        json_field("max_batch_bytes", &mempool_section::max_batch_bytes),
        json_field("experimental_max_gossip_connections_to_persistent_peers",
                   &mempool_section::experimental_max_gossip_connections_to_persistent_peers),
        json_field("experimental_max_gossip_connections_to_non_persistent_peers",
                   &mempool_section::experimental_max_gossip_connections_to_non_persistent_peers));
    bool operator==(const mempool_section&) const = default;
};

struct statesync_section {
    bool enable = false;
    std::vector<std::string> rpc_servers;
    std::int64_t trust_height = 0;
    std::string trust_hash;
    duration trust_period = 168h;
    duration discovery_time = 15s;
    std::string temp_dir;
    duration chunk_request_timeout = 10s;
    std::int32_t chunk_fetchers = 4;
    std::uint32_t max_snapshot_chunks = 100'000;

    static constexpr auto schema =
        fields(json_field("enable", &statesync_section::enable),
               json_field("rpc_servers", &statesync_section::rpc_servers, comma_list),
               json_field("trust_height", &statesync_section::trust_height),
               json_field("trust_hash", &statesync_section::trust_hash),
               json_field("trust_period", &statesync_section::trust_period),
               json_field("discovery_time", &statesync_section::discovery_time),
               json_field("temp_dir", &statesync_section::temp_dir),
               json_field("chunk_request_timeout", &statesync_section::chunk_request_timeout),
               json_field("chunk_fetchers", &statesync_section::chunk_fetchers, in_quotes),
               json_field("max_snapshot_chunks", &statesync_section::max_snapshot_chunks));
    bool operator==(const statesync_section&) const = default;
};

struct blocksync_section {
    std::string version = "v0";

    static constexpr auto schema = fields(json_field("version", &blocksync_section::version));
    bool operator==(const blocksync_section&) const = default;
};

struct consensus_section {
    std::string wal_file = "data/cs.wal/wal";
    duration timeout_propose = 3s;
    duration timeout_propose_delta = 500ms;
    duration timeout_prevote = 1s;
    duration timeout_prevote_delta = 500ms;
    duration timeout_precommit = 1s;
    duration timeout_precommit_delta = 500ms;
    duration timeout_commit = 1s;
    std::int64_t double_sign_check_height = 0;
    bool skip_timeout_commit = false;
    bool create_empty_blocks = true;
    duration create_empty_blocks_interval = 0s;
    duration peer_gossip_sleep_duration = 100ms;
    duration peer_query_maj23_sleep_duration = 2s;
    duration block_time_tolerance = 60s;

    static constexpr auto schema = fields(
        json_field("wal_file", &consensus_section::wal_file),
        json_field("timeout_propose", &consensus_section::timeout_propose),
        json_field("timeout_propose_delta", &consensus_section::timeout_propose_delta),
        json_field("timeout_prevote", &consensus_section::timeout_prevote),
        json_field("timeout_prevote_delta", &consensus_section::timeout_prevote_delta),
        json_field("timeout_precommit", &consensus_section::timeout_precommit),
        json_field("timeout_precommit_delta", &consensus_section::timeout_precommit_delta),
        json_field("timeout_commit", &consensus_section::timeout_commit),
        json_field("double_sign_check_height", &consensus_section::double_sign_check_height),
        json_field("skip_timeout_commit", &consensus_section::skip_timeout_commit),
        json_field("create_empty_blocks", &consensus_section::create_empty_blocks),
        json_field("create_empty_blocks_interval",
                   &consensus_section::create_empty_blocks_interval),
        json_field("peer_gossip_sleep_duration", &consensus_section::peer_gossip_sleep_duration),
        json_field("peer_query_maj23_sleep_duration",
                   &consensus_section::peer_query_maj23_sleep_duration),
        json_field("block_time_tolerance", &consensus_section::block_time_tolerance));
    bool operator==(const consensus_section&) const = default;
};

struct storage_section {
    bool discard_abci_responses = false;

    static constexpr auto schema =
        fields(json_field("discard_abci_responses", &storage_section::discard_abci_responses));
    bool operator==(const storage_section&) const = default;
};

struct tx_index_section {
    std::string indexer = "kv";  // or "null", "psql"
    std::string psql_conn;

    static constexpr auto schema = fields(json_field("indexer", &tx_index_section::indexer),
                                          json_field("psql-conn", &tx_index_section::psql_conn));
    bool operator==(const tx_index_section&) const = default;
};

struct instrumentation_section {
    bool prometheus = false;
    std::string prometheus_listen_addr = ":26660";
    std::int64_t max_open_connections = 3;  // 0: no limit
    std::string metrics_namespace = "cometbft";

    static constexpr auto schema = fields(
        json_field("prometheus", &instrumentation_section::prometheus),
        json_field("prometheus_listen_addr", &instrumentation_section::prometheus_listen_addr),
        json_field("max_open_connections", &instrumentation_section::max_open_connections),
        json_field("namespace", &instrumentation_section::metrics_namespace));
    bool operator==(const instrumentation_section&) const = default;
};

/// Ours: which shards share a thread, which core a thread is pinned to (runtime/topology.hpp reads both), and how a thread waits.
struct shards_section {
    std::string placement;    // "0:consensus+network;1:storage+api"; empty: by the number of cores
    std::int64_t rotate = 0;  // several nodes on one machine begin at different cores
    std::int64_t spin_us = 0;

    static constexpr auto schema = fields(json_field("placement", &shards_section::placement),
                                          json_field("rotate", &shards_section::rotate),
                                          json_field("spin_us", &shards_section::spin_us));
    bool operator==(const shards_section&) const = default;
};

struct settings {
    base_section base;
    rpc_section rpc;
    p2p_section p2p;
    mempool_section mempool;
    statesync_section statesync;
    blocksync_section blocksync;
    consensus_section consensus;
    storage_section storage;
    tx_index_section tx_index;
    instrumentation_section instrumentation;
    shards_section shards;
    std::string home;  // where relative paths start; not a key

    static constexpr auto schema = fields(
        json_field("", &settings::base, wire::inlined), json_field("rpc", &settings::rpc),
        json_field("p2p", &settings::p2p), json_field("mempool", &settings::mempool),
        json_field("statesync", &settings::statesync),
        json_field("blocksync", &settings::blocksync),
        json_field("consensus", &settings::consensus), json_field("storage", &settings::storage),
        json_field("tx_index", &settings::tx_index),
        json_field("instrumentation", &settings::instrumentation),
        json_field("shards", &settings::shards));
    bool operator==(const settings&) const = default;
};

/// Calls f(section, key, member, attributes) for every key of the file, in its order. `section` is "" above all sections.
template <class Settings, class F>
void for_each_key(Settings& s, F&& f) {
    wire::for_each_field<settings>([&](const auto& section) {
        auto& part = s.*section.member;
        wire::for_each_field<std::remove_cvref_t<decltype(part)>>(
            [&](const auto& key) { f(section.name, key.name, part.*key.member, key.attributes); });
    });
}

}  // namespace tetrad::config
