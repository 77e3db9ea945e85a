// SPDX-License-Identifier: Apache-2.0
// JSON-RPC to one node, as far as this program asks.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/wire/json_text.hpp"
#include "rpc/http/client.hpp"
#include "runtime/task.hpp"

namespace tetrad::net {

/// One height as it is announced: what its block holds, and in which round it was decided.
struct decided {
    std::int64_t height = 0;
    std::int64_t txs = 0;
    std::int64_t round = 0;
};

class node_rpc {
public:
    explicit node_rpc(runtime::endpoint at) : http_(std::move(at)) {}

    runtime::task<result<std::int64_t>> height();
    runtime::task<result<std::int64_t>> peers();
    runtime::task<result<decided>> decided_at(std::int64_t height);
    runtime::task<result<std::vector<bytes>>> txs_at(std::int64_t height);
    /// broadcast_tx_sync of each, in one request; how many the node took.
    runtime::task<result<std::size_t>> submit(std::vector<std::string> txs);

    std::uint64_t bytes_moved() const { return http_.bytes_moved(); }

private:
    runtime::task<result<json::document>> ask(std::string body);
    runtime::task<result<json::document>> call(std::string method, std::string parameters);

    rpc::http::client http_;
};

/// {"result": {"a": {"b": "5"}}} by "result.a.b": an integer, in quotes or not.
result<std::int64_t> integer_at(const json::value& root, std::string_view path);

}  // namespace tetrad::net
