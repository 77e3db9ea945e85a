// SPDX-License-Identifier: Apache-2.0
// A multiplexed connection on an established secret connection (CometBFT's MConnection): messages of several channels share one
// stream by priority, both directions are rate-limited, pings tell a dead peer. Network shard; owned by its peer.
//
// Memory: queued messages are bounded per channel (send_queue_max slices, shared with whoever else sends them); what a channel
// has received of an unfinished message is bounded by message_bytes_max, and where nobody asked for it by unasked_bytes_max. Nothing
// is flushed by a timer: what is queued when the sender wakes goes out with one system call.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "p2p/channel.hpp"
#include "p2p/flow.hpp"
#include "p2p/packets.hpp"
#include "p2p/secret_connection.hpp"
#include "runtime/growing_ring.hpp"
#include "runtime/scope.hpp"
#include "runtime/sync.hpp"
#include "runtime/tcp.hpp"

namespace tetrad::p2p {

struct connection_options {
    std::size_t packet_data_max = 1024;        // both ends must agree (max_packet_msg_payload_size)
    std::int64_t send_rate = 5'120'000;        // bytes per second; 0: no limit
    std::int64_t receive_rate = 5'120'000;
    duration ping_interval = 60s;
    duration pong_timeout = 45s;
    duration send_timeout = 10s;               // how long send() waits for room
};

/// What net_info shows of a connection.
struct connection_status {
    struct channel {
        channel_id id;
        std::size_t queue_capacity;
        std::size_t queue_size;
        int priority;
        std::int64_t recently_sent;
    };
    duration age;
    flow_meter::figures sent, received;
    std::vector<channel> channels;
};

class multiplexed_connection {
public:
    /// Called with each whole message; the next is read when it has returned. An error ends the connection.
    using message_handler = std::function<runtime::task<result<void>>(channel_id, slice)>;
    /// reactor::expects of this peer.
    using expectation = std::function<bool(channel_id)>;

    /// `surplus`: plain bytes that arrived behind the handshake.
    multiplexed_connection(runtime::shard& here, runtime::tcp_stream stream, frame_key send, frame_key receive, bytes surplus,
                           std::vector<channel_descriptor> channels, connection_options options);
    ~multiplexed_connection();

    bool try_send(channel_id, slice message);
    runtime::task<result<void>> send(channel_id, slice message);

    /// Reads, dispatches and sends until the connection ends; returns why. Called once.
    runtime::task<error> run(message_handler handler, expectation expects);
    /// Makes run() return `why` soon. Idempotent; the first reason counts.
    void end(error why);

    connection_status status(instant now);
    const runtime::endpoint& remote() const { return stream_.remote(); }

private:
    struct lane {
        explicit lane(channel_descriptor d) : about(d), incoming(d.message_bytes_max) {}
        channel_descriptor about;
        runtime::growing_ring<slice> queue;  // at most about.send_queue_max
        std::size_t queued_bytes = 0;
        std::size_t sent_of_front = 0;
        double recently_sent = 0;
        message_builder incoming;
    };
    struct packet_choice {
        lane* from;
        byte_view data;
        bool last;
    };

    lane* find(channel_id id) { return index_[id] < 0 ? nullptr : lanes_[static_cast<std::size_t>(index_[id])].get(); }
    static bool has_room(const lane& l) {
        return l.queue.empty() || (l.queue.size() < l.about.send_queue_max && l.queued_bytes < l.about.send_queue_bytes);
    }
    std::optional<packet_choice> choose_packet();
    void decay(instant now);
    bool fill_plain(instant now);
    result<void> seal_plain();
    result<std::optional<slice>> add_data(const packet_data&, lane*& from);

    runtime::task<void> send_loop();
    runtime::task<void> ping_loop();
    runtime::task<void> receive_loop();
    runtime::task<result<void>> send_all();
    runtime::task<result<void>> receive_all();
    runtime::task<result<void>> dispatch();
    runtime::task<result<void>> ping_forever();

    runtime::shard& here_;
    runtime::tcp_stream stream_;
    frame_key send_key_, receive_key_;
    connection_options options_;
    std::vector<std::unique_ptr<lane>> lanes_;
    std::array<std::int16_t, 256> index_;
    packet_reader packets_;
    message_handler handler_;
    expectation expects_;
    runtime::scope tasks_;

    instant born_;
    instant decayed_;
    flow_meter sent_, received_;
    bytes plain_, sealed_;      // one batch on its way out
    bytes inbound_;             // sealed frames as they arrive
    std::size_t inbound_size_ = 0;
    bool want_ping_ = false, want_pong_ = false;
    std::uint64_t pongs_ = 0;
    runtime::event work_;       // something to send
    runtime::event room_;       // a queue has room again
    runtime::event pong_;       // a pong arrived
    std::optional<error> why_;
};

}  // namespace tetrad::p2p
