// SPDX-License-Identifier: Apache-2.0
// A one-way line of small values from one shard to another, copied into a ring: for what comes often and wants no answer. A port
// (port.hpp) is for requests, for large values and for what owns memory.
//
//     stream<sample> samples("samples", 1024, network, api);
//     samples.try_send(one);                                    // on network; false: full, the caller drops or waits
//     co_await ok(samples.send(many));                          // on network; waits for room, the thread does not
//     std::size_t n = co_await ok(samples.receive(into));       // on api; at least one
//
// Bounded by its depth. Each end is used by one shard, on its thread; one task at a time sends (send) and one receives. It lives until
// both shards have stopped, and is made before they run or on a thread that runs both.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "runtime/inbound.hpp"
#include "runtime/shard.hpp"
#include "runtime/spsc_ring.hpp"
#include "runtime/wait.hpp"

namespace tetrad::runtime {

template <class T>
class stream {
public:
    stream(std::string_view name, std::size_t depth, shard& from, shard& to)
        : name_(name), from_(from), to_(to), ring_(depth), arrivals_(*this), room_(*this) {
        sent_.bell = &arrivals_.bell;
        sent_.receiver = &to.on();
        taken_.bell = &room_.bell;
        taken_.receiver = &from.on();
        to_.add_inbound(arrivals_);
        from_.add_inbound(room_);
    }
    ~stream() {
        from_.remove_inbound(room_);
        to_.remove_inbound(arrivals_);
        from_.forget(sent_);
        to_.forget(taken_);
    }
    stream(const stream&) = delete;

    const std::string& name() const { return name_; }

    // ---- on the shard it comes from ----
    /// As many of the first as there is room for. Returns how many.
    std::size_t try_send(std::span<const T> values) {
        const std::size_t n = ring_.push(values);
        if (n > 0)
            from_.touch(sent_);
        return n;
    }
    bool try_send(const T& value) { return try_send(std::span(&value, 1)) == 1; }
    /// Suspends until there is room or the task is stopped; try_send() again then.
    wait_queue::awaiter room() { return room_.waiting.wait(); }
    /// All of them, which stay where they are until then.
    task<result<void>> send(std::span<const T> values) {
        for (;;) {
            values = values.subspan(try_send(values));
            if (values.empty())
                co_return result<void>{};
            result<void> woken = co_await room();
            if (!woken)
                co_return pass(woken);
        }
    }

    // ---- on the shard it goes to ----
    /// As many as there are and fit. Returns how many.
    std::size_t try_receive(std::span<T> into) {
        const std::size_t n = ring_.pop(into);
        if (n > 0)
            to_.touch(taken_);
        return n;
    }
    /// Suspends until something is there or the task is stopped; try_receive() again then.
    wait_queue::awaiter arrival() { return arrivals_.waiting.wait(); }
    /// At least one.
    task<result<std::size_t>> receive(std::span<T> into) {
        for (;;) {
            if (const std::size_t n = try_receive(into); n > 0)
                co_return n;
            result<void> woken = co_await arrival();
            if (!woken)
                co_return pass(woken);
        }
    }

private:
    /// What one end waits for. Nobody has to wake an end that waits for nothing.
    class end : public inbound {
    public:
        explicit end(stream& s) : owner(s) {}
        bool poll() override { return has_news() && waiting.wake_one(); }
        void announce_sleep() override {
            if (!waiting.empty())
                bell.set();
        }
        void announce_awake() override { bell.clear(); }

        stream& owner;
        wait_queue waiting;
        doorbell bell;
    };
    class arrivals final : public end {
    public:
        using end::end;
        bool has_news() const override { return !this->waiting.empty() && !this->owner.ring_.empty(); }
        std::size_t depth() const override { return this->owner.ring_.size(); }
    };
    class departures final : public end {
    public:
        using end::end;
        bool has_news() const override { return !this->waiting.empty() && !this->owner.ring_.is_full(); }
        std::size_t depth() const override { return 0; }
    };

    // What one thread writes the other must not have to read from the same cache line.
    const std::string name_;
    shard& from_;
    shard& to_;
    spsc_ring<T> ring_;
    arrivals arrivals_;           // the receiver's
    departures room_;             // the sender's
    alignas(64) outbound sent_;   // the sender's: the receiver is to be woken
    alignas(64) outbound taken_;  // the receiver's: the sender is to be woken
};

}  // namespace tetrad::runtime
