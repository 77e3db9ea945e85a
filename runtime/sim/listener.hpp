// SPDX-License-Identifier: Apache-2.0
// A listening socket of a simulated host: connections that stand and wait for accept, at most backlog + 1 of them with those
// that are being made (as Linux counts).
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>

#include "runtime/address.hpp"
#include "runtime/sim/stream.hpp"

namespace tetrad::runtime::sim {

class listener {
public:
    listener(host& where, endpoint at, std::size_t backlog_max) : on(where), bound(std::move(at)), backlog(backlog_max) {}

    host& on;
    const endpoint bound;
    const std::size_t backlog;
    std::deque<std::shared_ptr<stream>> ready;
    std::size_t opening = 0;         // answered, and not yet in `ready`
    bool is_open = true;
    std::function<void()> on_change;  // something entered `ready`, or it is no longer open

    bool has_room() const { return ready.size() + opening <= backlog; }
    void add(std::shared_ptr<stream> s) {
        ready.push_back(std::move(s));
        if (on_change)
            on_change();
    }
};

}  // namespace tetrad::runtime::sim
