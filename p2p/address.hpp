// SPDX-License-Identifier: Apache-2.0
// The text by which peers are named: id@host:port. The id is the lower-case hex of a node key's address.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace tetrad::p2p {

struct peer_address {
    std::string id;    // 40 lower-case hex digits
    std::string host;  // a name or an IP literal
    std::uint16_t port = 0;
    bool operator==(const peer_address&) const = default;
};

std::string to_string(const peer_address&);
/// "id@host:port"; a "tcp://" in front of it or of the host is dropped.
result<peer_address> parse_peer_address(std::string_view);
/// Comma-separated; blanks and empty entries are skipped. Reports every bad entry at once.
result<std::vector<peer_address>> parse_peer_addresses(std::string_view);
/// Is it 40 hex digits?
bool is_peer_id(std::string_view);

}  // namespace tetrad::p2p
