// SPDX-License-Identifier: Apache-2.0
#include "config/validate.hpp"

#include <algorithm>

#include "base/log.hpp"
#include "base/text.hpp"

namespace tetrad::config {
namespace {

/// major.minor.patch[-prerelease][+build] (semver.org).
bool is_semantic_version(std::string_view text) {
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    const auto is_word = [&](char c) {
        return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
    };
    const auto is_number = [&](std::string_view part) {
        return !part.empty() && std::ranges::all_of(part, is_digit) &&
               (part.size() == 1 || part[0] != '0');
    };
    const auto are_words = [&](std::string_view list, bool strict_numbers) {
        return std::ranges::all_of(split(list, '.'), [&](std::string_view part) {
            const bool numeric = std::ranges::all_of(part, is_digit);
            return !part.empty() && std::ranges::all_of(part, is_word) &&
                   (!strict_numbers || !numeric || is_number(part));
        });
    };

    if (const auto plus = text.find('+'); plus != text.npos) {
        if (!are_words(text.substr(plus + 1), false))
            return false;
        text = text.substr(0, plus);
    }
    if (const auto dash = text.find('-'); dash != text.npos) {
        if (!are_words(text.substr(dash + 1), true))
            return false;
        text = text.substr(0, dash);
    }
    const auto numbers = split(text, '.');
    return numbers.size() == 3 && std::ranges::all_of(numbers, is_number);
}

class checker {
public:
    explicit checker(std::vector<problem>& found) : found_(found) {}
    void in(std::string_view section) { section_ = section; }

    void require(bool good, std::string_view key, std::string text) {
        if (good)
            return;
        if (section_.empty())
            found_.push_back({std::string(key), std::move(text)});
        else
            found_.push_back({format("{}.{}", section_, key),
                              format("error in [{}] section: {}", section_, text)});
    }
    void not_negative(auto value, std::string_view key) {
        require(value >= decltype(value){}, key, format("{} can't be negative", key));
    }

private:
    std::vector<problem>& found_;
    std::string_view section_;
};

void check(checker& c, const base_section& s) {
    c.require(s.version.empty() || is_semantic_version(s.version), "version",
              format("invalid version string: {}", s.version));
    c.require(s.log_format == "plain" || s.log_format == "json", "log_format",
              "unknown log_format (must be 'plain' or 'json')");
    c.require(
        s.event_bus_buffer_capacity >= 0, "event_bus_buffer_capacity",
        format("event_bus_buffer_capacity must be >= 0, got {}", s.event_bus_buffer_capacity));
}

void check(checker& c, const rpc_section& s) {
    constexpr std::int64_t buffer_min = 100;
    c.in("rpc");
    c.not_negative(s.grpc_max_open_connections, "grpc_max_open_connections");
    c.not_negative(s.max_open_connections, "max_open_connections");
    c.not_negative(s.max_subscription_clients, "max_subscription_clients");
    c.not_negative(s.max_subscriptions_per_client, "max_subscriptions_per_client");
    c.require(s.experimental_subscription_buffer_size >= buffer_min,
              "experimental_subscription_buffer_size",
              format("experimental_subscription_buffer_size must be >= {}", buffer_min));
    c.require(s.experimental_websocket_write_buffer_size >= s.experimental_subscription_buffer_size,
              "experimental_websocket_write_buffer_size",
              format("experimental_websocket_write_buffer_size must be >= "
                     "experimental_subscription_buffer_size ({})",
                     s.experimental_subscription_buffer_size));
    c.not_negative(s.timeout_broadcast_tx_commit, "timeout_broadcast_tx_commit");
    c.not_negative(s.max_request_batch_size, "max_request_batch_size");
    c.not_negative(s.max_body_bytes, "max_body_bytes");
    c.not_negative(s.max_header_bytes, "max_header_bytes");
}

void check(checker& c, const p2p_section& s) {
    c.in("p2p");
    c.not_negative(s.max_num_inbound_peers, "max_num_inbound_peers");
    c.not_negative(s.max_num_outbound_peers, "max_num_outbound_peers");
    c.not_negative(s.flush_throttle_timeout, "flush_throttle_timeout");
    c.not_negative(s.persistent_peers_max_dial_period, "persistent_peers_max_dial_period");
    c.not_negative(s.max_packet_msg_payload_size, "max_packet_msg_payload_size");
    c.not_negative(s.send_rate, "send_rate");
    c.not_negative(s.recv_rate, "recv_rate");
}

void check(checker& c, const mempool_section& s) {
    c.in("mempool");
    c.require(s.type == "flood" || s.type == "nop" || s.type.empty(), "type",
              format("unknown mempool type: {}", quote(s.type)));
    c.not_negative(s.size, "size");
    c.not_negative(s.max_txs_bytes, "max_txs_bytes");
    c.not_negative(s.cache_size, "cache_size");
    c.not_negative(s.max_tx_bytes, "max_tx_bytes");
    c.not_negative(s.experimental_max_gossip_connections_to_persistent_peers,
                   "experimental_max_gossip_connections_to_persistent_peers");
    c.not_negative(s.experimental_max_gossip_connections_to_non_persistent_peers,
                   "experimental_max_gossip_connections_to_non_persistent_peers");
}

void check(checker& c, const statesync_section& s) {
    if (!s.enable)
        return;
    c.in("statesync");
    c.require(s.rpc_servers.size() >= 2, "rpc_servers",
              s.rpc_servers.empty() ? "rpc_servers is required"
                                    : "at least two rpc_servers entries is required");
    c.require(std::ranges::none_of(s.rpc_servers, &std::string::empty), "rpc_servers",
              "found empty rpc_servers entry");
    c.require(s.discovery_time == 0s || s.discovery_time >= 5s, "discovery_time",
              "discovery time must be 0s or greater than five seconds");
    c.require(s.trust_period > 0s, "trust_period", "trusted_period is required");
    c.require(s.trust_height > 0, "trust_height", "trusted_height is required");
    if (s.trust_hash.empty())
        c.require(false, "trust_hash", "trusted_hash is required");
    else if (const auto hash = from_hex(s.trust_hash); !hash)
        c.require(false, "trust_hash", format("invalid trusted_hash: {}", hash.error().text));
    c.require(s.chunk_request_timeout >= 5s, "chunk_request_timeout",
              "chunk_request_timeout must be at least 5 seconds");
    c.require(s.chunk_fetchers > 0, "chunk_fetchers", "chunk_fetchers is required");
    c.require(s.max_snapshot_chunks > 0, "max_snapshot_chunks", "max_snapshot_chunks is required");
}

void check(checker& c, const blocksync_section& s) {
    c.in("blocksync");
    const bool deprecated = s.version == "v1" || s.version == "v2";
    c.require(s.version == "v0", "version",
              deprecated ? format("blocksync version {} has been deprecated. Please use v0 instead",
                                  s.version)
                         : format("unknown blocksync version {}", s.version));
}

void check(checker& c, const consensus_section& s) {
    c.in("consensus");
    c.not_negative(s.timeout_propose, "timeout_propose");
    c.not_negative(s.timeout_propose_delta, "timeout_propose_delta");
    c.not_negative(s.timeout_prevote, "timeout_prevote");
    c.not_negative(s.timeout_prevote_delta, "timeout_prevote_delta");
    c.not_negative(s.timeout_precommit, "timeout_precommit");
    c.not_negative(s.timeout_precommit_delta, "timeout_precommit_delta");
    c.not_negative(s.timeout_commit, "timeout_commit");
    c.not_negative(s.create_empty_blocks_interval, "create_empty_blocks_interval");
    c.not_negative(s.peer_gossip_sleep_duration, "peer_gossip_sleep_duration");
    c.not_negative(s.peer_query_maj23_sleep_duration, "peer_query_maj23_sleep_duration");
    c.not_negative(s.double_sign_check_height, "double_sign_check_height");
    c.require(s.block_time_tolerance > 0s, "block_time_tolerance",
              "block_time_tolerance must be positive");
}

}  // namespace

std::vector<problem> validate(const settings& s) {
    std::vector<problem> found;
    checker c(found);
    check(c, s.base);
    check(c, s.rpc);
    check(c, s.p2p);
    check(c, s.mempool);
    check(c, s.statesync);
    check(c, s.blocksync);
    check(c, s.consensus);
    c.in("instrumentation");
    c.not_negative(s.instrumentation.max_open_connections, "max_open_connections");
    c.in("");
    c.require(s.consensus.create_empty_blocks || s.mempool.type != "nop",
              "consensus.create_empty_blocks",
              "`nop` mempool does not support create_empty_blocks = false");
    c.in("shards");
    c.not_negative(s.shards.rotate, "rotate");
    c.not_negative(s.shards.spin_us, "spin_us");
    c.require(s.shards.spin_us <= 1'000'000, "spin_us", "spin_us can't be more than a second");
    c.in("");
    if (const auto levels = log_levels::parse(s.base.log_level); !levels)
        c.require(false, "log_level", levels.error().text);
    return found;
}

}  // namespace tetrad::config
