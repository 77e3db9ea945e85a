// SPDX-License-Identifier: Apache-2.0
// What net_info shows, as the network shard hands it to the api shard: plain values.
#pragma once

#include <string>
#include <vector>

#include "p2p/connection.hpp"
#include "p2p/node_info.hpp"
#include "runtime/port.hpp"

namespace tetrad::p2p {

struct peer_status {
    node_info info;
    bool is_outbound = false;
    connection_status connection;
    timestamp connected_at;      // wall clock
    std::string remote_ip;
};

struct network_status {
    std::string listening;       // "host:port" that is told to others
    std::vector<peer_status> peers;
};

/// api -> network.
struct ask_status {};
using status_port = runtime::port<ask_status, result<network_status>>;

}  // namespace tetrad::p2p
