// SPDX-License-Identifier: Apache-2.0
#include "runtime/timer_queue.hpp"

#include <algorithm>
#include <bit>
#include <utility>

#include "base/check.hpp"

namespace tetrad::runtime {

timer::~timer() {
    if (in)
        in->disarm(*this);
}

timer_queue::~timer_queue() {
    turn_to(UINT64_MAX);
    while (timer* const t =
               near_.first())  // only where a simulated machine dies with its tasks still waiting
        disarm(*t);
}

void timer_queue::arm(timer& t, instant at) {
    CHECK(!t.in && t.fire);
    t.at = at;
    t.order = order_++;
    t.in = this;
    ++armed_;
    put(t, tick_);
}

void timer_queue::disarm(timer& t) {
    if (!t.in)
        return;
    CHECK(t.in == this);
    t.in = nullptr;
    --armed_;
    const std::uint64_t tick = tick_of(t.at);
    if (tick <= tick_)
        return near_.remove(t);
    const place p = place_of(
        tick);  // where it was put: turning moves down whatever it would change the place of
    (t.prev_ ? t.prev_->next_ : at(p).first) = t.next_;
    if (t.next_)
        t.next_->prev_ = t.prev_;
    t.next_ = t.prev_ = nullptr;
    if (!at(p).first)
        vacate(p);
}

bool timer_queue::fire_due(instant now) {
    turn_to(tick_of(now));
    bool any = false;
    for (timer* t = near_.first(); t && t->at <= now; t = near_.first()) {
        disarm(*t);
        t->fire(*t);
        any = true;
    }
    return any;
}

instant timer_queue::next() const {
    if (const timer* const t = near_.first())
        return t->at;
    instant earliest = instant::never();
    if (levels_ != 0)
        for (const timer* t = at(first_place()).first; t; t = t->next_)
            earliest = std::min(earliest, t->at);
    return earliest;
}

instant timer_queue::wake() const {
    if (const timer* const t = near_.first())
        return t->at;
    return levels_ == 0 ? instant::never() : at(first_place()).earliest;
}

// ---- the wheel ----

std::uint64_t timer_queue::tick_of(instant at) {
    return static_cast<std::uint64_t>(std::max<std::int64_t>(at.ns, 0)) >> tick_bits;
}

/// Of a tick later than tick_.
timer_queue::place timer_queue::place_of(std::uint64_t tick) const {
    const unsigned level = static_cast<unsigned>(std::bit_width(tick ^ tick_) - 1) / digit_bits;
    return {level, static_cast<unsigned>(tick >> (level * digit_bits)) % (1 << digit_bits)};
}

timer_queue::place timer_queue::first_place() const {
    const auto level = static_cast<unsigned>(std::countr_zero(levels_));
    return {level, static_cast<unsigned>(std::countr_zero(occupied_[level]))};
}

/// The slot's first tick: the digits above its own are those of tick_, the ones below are zero.
std::uint64_t timer_queue::start_of(place p) const {
    const unsigned below = p.level * digit_bits, above = below + digit_bits;
    return (tick_ >> above << above) | (static_cast<std::uint64_t>(p.index) << below);
}

/// Into near_ up to the tick `due`, else into the wheel.
void timer_queue::put(timer& t, std::uint64_t due) {
    const std::uint64_t tick = tick_of(t.at);
    if (tick <= due)
        return near_.push(t);
    const place p = place_of(tick);
    slot& s = at(p);
    s.earliest = s.first ? std::min(s.earliest, t.at) : t.at;
    t.next_ = s.first;
    if (s.first)
        s.first->prev_ = &t;
    s.first = &t;
    occupied_[p.level] |= std::uint64_t{1} << p.index;
    levels_ |= std::uint64_t{1} << p.level;
}

void timer_queue::vacate(place p) {
    at(p).first = nullptr;
    occupied_[p.level] &= ~(std::uint64_t{1} << p.index);
    if (occupied_[p.level] == 0)
        levels_ &= ~(std::uint64_t{1} << p.level);
}

/// Slot by slot in the order of time. What is due at the end goes straight to near_, however high it stands.
void timer_queue::turn_to(std::uint64_t tick) {
    while (levels_ != 0) {
        const place p = first_place();
        const std::uint64_t start = start_of(p);
        if (start > tick)
            break;
        timer* t = at(p).first;
        vacate(p);
        tick_ = start;
        while (t) {
            timer* const after = std::exchange(t->next_, nullptr);
            t->prev_ = nullptr;
            put(*t, tick);
            t = after;
        }
    }
    tick_ = std::max(tick_, tick);
}

// ---- the heap ----

namespace {
bool earlier(const timer& a, const timer& b) {
    return a.at != b.at ? a.at < b.at : a.order < b.order;
}
}  // namespace

void timer_heap::remove(timer& t) {
    timer* const below = gather(std::exchange(t.child_, nullptr));
    if (&t == root_) {
        root_ = below;
        return;
    }
    (t.prev_->child_ == &t ? t.prev_->child_ : t.prev_->next_) = t.next_;
    if (t.next_)
        t.next_->prev_ = t.prev_;
    t.next_ = t.prev_ = nullptr;
    root_ = meld(root_, below);
}

/// Two roots, either of which may be none.
timer* timer_heap::meld(timer* a, timer* b) {
    if (!a || !b)
        return a ? a : b;
    if (earlier(*b, *a))
        std::swap(a, b);
    b->prev_ = a;
    b->next_ = a->child_;
    if (b->next_)
        b->next_->prev_ = b;
    a->child_ = b;
    return a;
}

/// Makes one heap of siblings: pairs from the left, then all from the right.
timer* timer_heap::gather(timer* siblings) {
    timer* pairs = nullptr;
    while (timer* const a = siblings) {
        timer* const b = a->next_;
        siblings = b ? b->next_ : nullptr;
        a->next_ = a->prev_ = nullptr;
        if (b)
            b->next_ = b->prev_ = nullptr;
        timer* const pair = meld(a, b);
        pair->next_ = pairs;
        pairs = pair;
    }
    timer* root = nullptr;
    while (timer* const pair = pairs) {
        pairs = std::exchange(pair->next_, nullptr);
        root = meld(root, pair);
    }
    return root;
}

}  // namespace tetrad::runtime
