// SPDX-License-Identifier: Apache-2.0
// What the kernel reads or writes for an operation beside the caller's buffers. Bound to one op from its submission to its
// completion, then recycled.
#pragma once

#include <array>

#include <sys/socket.h>
#include <sys/uio.h>

#include "runtime/uring/backend.hpp"

namespace tetrad::runtime {

struct uring_backend::scratch {
    sockaddr_storage address{};        // accept: whose; connect: whereto
    socklen_t size = 0;
    descriptor fd = -1;                // connect: the socket
    msghdr message{};                  // sendv
    std::array<iovec, 64> parts{};     // sendv: more than these are sent by the next operation
    std::int32_t written = -1;         // write_durable, of two entries: their results
    std::int32_t synced = -1;
    int halves = 0;                    // which are to come
};

/// A stream socket for this kind of endpoint, without delay and with keep-alives where it is TCP; minus errno where there is none.
descriptor open_socket(const endpoint&);

}  // namespace tetrad::runtime
