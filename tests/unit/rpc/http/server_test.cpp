// SPDX-License-Identifier: Apache-2.0
#include "rpc/http/server.hpp"

#include "runtime/timer.hpp"
#include "tests/unit/rpc/oracle.hpp"
#include "tests/unit/runtime/support.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::rpc;
using namespace tetrad::rpc::test;

namespace {

const std::string keep = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n";
const std::string closing = "GET /b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

/// Says what was asked.
task<http::response> say(const http::request& q) {
    http::response r;
    r.body = q.method + " " + q.path + " " + std::to_string(q.body.size());
    co_return r;
}
/// Answers when the test lets it, or when it is stopped.
struct held_handler {
    runtime::event gate;
    int running = 0, cancelled = 0;
    task<http::response> answer(const http::request& q) {
        ++running;
        result<void> woken = co_await gate.wait();
        --running;
        cancelled += !woken;
        auto answering = say(q);
        http::response r = co_await answering;
        co_return r;
    }
};
task<http::response> say_much(const http::request&) {
    http::response r;
    r.body.assign(4'000'000, 'x');
    co_return r;
}

std::string bodies(const std::string& text) {
    std::string out;
    for (const auto& a : answers_of(text))
        out += (out.empty() ? "" : ", ") + a.body;
    return out;
}
duration since(instant begin, site& s) { return s.world.now() - begin; }

/// A few bytes of `text` now and then, until the other side has had enough.
task<void> trickle(runtime::tcp_stream& to, std::string text, duration pause) {
    for (const char c : text) {
        const std::string one(1, c);
        result<void> sent = co_await to.write_all(view(one));
        if (!sent)
            co_return;
        result<void> slept = co_await runtime::sleep_for(pause);
        if (!slept)
            co_return;
    }
}

}  // namespace

TEST_CASE("good and broken HTTP is answered as CometBFT does") {
    const std::string strict =
        "HTTP/1.0 and 1.1 with whole line ends only: whoever sends otherwise is no client of ours";
    const std::string late = "what does not come in time is closed without a word";
    check_oracle("http",
                 {
                     {"a body that waits", "a body that is here already is not asked for"},
                     {"another expectation", "an expectation that is not known is not looked at"},
                     {"lines without CR", strict},
                     {"line: GET /nothing HTTP/1.2", strict},
                     {"line: PRI * HTTP/2.0", strict},
                     {"header: A : b", "the words beside 400"},
                     {"header: Content-Length: 9223372036854775808",
                      "a number over the limit, however large"},
                     {"a length and chunks", "two lengths are how requests are smuggled"},
                     {"a line that does not end in time", late},
                     {"a body that does not end in time", late},
                 });
}

TEST_CASE("a head over a limit is answered 431, also where all of it is within the limit") {
    site s({}, say);
    for (const auto& header :
         {"A: " + std::string(70'000, 'a'), "A: " + std::string(1 << 20, 'a')}) {
        const auto heard =
            answers_of(s.talk("GET / HTTP/1.1\r\nHost: x\r\n" + header + "\r\n\r\n"));
        REQUIRE(heard.size() == 1);
        CHECK(heard[0].status == 431);
    }
    CHECK(bodies(s.talk(closing)) == "GET /b 0");
}

TEST_CASE("requests that come at once are answered in their order, whatever the seed") {
    const auto seed = GENERATE(1, 2, 3, 4);
    site s({}, say, static_cast<std::uint64_t>(seed));
    std::string asked, wanted;
    for (int i = 0; i < 200; ++i) {
        const std::string body(static_cast<std::size_t>(i), 'b');
        asked += format("POST /{} HTTP/1.1\r\nHost: x\r\n{}Content-Length: {}\r\n\r\n{}", i,
                        i == 199 ? "Connection: close\r\n" : "", i, body);
        wanted += format("{}POST /{} {}", i == 0 ? "" : ", ", i, i);
    }
    CHECK(bodies(s.talk(asked)) == wanted);
}

TEST_CASE(
    "a connection is kept for the next request, and closed where nothing comes for ten seconds") {
    site s({}, say);
    auto stream = s.connect();
    for (int i = 0; i < 3; ++i) {
        REQUIRE(s.send(stream, keep));
        s.world.run_for(9s);
    }
    const auto begin = s.world.now();
    CHECK(bodies(s.receive(stream)) == "GET /a 0, GET /a 0, GET /a 0");
    CHECK(since(begin, s) < 2s);
}

TEST_CASE("a byte now and then buys no time") {
    site s({}, say);
    for (const std::string& text :
         {std::string(1000, 'G'), "GET / HTTP/1.1\r\nHost: x\r\nA: " + std::string(1000, 'a'),
          "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n" + std::string(1000, 'b')}) {
        auto stream = s.connect();
        const auto begin = s.world.now();
        s.client_side.tasks.spawn(trickle(stream, text, 100ms));
        const auto heard = s.receive(stream);
        INFO(text.substr(0, 50) << " heard " << heard);
        CHECK(heard.empty());
        CHECK(since(begin, s) >= 9s);
        CHECK(since(begin, s) < 11s);
        s.settle();
    }
}

TEST_CASE("a client that does not read its answer is let go") {
    http::server_options options;
    options.write_timeout = 11s;
    options.connections_max = 1;
    site s(options, say_much);
    auto deaf = s.connect();
    REQUIRE(s.send(deaf, keep));
    const auto begin = s.world.now();
    CHECK(s.talk(closing).size() > 4'000'000);  // served when the other was let go
    CHECK(since(begin, s) >= 10s);
    CHECK(since(begin, s) < 13s);
}

TEST_CASE("over the limit of open connections a client waits for its turn") {
    http::server_options options;
    options.connections_max = 2;
    held_handler held;
    site s(options, [&](const http::request& q) { return held.answer(q); });
    auto first = s.connect(), second = s.connect(), third = s.connect();
    for (auto* each : {&first, &second, &third})
        REQUIRE(s.send(*each, closing));
    s.world.run_for(5s);
    CHECK(held.running == 2);
    held.gate.notify();
    s.world.run_for(1s);
    CHECK(held.running == 1);
    held.gate.notify();
    for (auto* each : {&first, &second, &third})
        CHECK(bodies(s.receive(*each)) == "GET /b 0");
}

TEST_CASE("a server that stops ends idle connections and handlers, and refuses further ones") {
    held_handler held;
    auto s = std::make_unique<site>(http::server_options{},
                                    [&](const http::request& q) { return held.answer(q); });
    auto idle = s->connect(), busy = s->connect();
    REQUIRE(s->send(busy, keep));
    s->world.run_for(1s);
    CHECK(held.running == 1);
    const auto begin = s->world.now();
    s->stop();
    CHECK(since(begin, *s) < 1s);
    CHECK(held.cancelled == 1);
    CHECK(s->receive(idle).empty());
    CHECK_FALSE(s->may_connect());
    idle.close();
    busy.close();
}

TEST_CASE("a client that waits with its body is told to go on, once") {
    site s({}, say);
    auto stream = s.connect();
    REQUIRE(s.send(stream,
                   "POST /c HTTP/1.1\r\nHost: x\r\nConnection: close\r\nExpect: "
                   "100-continue\r\nContent-Length: 6\r\n\r\n"));
    const std::string go_on = "HTTP/1.1 100 Continue\r\n\r\n";
    CHECK(s.receive(stream, go_on.size()) == go_on);
    REQUIRE(s.send(stream, "abc"));
    s.world.run_for(1s);
    REQUIRE(s.send(stream, "def"));
    CHECK(bodies(s.receive(stream)) == "POST /c 6");
}

TEST_CASE("an answer to HEAD has the length of the body that GET would have, and no body") {
    site s({}, say);
    const auto text = s.talk("HEAD /d HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    const auto all = answers_of(text, /*head_only=*/true);
    REQUIRE(all.size() == 1);
    CHECK(all[0].headers.at("Content-Length") == "9");
    CHECK(text.ends_with("\r\n\r\n"));
}

TEST_CASE("a body that is announced over the limit is refused before it comes") {
    site s({}, say);
    auto stream = s.connect();
    REQUIRE(s.send(stream, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10000000000\r\n\r\n"));
    const auto begin = s.world.now();
    CHECK_FALSE(s.receive(stream, 1).empty());
    CHECK(since(begin, s) < 1s);
}

TEST_CASE("who goes on sending after a refusal gets the answer, and a second at most") {
    site s({}, say);
    auto stream = s.connect();
    s.client_side.tasks.spawn(trickle(stream, "noise\r\n\r\n" + std::string(200, 'x'), 20ms));
    const auto begin = s.world.now();
    CHECK(answers_of(s.receive(stream)).at(0).status == 400);
    CHECK(since(begin, s) < 3s);
    s.settle();
}

namespace {

/// A plain socket of the test, connected over loopback: it sends, closes its writing side, and reads to the end.
class half_closing_client {
public:
    half_closing_client(const runtime::endpoint& to, const std::string& text)
        : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in at{};
        at.sin_family = AF_INET;
        at.sin_port = htons(to.port);
        at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        REQUIRE(::connect(fd_, reinterpret_cast<sockaddr*>(&at), sizeof at) == 0);
        REQUIRE(::send(fd_, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size()));
        REQUIRE(::shutdown(fd_, SHUT_WR) == 0);
    }
    ~half_closing_client() { ::close(fd_); }
    std::string heard() {
        std::string out;
        char buffer[4096];
        for (ssize_t n; (n = ::recv(fd_, buffer, sizeof buffer, 0)) > 0;)
            out.append(buffer, static_cast<std::size_t>(n));
        return out;
    }

private:
    int fd_;
};

struct until_last {
    runtime::event seen;
    bool was_last = false;
    task<http::response> answer(const http::request& q) {
        was_last = q.path == "/last";
        seen.notify();
        auto answering = say(q);
        http::response r = co_await answering;
        co_return r;
    }
    task<bool> serve(http::server& server) {
        while (!was_last)
            (void)co_await seen.wait();
        co_await server.stop();
        co_return true;
    }
};

}  // namespace

TEST_CASE("a client that closed its writing side still gets its answers") {
    runtime::testing::real_machine m;
    until_last asked;
    http::server_options one_at_a_time;
    one_at_a_time.connections_max = 1;
    http::server server(m.here, one_at_a_time,
                        [&](const http::request& q) { return asked.answer(q); }, {});
    const auto at = server.listen(*runtime::parse_endpoint("127.0.0.1:0"));
    REQUIRE(at);
    half_closing_client client(*at, keep + keep);
    half_closing_client next(
        *at,
        "GET /last HTTP/1.1\r\nHost: x\r\n\r\n");  // its turn comes when the first one is through
    m.run(asked.serve(server));
    CHECK(bodies(client.heard()) == "GET /a 0, GET /a 0");
}
