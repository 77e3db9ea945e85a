// SPDX-License-Identifier: Apache-2.0
// Channels of a multiplexed connection: what a reactor declares, and the limits that hold for it.
#pragma once

#include <cstddef>
#include <cstdint>

namespace tetrad::p2p {

using channel_id = std::uint8_t;

namespace channels {
constexpr channel_id pex = 0x00, state = 0x20, data = 0x21, vote = 0x22, vote_set_bits = 0x23, mempool = 0x30, evidence = 0x38,
                     blocksync = 0x40, snapshot = 0x60, chunk = 0x61;
}

struct channel_descriptor {
    channel_id id;
    int priority;                    // share of the bandwidth: the channel with the least recently-sent / priority goes first
    std::size_t send_queue_max;      // messages
    std::size_t message_bytes_max;   // a longer one drops the peer
    std::size_t send_queue_bytes = SIZE_MAX;  // of its messages together; where the queue is empty any is taken
    std::size_t unasked_bytes_max = SIZE_MAX;  // a longer one drops the peer where the reactor did not ask for it (reactor::expects)
};

}  // namespace tetrad::p2p
