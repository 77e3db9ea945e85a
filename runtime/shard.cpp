// SPDX-License-Identifier: Apache-2.0
#include "runtime/shard.hpp"

#include <algorithm>

#include "base/check.hpp"
#include "runtime/executor.hpp"

namespace tetrad::runtime {

namespace {

// How much one shard may do in one turn before the others of its thread, and the kernel's completions, get theirs.
constexpr std::size_t resumptions_max = 512;
constexpr std::size_t letters_max = 64;  // per ring

}  // namespace

shard::shard(executor& on, std::size_t index, std::string name) : executor_(on), index_(index), name_(std::move(name)) {
    CHECK(index < shards_max);
    executor_.attach(*this);
}

shard::~shard() {
    bury_dead();
    executor_.detach(*this);
}

backend& shard::io() const { return executor_.io(); }
instant shard::now() const { return executor_.now(); }

// ---- coroutines ----

void shard::drive(std::coroutine_handle<> h) {
    std::size_t left = resumptions_max;
    drive_some(h, left);
}

void shard::drive_some(std::coroutine_handle<> h, std::size_t& resumptions_left) {
    CHECK(!next_);
    next_ = h;
    while (next_) {
        if (resumptions_left == 0) {
            ready(std::exchange(next_, {}));
            return;
        }
        --resumptions_left;
        std::exchange(next_, {}).resume();
        if (!dead_.empty())
            bury_dead();
    }
}

// Destructors of what a frame held may make further tasks ready or end them.
void shard::bury_dead() {
    while (!dead_.empty()) {
        const auto h = dead_.back();
        dead_.pop_back();
        h.destroy();
    }
}

bool shard::run_ready() {
    const bool any = !ready_.empty();
    // What becomes ready meanwhile waits for the next turn, so that a task which yields for ever hides nobody.
    std::size_t resumptions_left = resumptions_max;
    for (std::size_t n = ready_.size(); n > 0 && resumptions_left > 0; --n) {
        const auto h = ready_.front();
        ready_.pop_front();
        drive_some(h, resumptions_left);
    }
    return any;
}

// ---- mail ----

void shard::open_ring(shard& to, std::size_t depth) {
    auto& mine = to_[to.index_];
    CHECK(!mine || (mine->empty() && peers_[to.index_] == &to));
    if (mine)
        to.remove_inbound(*mine);
    room_[to.index_] += depth;
    peers_[to.index_] = &to;
    mine = std::make_unique<ring>(room_[to.index_]);
    to.add_inbound(*mine);
}

void shard::add_inbound(ring& r) { from_.push_back(&r); }
void shard::remove_inbound(ring& r) { std::erase(from_, &r); }

void shard::send(shard& to, letter& l) {
    CHECK(peers_[to.index_] == &to);
    CHECK(to_[to.index_]->push(&l));
    unflushed_[to.index_] = true;
}

bool shard::poll_mail() {
    bool any = false;
    for (ring* r : from_) {
        for (std::size_t n = 0; n < letters_max; ++n) {
            letter* const l = r->pop();
            if (!l)
                break;
            l->deliver(*l);
            any = true;
        }
    }
    return any;
}

void shard::flush_mail() {
    for (std::size_t i = 0; i < shards_max; ++i) {
        if (!std::exchange(unflushed_[i], false))
            continue;
        executor& theirs = peers_[i]->executor_;
        if (&theirs != &executor_ && to_[i]->take_waiting())
            theirs.io().wake();
    }
}

bool shard::has_mail() const {
    return std::any_of(from_.begin(), from_.end(), [](const ring* r) { return !r->empty(); });
}

void shard::announce_sleep() {
    for (ring* r : from_)
        r->set_waiting();
}

void shard::announce_awake() {
    for (ring* r : from_)
        r->clear_waiting();
}

}  // namespace tetrad::runtime
