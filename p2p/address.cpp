// SPDX-License-Identifier: Apache-2.0
#include "p2p/address.hpp"

#include <algorithm>
#include <charconv>

namespace tetrad::p2p {

namespace {

std::string_view without_scheme(std::string_view text) {
    const auto at = text.find("://");
    return at == text.npos ? text : text.substr(at + 3);
}

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && text.front() == ' ')
        text.remove_prefix(1);
    while (!text.empty() && text.back() == ' ')
        text.remove_suffix(1);
    return text;
}

}  // namespace

bool is_peer_id(std::string_view id) {
    return id.size() == 40 && std::ranges::all_of(id, [](unsigned char c) { return std::isxdigit(c) != 0; });
}

std::string to_string(const peer_address& a) {
    const bool is_ipv6 = a.host.find(':') != a.host.npos;
    return a.id + "@" + (is_ipv6 ? "[" + a.host + "]" : a.host) + ":" + std::to_string(a.port);
}

result<peer_address> parse_peer_address(std::string_view given) {
    const auto bad = [&](const char* what) {
        return fail(errc::invalid, "\"" + std::string(given) + "\": " + what + " (expected id@host:port)");
    };
    const auto at = given.find('@');
    if (at == given.npos)
        return bad("no id");
    peer_address address;
    address.id = without_scheme(given.substr(0, at));
    std::ranges::transform(address.id, address.id.begin(), [](unsigned char c) { return std::tolower(c); });
    if (!is_peer_id(address.id))
        return bad("the id is not 40 hex digits");
    const auto text = without_scheme(given.substr(at + 1));
    const auto colon = text.rfind(':');
    if (colon == text.npos)
        return bad("no port");
    auto host = text.substr(0, colon);
    if (host.size() >= 2 && host.front() == '[' && host.back() == ']')
        host = host.substr(1, host.size() - 2);
    else if (host.find(':') != host.npos)
        return bad("an IPv6 address needs brackets");
    if (host.empty())
        return bad("no host");
    address.host = host;
    const auto port = text.substr(colon + 1);
    const auto [end, problem] = std::from_chars(port.data(), port.data() + port.size(), address.port);
    if (problem != std::errc{} || end != port.data() + port.size())
        return bad("the port is not a number below 65536");
    return address;
}

result<std::vector<peer_address>> parse_peer_addresses(std::string_view list) {
    std::vector<peer_address> addresses;
    std::string problems;
    while (!list.empty()) {
        const auto comma = std::min(list.find(','), list.size());
        const auto entry = trimmed(list.substr(0, comma));
        list.remove_prefix(std::min(comma + 1, list.size()));
        if (entry.empty())
            continue;
        if (auto address = parse_peer_address(entry))
            addresses.push_back(std::move(*address));
        else
            problems += (problems.empty() ? "" : "; ") + address.error().text;
    }
    if (!problems.empty())
        return fail(errc::invalid, problems);
    return addresses;
}

}  // namespace tetrad::p2p
