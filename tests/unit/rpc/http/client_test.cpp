// SPDX-License-Identifier: Apache-2.0
#include "rpc/http/client.hpp"

#include "runtime/timer.hpp"
#include "tests/unit/rpc/http/site.hpp"

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::rpc;
using namespace tetrad::rpc::test;

namespace {

task<http::response> echo(const http::request& q) {
    http::response r;
    r.status = q.path == "/" ? 200 : 404;
    r.body = q.method + " " + q.path + " " + q.content_type + " " + q.body;
    co_return r;
}

http::client_reply reply_of(site& s, http::client& c, std::string target, std::string body) {
    auto reply = s.client_side.run(c.post(std::move(target), "text/plain", std::move(body)));
    REQUIRE(reply);
    return std::move(*reply);
}

/// A server that reads what comes, says one fixed text to each connection, and then closes or says nothing more.
struct scripted {
    runtime::sim::world world{1};
    runtime::sim::testing::process server_side{world.add_host("server", "10.0.0.1")};
    runtime::sim::testing::process client_side{world.add_host("client", "10.0.0.2")};
    runtime::tcp_listener listener;
    std::vector<std::string> pieces;
    bool closes;
    int connections = 0;

    scripted(std::vector<std::string> say, bool then_closes)
        : listener(listening(server_side.io(), world)),
          pieces(std::move(say)),
          closes(then_closes) {
        server_side.tasks.spawn(serve());
    }
    ~scripted() {
        client_side.stop();
        server_side.stop();
    }
    static runtime::tcp_listener listening(runtime::backend& io, runtime::sim::world& in) {
        auto l = runtime::tcp_listener::listen(io, in.find_host("server").at(80));
        REQUIRE(l);
        return std::move(*l);
    }
    task<void> serve() {
        for (;;) {
            result<runtime::tcp_stream> stream = co_await listener.accept();
            if (!stream)
                co_return;
            ++connections;
            bytes buffer(4096);
            result<std::size_t> heard = 0;
            for (bool whole = false; !whole;) {  // closing before that would take the answer away
                heard = co_await stream->read_some(byte_span(buffer));
                whole = !heard || *heard == 0 || buffer[*heard - 1] == '?';
            }
            for (const auto& piece : pieces) {
                result<void> said = co_await stream->write_all(view(piece));
                result<void> paused = co_await runtime::sleep_for(1ms);
                (void)said, (void)paused;
            }
            while (!closes && heard && *heard > 0)
                heard = co_await stream->read_some(byte_span(buffer));
        }
    }
    result<http::client_reply> ask(http::client& c) {
        return client_side.run(c.post("/", "text/plain", "?"));
    }
    http::client client(http::client_options o = {}) { return http::client(listener.bound(), o); }
};

}  // namespace

TEST_CASE("a request arrives as it was given, and any status is a reply") {
    site s({}, echo);
    http::client c(s.at);
    CHECK(reply_of(s, c, "/", "hello").body == "POST / text/plain hello");
    const auto missing = reply_of(s, c, "/nowhere", "");
    CHECK(missing.status == 404);
    CHECK(missing.body == "POST /nowhere text/plain ");
}

TEST_CASE("one connection carries all requests, however large") {
    http::server_options one;
    one.connections_max = 1;  // a second connection would wait for ever
    site s(one, echo);
    http::client c(s.at);
    for (const std::size_t size : {0, 1, 70'000, 900'000})
        CHECK(reply_of(s, c, "/", std::string(size, 'x')).body.size() == size + 18);
}

TEST_CASE("a connection that the server closed is opened anew by the next request") {
    scripted s({"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"}, true);
    auto c = s.client();
    for (int i = 1; i <= 3; ++i) {
        const auto reply = s.ask(c);
        REQUIRE(reply);
        CHECK(reply->body == "ok");
        CHECK(s.connections == i);
    }
}

TEST_CASE("an answer arrives in any pieces") {
    for (const std::string body : {"abcde", ""}) {
        const std::string chunks = body.empty() ? "" : "3\r\nabc\r\n2\r\nde\r\n";
        std::vector<std::string> letters;
        for (const char c :
             "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks + "0\r\n\r\n")
            letters.emplace_back(1, c);
        scripted s(letters, false);
        auto c = s.client();
        const auto reply = s.ask(c);
        REQUIRE(reply);
        CHECK(reply->body == body);
    }
}

TEST_CASE("an answer without a length ends with the connection") {
    scripted s({"HTTP/1.1 200 OK\r\n\r\n", "to the ", "end"}, true);
    auto c = s.client();
    const auto reply = s.ask(c);
    REQUIRE(reply);
    CHECK(reply->body == "to the end");
}

TEST_CASE("what is wrong with an answer is said, and costs the connection alone") {
    struct row {
        std::vector<std::string> said;
        bool closes;
        errc why;
    };
    const row rows[] = {
        {{"SSH-2.0-x\r\n\r\n"}, false, errc::invalid},
        {{"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort"}, true, errc::closed},
        {{""}, true, errc::closed},
        {{"HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n"}, false, errc::too_large},
        {{"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nab"}, false, errc::invalid},
        {{"HTTP/1.1 200 OK\r\nA: " + std::string(600, 'a') + "\r\n\r\n"}, false, errc::too_large},
        {{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;" + std::string(5000, 'a')},
         false,
         errc::too_large},
        {{"HTTP/1.1 200 OK\r\n"}, false, errc::timed_out},
    };
    for (const auto& r : rows) {
        INFO(r.said.front());
        scripted s(r.said, r.closes);
        http::client_options small;
        small.header_bytes_max = 500;
        small.body_bytes_max = 1000;
        auto c = s.client(small);
        for (int i = 1; i <= 2; ++i) {
            const auto reply = s.ask(c);
            REQUIRE_FALSE(reply);
            CHECK(name(reply.error().code) == name(r.why));
            CHECK(s.connections == i);
        }
    }
}

TEST_CASE("where nobody listens the request fails") {
    runtime::sim::world world(1);
    runtime::sim::testing::process alone(world.add_host("client", "10.0.0.2"));
    world.add_host("server", "10.0.0.1");
    http::client c(world.find_host("server").at(80));
    CHECK_FALSE(alone.run(c.post("/", "text/plain", "?")));
    CHECK(c.bytes_moved() == 0);
}
