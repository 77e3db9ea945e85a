// SPDX-License-Identifier: Apache-2.0
// Results of the methods, one field list each. Written to JSON only.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/abci/messages.hpp"
#include "chain/block.hpp"
#include "chain/light_block.hpp"
#include "chain/params.hpp"
#include "chain/tx.hpp"
#include "p2p/node_info.hpp"
#include "storage/store.hpp"

namespace tetrad::rpc {

using wire::fields;
using wire::json_field;

struct empty_result {
    static constexpr auto schema = fields();
};

struct sync_info {
    chain::hash latest_block_hash;
    bytes latest_app_hash;
    std::int64_t latest_block_height = 0;
    timestamp latest_block_time = timestamp::unix_epoch();
    chain::hash earliest_block_hash;
    bytes earliest_app_hash;
    std::int64_t earliest_block_height = 0;
    timestamp earliest_block_time = timestamp::unix_epoch();
    bool catching_up = false;
    static constexpr auto schema = fields(
        json_field("latest_block_hash", &sync_info::latest_block_hash),
        json_field("latest_app_hash", &sync_info::latest_app_hash, wire::hex),
        json_field("latest_block_height", &sync_info::latest_block_height),
        json_field("latest_block_time", &sync_info::latest_block_time),
        json_field("earliest_block_hash", &sync_info::earliest_block_hash),
        json_field("earliest_app_hash", &sync_info::earliest_app_hash, wire::hex),
        json_field("earliest_block_height", &sync_info::earliest_block_height),
        json_field("earliest_block_time", &sync_info::earliest_block_time), json_field("catching_up", &sync_info::catching_up));
};
struct validator_info {
    crypto::address address;
    crypto::public_key pub_key;
    std::int64_t voting_power = 0;
    static constexpr auto schema =
        fields(json_field("address", &validator_info::address), json_field("pub_key", &validator_info::pub_key),
               json_field("voting_power", &validator_info::voting_power));
};
struct status_result {
    p2p::node_info node_info;
    rpc::sync_info sync_info;
    rpc::validator_info validator_info;
    static constexpr auto schema =
        fields(json_field("node_info", &status_result::node_info), json_field("sync_info", &status_result::sync_info),
               json_field("validator_info", &status_result::validator_info));
};

// ---- net_info: Go's names where the Go structs have no tags ----

struct flow_figures {
    timestamp start;
    std::int64_t bytes = 0, samples = 0, inst_rate = 0, cur_rate = 0, avg_rate = 0, peak_rate = 0, bytes_rem = 0;
    duration covered{}, idle{}, time_rem{};
    std::int32_t progress = 0;
    bool active = true;
    static constexpr auto schema = fields(
        json_field("Start", &flow_figures::start), json_field("Bytes", &flow_figures::bytes),
        json_field("Samples", &flow_figures::samples), json_field("InstRate", &flow_figures::inst_rate),
        json_field("CurRate", &flow_figures::cur_rate), json_field("AvgRate", &flow_figures::avg_rate),
        json_field("PeakRate", &flow_figures::peak_rate), json_field("BytesRem", &flow_figures::bytes_rem),
        json_field("Duration", &flow_figures::covered), json_field("Idle", &flow_figures::idle),
        json_field("TimeRem", &flow_figures::time_rem), json_field("Progress", &flow_figures::progress),
        json_field("Active", &flow_figures::active));
};
struct channel_figures {
    std::int32_t id = 0;
    std::int64_t capacity = 0, size = 0, priority = 0, recently_sent = 0;
    static constexpr auto schema =
        fields(json_field("ID", &channel_figures::id), json_field("SendQueueCapacity", &channel_figures::capacity),
               json_field("SendQueueSize", &channel_figures::size), json_field("Priority", &channel_figures::priority),
               json_field("RecentlySent", &channel_figures::recently_sent));
};
struct connection_figures {
    duration age{};
    flow_figures sent, received;
    std::vector<channel_figures> channels;
    static constexpr auto schema =
        fields(json_field("Duration", &connection_figures::age), json_field("SendMonitor", &connection_figures::sent),
               json_field("RecvMonitor", &connection_figures::received), json_field("Channels", &connection_figures::channels));
};
struct peer_result {
    p2p::node_info node_info;
    bool is_outbound = false;
    connection_figures connection_status;
    std::string remote_ip;
    static constexpr auto schema =
        fields(json_field("node_info", &peer_result::node_info), json_field("is_outbound", &peer_result::is_outbound),
               json_field("connection_status", &peer_result::connection_status), json_field("remote_ip", &peer_result::remote_ip));
};
struct net_info_result {
    bool listening = true;
    std::vector<std::string> listeners;
    std::int64_t n_peers = 0;
    std::vector<peer_result> peers;
    static constexpr auto schema =
        fields(json_field("listening", &net_info_result::listening), json_field("listeners", &net_info_result::listeners),
               json_field("n_peers", &net_info_result::n_peers), json_field("peers", &net_info_result::peers));
};

// ---- chain ----

struct blockchain_result {
    std::int64_t last_height = 0;
    std::vector<storage::block_meta> block_metas;
    static constexpr auto schema = fields(json_field("last_height", &blockchain_result::last_height),
                                          json_field("block_metas", &blockchain_result::block_metas));
};
struct block_result {
    chain::block_id block_id;
    std::optional<chain::block> block;
    static constexpr auto schema = fields(json_field("block_id", &block_result::block_id), json_field("block", &block_result::block));
};
struct header_result {
    std::optional<chain::header> header;
    static constexpr auto schema = fields(json_field("header", &header_result::header));
};
struct commit_result {
    chain::signed_header signed_header;
    bool canonical = false;
    static constexpr auto schema =
        fields(json_field("signed_header", &commit_result::signed_header), json_field("canonical", &commit_result::canonical));
};
struct validators_result {
    std::int64_t block_height = 0;
    std::vector<chain::validator> validators;
    std::int64_t count = 0, total = 0;
    static constexpr auto schema =
        fields(json_field("block_height", &validators_result::block_height), json_field("validators", &validators_result::validators),
               json_field("count", &validators_result::count), json_field("total", &validators_result::total));
};
struct params_result {
    std::int64_t block_height = 0;
    chain::consensus_params consensus_params;
    static constexpr auto schema = fields(json_field("block_height", &params_result::block_height),
                                          json_field("consensus_params", &params_result::consensus_params));
};

/// A validator update as CometBFT prints the protobuf struct: {"pub_key":{"Sum":{"type":...,"value":{"ed25519":...}}},"power":"1"}.
struct plain_update {
    chain::validator_update update;
};
void write_json(json::writer&, const plain_update&);

struct block_results_result {
    std::int64_t height = 0;
    std::vector<app::abci::exec_tx_result> txs_results;
    std::vector<app::abci::event> finalize_block_events;
    std::vector<plain_update> validator_updates;
    std::optional<chain::consensus_params_update> consensus_param_updates;
    bytes app_hash;
    static constexpr auto schema = fields(
        json_field("height", &block_results_result::height),
        json_field("txs_results", &block_results_result::txs_results, wire::null_empty),
        json_field("finalize_block_events", &block_results_result::finalize_block_events, wire::null_empty),
        json_field("validator_updates", &block_results_result::validator_updates, wire::null_empty),
        json_field("consensus_param_updates", &block_results_result::consensus_param_updates),
        json_field("app_hash", &block_results_result::app_hash));
};

// ---- transactions and application ----

struct unconfirmed_result {
    std::int64_t n_txs = 0, total = 0, total_bytes = 0;
    std::vector<slice> txs;
    static constexpr auto schema =
        fields(json_field("n_txs", &unconfirmed_result::n_txs), json_field("total", &unconfirmed_result::total),
               json_field("total_bytes", &unconfirmed_result::total_bytes), json_field("txs", &unconfirmed_result::txs));
};
struct num_unconfirmed_result {
    std::int64_t n_txs = 0, total = 0, total_bytes = 0;
    std::vector<slice> txs;
    static constexpr auto schema = fields(
        json_field("n_txs", &num_unconfirmed_result::n_txs), json_field("total", &num_unconfirmed_result::total),
        json_field("total_bytes", &num_unconfirmed_result::total_bytes), json_field("txs", &num_unconfirmed_result::txs, wire::null_empty));
};
struct broadcast_result {
    std::uint32_t code = 0;
    bytes data;
    std::string log;
    std::string codespace;
    chain::hash hash;
    static constexpr auto schema =
        fields(json_field("code", &broadcast_result::code), json_field("data", &broadcast_result::data, wire::hex),
               json_field("log", &broadcast_result::log), json_field("codespace", &broadcast_result::codespace),
               json_field("hash", &broadcast_result::hash));
};
struct broadcast_commit_result {
    app::abci::response_check_tx check_tx;
    app::abci::exec_tx_result tx_result;
    chain::hash hash;
    std::int64_t height = 0;
    static constexpr auto schema =
        fields(json_field("check_tx", &broadcast_commit_result::check_tx), json_field("tx_result", &broadcast_commit_result::tx_result),
               json_field("hash", &broadcast_commit_result::hash), json_field("height", &broadcast_commit_result::height));
};
struct evidence_result {
    bytes hash;
    static constexpr auto schema = fields(json_field("hash", &evidence_result::hash));
};
struct tx_result {
    bytes hash;
    std::int64_t height = 0;
    std::uint32_t index = 0;
    app::abci::exec_tx_result result;
    slice tx;
    std::optional<chain::tx_proof> proof;
    static constexpr auto schema =
        fields(json_field("hash", &tx_result::hash, wire::hex), json_field("height", &tx_result::height),
               json_field("index", &tx_result::index), json_field("tx_result", &tx_result::result), json_field("tx", &tx_result::tx),
               json_field("proof", &tx_result::proof, wire::omit_empty));
};
struct abci_info_result {
    app::abci::response_info response;
    static constexpr auto schema = fields(json_field("response", &abci_info_result::response));
};
struct abci_query_result {
    app::abci::response_query response;
    static constexpr auto schema = fields(json_field("response", &abci_query_result::response));
};
struct chunk_result {
    std::int64_t chunk = 0, total = 0;
    std::string data;
    static constexpr auto schema = fields(json_field("chunk", &chunk_result::chunk), json_field("total", &chunk_result::total),
                                          json_field("data", &chunk_result::data));
};

}  // namespace tetrad::rpc
