// SPDX-License-Identifier: Apache-2.0
// What the tests of sockets on the real kernel share: peers that are plain blocking sockets, and small tasks. Included last of our
// headers, as tests/unit/runtime/support.hpp.
#pragma once

#include "runtime/tcp.hpp"
#include "runtime/timer.hpp"
#include "tests/unit/runtime/support.hpp"

#include <string>

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace tetrad::runtime::testing {

inline endpoint loopback() { return *parse_endpoint("127.0.0.1:0"); }

inline tcp_listener listener_at(real_machine& m, const endpoint& at, int backlog = 16) {
    auto made = tcp_listener::listen(m.on.io(), at, backlog);
    if (!made)
        FAIL(made.error().text);
    return std::move(*made);
}

/// A plain blocking socket of the test, connected to the listener: a peer that does what no tcp_stream does.
class raw_peer {
public:
    explicit raw_peer(const endpoint& to) : fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in a{};
        a.sin_family = AF_INET;
        a.sin_port = htons(to.port);
        a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        REQUIRE(::connect(fd, reinterpret_cast<sockaddr*>(&a), sizeof a) == 0);
    }
    ~raw_peer() {
        if (fd >= 0)
            ::close(fd);
    }
    /// Asserts nothing: for another thread than the test's.
    bool send_all(std::string_view t) { return ::send(fd, t.data(), t.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(t.size()); }
    void send(std::string_view t) { REQUIRE(send_all(t)); }
    std::string receive(std::size_t n) {
        std::string t(n, '\0');
        REQUIRE(::recv(fd, t.data(), n, MSG_WAITALL) == static_cast<ssize_t>(n));
        return t;
    }
    /// To the end of what we send.
    std::string receive_all() {
        std::string all(1 << 20, '\0');
        const ssize_t n = ::recv(fd, all.data(), all.size(), MSG_WAITALL);
        REQUIRE(n >= 0);
        all.resize(static_cast<std::size_t>(n));
        return all;
    }
    void close_write() { ::shutdown(fd, SHUT_WR); }
    /// Ends the connection by RST.
    void reset() {
        const linger at_once{1, 0};
        ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        ::close(std::exchange(fd, -1));
    }
    int fd;
};

inline bytes pattern_of(std::size_t n, std::uint8_t seed) {
    bytes b(n);
    for (std::size_t i = 0; i < n; ++i)
        b[i] = static_cast<std::uint8_t>(i * 131 + i / 256 + seed);
    return b;
}

inline task<result<std::string>> read_all(tcp_stream& s) {
    std::string out;
    bytes buffer(64);
    for (;;) {
        const std::size_t n = co_await ok(s.read_some(buffer));
        if (n == 0)
            co_return out;
        out += text(byte_view(buffer).first(n));
    }
}
inline task<result<tcp_stream>> accept_one(tcp_listener& l) {
    tcp_stream s = co_await ok(l.accept());
    co_return std::move(s);
}
inline task<result<void>> write_text(tcp_stream& s, std::string t) {
    co_await ok(s.write_all(view(t)));
    co_return {};
}

// ---- how tasks end ----

template <class T>
task<std::string> ended(task<result<T>> work) {
    result<T> r = co_await work;
    if (r)
        co_return std::string("ok");
    co_return std::string(name(r.error().code));
}
inline task<void> note_end(task<std::string> work, std::string& to) { to = co_await work; }
inline task<std::string> stopped_while_waiting(shard& here, task<std::string> work) {
    std::string how = "still running";
    scope running(here);
    running.spawn(note_end(std::move(work), how));
    co_await yield();
    co_await yield();
    running.request_stop();
    co_await running.join();
    co_return how;
}

}  // namespace tetrad::runtime::testing
