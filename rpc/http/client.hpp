// SPDX-License-Identifier: Apache-2.0
// An HTTP/1.1 client: one connection that is kept between requests, one request at a time. What fails (refused, closed, no HTTP,
// over a limit, out of time) closes it, and the next request connects anew. Nothing is sent twice: whether the other side acted on
// a request without an answer is the caller's question.
//
//   bounds: header_bytes_max and body_bytes_max of an answer, timeout for all of one request, connecting included.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.hpp"
#include "base/time.hpp"
#include "runtime/address.hpp"
#include "runtime/task.hpp"
#include "runtime/tcp.hpp"

namespace tetrad::rpc::http {

struct client_options {
    std::uint32_t header_bytes_max = 64 * 1024;
    std::size_t body_bytes_max = 64 << 20;
    duration timeout = 10s;
};

struct client_reply {
    int status = 0;
    std::string body;
};

class client {
public:
    explicit client(runtime::endpoint to, client_options options = {});

    /// Any status is a reply. errc::timed_out, too_large, closed, invalid (no HTTP), or what connecting failed with.
    runtime::task<result<client_reply>> post(std::string target, std::string content_type,
                                             std::string body);

    const runtime::endpoint& to() const { return to_; }
    /// Sent and received, over all connections.
    std::uint64_t bytes_moved() const { return bytes_moved_; }

private:
    runtime::task<result<client_reply>> exchange(std::string head, std::string body);
    runtime::task<result<client_reply>> receive();

    runtime::endpoint to_;
    client_options options_;
    runtime::tcp_stream stream_;
    std::uint64_t bytes_moved_ = 0;
};

}  // namespace tetrad::rpc::http
