// SPDX-License-Identifier: Apache-2.0
// Packets of a multiplexed connection, without I/O: a message is cut into packets of at most 1024 bytes of data, each with a length
// in front; ping and pong stand between them.
#pragma once

#include <optional>
#include <variant>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "base/wire/schema.hpp"
#include "p2p/channel.hpp"

namespace tetrad::p2p {

struct ping {
    static constexpr auto schema = wire::fields();
};
struct pong {
    static constexpr auto schema = wire::fields();
};
struct packet_data {
    std::int32_t channel = 0;  // as the wire has it: whoever reads it checks the range
    bool eof = false;          // the last packet of its message
    byte_view bytes;           // borrowed
    static constexpr auto schema =
        wire::fields(wire::field<1>("", &packet_data::channel), wire::field<2>("", &packet_data::eof),
                     wire::field<3>("", &packet_data::bytes));
};
/// tendermint.p2p.Packet.
struct packet {
    std::variant<std::monostate, ping, pong, packet_data> sum;
    static constexpr auto schema = wire::fields(
        wire::one_of("", &packet::sum, wire::alternative{1}, wire::alternative{2}, wire::alternative{3}));
};

/// Bytes of a packet, without its length prefix, that carries `data_max` bytes on a channel: what a receiver accepts at most.
std::size_t packet_bytes_max(std::size_t data_max);

/// Takes packets out of a byte stream. Feed it what arrives; it keeps at most one incomplete packet.
class packet_reader {
public:
    explicit packet_reader(std::size_t data_max) : packet_max_(packet_bytes_max(data_max)) {}

    void feed(byte_view more);
    /// The next whole packet, valid until the next feed(); none where more bytes are needed. An error is final: too long,
    /// malformed, or of no known kind.
    result<std::optional<packet>> next();

private:
    std::size_t packet_max_;
    bytes buffer_;          // at most one feed() and one packet
    std::size_t at_ = 0;    // consumed
};

/// Puts the messages of one channel together from their packets. Keeps at most one unfinished message.
class message_builder {
public:
    explicit message_builder(std::size_t bytes_max) : bytes_max_(bytes_max) {}

    /// What is here of the unfinished message. (Its memory doubles as it grows: twice as much, thrice for a moment.)
    std::size_t size() const { return incoming_.size(); }

    /// The whole message where this was its last packet; one that grows longer than bytes_max is an error, which is final.
    result<std::optional<slice>> add(const packet_data&);

private:
    std::size_t bytes_max_;
    bytes incoming_;
};

}  // namespace tetrad::p2p
