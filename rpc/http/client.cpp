// SPDX-License-Identifier: Apache-2.0
#include "rpc/http/client.hpp"

#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include "base/text.hpp"
#include "rpc/http/put.hpp"
#include "runtime/timer.hpp"

namespace tetrad::rpc::http {

namespace beast = boost::beast::http;
using runtime::ok;
using runtime::task;

namespace {

constexpr std::size_t read_bytes = 64 * 1024;

error problem_of(const boost::system::error_code& problem) {
    const bool too_large =
        problem == beast::error::body_limit || problem == beast::error::header_limit;
    return {too_large ? errc::too_large : errc::invalid, "answer: " + problem.message()};
}

/// Takes what it can from the front of `unread`; the rest waits for more behind it.
result<void> feed(beast::response_parser<beast::string_body>& parser, bytes& unread) {
    std::size_t used = 0;
    while (used < unread.size()) {
        if (parser.is_done())
            return fail(errc::invalid, "answer: more than was asked for");
        boost::system::error_code problem;
        used += put(parser, byte_view(unread).subspan(used), problem);
        if (problem == beast::error::need_more)
            break;
        if (problem)
            return std::unexpected<error>(problem_of(problem));
    }
    unread.erase(unread.begin(), unread.begin() + static_cast<std::ptrdiff_t>(used));
    return {};
}

}  // namespace

client::client(runtime::endpoint to, client_options options)
    : to_(std::move(to)), options_(options) {}

task<result<client_reply>> client::post(std::string target, std::string content_type,
                                        std::string body) {
    std::string head =
        format("POST {} HTTP/1.1\r\nHost: {}\r\nContent-Type: {}\r\nContent-Length: {}\r\n\r\n",
               target, to_string(to_), content_type, body.size());
    runtime::shard& here = co_await runtime::current_shard();
    auto work = exchange(std::move(head), std::move(body));
    result<client_reply> reply =
        co_await runtime::with_deadline(runtime::now_of(here) + options_.timeout, std::move(work));
    if (!reply)
        stream_.close();
    co_return reply;
}

task<result<client_reply>> client::exchange(std::string head, std::string body) {
    if (!stream_.is_open())
        stream_ = co_await ok(runtime::tcp_connect(to_));
    std::vector<byte_view> parts{view(head), view(body)};
    co_await ok(stream_.write_all(std::move(parts)));
    bytes_moved_ += head.size() + body.size();
    result<client_reply> reply = co_await receive();
    co_return reply;
}

task<result<client_reply>> client::receive() {
    beast::response_parser<beast::string_body> parser;
    parser.header_limit(options_.header_bytes_max);
    parser.body_limit(options_.body_bytes_max);
    bytes buffer(read_bytes), unread;
    while (!parser.is_done()) {
        std::size_t got = co_await ok(stream_.read_some(byte_span(buffer)));
        if (got == 0) {
            boost::system::error_code problem;
            if (parser.got_some())
                parser.put_eof(problem);
            if (problem || !parser.is_done())
                co_return fail(errc::closed, "the server closed the connection");
            break;
        }
        bytes_moved_ += got;
        append(unread, byte_view(buffer).first(got));
        co_await ok(feed(parser, unread));
    }
    client_reply reply;
    reply.status = static_cast<int>(parser.get().result_int());
    if (!parser.get().keep_alive())
        stream_.close();
    reply.body = std::move(parser.get().body());
    co_return reply;
}

}  // namespace tetrad::rpc::http
