// SPDX-License-Identifier: Apache-2.0
// The texts are those that the real program prints after "error in config file: ".
#include "config/validate.hpp"

#include <functional>

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::config;

TEST_CASE("the defaults are valid") { REQUIRE(validate(settings{}).empty()); }

TEST_CASE("each bound is reported with its key") {
    struct row {
        std::function<void(settings&)> spoil;
        const char* key;
        const char* text;
    };
    const row rows[] = {
        {[](settings& s) { s.base.version = "abc"; }, "version", "invalid version string: abc"},
        {[](settings& s) { s.base.log_format = "x"; }, "log_format",
         "unknown log_format (must be 'plain' or 'json')"},
        {[](settings& s) { s.base.event_bus_buffer_capacity = -1; }, "event_bus_buffer_capacity",
         "event_bus_buffer_capacity must be >= 0, got -1"},
        {[](settings& s) { s.rpc.max_body_bytes = -1; }, "rpc.max_body_bytes",
         "error in [rpc] section: max_body_bytes can't be negative"},
        {[](settings& s) { s.rpc.experimental_subscription_buffer_size = 99; },
         "rpc.experimental_subscription_buffer_size",
         "error in [rpc] section: experimental_subscription_buffer_size must be >= 100"},
        {[](settings& s) { s.rpc.experimental_websocket_write_buffer_size = 199; },
         "rpc.experimental_websocket_write_buffer_size",
         "error in [rpc] section: experimental_websocket_write_buffer_size must be >= "
         "experimental_subscription_buffer_size (200)"},
        {[](settings& s) { s.rpc.timeout_broadcast_tx_commit = -1ns; },
         "rpc.timeout_broadcast_tx_commit",
         "error in [rpc] section: timeout_broadcast_tx_commit can't be negative"},
        {[](settings& s) { s.p2p.max_num_inbound_peers = -1; }, "p2p.max_num_inbound_peers",
         "error in [p2p] section: max_num_inbound_peers can't be negative"},
        {[](settings& s) { s.p2p.recv_rate = -1; }, "p2p.recv_rate",
         "error in [p2p] section: recv_rate can't be negative"},
        {[](settings& s) { s.mempool.type = "x"; }, "mempool.type",
         "error in [mempool] section: unknown mempool type: \"x\""},
        {[](settings& s) { s.mempool.size = -1; }, "mempool.size",
         "error in [mempool] section: size can't be negative"},
        {[](settings& s) { s.blocksync.version = "v1"; }, "blocksync.version",
         "error in [blocksync] section: blocksync version v1 has been deprecated. Please use v0 "
         "instead"},
        {[](settings& s) { s.blocksync.version = ""; }, "blocksync.version",
         "error in [blocksync] section: unknown blocksync version "},
        {[](settings& s) { s.consensus.timeout_commit = -5s; }, "consensus.timeout_commit",
         "error in [consensus] section: timeout_commit can't be negative"},
        {[](settings& s) { s.consensus.block_time_tolerance = 0s; },
         "consensus.block_time_tolerance",
         "error in [consensus] section: block_time_tolerance must be positive"},
        {[](settings& s) { s.instrumentation.max_open_connections = -1; },
         "instrumentation.max_open_connections",
         "error in [instrumentation] section: max_open_connections can't be negative"},
        {[](settings& s) {
             s.mempool.type = "nop";
             s.consensus.create_empty_blocks = false;
         },
         "consensus.create_empty_blocks",
         "`nop` mempool does not support create_empty_blocks = false"},
        {[](settings& s) { s.shards.rotate = -1; }, "shards.rotate",
         "error in [shards] section: rotate can't be negative"},
        {[](settings& s) { s.shards.spin_us = -1; }, "shards.spin_us",
         "error in [shards] section: spin_us can't be negative"},
    };
    for (const auto& [spoil, key, text] : rows) {
        settings s;
        spoil(s);
        const auto found = validate(s);
        CAPTURE(key);
        REQUIRE(found.size() == 1);
        REQUIRE(found[0].key == key);
        REQUIRE(found[0].text == text);
    }
}

TEST_CASE("state sync is looked at only where it is on") {
    settings s;
    s.statesync.trust_period = 0s;
    s.statesync.chunk_fetchers = 0;
    REQUIRE(validate(s).empty());

    s.statesync = {};
    s.statesync.enable = true;
    s.statesync.rpc_servers = {"a:1", "b:2"};
    s.statesync.trust_height = 1;
    s.statesync.trust_hash = "00AB";
    REQUIRE(validate(s).empty());

    struct row {
        std::function<void(statesync_section&)> spoil;
        const char* text;
    };
    const row rows[] = {
        {[](auto& c) { c.rpc_servers = {}; }, "rpc_servers is required"},
        {[](auto& c) { c.rpc_servers = {"a"}; }, "at least two rpc_servers entries is required"},
        {[](auto& c) {
             c.rpc_servers = {"a", ""};
         },
         "found empty rpc_servers entry"},
        {[](auto& c) { c.discovery_time = 4s; },
         "discovery time must be 0s or greater than five seconds"},
        {[](auto& c) { c.trust_period = 0s; }, "trusted_period is required"},
        {[](auto& c) { c.trust_height = 0; }, "trusted_height is required"},
        {[](auto& c) { c.trust_hash = ""; }, "trusted_hash is required"},
        {[](auto& c) { c.chunk_request_timeout = 4s; },
         "chunk_request_timeout must be at least 5 seconds"},
        {[](auto& c) { c.chunk_fetchers = 0; }, "chunk_fetchers is required"},
        {[](auto& c) { c.max_snapshot_chunks = 0; }, "max_snapshot_chunks is required"},
    };
    for (const auto& [spoil, text] : rows) {
        auto spoiled = s;
        spoil(spoiled.statesync);
        const auto found = validate(spoiled);
        CAPTURE(text);
        REQUIRE(found.size() == 1);
        REQUIRE(found[0].text == std::string("error in [statesync] section: ") + text);
    }
    s.statesync.trust_hash = "zz";
    REQUIRE(validate(s).at(0).key == "statesync.trust_hash");
}

TEST_CASE("all that is wrong is reported at once") {
    settings s;
    s.p2p.send_rate = -1;
    s.consensus.timeout_propose = -1s;
    s.base.log_level = "loud";
    const auto found = validate(s);
    REQUIRE(found.size() == 3);
    REQUIRE(found[2].key == "log_level");
}

TEST_CASE("a version is a semantic one") {
    settings s;
    for (const auto* good :
         {"", "0.38.25", "1.0.0-rc.1", "0.38.25+tetrad.0.1.0", "1.2.3-a-b.4+001.x"}) {
        CAPTURE(good);
        s.base.version = good;
        REQUIRE(validate(s).empty());
    }
    for (const auto* bad : {"1", "1.2", "01.2.3", "1.2.3-", "1.2.3-01", "1.2.3+", "v1.2.3",
                            "1.2.3.4", "1.2.3-a..b", "1.2.3+_"}) {
        CAPTURE(bad);
        s.base.version = bad;
        REQUIRE(validate(s).size() == 1);
    }
}
