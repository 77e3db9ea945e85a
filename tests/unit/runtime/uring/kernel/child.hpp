// SPDX-License-Identifier: Apache-2.0
// What the tests of limits share: a process of their own to set them in, and a word on whether a machine works there. Included last
// of our headers, as tests/unit/runtime/support.hpp.
#pragma once

#include "runtime/tcp.hpp"
#include "tests/unit/runtime/tcp_support.hpp"

#include <string>
#include <utility>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace tetrad::runtime::testing {

/// What `f` says in a child of this process: limits, filters and mounts that it sets end with it. It has a minute.
template <class F>
std::string in_a_child(F f) {
    int words[2];
    REQUIRE(::pipe2(words, O_CLOEXEC) == 0);
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        ::alarm(60);
        std::string text = "an assertion failed";
        try {
            text = f();
        } catch (...) {  // Catch's: it would go on with the parent's tests
        }
        const bool is_said =
            ::write(words[1], text.data(), text.size()) == static_cast<ssize_t>(text.size());
        ::_exit(is_said ? 0 : 1);
    }
    ::close(words[1]);
    std::string text;
    char some[1000];
    for (ssize_t n = 0; (n = ::read(words[0], some, sizeof some)) > 0;)
        text.append(some, static_cast<std::size_t>(n));
    ::close(words[0]);
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    if (status != 0)
        text += " (the child's status is " + std::to_string(status) + ")";
    return text;
}

inline task<result<std::string>> send_and_receive(tcp_listener& at) {
    tcp_stream dialed = co_await ok(tcp_connect(at.bound()));
    tcp_stream accepted = co_await ok(at.accept());
    co_await ok(dialed.write_all(view("hello")));
    std::string all;
    while (all.size() < 5) {
        received r = co_await ok(accepted.receive());
        if (r.view().empty())
            break;
        all += text(r.view());
    }
    co_return all;
}

/// "works", or what does not.
inline std::string try_sockets() {
    real_machine m;
    tcp_listener at = listener_at(m, loopback());
    const result<std::string> got = m.run(send_and_receive(at));
    return !got ? got.error().text : *got == "hello" ? "works" : "received " + *got;
}

}  // namespace tetrad::runtime::testing
