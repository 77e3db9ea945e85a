// SPDX-License-Identifier: Apache-2.0
#include "runtime/uring/address.hpp"

#include <algorithm>
#include <cstddef>
#include <cstring>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

#include "base/check.hpp"

namespace tetrad::runtime {

int family_of(const endpoint& e) {
    switch (e.kind) {
        case endpoint::family::none: return -1;
        case endpoint::family::ipv4: return AF_INET;
        case endpoint::family::ipv6: return AF_INET6;
        case endpoint::family::unix_path: return AF_UNIX;
    }
    UNREACHABLE();
}

socklen_t to_sockaddr(const endpoint& e, sockaddr_storage& out) {
    out = {};
    switch (e.kind) {
        case endpoint::family::none: break;
        case endpoint::family::ipv4: {
            sockaddr_in a{};
            a.sin_family = AF_INET;
            a.sin_port = htons(e.port);
            std::memcpy(&a.sin_addr, e.ip.data(), 4);
            std::memcpy(&out, &a, sizeof a);
            return sizeof a;
        }
        case endpoint::family::ipv6: {
            sockaddr_in6 a{};
            a.sin6_family = AF_INET6;
            a.sin6_port = htons(e.port);
            std::memcpy(&a.sin6_addr, e.ip.data(), 16);
            std::memcpy(&out, &a, sizeof a);
            return sizeof a;
        }
        case endpoint::family::unix_path: {
            sockaddr_un a{};
            a.sun_family = AF_UNIX;
            const std::size_t length = std::min(e.path.size(), sizeof a.sun_path - 1);
            std::memcpy(a.sun_path, e.path.data(), length);
            std::memcpy(&out, &a, sizeof a);
            return static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + length + 1);
        }
    }
    UNREACHABLE();
}

endpoint from_sockaddr(const sockaddr_storage& in, socklen_t size) {
    endpoint e;
    switch (in.ss_family) {
        case AF_INET: {
            sockaddr_in a;
            std::memcpy(&a, &in, sizeof a);
            e.kind = endpoint::family::ipv4;
            e.port = ntohs(a.sin_port);
            std::memcpy(e.ip.data(), &a.sin_addr, 4);
            break;
        }
        case AF_INET6: {
            sockaddr_in6 a;
            std::memcpy(&a, &in, sizeof a);
            e.port = ntohs(a.sin6_port);
            if (IN6_IS_ADDR_V4MAPPED(&a.sin6_addr)) {
                e.kind = endpoint::family::ipv4;
                std::memcpy(e.ip.data(), a.sin6_addr.s6_addr + 12, 4);
            } else {
                e.kind = endpoint::family::ipv6;
                std::memcpy(e.ip.data(), &a.sin6_addr, 16);
            }
            break;
        }
        case AF_UNIX: {
            sockaddr_un a;
            std::memcpy(&a, &in, sizeof a);
            e.kind = endpoint::family::unix_path;
            if (size > offsetof(sockaddr_un, sun_path))
                e.path.assign(a.sun_path, strnlen(a.sun_path, size - offsetof(sockaddr_un, sun_path)));
            break;
        }
        default: break;
    }
    return e;
}

}  // namespace tetrad::runtime
