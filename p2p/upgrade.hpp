// SPDX-License-Identifier: Apache-2.0
// From a raw stream to an authenticated one: secret handshake, then exchange of node infos, each within three seconds (CometBFT's
// own deadlines; a slower peer is given up on both sides). Both ends run the same steps at the same time.
#pragma once

#include <string>

#include "base/crypto/keys.hpp"
#include "base/result.hpp"
#include "p2p/node_info.hpp"
#include "p2p/secret_connection.hpp"
#include "runtime/tcp.hpp"

namespace tetrad::p2p {

constexpr duration dial_timeout = 1s;
constexpr duration handshake_timeout = 3s;
constexpr duration node_info_timeout = 3s;

struct upgraded {
    runtime::tcp_stream stream;
    frame_key send, receive;
    bytes surplus;      // plain bytes behind the node info
    node_info info;     // the peer's, checked against its key and against ours
};

/// `expected_id`: whom we dialed; empty for whoever connected to us.
[[nodiscard]] runtime::task<result<upgraded>> upgrade(runtime::tcp_stream stream, const crypto::private_key& node_key,
                                                      const node_info& ours, std::string expected_id);

}  // namespace tetrad::p2p
