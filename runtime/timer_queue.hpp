// SPDX-License-Identifier: Apache-2.0
// Timers of one executor: a hierarchical wheel. A timer is owned by whoever waits (in a coroutine frame); the queue links it and
// allocates nothing. It fires at its time or after, never before; those that are due fire by time, and by order of arming where
// times are equal.
//
// Time is cut into ticks of 2^16 ns (65.5 us), a tick's number into digits of six bits. `tick_` is how far the wheel has turned.
//
//     near_           a heap of the timers of this tick and before: the only place where nanoseconds are compared
//     level 0         64 slots of one tick, the digit below which `tick_` and the timer's tick differ last
//     level 1 .. 7    64 slots of 64, 64^2, ... ticks: all of time, so no deadline is too far
//
// A timer stands on the level of the highest digit in which its tick differs from `tick_`, in the slot of its value there. So the
// first slot of the lowest level that has any is the earliest; when the wheel reaches its first tick its timers move down. Arming
// and disarming are O(1) (in near_ amortized O(log n) of those few). In its life a timer moves down seven times at most. A slot
// moves as a whole: a hundred thousand timers of one slot are some milliseconds at once.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/time.hpp"

namespace tetrad::runtime {

class timer_queue;

struct timer {
    instant at{};
    std::uint64_t order = 0;  // equal times fire in the order they were armed
    void (*fire)(timer&) = nullptr;
    timer_queue* in = nullptr;  // null where not armed

    timer() = default;
    timer(const timer&) = delete;
    timer& operator=(const timer&) = delete;
    ~timer();

private:
    friend class timer_queue;
    friend class timer_heap;
    timer *
        next_ = nullptr,
       *prev_ =
           nullptr;  // of the slot, or siblings in the heap; the first sibling's previous is the parent
    timer* child_ = nullptr;  // the first one, in the heap
};

/// A pairing heap by (at, order), linked through the timers.
class timer_heap {
public:
    timer* first() const { return root_; }
    void push(timer& t) { root_ = meld(root_, &t); }
    void remove(timer&);

private:
    static timer* meld(timer*, timer*);
    static timer* gather(timer* siblings);

    timer* root_ = nullptr;
};

class timer_queue {
public:
    timer_queue() = default;
    timer_queue(const timer_queue&) = delete;
    ~timer_queue();

    void arm(timer&, instant at);
    void disarm(timer&);
    /// Fires all that are due, also those that are armed meanwhile. True where one was.
    bool fire_due(instant now);
    /// The earliest time of all, exactly: looks at every timer of the first slot. The simulator jumps to it.
    instant next() const;
    /// When to wake: next(), or earlier where the first timer of the first slot was disarmed. One look then (fire_due) finds nothing,
    /// and what remains of the slot has moved down to where the answer is exact.
    instant wake() const;
    std::size_t armed() const { return armed_; }

private:
    static constexpr unsigned tick_bits = 16, digit_bits = 6, levels = 8;
    struct slot {
        timer* first = nullptr;
        instant earliest{};  // since it was empty
    };
    struct place {
        unsigned level;
        unsigned index;
    };

    static std::uint64_t tick_of(instant);
    place place_of(std::uint64_t tick) const;
    place first_place() const;
    std::uint64_t start_of(place) const;
    slot& at(place p) { return slots_[p.level][p.index]; }
    const slot& at(place p) const { return slots_[p.level][p.index]; }
    void put(timer&, std::uint64_t due);
    void vacate(place);
    void turn_to(std::uint64_t tick);

    std::uint64_t tick_ = 0;
    timer_heap near_;
    std::array<std::array<slot, 1 << digit_bits>, levels> slots_;
    std::array<std::uint64_t, levels> occupied_{};  // a bit for each slot that has timers
    std::uint64_t levels_ = 0;                      // a bit for each level that has
    std::size_t armed_ = 0;
    std::uint64_t order_ = 0;
};

}  // namespace tetrad::runtime
