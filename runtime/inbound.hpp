// SPDX-License-Identifier: Apache-2.0
// The two sides of whatever another thread may put something into: what a shard looks at in every turn, and what it has to tell the
// other side once a turn.
#pragma once

#include <cstddef>

#include "runtime/doorbell.hpp"

namespace tetrad::runtime {

class executor;

/// Looked at by the shard that it was added to, on that shard's thread.
class inbound {
public:
    virtual ~inbound() = default;
    /// Handles what came, within reason. True where something did.
    virtual bool poll() = 0;
    /// True where poll() would find something.
    virtual bool has_news() const = 0;
    /// The shard is about to sleep: who brings news from now on has to wake it. has_news() is looked at once more afterwards.
    virtual void announce_sleep() = 0;
    virtual void announce_awake() = 0;
    /// What waits in it about now, for statistics.
    virtual std::size_t depth() const = 0;
};

/// Marks that a shard put something where another one looks, which has to be woken if it sleeps: once per turn, not per message.
struct outbound {
    doorbell* bell = nullptr;
    executor* receiver = nullptr;
    bool touched = false;  // since the last flush
};

}  // namespace tetrad::runtime
