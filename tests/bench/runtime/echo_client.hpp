// SPDX-License-Identifier: Apache-2.0
// The one client of every echo server: a process of its own on the second core, epoll, a request of 128 bytes outstanding on each
// connection.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/result.hpp"
#include "tests/bench/comparison.hpp"

namespace tetrad::bench {

constexpr std::size_t echo_bytes = 128;

/// Listens from its construction on; run() serves that many connections, on the calling thread, until all have ended.
class echo_server {
public:
    virtual ~echo_server() = default;
    virtual std::uint16_t port() const = 0;
    virtual void run(std::size_t connections) = 0;
};

struct echo_figures {
    double per_second = 0;
    double server_cpu_us = 0;  // a request
    double client = 0;         // share of its core
    double waited = 0;
    duration p50{}, p99{};
};
/// Runs the server on the first core and the client on the second for the window.
result<echo_figures> drive_echo(echo_server&, std::size_t connections, const place&);

}  // namespace tetrad::bench
