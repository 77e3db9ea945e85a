// SPDX-License-Identifier: Apache-2.0
#include "rpc/http/server.hpp"

#include "base/text.hpp"
#include "runtime/timer.hpp"

namespace tetrad::rpc::http {

using runtime::ok;
using runtime::task;

namespace {

constexpr std::size_t read_bytes = 16 * 1024;
constexpr std::size_t linger_bytes = 16 * 1024 * 1024;
constexpr duration linger_time = 1s;

/// To what could not be read; as Go's server writes it.
response refusal(int status, std::string_view text) {
    response r{status, "text/plain; charset=utf-8", {}, format("{} {}", status, reason(status))};
    if (status == 501)
        r.body = "Unsupported transfer encoding";
    if (!text.empty())
        r.body += ": " + std::string(text);
    r.tells_time = false;
    return r;
}

/// Of a request that could not be read; 0: there is nobody to answer.
int status_of(errc c) {
    switch (c) {
        case errc::invalid: return 400;
        case errc::too_large: return 431;
        case errc::not_found: return 501;
        case errc::unsupported: return 505;
        default: return 0;
    }
}

}  // namespace

server::server(runtime::shard& api, server_options options, handler answer, logger log)
    : here_(api),
      options_(std::move(options)),
      answer_(std::move(answer)),
      log_(log),
      tasks_(api) {}

result<runtime::endpoint> server::listen(const runtime::endpoint& at) {
    TRY(auto socket, runtime::tcp_listener::listen(here_.io(), at));
    const auto bound = socket.bound();
    listeners_.push_back(std::make_unique<listener>(std::move(socket), options_.connections_max));
    tasks_.spawn(accept_loop(*listeners_.back()));
    return bound;
}

task<void> server::stop() {
    tasks_.request_stop();
    co_await tasks_.join();
    listeners_.clear();
}

task<void> server::accept_loop(listener& on) {
    for (;;) {
        result<runtime::semaphore::unit> slot = co_await on.slots.acquire();
        if (!slot)
            co_return;
        result<runtime::tcp_stream> stream = co_await on.socket.accept();
        if (!stream)
            co_return;
        tasks_.spawn(serve(std::move(*stream), std::move(*slot)));
    }
}

task<void> server::serve(runtime::tcp_stream stream, runtime::semaphore::unit slot) {
    (void)slot;  // held as long as the connection
    auto conversation = converse(stream);
    result<void> ended = co_await conversation;
    if (!ended && ended.error().code != errc::closed && ended.error().code != errc::cancelled)
        log_.debug("connection ended", "remote", to_string(stream.remote()), "why",
                   ended.error().text);
}

// Reads one request; `rest` holds what came with it and belongs to the next.
task<result<request>> server::read_request(runtime::tcp_stream& stream, bytes& rest) {
    request_parser parser(options_.limits);
    bytes buffer(read_bytes);
    for (;;) {
        if (!rest.empty()) {
            std::size_t used = 0;
            result<request_parser::progress> at = parser.feed(rest, used);
            if (!at)
                co_return pass(at);
            rest.erase(rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(used));
            if (*at == request_parser::progress::complete)
                co_return parser.take();
            if (parser.take_expects_continue())
                co_await ok(stream.write_all(view("HTTP/1.1 100 Continue\r\n\r\n")));
        }
        result<std::size_t> got = co_await stream.read_some(byte_span(buffer));
        if (!got)
            co_return pass(got);
        if (*got == 0)
            co_return fail(errc::closed, "the client closed the connection");
        append(rest, byte_view(buffer).first(*got));
    }
}

// What a client is still sending when it was refused: closing at once would take the answer away from it.
task<result<void>> server::drain(runtime::tcp_stream& stream) {
    bytes buffer(read_bytes);
    for (std::size_t total = 0; total < linger_bytes;) {
        result<std::size_t> got = co_await stream.read_some(byte_span(buffer));
        if (!got || *got == 0)
            break;
        total += *got;
    }
    co_return result<void>{};
}

task<result<void>> server::converse(runtime::tcp_stream& stream) {
    bytes rest;
    for (bool again = true; again;) {
        auto reading = read_request(stream, rest);
        result<request> asked = co_await runtime::with_deadline(here_.now() + options_.read_timeout,
                                                                std::move(reading));
        response reply;
        bool head_only = false;
        if (asked) {
            again = asked->keep_alive;
            head_only = asked->method == "HEAD";
            auto answering = answer(*asked);
            reply = co_await answering;
        } else if (const int status = status_of(asked.error().code); status != 0) {
            again = false;
            reply = refusal(status, asked.error().text);
        } else {
            co_return pass(asked);  // closed, idle for too long, or stopping
        }
        const std::string text = render(reply, here_.io().wall_clock(), again, head_only);
        auto writing = stream.write_all(view(text));
        co_await ok(
            runtime::with_deadline(here_.now() + options_.write_timeout, std::move(writing)));
        if (!asked || !asked->body_problem.empty()) {
            auto draining = drain(stream);
            (void)co_await runtime::with_deadline(here_.now() + linger_time, std::move(draining));
        }
    }
    co_return result<void>{};
}

// A preflight never reaches the methods; what is refused for its body says nothing to other origins.
task<response> server::answer(const request& q) {
    const bool cors = options_.cors.enabled() && q.body_problem.empty();
    if (cors && is_preflight(q))
        co_return answer_preflight(options_.cors, q);
    auto answering = answer_(q);
    response r = co_await answering;
    if (cors)
        add_cors_headers(options_.cors, q, r);
    co_return r;
}

}  // namespace tetrad::rpc::http
