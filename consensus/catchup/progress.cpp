// SPDX-License-Identifier: Apache-2.0
// How far block sync is: whether it catches up, and when it has nothing left to do.
#include "consensus/catchup/blocksync.hpp"
#include "runtime/timer.hpp"

namespace tetrad::consensus {

using runtime::task;

namespace {

constexpr duration settle_time = 1s;

}  // namespace

// Without peers nothing is known. The tip less one is all that can be applied; who was there has to fall far behind, because
// between two blocks everybody is a block behind.
void blocksync::judge_progress() {
    if (pool_.peer_count() == 0 && downloads_)
        return;
    const bool behind = !downloads_    ? false
                        : catching_up_ ? tip_.height + 1 < pool_.peer_height_max()
                                       : is_far_behind();
    if (behind != catching_up_ && (!on_progress || on_progress({behind})))
        catching_up_ = behind;
}

// The tip less one is all that can be downloaded: the rest comes by consensus.
bool blocksync::is_caught_up() const {
    return pool_.peer_count() > 0 && applying_ == 0 && pool_.height() + 1 >= pool_.peer_height_max();
}

/// A second of it is enough: the first peer to answer may be behind itself.
task<void> blocksync::switch_loop() {
    while (!tasks_.stopping()) {
        if (!is_caught_up()) {
            (void)co_await changed_.wait();
            continue;
        }
        result<void> slept = co_await runtime::sleep_for(settle_time);
        if (!slept || !is_caught_up())
            continue;
        serve_only();
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
    judge_progress();
}

}  // namespace tetrad::consensus
