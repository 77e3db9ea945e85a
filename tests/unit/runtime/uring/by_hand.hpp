// SPDX-License-Identifier: Apache-2.0
// Driven by hand, without a coroutine: ops whose completions are counted, a backend, and streams whose far end is a plain socket of
// the test. Included last of our headers, as tests/unit/runtime/support.hpp.
#pragma once

#include "runtime/uring/backend.hpp"

#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>

namespace tetrad::runtime::testing {

inline std::unique_ptr<uring_backend> open_backend(uring_options o) {
    auto made = uring_backend::open(o);
    if (!made)
        FAIL(made.error().text);
    return std::move(*made);
}
inline std::unique_ptr<uring_backend> open_backend(unsigned lent = 16) {
    uring_options o;
    o.lent = lent;
    return open_backend(o);
}

/// Completions are counted.
struct hand_op : op {
    hand_op(op_code c, descriptor d) {
        code = c;
        fd = d;
        complete = [](op& o) { ++static_cast<hand_op&>(o).completions; };
    }
    std::string text() const {
        return {static_cast<const char*>(buffer), static_cast<std::size_t>(result)};
    }
    int completions = 0;
};

inline void finish(uring_backend& io, const op& o) {
    while (o.in_flight)
        io.turn(instant::never());
}
inline void look(uring_backend& io, int turns = 6) {
    for (int i = 0; i < turns; ++i)
        io.turn(instant{0});
}

/// Ours and, far, a plain socket of the test.
struct socket_pair {
    explicit socket_pair(uring_backend& in) : io(in) {
        int fds[2];
        REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == 0);
        ours = fds[0];
        far = fds[1];
    }
    ~socket_pair() {
        close();
        if (far >= 0)
            ::close(far);
    }
    void close() {
        if (ours >= 0)
            io.close(std::exchange(ours, -1));
    }
    void send(std::string_view t) {
        REQUIRE(::send(far, t.data(), t.size(), 0) == static_cast<ssize_t>(t.size()));
    }
    bool is_closed_there() {
        char c = 0;
        return ::recv(far, &c, 1, MSG_DONTWAIT) == 0;
    }
    uring_backend& io;
    int ours = -1, far = -1;
};

inline std::string receive(uring_backend& io, descriptor fd) {
    hand_op o(op_code::receive, fd);
    io.submit(o);
    finish(io, o);
    if (o.result <= 0)
        return o.result == 0 ? "end" : ::strerrorname_np(-o.result);
    const std::string got = o.text();
    io.give_back(o.buffer);
    return got;
}

}  // namespace tetrad::runtime::testing
