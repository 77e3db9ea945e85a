// SPDX-License-Identifier: Apache-2.0
// Between our endpoint and the system's sockaddr.
#pragma once

#include <sys/socket.h>

#include "runtime/address.hpp"

namespace tetrad::runtime {

/// Fills `out` and returns the length. The endpoint is of a kind that has an address.
socklen_t to_sockaddr(const endpoint&, sockaddr_storage& out);
/// An IPv4 address that arrived on an IPv6 socket (::ffff:a.b.c.d) is an IPv4 endpoint. Unnamed unix peers have an empty path.
endpoint from_sockaddr(const sockaddr_storage&, socklen_t size);
/// AF_INET, AF_INET6 or AF_UNIX; -1 for none.
int family_of(const endpoint&);

}  // namespace tetrad::runtime
