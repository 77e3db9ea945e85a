// SPDX-License-Identifier: Apache-2.0
// What a node says of itself in the handshake (tendermint.p2p.DefaultNodeInfo) and in RPC, and when two nodes fit together.
// Channel lists name only channels whose reactor exists: CometBFT drops a peer that gets a message it
// did not expect, and so do we.
#pragma once

#include <cstdint>
#include <string>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "base/wire/schema.hpp"
#include "p2p/channel.hpp"

namespace tetrad::p2p {

constexpr std::uint64_t p2p_protocol = 8;
constexpr std::uint64_t block_protocol = 11;
constexpr std::size_t node_info_bytes_max = 10240;
constexpr std::size_t channels_max = 16;

struct protocol_version {
    std::uint64_t p2p = p2p_protocol;
    std::uint64_t block = block_protocol;
    std::uint64_t app = 0;
    static constexpr auto schema =
        wire::fields(wire::field<1>("p2p", &protocol_version::p2p), wire::field<2>("block", &protocol_version::block),
                     wire::field<3>("app", &protocol_version::app));
    bool operator==(const protocol_version&) const = default;
};

struct node_info_other {
    std::string tx_index;
    std::string rpc_address;
    static constexpr auto schema = wire::fields(wire::field<1>("tx_index", &node_info_other::tx_index),
                                                wire::field<2>("rpc_address", &node_info_other::rpc_address));
    bool operator==(const node_info_other&) const = default;
};

struct node_info {
    p2p::protocol_version protocol_version;
    std::string id;           // lower-case hex of the node key's address
    std::string listen_addr;  // as configured: "tcp://0.0.0.0:26656"
    std::string network;      // chain id
    std::string version;
    bytes channels;
    std::string moniker;
    node_info_other other;

    static constexpr auto schema = wire::fields(
        wire::field<1>("protocol_version", &node_info::protocol_version), wire::field<2>("id", &node_info::id),
        wire::field<3>("listen_addr", &node_info::listen_addr), wire::field<4>("network", &node_info::network),
        wire::field<5>("version", &node_info::version), wire::field<6>("channels", &node_info::channels, wire::hex),
        wire::field<7>("moniker", &node_info::moniker), wire::field<8>("other", &node_info::other));
    bool operator==(const node_info&) const = default;

    bool has_channel(channel_id) const;
};

/// What holds for any node's info. A host name in listen_addr is accepted unresolved: nobody dials it here.
result<void> check_shape(const node_info&);
/// May we be peers? Same block protocol, same network, a channel in common.
result<void> check_compatible(const node_info& ours, const node_info& theirs);

}  // namespace tetrad::p2p
