// SPDX-License-Identifier: Apache-2.0
// JSON-RPC 2.0 over HTTP as CometBFT's server speaks it: POST with one request or a batch, and GET or POST of /method. Codes, statuses
// and texts are its own.
#pragma once

#include <string>

#include "rpc/http/message.hpp"
#include "rpc/routes.hpp"
#include "runtime/task.hpp"

namespace tetrad::rpc {

class jsonrpc {
public:
    /// `batch_max`: requests in one body; 0: no limit. The routes outlive this.
    jsonrpc(const route_table& routes, std::size_t batch_max) : routes_(routes), batch_max_(batch_max) {}
    runtime::task<http::response> answer(const http::request& q) const;

private:
    runtime::task<http::response> answer_body(const http::request& q) const;
    runtime::task<http::response> answer_url(const http::request& q, const route& method) const;
    http::response list_of_methods(const http::request& q) const;

    const route_table& routes_;
    std::size_t batch_max_;
};

/// Methods that exist only on a WebSocket: known, but not here.
bool is_websocket_method(std::string_view name);

}  // namespace tetrad::rpc
