// SPDX-License-Identifier: Apache-2.0
#include "runtime/address.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <optional>

#include <arpa/inet.h>

namespace tetrad::runtime {

namespace {

constexpr std::string_view unix_scheme = "unix://", tcp_scheme = "tcp://";
constexpr std::size_t unix_path_max = 107;  // sockaddr_un's, with room for its zero

bool is_v4_mapped(const std::array<std::uint8_t, 16>& ip) {
    return std::all_of(ip.begin(), ip.begin() + 10, [](std::uint8_t b) { return b == 0; }) && ip[10] == 0xff && ip[11] == 0xff;
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
    std::uint16_t port = 0;
    const char* const end = text.data() + text.size();
    const auto [stopped, problem] = std::from_chars(text.data(), end, port);
    if (text.empty() || problem != std::errc{} || stopped != end)
        return std::nullopt;
    return port;
}

result<std::string> check_unix_path(std::string_view path) {
    if (path.empty())
        return fail(errc::invalid, "empty unix socket path");
    if (path.size() > unix_path_max)
        return fail(errc::invalid, "unix socket path too long: " + std::string(path));
    return std::string(path);
}

struct host_port {
    std::string_view host;
    std::uint16_t port = 0;
};

/// "host:port" or "[host]:port".
result<host_port> split_host_port(std::string_view text) {
    const auto colon = text.rfind(':');
    if (colon == std::string_view::npos)
        return fail(errc::invalid, "missing port in address: " + std::string(text));
    const auto port = parse_port(text.substr(colon + 1));
    if (!port)
        return fail(errc::invalid, "invalid port in address: " + std::string(text));
    std::string_view host = text.substr(0, colon);
    if (!host.empty() && host.front() == '[') {
        if (host.size() < 2 || host.back() != ']')
            return fail(errc::invalid, "missing ] in address: " + std::string(text));
        host = host.substr(1, host.size() - 2);
    } else if (host.find(':') != std::string_view::npos) {
        return fail(errc::invalid, "too many colons in address: " + std::string(text));
    }
    return host_port{host, *port};
}

}  // namespace

bool endpoint::is_loopback() const {
    switch (kind) {
        case family::ipv4: return ip[0] == 127;
        case family::ipv6: {
            if (is_v4_mapped(ip))
                return ip[12] == 127;
            return ip[15] == 1 && std::all_of(ip.begin(), ip.end() - 1, [](std::uint8_t b) { return b == 0; });
        }
        case family::none:
        case family::unix_path: return false;
    }
    UNREACHABLE();
}

bool endpoint::is_unspecified() const {
    const auto is_zero = [](std::uint8_t b) { return b == 0; };
    switch (kind) {
        case family::ipv4: return std::all_of(ip.begin(), ip.begin() + 4, is_zero);
        case family::ipv6: return std::all_of(ip.begin(), ip.end(), is_zero);
        case family::none:
        case family::unix_path: return false;
    }
    UNREACHABLE();
}

std::string ip_to_string(const endpoint& e) {
    if (e.kind != endpoint::family::ipv4 && e.kind != endpoint::family::ipv6)
        return {};
    char text[INET6_ADDRSTRLEN] = {};
    CHECK(::inet_ntop(e.kind == endpoint::family::ipv4 ? AF_INET : AF_INET6, e.ip.data(), text, sizeof text));
    return text;
}

std::string to_string(const endpoint& e) {
    switch (e.kind) {
        case endpoint::family::none: return "none";
        case endpoint::family::ipv4: return ip_to_string(e) + ":" + std::to_string(e.port);
        case endpoint::family::ipv6: return "[" + ip_to_string(e) + "]:" + std::to_string(e.port);
        case endpoint::family::unix_path: return std::string(unix_scheme) + e.path;
    }
    UNREACHABLE();
}

result<endpoint> parse_endpoint(std::string_view text) {
    endpoint e;
    if (text.starts_with(unix_scheme)) {
        TRY(e.path, check_unix_path(text.substr(unix_scheme.size())));
        e.kind = endpoint::family::unix_path;
        return e;
    }
    TRY(const host_port parts, split_host_port(text));
    const std::string host(parts.host);
    e.port = parts.port;
    if (::inet_pton(AF_INET, host.c_str(), e.ip.data()) == 1)
        e.kind = endpoint::family::ipv4;
    else if (::inet_pton(AF_INET6, host.c_str(), e.ip.data()) == 1)
        e.kind = endpoint::family::ipv6;
    else
        return fail(errc::not_found, "not an IP address: " + host);
    return e;
}

result<listen_address> parse_listen_address(std::string_view text) {
    listen_address a;
    if (text.starts_with(unix_scheme)) {
        TRY(a.host, check_unix_path(text.substr(unix_scheme.size())));
        a.is_unix = true;
        return a;
    }
    std::string_view rest = text;
    if (rest.starts_with(tcp_scheme))
        rest.remove_prefix(tcp_scheme.size());
    else if (rest.find("://") != std::string_view::npos)
        return fail(errc::invalid, "unknown protocol in address: " + std::string(text));
    TRY(const host_port parts, split_host_port(rest));
    a.host = parts.host;
    a.port = parts.port;
    return a;
}

}  // namespace tetrad::runtime
