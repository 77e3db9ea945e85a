// SPDX-License-Identifier: Apache-2.0
// Where a socket listens or connects: an IP address with a port, or the path of a unix socket. Host names are text until they
// are resolved.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace tetrad::runtime {

struct endpoint {
    enum class family : std::uint8_t { none, ipv4, ipv6, unix_path };
    family kind = family::none;
    std::array<std::uint8_t, 16> ip{};  // ipv4 uses the first four
    std::uint16_t port = 0;
    std::string path;                   // unix only

    bool operator==(const endpoint&) const = default;
    auto operator<=>(const endpoint&) const = default;
    bool is_loopback() const;
    bool is_unspecified() const;
};

/// "127.0.0.1:26656", "[::1]:26656", "unix:///run/x.sock".
std::string to_string(const endpoint&);
/// The address alone: "127.0.0.1", "::1".
std::string ip_to_string(const endpoint&);

/// An IP literal with a port; fails (not_found) on a host name, which needs resolve().
result<endpoint> parse_endpoint(std::string_view);

/// "tcp://host:port", "unix://path", "host:port" taken apart; the host is not resolved. An empty host means any address.
struct listen_address {
    bool is_unix = false;
    std::string host;  // or the path
    std::uint16_t port = 0;
};
result<listen_address> parse_listen_address(std::string_view);

}  // namespace tetrad::runtime
