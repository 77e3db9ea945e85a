// SPDX-License-Identifier: Apache-2.0
// What will happen in the world, ordered by (time, sequence): two events of the same instant happen in the order they were planned.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <utility>

#include "base/check.hpp"
#include "base/time.hpp"

namespace tetrad::runtime::sim {

class event_queue {
public:
    /// Names a planned event for cancel().
    struct id {
        std::int64_t at = 0;
        std::uint64_t sequence = 0;  // 0: none
        auto operator<=>(const id&) const = default;
    };

    id plan(instant at, std::function<void()> act) {
        const id key{at.ns, ++sequence_};
        planned_.emplace(key, std::move(act));
        return key;
    }
    /// Harmless where it has happened.
    void cancel(const id& key) { planned_.erase(key); }

    bool empty() const { return planned_.empty(); }
    instant next() const { return planned_.empty() ? instant::never() : instant{planned_.begin()->first.at}; }
    /// Takes the first one out and runs it.
    void run_first() {
        CHECK(!planned_.empty());
        auto node = planned_.extract(planned_.begin());
        node.mapped()();
    }

private:
    std::map<id, std::function<void()>> planned_;
    std::uint64_t sequence_ = 0;
};

}  // namespace tetrad::runtime::sim
