// SPDX-License-Identifier: Apache-2.0
// What the tests of p2p over the simulated network share: identities by number, machines that connect, and the far end of an
// upgraded connection, which the test plays frame by frame. Included last of our headers: Catch's CHECK takes the place of ours
// from here on.
#pragma once

#include "base/text.hpp"
#include "base/wire/protobuf.hpp"
#include "p2p/connection.hpp"
#include "p2p/node_info.hpp"
#include "p2p/packets.hpp"
#include "p2p/secret_connection.hpp"
#include "p2p/upgrade.hpp"
#include "runtime/tcp.hpp"
#include "runtime/timer.hpp"
#include "tests/unit/runtime/sim/support.hpp"

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

namespace tetrad::p2p::testing {

using runtime::ok;
using runtime::task;
using runtime::tcp_listener;
using runtime::tcp_stream;
using runtime::sim::testing::process;
using runtime::sim::testing::store;

constexpr std::uint16_t p2p_port = 26656;

inline crypto::private_key key_of(std::uint8_t n) {
    fixed<32> seed;
    seed.data.fill(n);
    return crypto::private_key::from_seed(seed);
}
inline std::string id_of(std::uint8_t n) { return peer_id_of(key_of(n).public_key()); }

inline node_info info_of(std::uint8_t n, bytes channels) {
    return {{},
            id_of(n),
            "tcp://0.0.0.0:26656",
            "sim-chain",
            "0.38.25",
            std::move(channels),
            format("node-{}", n),
            {}};
}

template <class T>
std::string refusal(const result<T>& r) {
    return r ? std::string("accepted") : r.error().text;
}

inline bool contains(std::string_view text, std::string_view part) {
    return text.find(part) != text.npos;
}

/// Plain bytes in as many frames as they need.
inline bytes sealed(frame_key& key, byte_view plain) {
    bytes out;
    bytes frame(frame_sealed_size);
    for (; !plain.empty(); plain = plain.subspan(std::min(plain.size(), frame_data_max))) {
        REQUIRE(key.seal(plain.first(std::min(plain.size(), frame_data_max)), frame));
        append(out, frame);
    }
    return out;
}

inline bytes data_packet(std::int32_t channel, bool eof, byte_view data) {
    return wire::encode_delimited(packet{packet_data{channel, eof, data}});
}
/// A whole message, cut as a node cuts it.
inline bytes message_packets(channel_id channel, byte_view message, std::size_t data_max = 1024) {
    bytes out;
    do {
        const auto part = message.first(std::min(message.size(), data_max));
        message = message.subspan(part.size());
        append(out, data_packet(channel, message.empty(), part));
    } while (!message.empty());
    return out;
}

inline task<result<void>> write_owned(tcp_stream& to, bytes data) {
    result<void> written = co_await to.write_all(byte_view(data));
    co_return written;
}

inline task<result<upgraded>> dial_and_upgrade(runtime::endpoint to, crypto::private_key key,
                                               node_info info, std::string expected) {
    tcp_stream stream = co_await ok(runtime::tcp_connect(to));
    result<upgraded> up = co_await upgrade(std::move(stream), key, info, std::move(expected));
    co_return up;
}

inline task<result<upgraded>> accept_and_upgrade(tcp_listener& at, crypto::private_key key,
                                                 node_info info) {
    tcp_stream stream = co_await ok(at.accept());
    result<upgraded> up = co_await upgrade(std::move(stream), key, info, "");
    co_return up;
}

inline tcp_listener listen_on(process& p, const runtime::endpoint& at) {
    auto made = tcp_listener::listen(p.io(), at);
    REQUIRE(made.has_value());
    return std::move(*made);
}

/// The far end of an upgraded connection: it notes what arrives, answers pings where it is told to, and sends what the test says.
class wire_peer {
public:
    struct arrival {
        instant when;
        channel_id channel;
        bytes message;
    };
    bool answers_pings = true;
    std::function<void(const arrival&)> on_message;
    std::vector<arrival> messages;
    std::vector<instant> pings, pongs, packets;
    std::vector<channel_id> order;  // of the data packets
    std::size_t bytes_read = 0;
    std::size_t data_max = 0;       // of one packet, as seen
    std::optional<instant> closed;  // when the other end was seen to be gone
    bool reading = false;

    wire_peer(process& on, upgraded up) : on_(on), up_(std::move(up)), reader_(65536) {
        reader_.feed(up_.surplus);
    }

    const node_info& info() const { return up_.info; }
    void start_reading() {
        reading = true;
        on_.tasks.spawn(read_all());
    }
    /// Plain bytes of the stream; the test does not wait for them to arrive.
    void send(byte_view plain) { send_raw(sealed(up_.send, plain)); }
    void send_message(channel_id c, byte_view message) { send(message_packets(c, message)); }
    void send_raw(bytes raw) {
        outbox_.push_back(std::move(raw));
        if (!writing_) {
            writing_ = true;
            on_.tasks.spawn(write_out());
        }
    }
    bool has_sent_all() const { return !writing_; }
    /// The stream ends here; what was read stays.
    void close() { up_.stream.shutdown(); }

private:
    task<void> write_out() {
        while (!outbox_.empty()) {
            const bytes next = std::move(outbox_.front());
            outbox_.pop_front();
            result<void> written = co_await up_.stream.write_all(byte_view(next));
            if (!written)
                break;
        }
        writing_ = false;
    }
    task<void> read_all() {
        bytes frame(frame_sealed_size);
        for (;;) {
            note_packets();
            result<void> got = co_await up_.stream.read_exact(byte_span(frame));
            if (!got)
                break;
            bytes_read += frame.size();
            auto data = up_.receive.open(frame);
            REQUIRE(data.has_value());
            reader_.feed(*data);
        }
        closed = on_.here.now();
    }
    void note_packets() {
        for (;;) {
            auto next = reader_.next();
            REQUIRE(next.has_value());
            if (!*next)
                return;
            note((*next)->sum);
        }
    }
    void note(const decltype(packet::sum)& sum) {
        const instant now = on_.here.now();
        if (std::holds_alternative<ping>(sum)) {
            pings.push_back(now);
            if (answers_pings)
                send(wire::encode_delimited(packet{pong{}}));
        } else if (std::holds_alternative<pong>(sum)) {
            pongs.push_back(now);
        } else {
            const auto& d = std::get<packet_data>(sum);
            const auto c = static_cast<channel_id>(d.channel);
            packets.push_back(now);
            order.push_back(c);
            data_max = std::max(data_max, d.bytes.size());
            append(unfinished_[c], d.bytes);
            if (d.eof) {
                messages.push_back({now, c, std::exchange(unfinished_[c], {})});
                if (on_message)
                    on_message(messages.back());
            }
        }
    }

    process& on_;
    upgraded up_;
    packet_reader reader_;
    std::map<channel_id, bytes> unfinished_;
    std::deque<bytes> outbox_;
    bool writing_ = false;
};

}  // namespace tetrad::p2p::testing
