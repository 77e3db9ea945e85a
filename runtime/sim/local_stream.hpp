// SPDX-License-Identifier: Apache-2.0
// One end of a simulated connection through a path, a unix socket: there is no wire. What one end does the other knows at once, as in
// Linux, and so a connection ends otherwise than over TCP:
//
//   closed or shut down        the other end's sends are EPIPE, the first one too; it reads what was sent, then 0
//   closed with unread data    the same, with ECONNRESET once between what was sent and 0
//   our direction shut down    the other end reads what was sent, then 0, and goes on sending
#pragma once

#include "runtime/sim/stream.hpp"

namespace tetrad::runtime::sim {

class local_stream final : public stream {
public:
    using stream::stream;

    std::int32_t recv(byte_span into) override;
    std::int32_t send(std::span<const byte_view> parts) override;
    void shutdown() override;
    void shutdown_send() override;
    void release() override;
    void abort() override;
    void open(std::uint64_t peer) override;

private:
    local_stream* peer() const;  // null where it was closed
    /// The other end will send no more.
    void hear_end(int error = 0);
    void tell();
    bool is_told_ = false;  // that something changed: an event is planned
};

}  // namespace tetrad::runtime::sim
