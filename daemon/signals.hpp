// SPDX-License-Identifier: Apache-2.0
// How a running node is told to end: SIGTERM, SIGINT, or a part of it that cannot go on. The main thread waits here; Boost.Asio is
// used for this alone. After the first signal the system's own reaction is back, so that a second one ends the process at once.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/result.hpp"
#include "base/time.hpp"

namespace tetrad::daemon {

class stop_signals {
public:
    /// Made before any other thread and before the node: from here on a signal no longer ends the process. Broken pipes become
    /// errors of the writes.
    static result<std::unique_ptr<stop_signals>> create();
    ~stop_signals();

    /// Main thread. Returns the signal's name ("terminated", "interrupt"), or the reason that stop() was given.
    /// Meanwhile `on_period` is called as often as `period` says, where it is not zero.
    std::string wait_for_stop(duration period = {}, std::function<void()> on_period = {});
    /// From any thread: makes wait_for_stop() return, now or when it is called. The first reason counts.
    void stop(std::string reason);

private:
    struct state;
    explicit stop_signals(std::unique_ptr<state>);
    std::unique_ptr<state> state_;
};

}  // namespace tetrad::daemon
