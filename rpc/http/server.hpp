// SPDX-License-Identifier: Apache-2.0
// An HTTP/1.1 server on the api shard: connections, keep-alive, limits, deadlines, CORS. What is answered is the handler's.
//
//   bounds: connections_max open at once (further ones wait in the kernel's backlog), one request at a time a connection, the
//   parser's limits; a request must be whole within read_timeout, a response taken within write_timeout.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "rpc/http/cors.hpp"
#include "rpc/http/message.hpp"
#include "rpc/http/parser.hpp"
#include "runtime/scope.hpp"
#include "runtime/sync.hpp"
#include "runtime/tcp.hpp"

namespace tetrad::rpc::http {

struct server_options {
    std::size_t connections_max = 900;
    parser_limits limits;
    duration read_timeout = 10s;
    duration write_timeout = 11s;
    cors_rules cors;
};

class server {
public:
    using handler = std::function<runtime::task<response>(const request&)>;

    server(runtime::shard& api, server_options options, handler answer, logger log);
    /// Listens; may be called for several endpoints, each with its own limit of connections.
    result<runtime::endpoint> listen(const runtime::endpoint& at);
    /// Ends all connections and waits for their tasks.
    runtime::task<void> stop();

private:
    struct listener {
        listener(runtime::tcp_listener l, std::size_t max) : socket(std::move(l)), slots(max) {}
        runtime::tcp_listener socket;
        runtime::semaphore slots;
    };
    runtime::task<void> accept_loop(listener& on);
    runtime::task<void> serve(runtime::tcp_stream stream, runtime::semaphore::unit slot);
    runtime::task<result<void>> converse(runtime::tcp_stream& stream);
    runtime::task<result<void>> drain(runtime::tcp_stream& stream);
    runtime::task<result<request>> read_request(runtime::tcp_stream& stream, bytes& rest);
    runtime::task<response> answer(const request&);

    runtime::shard& here_;
    server_options options_;
    handler answer_;
    logger log_;
    std::vector<std::unique_ptr<listener>> listeners_;
    runtime::scope tasks_;
};

}  // namespace tetrad::rpc::http
