// SPDX-License-Identifier: Apache-2.0
// Who started us may want to know how we are: systemd's notification protocol (sd_notify(3)), one datagram a state to the Unix socket
// that NOTIFY_SOCKET names. Without it, and where the socket is gone, nothing happens.
#pragma once

#include <string>
#include <string_view>

#include "base/time.hpp"

namespace tetrad::daemon {

class supervisor {
public:
    /// `socket_name`: a path, or "@name" in the abstract namespace; empty: nobody listens.
    explicit supervisor(std::string socket_name);
    ~supervisor();
    supervisor(const supervisor&) = delete;
    supervisor& operator=(const supervisor&) = delete;

    /// Lines of VARIABLE=value, such as "READY=1\nSTATUS=running". Any thread; never waits.
    void tell(std::string_view state) const;

private:
    std::string name_;
    int fd_ = -1;
};

/// How often to say that all is well: half of what WATCHDOG_USEC allows; zero where it is absent or no number.
duration watchdog_period(std::string_view watchdog_usec);

}  // namespace tetrad::daemon
