// SPDX-License-Identifier: Apache-2.0
// `testnet`: the homes of all nodes of a new network below one directory, with one genesis document and each other's addresses.
// Main thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "base/random.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "config/sections.hpp"

namespace tetrad::daemon {

struct testnet_options {
    std::int64_t validators = 4;
    std::int64_t others = 0;  // nodes without voting power
    std::string directory = "./mytestnet";
    std::string node_prefix = "node";
    std::int64_t initial_height = 0;
    bool populate_persistent_peers = true;
    std::string hostname_prefix = "node";
    std::string hostname_suffix;
    std::string starting_ip_address;
    std::vector<std::string> hostnames;  // one a node, or none
    std::int64_t p2p_port = 26656;
    bool random_monikers = false;
    config::settings settings;  // what each node's config.toml starts from
};

/// Returns the number of homes. A failure leaves what was made, and names what is wrong.
result<std::size_t> make_testnet(const testnet_options&, const logger&, random_source&,
                                 timestamp now);

}  // namespace tetrad::daemon
