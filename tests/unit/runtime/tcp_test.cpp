// SPDX-License-Identifier: Apache-2.0
// Sockets on the real kernel, over loopback, and accept's patience on a backend whose answers the test gives.
#include "runtime/tcp.hpp"

#include "runtime/timer.hpp"
#include "tests/unit/runtime/tcp_support.hpp"

#include <filesystem>
#include <numeric>

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::runtime;
using namespace tetrad::runtime::testing;

namespace {

// ---- an echo server and its clients ----

task<void> echo_one(tcp_stream s) {
    bytes buffer(4096);
    for (;;) {
        result<std::size_t> n = co_await s.read_some(buffer);
        if (!n || *n == 0)
            co_return;
        result<void> sent = co_await s.write_all(byte_view(buffer).first(*n));
        if (!sent)
            co_return;
    }
}
task<void> echo_server(tcp_listener& listener, scope& connections) {
    for (;;) {
        result<tcp_stream> s = co_await listener.accept();
        if (!s)
            co_return;
        connections.spawn(echo_one(std::move(*s)));
    }
}
task<result<std::size_t>> echo_client(endpoint to, int rounds, std::uint8_t seed) {
    tcp_stream s = co_await ok(tcp_connect(to));
    const bytes out = pattern_of(1000, seed);
    bytes in(out.size());
    std::size_t total = 0;
    for (int i = 0; i < rounds; ++i) {
        co_await ok(s.write_all(out));
        co_await ok(s.read_exact(in));
        if (!equal(in, out))
            co_return fail(errc::corrupt, "the echo differs");
        total += in.size();
    }
    co_return total;
}
task<void> count_bytes(task<result<std::size_t>> client, std::size_t& total, std::string& problem) {
    result<std::size_t> n = co_await client;
    if (n)
        total += *n;
    else
        problem = n.error().text;
}
task<result<std::size_t>> many_clients(shard& here, endpoint to, int clients, int rounds) {
    std::size_t total = 0;
    std::string problem;
    scope running(here);
    for (int i = 0; i < clients; ++i)
        running.spawn(count_bytes(echo_client(to, rounds, static_cast<std::uint8_t>(i)), total, problem));
    co_await running.join();
    if (!problem.empty())
        co_return fail(errc::io, problem);
    co_return total;
}

void echo_over(const endpoint& at) {
    real_machine m;
    auto listener = listener_at(m, at, 128);
    m.tasks.spawn(echo_server(listener, m.tasks));
    const auto total = m.run(many_clients(m.here, listener.bound(), 40, 25));
    if (!total)
        FAIL(total.error().text);
    REQUIRE(*total == 40 * 25 * 1000);
    m.tasks.request_stop();
    m.join();
}

}  // namespace

TEST_CASE("forty clients at a time get their bytes back over IPv4, IPv6 and a unix socket") {
    SECTION("IPv4") { echo_over(loopback()); }
    SECTION("IPv6") {
        real_machine probe;
        if (const auto v6 = tcp_listener::listen(probe.on.io(), *parse_endpoint("[::1]:0")))
            echo_over(*parse_endpoint("[::1]:0"));
        else
            WARN("no IPv6 on this machine: " << v6.error().text);
    }
    SECTION("unix") {
        const auto path = std::filesystem::temp_directory_path() / ("tetrad-tcp-" + std::to_string(::getpid()));
        echo_over(*parse_endpoint("unix://" + path.string()));
        REQUIRE_FALSE(std::filesystem::exists(path));  // the listener took its name with it
    }
}

TEST_CASE("both ends know each other's address") {
    real_machine m;
    auto listener = listener_at(m, loopback());
    REQUIRE(listener.bound().port != 0);
    raw_peer peer(listener.bound());
    const auto s = m.run(accept_one(listener));
    REQUIRE(s.has_value());
    REQUIRE(ip_to_string(s->remote()) == "127.0.0.1");
    sockaddr_in theirs{};
    socklen_t size = sizeof theirs;
    REQUIRE(::getsockname(peer.fd, reinterpret_cast<sockaddr*>(&theirs), &size) == 0);
    REQUIRE(s->remote().port == ntohs(theirs.sin_port));
    const auto local = s->local();
    REQUIRE(local.has_value());
    REQUIRE(*local == listener.bound());
}

TEST_CASE("a peer that closed its writing side still gets our answer") {
    real_machine m;
    auto listener = listener_at(m, loopback());
    raw_peer peer(listener.bound());
    auto s = m.run(accept_one(listener));
    REQUIRE(s.has_value());
    peer.send("question");
    peer.close_write();
    const auto heard = m.run(read_all(*s));
    REQUIRE(heard.has_value());
    REQUIRE(*heard == "question");
    const auto sent = m.run(write_text(*s, "answer"));
    REQUIRE(sent.has_value());
    REQUIRE(peer.receive(6) == "answer");
}

namespace {

task<result<void>> write_until_it_fails(tcp_stream& s) {
    const bytes block(4096);
    for (int i = 0; i < 10'000; ++i)
        co_await ok(s.write_all(block));
    co_return {};
}
task<result<void>> exact(tcp_stream& s, std::size_t n) {
    bytes into(n);
    co_await ok(s.read_exact(into));
    co_return {};
}

}  // namespace

TEST_CASE("a reset connection is closed for reader and writer, and kills nobody with SIGPIPE") {
    real_machine m;
    auto listener = listener_at(m, loopback());
    raw_peer peer(listener.bound());
    auto s = m.run(accept_one(listener));
    REQUIRE(s.has_value());
    peer.reset();
    const auto heard = m.run(read_all(*s));
    REQUIRE_FALSE(heard.has_value());
    REQUIRE(heard.error().code == errc::closed);
    const auto written = m.run(write_until_it_fails(*s));
    REQUIRE_FALSE(written.has_value());
    REQUIRE(written.error().code == errc::closed);
}

TEST_CASE("a stream that ends inside of what was to be read exactly is closed") {
    real_machine m;
    auto listener = listener_at(m, loopback());
    raw_peer peer(listener.bound());
    auto s = m.run(accept_one(listener));
    REQUIRE(s.has_value());
    peer.send("five!");
    peer.close_write();
    const auto r = m.run(exact(*s, 6));
    REQUIRE_FALSE(r.has_value());
    REQUIRE(r.error().code == errc::closed);
}

namespace {

task<void> send_big(tcp_stream& s, const bytes& data, result<void>& out) {
    // Parts of all sizes, empty ones too, more than one operation takes.
    std::vector<byte_view> parts;
    byte_view left = data;
    for (std::size_t i = 0; !left.empty(); ++i) {
        const std::size_t n = std::min(left.size(), i * 37 % 5000);
        parts.push_back(left.first(n));
        left = left.subspan(n);
    }
    out = co_await s.write_all(std::move(parts));
}
task<void> receive_big(tcp_stream& s, bytes& into, result<void>& out) { out = co_await s.read_exact(into); }

task<result<void>> both_ways(shard& here, tcp_listener& listener, const bytes& there, const bytes& back, bytes& a, bytes& b) {
    tcp_stream client = co_await ok(tcp_connect(listener.bound()));
    tcp_stream server = co_await ok(listener.accept());
    result<void> results[4];
    scope running(here);
    running.spawn(send_big(client, there, results[0]));
    running.spawn(receive_big(server, a, results[1]));
    running.spawn(send_big(server, back, results[2]));
    running.spawn(receive_big(client, b, results[3]));
    co_await running.join();
    for (auto& r : results)
        co_await ok(std::move(r));
    co_return {};
}

}  // namespace

TEST_CASE("many megabytes go both ways at once, in parts, and arrive whole") {
    real_machine m;
    auto listener = listener_at(m, loopback());
    const bytes there = pattern_of(6'000'003, 1), back = pattern_of(5'000'001, 2);
    bytes a(there.size()), b(back.size());
    const auto r = m.run(both_ways(m.here, listener, there, back, a, b));
    REQUIRE(r.has_value());
    REQUIRE(equal(a, there));
    REQUIRE(equal(b, back));
}

// ---- stops and deadlines of what waits in the kernel ----

namespace {

task<result<std::string>> limited(task<std::string> work, duration d) {
    shard& here = co_await current_shard();
    std::string how = co_await with_deadline(here.now() + d, std::move(work));
    co_return how;
}

/// A listener whose queue is full: further connections wait for an answer.
struct full_listener {
    explicit full_listener(real_machine& m) : listener(listener_at(m, loopback(), 0)) {
        for (int i = 0; i < 4; ++i) {
            const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
            sockaddr_in a{};
            a.sin_family = AF_INET;
            a.sin_port = htons(listener.bound().port);
            a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
            ::connect(fd, reinterpret_cast<sockaddr*>(&a), sizeof a);
            fds.push_back(fd);
        }
    }
    ~full_listener() {
        for (int fd : fds)
            ::close(fd);
    }
    tcp_listener listener;
    std::vector<int> fds;
};

}  // namespace

TEST_CASE("accept and read and write and connect end with cancelled when their task is stopped in the kernel") {
    real_machine m;
    auto listener = listener_at(m, loopback());
    REQUIRE(m.run(stopped_while_waiting(m.here, ended(listener.accept()))) == "cancelled");
    raw_peer peer(listener.bound());
    auto s = m.run(accept_one(listener));
    REQUIRE(s.has_value());
    REQUIRE(m.run(stopped_while_waiting(m.here, ended(read_all(*s)))) == "cancelled");
    REQUIRE(m.run(stopped_while_waiting(m.here, ended(write_until_it_fails(*s)))) == "cancelled");
    full_listener full(m);
    REQUIRE(m.run(stopped_while_waiting(m.here, ended(tcp_connect(full.listener.bound())))) == "cancelled");
}

TEST_CASE("accept and read and write and connect end with timed out when their deadline passes in the kernel") {
    real_machine m;
    auto listener = listener_at(m, loopback());
    REQUIRE(m.run(limited(ended(listener.accept()), 2ms)) == "timed out");
    raw_peer peer(listener.bound());
    auto s = m.run(accept_one(listener));
    REQUIRE(s.has_value());
    REQUIRE(m.run(limited(ended(read_all(*s)), 2ms)) == "timed out");
    REQUIRE(m.run(limited(ended(write_until_it_fails(*s)), 2ms)) == "timed out");
    full_listener full(m);
    REQUIRE(m.run(limited(ended(tcp_connect(full.listener.bound())), 2ms)) == "timed out");
    REQUIRE(m.run(limited(ended(listener.accept()), -1ms)) == "timed out");  // passed before
}

TEST_CASE("a connection that nobody accepts on that port is refused") {
    real_machine m;
    endpoint nobody;
    {
        auto listener = listener_at(m, loopback());
        nobody = listener.bound();
    }
    const auto r = m.run(tcp_connect(nobody));
    REQUIRE_FALSE(r.has_value());
    REQUIRE(r.error().code == errc::io);
    REQUIRE(r.error().text == "dial " + to_string(nobody) + ": Connection refused");
    const auto path = m.run(tcp_connect(*parse_endpoint("unix:///nonexistent/socket")));
    REQUIRE_FALSE(path.has_value());
    REQUIRE(path.error().code == errc::not_found);
}

TEST_CASE("a port in use says so") {
    real_machine m;
    auto listener = listener_at(m, loopback());
    const auto again = tcp_listener::listen(m.on.io(), listener.bound());
    REQUIRE_FALSE(again.has_value());
    REQUIRE(again.error().text == "listen on " + to_string(listener.bound()) + ": Address already in use");
}

namespace {

task<std::string> shut_down_while_reading(shard& here, tcp_stream& s) {
    std::string how = "still running";
    scope running(here);
    running.spawn(note_end(ended(read_all(s)), how));
    co_await yield();
    co_await yield();
    s.shutdown();
    co_await running.join();
    co_return how;
}

}  // namespace

TEST_CASE("a shutdown wakes the reader, who sees the end of the stream") {
    real_machine m;
    auto listener = listener_at(m, loopback());
    raw_peer peer(listener.bound());
    auto s = m.run(accept_one(listener));
    REQUIRE(s.has_value());
    REQUIRE(m.run(shut_down_while_reading(m.here, *s)) == "ok");
}

TEST_CASE("a closed stream fails instead of touching a descriptor that may be another's") {
    real_machine m;
    auto listener = listener_at(m, loopback());
    raw_peer peer(listener.bound());
    auto s = m.run(accept_one(listener));
    REQUIRE(s.has_value());
    tcp_stream moved = std::move(*s);
    REQUIRE_FALSE(s->is_open());
    REQUIRE(m.run(ended(read_all(*s))) == "closed");
    REQUIRE(m.run(ended(write_text(*s, "x"))) == "closed");
    moved.close();
    moved.close();
    REQUIRE(m.run(ended(read_all(moved))) == "closed");
    REQUIRE_FALSE(moved.local().has_value());
}

// ---- no descriptors left ----

TEST_CASE("accept without descriptors waits longer and longer, up to a second, and then goes on") {
    still_machine m;
    std::optional<result<tcp_stream>> got;
    m.io.listens = true;
    auto listener = tcp_listener::listen(m.io, loopback());
    REQUIRE(listener.has_value());
    m.tasks.spawn(store_and_stop<result<tcp_stream>>(m.on, listener->accept(), got));
    m.settle();
    duration pause = 5ms;
    for (int i = 0; i < 12; ++i) {
        REQUIRE(m.io.submitted.size() == 1);
        m.io.finish(*m.io.submitted[0], i % 2 == 0 ? -EMFILE : -ENFILE);
        m.settle();
        REQUIRE(m.io.submitted.empty());
        REQUIRE(m.on.next_deadline() - m.io.clock == pause);
        m.advance(pause);
        pause = std::min<duration>(pause * 2, 1s);
    }
    m.io.finish(*m.io.submitted[0], -ECONNABORTED);  // a peer's fault: no pause
    m.settle();
    REQUIRE(m.io.submitted.size() == 1);
    m.io.finish(*m.io.submitted[0], 77);
    m.settle();
    REQUIRE(got.has_value());
    REQUIRE(got->has_value());
}
