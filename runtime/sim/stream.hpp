// SPDX-License-Identifier: Apache-2.0
// One end of a simulated connection, as a kernel keeps it: what was sent and has not left, what is on the wire, what arrived and
// was not read. The two ends know each other by number only, so either may be gone. Behaviour is Linux's, where it shows:
//
//   closed with unread data, or data for an end that is closed or shut down   the other end is reset
//   reset            what had arrived is read first, then ECONNRESET once, then end of stream; sends: ECONNRESET once, then EPIPE
//   reset after the other's end of stream was seen                            reads keep giving 0, sends EPIPE
//   our direction shut down    our end of stream follows what was sent; reading goes on; sends EPIPE
//   shut down        our end of stream follows what was sent; what had arrived is read, then 0; sends EPIPE
//
// This is TCP's; a unix socket's ends are local_stream's.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <span>

#include "base/bytes.hpp"
#include "base/time.hpp"
#include "runtime/address.hpp"
#include "runtime/sim/events.hpp"

namespace tetrad::runtime::sim {

class host;
class listener;
class network;
struct net_plan;

/// Bytes in at the back, out at the front.
class byte_queue {
public:
    std::size_t size() const { return data_.size() - head_; }
    bool empty() const { return size() == 0; }
    void push(byte_view b) { append(data_, b); }
    /// The first `count` bytes of the parts.
    void push(std::span<const byte_view> parts, std::size_t count);
    std::size_t take(byte_span into);
    bytes take(std::size_t count);
    void clear() { data_.clear(), head_ = 0; }

private:
    void drop(std::size_t count);
    bytes data_;
    std::size_t head_ = 0;
};

class stream {
public:
    stream(network& net, std::uint64_t number, host& on, host& far, endpoint local, endpoint remote);
    virtual ~stream() = default;

    // ---- the program's side; would-block is -EAGAIN ----
    virtual std::int32_t recv(byte_span into);
    virtual std::int32_t send(std::span<const byte_view> parts);
    /// Ends both directions.
    virtual void shutdown();
    /// Ends ours.
    virtual void shutdown_send();
    /// The program's last reference is gone (close, or its process died). What was sent still goes out.
    virtual void release();
    /// The same, but the other end is reset: nobody ever accepted it.
    virtual void abort();
    /// Called whenever a recv or send that would have blocked may not any more.
    std::function<void()> on_change;
    /// The program asked for lent memory: of a unix socket, more than it asked for may be out of the kernel.
    bool is_read_ahead = false;

    const endpoint& local() const { return local_; }
    const endpoint& remote() const { return remote_; }
    std::uint64_t number() const { return number_; }
    host& on() const { return *on_; }
    host& far() const { return *far_; }
    bool is_reset() const { return broken_; }

    // ---- the network's side ----
    /// The client's end: its first segment tells the server's end that the connection stands.
    virtual void open(std::uint64_t peer);
    /// The server's end: waits for that segment, then enters `queue`.
    void await_open(std::uint64_t peer, std::weak_ptr<listener> queue);
    /// ECONNRESET, or what `error` says.
    void reset(int error);
    /// A partition or an outage began or is over.
    void path_changed();

protected:
    enum class segment_kind : std::uint8_t { open, data, end, reset };
    struct segment {
        segment_kind kind;
        bytes data;
        instant due;
    };
    void receive(segment&);
    /// As many as are transferred where n could be: by the plan sometimes fewer.
    std::size_t shortened(std::size_t n, const net_plan&);
    /// Of what was received, for the program.
    std::size_t take_some(byte_span into);
    void changed() { if (on_change) on_change(); }

    network& net_;
    host* on_;
    host* far_;
    std::uint64_t peer_ = 0;

    // Inwards.
    byte_queue received_;
    bool end_received_ = false;

    bool shut_ = false, finished_ = false, released_ = false, broken_ = false;
    int error_ = 0;  // told once

private:
    void transmit();                     // puts on the wire what the window lets out
    void put_on_wire(segment_kind, bytes);
    void plan_arrival(instant at);       // of the first segment on the wire, where it is not planned
    void first_arrives();
    void stall();
    void resume();
    void keep_alive(bool path_stands);
    void forget_if_done();
    void leave_listener();
    std::size_t window() const;

    const std::uint64_t number_;
    endpoint local_, remote_;
    std::weak_ptr<listener> opens_into_;

    // Outwards.
    byte_queue unsent_;
    std::deque<segment> wire_;
    std::size_t wire_bytes_ = 0;
    event_queue::id arrival_, give_up_, keep_alive_;
    instant wire_free_{}, last_due_{};
    bool arrival_planned_ = false, end_wanted_ = false, end_sent_ = false;
    bool stalled_ = false, resetting_ = false, probing_ = false;
};

}  // namespace tetrad::runtime::sim
