// SPDX-License-Identifier: Apache-2.0
// The letters on their way from one shard, or helper thread, to another.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "runtime/inbound.hpp"
#include "runtime/spsc_ring.hpp"

namespace tetrad::runtime {

/// One message between two shards. It lives at its sender (in a coroutine frame or a pool) and comes back by the reverse ring.
struct letter {
    /// Run on the receiving shard when the letter arrives there, unless its parcel says otherwise.
    void (*deliver)(letter&) = nullptr;
    /// Frees a letter that owns itself and that nobody will deliver any more. Null where its sender keeps it.
    void (*drop)(letter&) = nullptr;

    void drop_undelivered() {
        if (drop)
            drop(*this);
    }
};

/// What a ring carries: a letter, who takes it on the other side, and a small value, so that the other side need not look into the
/// letter: its memory is two cache lines away. With the ring's number it fills one.
struct parcel {
    letter* mail;
    void (*deliver)(parcel&);  // run on the receiving shard
    void* to;                  // deliver's own
    alignas(std::uint64_t) std::array<std::byte, 32> small;

    /// Of a letter that says itself who takes it.
    static parcel of(letter& l) {
        return {&l, [](parcel& p) { p.mail->deliver(*p.mail); }, nullptr, {}};
    }

    template <class T>
    static constexpr bool can_hold = std::is_trivially_copyable_v<T> &&
                                     sizeof(T) <= sizeof(small) &&
                                     alignof(T) <= alignof(std::uint64_t);
    template <class T>
    void put(const T& value) {
        static_assert(can_hold<T>);
        std::memcpy(small.data(), &value, sizeof value);
    }
    template <class T>
    T get() const {
        std::array<std::byte, sizeof(T)> copy;
        std::memcpy(copy.data(), small.data(), sizeof copy);
        return std::bit_cast<T>(copy);
    }
};
static_assert(sizeof(parcel) == 56);

class ring final : public inbound {
public:
    explicit ring(std::size_t depth_) : parcels_(depth_) {}
    /// Both ends have stopped. Letters still in it are dropped, so they live until then.
    ~ring() override;

    /// Producer. False where it is full.
    bool push(const parcel& p) { return parcels_.push(p); }
    bool push(letter* l) { return push(parcel::of(*l)); }
    /// By which a consumer that sleeps is woken.
    doorbell& bell() { return bell_; }

    /// Consumer. Null where it is empty.
    letter* pop();
    bool empty() const { return parcels_.empty(); }

    bool poll() override;  // delivers up to 32 of them
    bool has_news() const override { return !empty(); }
    void announce_sleep() override { bell_.set(); }
    void announce_awake() override { bell_.clear(); }
    std::size_t depth() const override { return parcels_.size(); }

private:
    spsc_ring<parcel> parcels_;
    doorbell bell_;
};

}  // namespace tetrad::runtime
