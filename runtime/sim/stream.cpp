// SPDX-License-Identifier: Apache-2.0
#include "runtime/sim/stream.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/check.hpp"
#include "runtime/sim/host.hpp"
#include "runtime/sim/listener.hpp"
#include "runtime/sim/network.hpp"
#include "runtime/sim/world.hpp"

namespace tetrad::runtime::sim {

// ---- byte_queue ----

void byte_queue::drop(std::size_t count) {
    head_ += count;
    if (head_ == data_.size()) {
        clear();
    } else if (head_ > 64 * 1024 && head_ * 2 > data_.size()) {
        data_.erase(data_.begin(), data_.begin() + static_cast<std::ptrdiff_t>(head_));
        head_ = 0;
    }
}

void byte_queue::push(std::span<const byte_view> parts, std::size_t count) {
    for (byte_view p : parts) {
        const std::size_t some = std::min(count, p.size());
        push(p.first(some));
        count -= some;
    }
}

std::size_t byte_queue::take(byte_span into) {
    const std::size_t n = std::min(into.size(), size());
    std::copy_n(data_.begin() + static_cast<std::ptrdiff_t>(head_), n, into.begin());
    drop(n);
    return n;
}

bytes byte_queue::take(std::size_t count) {
    bytes out(std::min(count, size()));
    take(byte_span(out));
    return out;
}

// ---- the program's side ----

stream::stream(network& net, std::uint64_t number, host& on, host& far, endpoint local, endpoint remote)
    : net_(net), on_(&on), far_(&far), number_(number), local_(std::move(local)), remote_(std::move(remote)) {}

std::size_t stream::shortened(std::size_t n, const net_plan& plan) {
    return net_.random().below(100) < plan.short_io_percent ? 1 + net_.random().below(n) : n;
}

std::size_t stream::take_some(byte_span into) {
    const std::size_t most = std::min(into.size(), received_.size());
    return received_.take(into.first(shortened(most, net_.plan_of(*far_, *on_))));
}

std::int32_t stream::recv(byte_span into) {
    if (!received_.empty() && !into.empty()) {
        const std::size_t n = take_some(into);
        if (stream* const peer = net_.find(peer_))
            peer->transmit();  // the window is wider now
        return static_cast<std::int32_t>(n);
    }
    if (end_received_)
        return 0;
    if (error_ != 0)
        return -std::exchange(error_, 0);
    return shut_ || broken_ ? 0 : -EAGAIN;
}

std::int32_t stream::send(std::span<const byte_view> parts) {
    if (error_ != 0)
        return -std::exchange(error_, 0);
    if (shut_ || finished_ || broken_)
        return -EPIPE;
    std::size_t asked = 0;
    for (byte_view p : parts)
        asked += p.size();
    if (asked == 0)
        return 0;
    const net_plan& plan = net_.plan_of(*on_, *far_);
    const std::size_t held = unsent_.size() + wire_bytes_;
    if (held >= plan.send_buffer)
        return -EAGAIN;
    const std::size_t n = shortened(std::min(asked, plan.send_buffer - held), plan);
    unsent_.push(parts, n);
    transmit();
    return static_cast<std::int32_t>(n);
}

void stream::shutdown() {
    if (shut_ || broken_)
        return;
    shut_ = true;
    end_wanted_ = true;
    transmit();
    changed();
}

void stream::shutdown_send() {
    if (shut_ || finished_ || broken_)
        return;
    finished_ = true;
    end_wanted_ = true;
    transmit();
    changed();
}

void stream::release() {
    if (released_)
        return;
    const auto alive = net_.share(number_);  // forgetting must not destroy it in the middle
    released_ = true;
    on_change = nullptr;
    if (!broken_ && !received_.empty()) {
        unsent_.clear();
        resetting_ = true;
        if (stalled_)
            stall();
        else
            put_on_wire(segment_kind::reset, {});
    } else if (!broken_) {
        shut_ = true;
        end_wanted_ = true;
        transmit();
    }
    forget_if_done();
}

void stream::abort() {
    const auto alive = net_.share(number_);
    released_ = true;
    on_change = nullptr;
    if (broken_) {
        forget_if_done();
        return;
    }
    net_.send_reset(*on_, *far_, peer_);
    reset(ECONNRESET);
}

// ---- the network's side ----

void stream::leave_listener() {
    if (const auto queue = opens_into_.lock())
        --queue->opening;
    opens_into_.reset();
}

void stream::open(std::uint64_t peer) {
    peer_ = peer;
    put_on_wire(segment_kind::open, {});
}

void stream::await_open(std::uint64_t peer, std::weak_ptr<listener> queue) {
    peer_ = peer;
    opens_into_ = std::move(queue);
    released_ = true;  // nobody's until it is accepted
}

void stream::reset(int error) {
    if (broken_)
        return;
    const auto alive = net_.share(number_);
    broken_ = true;
    error_ = end_received_ && error == ECONNRESET ? EPIPE : error;
    unsent_.clear();
    wire_.clear();
    wire_bytes_ = 0;
    stalled_ = false;
    leave_listener();
    event_queue& events = net_.in().events();
    events.cancel(arrival_);
    events.cancel(give_up_);
    events.cancel(keep_alive_);
    changed();
    forget_if_done();
}

std::size_t stream::window() const {
    const std::size_t room = net_.plan_of(*on_, *far_).receive_buffer;
    const stream* const peer = net_.find(peer_);
    const std::size_t taken = wire_bytes_ + (peer ? peer->received_.size() : 0);
    return taken < room ? room - taken : 0;
}

void stream::transmit() {
    if (broken_ || resetting_ || stalled_)
        return;
    const std::size_t segment_max = net_.plan_of(*on_, *far_).segment_max;
    while (!unsent_.empty()) {
        std::size_t n = std::min({unsent_.size(), window(), segment_max});
        if (n == 0)
            return;
        if (net_.random().below(8) == 0)
            n = 1 + net_.random().below(n);
        put_on_wire(segment_kind::data, unsent_.take(n));
    }
    if (end_wanted_ && !end_sent_) {
        end_sent_ = true;
        put_on_wire(segment_kind::end, {});
    }
}

void stream::put_on_wire(segment_kind kind, bytes data) {
    const instant now = net_.in().now();
    const auto rate = net_.plan_of(*on_, *far_).bytes_per_second;
    if (rate != 0) {
        const auto takes = static_cast<std::int64_t>(data.size() * 1'000'000'000 / rate);
        wire_free_ = std::max(wire_free_, now) + duration(takes);
    }
    last_due_ = std::max(last_due_, std::max(wire_free_, now) + net_.draw_latency(*on_, *far_));
    wire_bytes_ += data.size();
    wire_.push_back({kind, std::move(data), last_due_});
    if (!stalled_)
        plan_arrival(wire_.front().due);
}

void stream::plan_arrival(instant at) {
    if (std::exchange(arrival_planned_, true))
        return;
    network& net = net_;
    at = std::max(at, net.in().now());
    arrival_ = net.in().events().plan(at, [&net, number = number_] {
        if (const auto s = net.share(number))
            s->first_arrives();
    });
}

void stream::first_arrives() {
    arrival_planned_ = false;
    if (!net_.reaches(*on_, *far_)) {
        stall();
        return;
    }
    segment first = std::move(wire_.front());
    wire_.pop_front();
    wire_bytes_ -= first.data.size();
    if (const auto peer = net_.share(peer_)) {
        peer->receive(first);
    } else if (first.kind != segment_kind::reset) {
        net_.send_reset(*far_, *on_, number_);  // nobody there knows this connection
    }
    if (broken_)
        return;
    if (!wire_.empty())
        plan_arrival(wire_.front().due);
    transmit();
    changed();  // room in the send buffer
    forget_if_done();
}

void stream::stall() {
    network& net = net_;
    if (resetting_) {  // a reset is sent once, and nobody is left to send the data again
        wire_.clear();
        wire_bytes_ = 0;
        net.in().events().cancel(give_up_);
        forget_if_done();
        return;
    }
    stalled_ = true;
    const instant limit = net.in().now() + net.plan_of(*on_, *far_).stall_timeout;
    give_up_ = net.in().events().plan(limit, [&net, number = number_] {
        if (const auto s = net.share(number))
            s->reset(ETIMEDOUT);
    });
}

void stream::resume() {
    stalled_ = false;
    net_.in().events().cancel(give_up_);
    const duration until_retransmission(static_cast<std::int64_t>(net_.random().below(200'000'000)));
    plan_arrival(net_.in().now() + net_.draw_latency(*on_, *far_) + until_retransmission);
}

void stream::path_changed() {
    const bool there = net_.reaches(*on_, *far_), back = net_.reaches(*far_, *on_);
    if (stalled_ && there)
        resume();
    if (!broken_ && !released_)
        keep_alive(there && back);
}

// TCP keepalive, without its packets: what it would find out is planned when the path changes.
void stream::keep_alive(bool path_stands) {
    network& net = net_;
    event_queue& events = net.in().events();
    const net_plan& plan = net.plan_of(*on_, *far_);
    if (!path_stands && !std::exchange(probing_, true)) {
        keep_alive_ = events.plan(net.in().now() + plan.keep_alive_timeout, [&net, number = number_] {
            if (const auto s = net.share(number); s && !s->stalled_)  // where data waits, its own timeout counts
                s->reset(ETIMEDOUT);
        });
    } else if (path_stands && std::exchange(probing_, false)) {
        events.cancel(keep_alive_);
        const auto until_probe = static_cast<std::int64_t>(net.random().below(static_cast<std::uint64_t>(plan.keep_alive_idle.count()) + 1));
        keep_alive_ = events.plan(net.in().now() + duration(until_probe), [&net, number = number_] {
            if (const auto s = net.share(number); s && !net.find(s->peer_))
                net.send_reset(*s->far_, *s->on_, number);
        });
    }
}

void stream::receive(segment& s) {
    if (broken_) {  // the connection is no more, and whoever speaks on it is told
        if (s.kind != segment_kind::reset)
            net_.send_reset(*on_, *far_, peer_);
        return;
    }
    switch (s.kind) {
        case segment_kind::open:
            if (const auto queue = opens_into_.lock(); queue && queue->is_open) {
                leave_listener();
                released_ = false;
                queue->add(net_.share(number_));
            } else {
                abort();
            }
            return;
        case segment_kind::data:
            if (shut_) {  // nobody will read it: the sender has to know
                net_.send_reset(*on_, *far_, peer_);
                reset(ECONNRESET);
                return;
            }
            received_.push(s.data);
            break;
        case segment_kind::end: end_received_ = true; break;
        case segment_kind::reset: reset(ECONNRESET); return;
    }
    changed();
}

// The kernel forgets a closed end when all of it was delivered.
void stream::forget_if_done() {
    if (!released_)
        return;
    if (broken_ || (wire_.empty() && (resetting_ || (unsent_.empty() && end_sent_))))
        net_.forget(number_);
}

}  // namespace tetrad::runtime::sim
