// SPDX-License-Identifier: Apache-2.0
// The letters on their way from one shard, or helper thread, to another.
#pragma once

#include <cstddef>

#include "runtime/inbound.hpp"
#include "runtime/spsc_ring.hpp"

namespace tetrad::runtime {

/// One message between two shards. It lives at its sender (in a coroutine frame or a pool) and comes back by the reverse ring.
struct letter {
    /// Run on the receiving shard when the letter arrives there.
    void (*deliver)(letter&) = nullptr;
    /// Frees a letter that owns itself and that nobody will deliver any more. Null where its sender keeps it.
    void (*drop)(letter&) = nullptr;
    letter* link = nullptr;  // for the queue of whoever holds it

    void drop_undelivered() {
        if (drop)
            drop(*this);
    }
};

class ring final : public inbound {
public:
    explicit ring(std::size_t depth_) : letters_(depth_) {}
    ~ring() override;  // both ends have stopped; letters still in it are dropped, so they live until then

    /// Producer. False where it is full.
    bool push(letter* l) { return letters_.push(l); }
    /// By which a consumer that sleeps is woken.
    doorbell& bell() { return bell_; }

    /// Consumer. Null where it is empty.
    letter* pop();
    bool empty() const { return letters_.empty(); }

    bool poll() override;  // delivers up to 64 of them
    bool has_news() const override { return !empty(); }
    void announce_sleep() override { bell_.set(); }
    void announce_awake() override { bell_.clear(); }
    std::size_t depth() const override { return letters_.size(); }

private:
    spsc_ring<letter*> letters_;
    doorbell bell_;
};

}  // namespace tetrad::runtime
