// SPDX-License-Identifier: Apache-2.0
// When block sync has nothing left to do.
#include "consensus/catchup/blocksync.hpp"
#include "runtime/timer.hpp"

namespace tetrad::consensus {

using runtime::task;

namespace {

constexpr duration settle_time = 1s;

}  // namespace

// The tip less one is all that can be downloaded: the rest comes by consensus.
bool blocksync::is_caught_up() const {
    return pool_.peer_count() > 0 && applying_ == 0 &&
           pool_.height() + 1 >= pool_.peer_height_max();
}

/// With a third of the power: whoever claims to be further cannot have got there without us.
bool blocksync::holds_up_the_chain() const {
    const auto own = self_ ? tip_.validators.index_of(*self_) : std::nullopt;
    return own && tip_.validators.at(*own).power.v >= tip_.validators.total_power().v / 3;
}

/// Then nobody else can have made a block.
bool blocksync::is_alone() const {
    const auto only = [&](const chain::validator_set& v) { return v.size() == 1 && v.has(*self_); };
    return self_ && only(tip_.validators) && only(tip_.next_validators);
}

/// A second of it is enough: the first peer to answer may be behind itself.
task<void> blocksync::switch_loop() {
    const auto is_done = [this] { return is_caught_up() || holds_up_the_chain(); };
    while (!tasks_.stopping()) {
        if (!is_done()) {
            (void)co_await changed_.wait();
            continue;
        }
        if (!is_alone()) {
            result<void> slept = co_await runtime::sleep_for(settle_time);
            if (!slept || !is_done())
                continue;
        }
        downloads_ = false;
        while (applying_ > 0 && !tasks_.stopping())
            (void)co_await changed_.wait();
        if (!tasks_.stopping())
            on_caught_up();
        co_return;
    }
}

/// Peers hear of it by the round step: a status that nobody asked for would make a CometBFT node that is about to leave block sync ask
/// for a block, and complain when it is not answered in time.
void blocksync::on_decided(height_t h) {
    tip_.height = h;
    if (tip_.base.v == 0)
        tip_.base = h;
}

}  // namespace tetrad::consensus
