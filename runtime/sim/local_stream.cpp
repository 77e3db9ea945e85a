// SPDX-License-Identifier: Apache-2.0
#include "runtime/sim/local_stream.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "runtime/sim/network.hpp"
#include "runtime/sim/world.hpp"

namespace tetrad::runtime::sim {

// Both ends are of one kind.
local_stream* local_stream::peer() const { return static_cast<local_stream*>(net_.find(peer_)); }

std::int32_t local_stream::recv(byte_span into) {
    if (!received_.empty() && !into.empty()) {
        const std::size_t n = take_some(into);
        if (local_stream* const far = peer())
            far->tell();  // there is room
        return static_cast<std::int32_t>(n);
    }
    if (error_ != 0)
        return -std::exchange(error_, 0);
    return end_received_ || shut_ || broken_ ? 0 : -EAGAIN;
}

std::int32_t local_stream::send(std::span<const byte_view> parts) {
    local_stream* const far = peer();
    if (shut_ || finished_ || broken_ || !far || far->shut_)
        return -EPIPE;
    std::size_t asked = 0;
    for (byte_view p : parts)
        asked += p.size();
    if (asked == 0)
        return 0;
    const net_plan& plan = net_.plan_of(*on_, *far_);
    if (far->received_.size() >= plan.send_buffer)
        return -EAGAIN;
    const std::size_t n = shortened(std::min(asked, plan.send_buffer - far->received_.size()), plan);
    far->received_.push(parts, n);
    far->tell();
    return static_cast<std::int32_t>(n);
}

void local_stream::hear_end(int error) {
    end_received_ = true;
    if (error != 0)
        error_ = error;
    tell();
}

// Whoever waits may be in the middle of a call: told next, at the same instant.
void local_stream::tell() {
    if (std::exchange(is_told_, true))
        return;
    network& net = net_;
    net.in().events().plan(net.in().now(), [&net, mine = number()] {
        const auto s = net.share(mine);
        if (!s)
            return;
        auto& me = static_cast<local_stream&>(*s);
        me.is_told_ = false;
        me.changed();
    });
}

void local_stream::shutdown() {
    if (std::exchange(shut_, true))
        return;
    if (local_stream* const far = peer())
        far->hear_end();
    tell();
}

void local_stream::shutdown_send() {
    if (std::exchange(finished_, true))
        return;
    if (local_stream* const far = peer())
        far->hear_end();
    tell();
}

void local_stream::release() {
    if (std::exchange(released_, true))
        return;
    const auto alive = net_.share(number());  // forgetting must not destroy it in the middle
    on_change = nullptr;
    net_.forget(number());
    const bool is_unread = !received_.empty() && !(is_read_ahead && net_.random().below(2) == 0);
    if (local_stream* const far = peer())
        far->hear_end(is_unread ? ECONNRESET : 0);
}

void local_stream::abort() {
    const auto alive = net_.share(number());
    released_ = true;
    on_change = nullptr;
    net_.forget(number());
    if (local_stream* const far = peer())
        far->hear_end(ECONNRESET);
}

void local_stream::open(std::uint64_t peer_number) {
    peer_ = peer_number;
    segment first{segment_kind::open, {}, {}};
    if (const auto far = net_.share(peer_))
        static_cast<local_stream&>(*far).receive(first);
}

}  // namespace tetrad::runtime::sim
