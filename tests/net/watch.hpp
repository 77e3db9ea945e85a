// SPDX-License-Identifier: Apache-2.0
// When each height is seen, by asking one node. An answer costs that node some 0.2 ms of CPU, so it is asked only near the time when
// the next height can be there, and for no block's content: what watching costs must not show in what is measured.
#pragma once

#include <string>
#include <vector>

#include "base/time.hpp"
#include "runtime/shard.hpp"
#include "runtime/sync.hpp"
#include "tests/net/rpc.hpp"

namespace tetrad::net {

struct seen_height : decided {
    instant at;
};

/// When to look next, after a height was seen: 7/8 of the shortest of the last intervals later, then every poll_interval.
constexpr duration poll_interval = 20ms;
instant next_look(const std::vector<seen_height>& seen);

class chain_watch {
public:
    chain_watch(runtime::shard& here, node_rpc& from) : here_(here), from_(from) {}

    /// Until it is stopped. A node that does not answer is asked again.
    runtime::task<void> run();

    /// From the height on that the chain had when it was first seen. Kept for the whole run: 40 bytes a height.
    const std::vector<seen_height>& seen() const { return seen_; }
    /// Waits for `more` heights.
    runtime::task<result<void>> wait(std::size_t more);

private:
    runtime::task<result<void>> look();

    runtime::shard& here_;
    node_rpc& from_;
    std::vector<seen_height> seen_;
    runtime::event grown_;
};

}  // namespace tetrad::net
