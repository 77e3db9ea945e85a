// SPDX-License-Identifier: Apache-2.0
#include "p2p/connection.hpp"

#include <algorithm>
#include <cmath>

#include "base/wire/protobuf.hpp"
#include "runtime/timer.hpp"

namespace tetrad::p2p {

using runtime::ok;
using runtime::task;

namespace {

constexpr std::size_t batch_bytes = 64 * 1024;          // plain bytes that go out with one system call
constexpr std::size_t inbound_bytes = 64 * frame_sealed_size;
constexpr duration decay_interval = 2s;                 // recently_sent *= 0.8 each
constexpr double decay_factor = 0.8;

}  // namespace

multiplexed_connection::multiplexed_connection(runtime::shard& here, runtime::tcp_stream stream, frame_key send,
                                               frame_key receive, bytes surplus, std::vector<channel_descriptor> channels,
                                               connection_options options)
    : here_(here), stream_(std::move(stream)), send_key_(send), receive_key_(receive), options_(options),
      packets_(options.packet_data_max), tasks_(here), born_(here.now()), decayed_(born_), sent_(born_, options.send_rate),
      received_(born_, options.receive_rate), inbound_(inbound_bytes) {
    index_.fill(-1);
    for (const auto& c : channels) {
        CHECK(index_[c.id] < 0);
        index_[c.id] = static_cast<std::int16_t>(lanes_.size());
        lanes_.push_back(std::make_unique<lane>(c));
    }
    packets_.feed(surplus);
}

multiplexed_connection::~multiplexed_connection() = default;

// ---- sending ----

bool multiplexed_connection::try_send(channel_id id, slice message) {
    lane* const to = find(id);
    if (!to || why_ || !has_room(*to))
        return false;
    to->queued_bytes += message.size();
    to->queue.push_back(std::move(message));
    work_.notify();
    return true;
}

task<result<void>> multiplexed_connection::send(channel_id id, slice message) {
    lane* const to = find(id);
    if (!to)
        co_return fail(errc::unsupported, "no such channel");
    const instant limit = here_.now() + options_.send_timeout;
    while (!why_ && !has_room(*to)) {
        co_await ok(runtime::with_deadline(limit, runtime::wait_for(room_)));
    }
    if (!try_send(id, std::move(message)))
        co_return fail(errc::closed, "connection closed");
    co_return result<void>{};
}

void multiplexed_connection::decay(instant now) {
    const auto intervals = (now - decayed_) / decay_interval;
    if (intervals <= 0)
        return;
    const double factor = std::pow(decay_factor, static_cast<double>(intervals));
    for (auto& l : lanes_)
        l->recently_sent *= factor;
    decayed_ = decayed_ + intervals * decay_interval;
}

// The next packet of the channel that has had least for its priority.
std::optional<multiplexed_connection::packet_choice> multiplexed_connection::choose_packet() {
    lane* best = nullptr;
    double best_share = 0;
    for (auto& l : lanes_) {
        if (l->queue.empty())
            continue;
        const double share = l->recently_sent / l->about.priority;
        if (!best || share < best_share)
            best = l.get(), best_share = share;
    }
    if (!best)
        return std::nullopt;
    const auto rest = best->queue.front().view().subspan(best->sent_of_front);
    const auto data = rest.first(std::min(rest.size(), options_.packet_data_max));
    return packet_choice{best, data, data.size() == rest.size()};
}

// Fills plain_ with what goes out next. False where there is nothing, or the rate allows nothing now.
bool multiplexed_connection::fill_plain(instant now) {
    plain_.clear();
    if (want_pong_)
        wire::encode_delimited_to(plain_, packet{pong{}});
    if (want_ping_)
        wire::encode_delimited_to(plain_, packet{ping{}});
    want_pong_ = want_ping_ = false;

    decay(now);
    auto budget = std::min<std::int64_t>(sent_.allowance(now), batch_bytes);
    while (static_cast<std::int64_t>(plain_.size()) < budget) {
        const auto next = choose_packet();
        if (!next)
            break;
        const auto before = plain_.size();
        wire::encode_delimited_to(plain_, packet{packet_data{next->from->about.id, next->last, next->data}});
        next->from->recently_sent += static_cast<double>(plain_.size() - before);
        next->from->sent_of_front += next->data.size();
        if (next->last) {
            next->from->queued_bytes -= next->from->queue.front().size();
            next->from->queue.pop_front();
            next->from->sent_of_front = 0;
            room_.notify();
        }
    }
    return !plain_.empty();
}

result<void> multiplexed_connection::seal_plain() {
    const auto frames = (plain_.size() + frame_data_max - 1) / frame_data_max;
    sealed_.resize(frames * frame_sealed_size);
    for (std::size_t i = 0; i < frames; ++i) {
        const auto data = byte_view(plain_).subspan(i * frame_data_max);
        TRY_VOID(send_key_.seal(data.first(std::min(data.size(), frame_data_max)),
                                byte_span(sealed_).subspan(i * frame_sealed_size, frame_sealed_size)));
    }
    return {};
}

task<result<void>> multiplexed_connection::send_all() {
    for (;;) {
        while (fill_plain(here_.now())) {
            co_await ok(seal_plain());
            co_await ok(stream_.write_all(byte_view(sealed_)));
            sent_.add(here_.now(), static_cast<std::int64_t>(plain_.size()));
        }
        if (choose_packet()) {  // there is something, but the rate allows nothing now
            co_await ok(runtime::sleep_until(sent_.next()));
            continue;
        }
        result<void> woken = co_await work_.wait();
        if (!woken)
            co_return pass(woken);
        co_await runtime::yield();  // what else this turn has for the peer goes with it
    }
}

task<void> multiplexed_connection::send_loop() {
    result<void> ended = co_await send_all();
    end(std::move(ended.error()));
}

// ---- receiving ----

// Returns the whole message when this packet was its last.
result<std::optional<slice>> multiplexed_connection::add_data(const packet_data& p, lane*& from) {
    from = p.channel >= 0 && p.channel <= 255 ? find(static_cast<channel_id>(p.channel)) : nullptr;
    if (!from)
        return fail(errc::invalid, "packet on unknown channel " + std::to_string(p.channel));
    const auto known = from->incoming.size(), limit = from->about.unasked_bytes_max;
    if (known <= limit && p.bytes.size() > limit - known && !expects_(from->about.id))
        return fail(errc::invalid, "a message on channel " + std::to_string(p.channel) +
                                       " that was not asked for is longer than " +
                                       std::to_string(limit) + " bytes");
    return from->incoming.add(p);
}

// Hands on all whole messages that have arrived.
task<result<void>> multiplexed_connection::dispatch() {
    while (!why_) {
        result<std::optional<packet>> next = packets_.next();
        if (!next)
            co_return pass(next);
        if (!*next)
            co_return result<void>{};
        if (std::holds_alternative<ping>((*next)->sum)) {
            want_pong_ = true;
            work_.notify();
        } else if (std::holds_alternative<pong>((*next)->sum)) {
            ++pongs_;
            pong_.notify();
        } else {
            lane* from = nullptr;
            result<std::optional<slice>> whole = add_data(std::get<packet_data>((*next)->sum), from);
            if (!whole)
                co_return pass(whole);
            if (*whole)
                co_await ok(handler_(from->about.id, std::move(**whole)));
        }
    }
    co_return fail(errc::closed, "connection closed");
}

task<result<void>> multiplexed_connection::receive_all() {
    co_await ok(dispatch());  // what came behind the handshake
    for (;;) {
        while (received_.allowance(here_.now()) <= 0)
            co_await ok(runtime::sleep_until(received_.next()));
        const auto room = std::min<std::int64_t>(received_.allowance(here_.now()), static_cast<std::int64_t>(inbound_bytes - inbound_size_));
        const auto into = byte_span(inbound_).subspan(inbound_size_, static_cast<std::size_t>(room));
        result<std::size_t> got = co_await stream_.read_some(into);
        if (!got)
            co_return pass(got);
        if (*got == 0)
            co_return fail(errc::closed, "the peer closed the connection");
        inbound_size_ += *got;
        received_.add(here_.now(), static_cast<std::int64_t>(*got));

        std::size_t used = 0;
        for (; inbound_size_ - used >= frame_sealed_size; used += frame_sealed_size) {
            result<byte_view> data = receive_key_.open(byte_span(inbound_).subspan(used, frame_sealed_size));
            if (!data)
                co_return pass(data);
            packets_.feed(*data);
            co_await ok(dispatch());
        }
        std::copy(inbound_.begin() + static_cast<std::ptrdiff_t>(used),
                  inbound_.begin() + static_cast<std::ptrdiff_t>(inbound_size_), inbound_.begin());
        inbound_size_ -= used;
    }
}

task<void> multiplexed_connection::receive_loop() {
    result<void> ended = co_await receive_all();
    end(std::move(ended.error()));
}

// ---- liveness ----

task<result<void>> multiplexed_connection::ping_forever() {
    for (;;) {
        co_await ok(runtime::sleep_for(options_.ping_interval));
        const auto before = pongs_;
        const instant limit = here_.now() + options_.pong_timeout;
        want_ping_ = true;
        work_.notify();
        while (pongs_ == before) {
            result<void> woken = co_await runtime::with_deadline(limit, runtime::wait_for(pong_));
            if (!woken && woken.error().code == errc::timed_out)
                co_return fail(errc::timed_out, "pong timeout");
            if (!woken)
                co_return pass(woken);
        }
    }
}

task<void> multiplexed_connection::ping_loop() {
    result<void> ended = co_await ping_forever();
    end(std::move(ended.error()));
}

// ---- life ----

task<error> multiplexed_connection::run(message_handler handler, expectation expects) {
    handler_ = std::move(handler);
    expects_ = std::move(expects);
    tasks_.spawn(send_loop());
    tasks_.spawn(ping_loop());
    tasks_.spawn(receive_loop());
    co_await tasks_.join();
    stream_.close();
    handler_ = nullptr;
    co_return *why_;
}

void multiplexed_connection::end(error why) {
    if (why_)
        return;
    why_ = std::move(why);
    room_.notify();
    tasks_.request_stop();
}

connection_status multiplexed_connection::status(instant now) {
    connection_status s{now - born_, sent_.read(now), received_.read(now), {}};
    decay(now);
    for (const auto& l : lanes_)
        s.channels.push_back({l->about.id, l->about.send_queue_max, l->queue.size(), l->about.priority,
                              static_cast<std::int64_t>(l->recently_sent)});
    return s;
}

}  // namespace tetrad::p2p
