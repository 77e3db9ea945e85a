// SPDX-License-Identifier: Apache-2.0
#include "runtime/executor.hpp"

#include <algorithm>

#include "base/check.hpp"
#include "runtime/shard.hpp"

namespace tetrad::runtime {

namespace {
constexpr instant at_once{INT64_MIN};  // a deadline that has passed: look, do not block
}

executor::executor(std::unique_ptr<backend> io) : io_(std::move(io)), now_(io_->now()) {}

executor::~executor() { CHECK(shards_.empty()); }

void executor::attach(shard& s) { shards_.push_back(&s); }
void executor::detach(shard& s) { std::erase(shards_, &s); }

void executor::stop() {
    stopping_.store(true, std::memory_order_release);
    io_->wake();
}

// One system call a turn: what the shards asked for goes in and what is done comes out with the same call, which also sleeps
// where nothing is runnable.
void executor::run() {
    while (!stopping_.load(std::memory_order_acquire)) {
        run_shards();
        const bool sleeps = !has_work() && prepare_to_sleep();
        io_->turn(sleeps ? next_deadline() : at_once);
        if (sleeps)
            woke_up();
    }
    stopping_.store(false, std::memory_order_relaxed);
}

bool executor::turn() {
    io_->turn(at_once);
    return run_shards();
}

bool executor::run_shards() {
    now_ = io_->now();
    bool any = timers_.fire_due(now_);
    for (std::size_t i = 0; i < shards_.size(); ++i) {  // by index: a task may make or end a shard (tests do)
        shard& s = *shards_[i];
        any |= s.poll_mail();
        any |= s.run_ready();
        s.flush_mail();
    }
    return any;
}

bool executor::has_work() const {
    return std::any_of(shards_.begin(), shards_.end(), [](const shard* s) { return s->has_work(); });
}

instant executor::next_deadline() const { return timers_.next(); }

bool executor::prepare_to_sleep() {
    auto has_mail = [](const shard* s) { return s->has_mail(); };
    if (std::any_of(shards_.begin(), shards_.end(), has_mail))  // also what one shard of this thread sent to another
        return false;
    for (shard* s : shards_)
        s->announce_sleep();
    if (std::any_of(shards_.begin(), shards_.end(), has_mail)) {
        woke_up();
        return false;
    }
    return true;
}

void executor::woke_up() {
    for (shard* s : shards_)
        s->announce_awake();
}

}  // namespace tetrad::runtime
