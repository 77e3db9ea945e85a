// SPDX-License-Identifier: Apache-2.0
#include "daemon/supervisor.hpp"

#include <cstddef>
#include <cstring>
#include <utility>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/text.hpp"

namespace tetrad::daemon {

supervisor::supervisor(std::string socket_name) : name_(std::move(socket_name)) {
    if (!name_.empty() && name_.size() < sizeof(sockaddr_un::sun_path))
        fd_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
}

supervisor::~supervisor() {
    if (fd_ >= 0)
        ::close(fd_);
}

void supervisor::tell(std::string_view state) const {
    if (fd_ < 0)
        return;
    sockaddr_un to{};
    to.sun_family = AF_UNIX;
    std::memcpy(to.sun_path, name_.data(), name_.size());
    if (to.sun_path[0] == '@')
        to.sun_path[0] = '\0';
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name_.size());
    (void)::sendto(fd_, state.data(), state.size(), MSG_DONTWAIT | MSG_NOSIGNAL,
                   reinterpret_cast<const sockaddr*>(&to), size);
}

duration watchdog_period(std::string_view watchdog_usec) {
    const auto us = parse_decimal<std::int64_t>(watchdog_usec);
    return us && *us > 0 ? std::chrono::microseconds(*us / 2) : duration{};
}

}  // namespace tetrad::daemon
