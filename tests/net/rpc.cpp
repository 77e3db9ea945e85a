// SPDX-License-Identifier: Apache-2.0
#include "tests/net/rpc.hpp"

#include "base/text.hpp"

namespace tetrad::net {

using runtime::ok;
using runtime::task;

namespace {

result<json::value> value_at(json::value at, std::string_view path) {
    for (const auto name : split(path, '.')) {
        const auto next = at.find(name);
        if (!next)
            return fail(errc::invalid,
                        format("no {} in the answer {}", path, at.raw().substr(0, 200)));
        at = *next;
    }
    return at;
}

std::string by_height(std::int64_t height) { return format(R"({{"height":"{}"}})", height); }

void append_call(std::string& to, std::string_view method, std::string_view parameters,
                 std::size_t id) {
    to +=
        format(R"({{"jsonrpc":"2.0","id":{},"method":"{}","params":{}}})", id, method, parameters);
}

bool is_taken(const json::value& reply) {
    const auto code = integer_at(reply, "result.code");
    return code && *code == 0;
}

}  // namespace

result<std::int64_t> integer_at(const json::value& root, std::string_view path) {
    TRY(const auto v, value_at(root, path));
    return v.is(json::kind::string) ? parse_decimal<std::int64_t>(v.string()) : v.int64();
}

task<result<json::document>> node_rpc::ask(std::string body) {
    rpc::http::client_reply reply =
        co_await ok(http_.post("/", "application/json", std::move(body)));
    result<json::document> parsed = json::parse(reply.body);
    co_return parsed;
}

task<result<json::document>> node_rpc::call(std::string method, std::string parameters) {
    std::string body;
    append_call(body, method, parameters, 1);
    json::document reply = co_await ok(ask(std::move(body)));
    if (const auto refused = reply.root().find("error"))
        co_return fail(errc::invalid, format("{}: {}", method, refused->raw()));
    co_return std::move(reply);
}

task<result<std::int64_t>> node_rpc::height() {
    json::document reply = co_await ok(call("status", "{}"));
    co_return integer_at(reply.root(), "result.sync_info.latest_block_height");
}

task<result<std::int64_t>> node_rpc::peers() {
    json::document reply = co_await ok(call("net_info", "{}"));
    co_return integer_at(reply.root(), "result.n_peers");
}

task<result<decided>> node_rpc::decided_at(std::int64_t height) {
    std::string range = format(R"({{"minHeight":"{}","maxHeight":"{}"}})", height, height);
    json::document metas = co_await ok(call("blockchain", std::move(range)));
    json::value list = co_await ok(value_at(metas.root(), "result.block_metas"));
    if (list.size() != 1)
        co_return fail(errc::not_found, format("no block {}", height));
    json::document commit = co_await ok(call("commit", by_height(height)));
    decided d;
    d.height = height;
    d.txs = co_await ok(integer_at(*list.elements().begin(), "num_txs"));
    d.round = co_await ok(integer_at(commit.root(), "result.signed_header.commit.round"));
    co_return d;
}

task<result<std::vector<bytes>>> node_rpc::txs_at(std::int64_t height) {
    json::document reply = co_await ok(call("block", by_height(height)));
    json::value list = co_await ok(value_at(reply.root(), "result.block.data.txs"));
    std::vector<bytes> txs;
    if (list.is(json::kind::array))  // null where there are none
        for (const auto tx : list.elements())
            txs.push_back(co_await ok(from_base64(tx.string())));
    co_return std::move(txs);
}

task<result<std::size_t>> node_rpc::submit(std::vector<std::string> txs) {
    std::string body = "[";
    for (std::size_t i = 0; i < txs.size(); ++i) {
        if (i > 0)
            body += ',';
        append_call(body, "broadcast_tx_sync", format(R"({{"tx":"{}"}})", to_base64(view(txs[i]))),
                    i);
    }
    body += ']';
    json::document reply = co_await ok(ask(std::move(body)));
    const json::value answers = reply.root();
    std::size_t taken = 0;
    if (answers.is(json::kind::array))
        for (const auto answer : answers.elements())
            taken += is_taken(answer) ? 1 : 0;
    else  // a batch of one, or a refusal of all
        taken += is_taken(answers) ? 1 : 0;
    co_return taken;
}

}  // namespace tetrad::net
