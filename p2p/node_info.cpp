// SPDX-License-Identifier: Apache-2.0
#include "p2p/node_info.hpp"

#include <algorithm>
#include <bitset>

#include "p2p/address.hpp"

namespace tetrad::p2p {

namespace {

/// Printable ASCII, of which not all is blank.
bool is_ascii_text(const std::string& text) {
    const bool printable = std::ranges::all_of(text, [](unsigned char c) { return c >= 32 && c <= 126; });
    return printable && std::ranges::any_of(text, [](char c) { return c != ' '; });
}

}  // namespace

bool node_info::has_channel(channel_id wanted) const {
    return std::ranges::find(channels, wanted) != channels.end();
}

result<void> check_shape(const node_info& info) {
    if (auto address = parse_peer_address(info.id + "@" + info.listen_addr); !address)
        return pass(address, "node info: listen address");
    if (!info.version.empty() && !is_ascii_text(info.version))
        return fail(errc::invalid, "node info: version is not printable ASCII");
    if (info.channels.size() > channels_max)
        return fail(errc::invalid, "node info: too many channels");
    std::bitset<256> seen;
    for (const auto id : info.channels) {
        if (seen[id])
            return fail(errc::invalid, "node info: a channel is listed twice");
        seen[id] = true;
    }
    if (!is_ascii_text(info.moniker))
        return fail(errc::invalid, "node info: moniker is empty or not printable ASCII");
    if (const auto& t = info.other.tx_index; !t.empty() && t != "on" && t != "off")
        return fail(errc::invalid, "node info: tx_index is neither on, off nor empty");
    if (const auto& r = info.other.rpc_address; !r.empty() && !is_ascii_text(r))
        return fail(errc::invalid, "node info: rpc_address is not printable ASCII");
    return {};
}

result<void> check_compatible(const node_info& ours, const node_info& theirs) {
    if (ours.protocol_version.block != theirs.protocol_version.block)
        return fail(errc::invalid, "peer speaks block protocol " + std::to_string(theirs.protocol_version.block) + ", we speak " +
                                       std::to_string(ours.protocol_version.block));
    if (ours.network != theirs.network)
        return fail(errc::invalid, "peer is on network \"" + theirs.network + "\", we are on \"" + ours.network + "\"");
    if (!ours.channels.empty() &&
        std::ranges::none_of(ours.channels, [&](channel_id id) { return theirs.has_channel(id); }))
        return fail(errc::invalid, "peer has no channel in common with us");
    return {};
}

}  // namespace tetrad::p2p
