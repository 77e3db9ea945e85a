// SPDX-License-Identifier: Apache-2.0
// An HTTP server on one simulated host and clients on another, as raw bytes. Included last of our headers: Catch's CHECK takes the
// place of ours from here on.
#pragma once

#include "rpc/http/server.hpp"
#include "runtime/tcp.hpp"
#include "tests/unit/runtime/sim/support.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

namespace tetrad::rpc::test {

using runtime::task;

/// One response as a client reads it.
struct answer {
    int status = 0;
    std::map<std::string, std::string> headers;
    std::string body;
    bool operator==(const answer&) const = default;
};

/// Takes what the server sent apart. `head_only`: the answers to HEAD, which have no bodies.
inline std::vector<answer> answers_of(std::string_view text, bool head_only = false) {
    std::vector<answer> out;
    while (!text.empty()) {
        const auto end = text.find("\r\n\r\n");
        INFO("left of the answer: " << text.substr(0, 300));
        REQUIRE(end != text.npos);
        answer a;
        bool first = true;
        for (auto line : split(text.substr(0, end), '\n')) {
            line = trim(line);
            const auto colon = line.find(": ");
            if (std::exchange(first, false)) {
                REQUIRE(line.starts_with("HTTP/1.1 "));
                a.status = *parse_decimal<int>(line.substr(9, 3));
            } else {
                REQUIRE(colon != line.npos);
                auto& value = a.headers[std::string(line.substr(0, colon))];
                value += (value.empty() ? "" : ", ") + std::string(line.substr(colon + 2));
            }
        }
        text.remove_prefix(end + 4);
        if (const auto length = a.headers.find("Content-Length");
            length != a.headers.end() && !head_only) {
            const auto size = *parse_decimal<std::size_t>(length->second);
            REQUIRE(size <= text.size());
            a.body = std::string(text.substr(0, size));
            text.remove_prefix(size);
        }
        out.push_back(std::move(a));
    }
    return out;
}

class site {
public:
    runtime::sim::world world;
    runtime::sim::testing::process server_side{world.add_host("server", "10.0.0.1")};
    runtime::sim::testing::process client_side{world.add_host("client", "10.0.0.2")};
    http::server server;
    runtime::endpoint at;

    site(http::server_options options, http::server::handler answer, std::uint64_t seed = 1)
        : world(seed), server(server_side.here, std::move(options), std::move(answer), {}) {
        const auto bound = server.listen(world.find_host("server").at(26657));
        REQUIRE(bound);
        at = *bound;
    }
    ~site() { stop(); }
    void stop() { server_side.run(stopped(server)); }

    bool may_connect() { return client_side.run(connected(at)).has_value(); }

    runtime::tcp_stream connect() {
        auto stream = client_side.run(connected(at));
        REQUIRE(stream);
        return std::move(*stream);
    }
    /// False where the server closed before it took all of it.
    bool send(runtime::tcp_stream& to, std::string_view text) {
        return client_side.run(written(to, std::string(text)));
    }
    /// Up to the end of the connection.
    std::string receive(runtime::tcp_stream& from) {
        return client_side.run(read_up_to(from, SIZE_MAX));
    }
    /// As much, or up to the end.
    std::string receive(runtime::tcp_stream& from, std::size_t count) {
        return client_side.run(read_up_to(from, count));
    }
    /// A connection of its own: sends and reads to the end at the same time, for the server may answer before it has read all.
    std::string talk(std::string_view text) {
        auto stream = connect();
        client_side.tasks.spawn(send_in_background(stream, std::string(text)));
        auto heard = receive(stream);
        settle();
        return heard;
    }
    /// Until what clients still send in the background has come to its end.
    void settle() {
        REQUIRE(
            world.run_until([&] { return client_side.tasks.running() == 0; }, world.now() + 1h));
    }

private:
    static task<bool> stopped(http::server& s) {
        co_await s.stop();
        co_return true;
    }
    static task<result<runtime::tcp_stream>> connected(runtime::endpoint to) {
        co_return co_await runtime::tcp_connect(to);
    }
    static task<bool> written(runtime::tcp_stream& to, std::string text) {
        result<void> done = co_await to.write_all(view(text));
        co_return done.has_value();
    }
    static task<void> send_in_background(runtime::tcp_stream& to, std::string text) {
        result<void> done = co_await to.write_all(view(text));
        (void)done;
    }
    static task<std::string> read_up_to(runtime::tcp_stream& from, std::size_t count) {
        std::string out;
        bytes buffer(16 * 1024);
        while (out.size() < count) {
            result<std::size_t> got = co_await from.read_some(
                byte_span(buffer).first(std::min(buffer.size(), count - out.size())));
            if (!got || *got == 0)
                break;
            out += text(byte_view(buffer).first(*got));
        }
        co_return out;
    }
};

}  // namespace tetrad::rpc::test
