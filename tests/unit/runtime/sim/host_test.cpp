// SPDX-License-Identifier: Apache-2.0
// Processes and machines that end: what their peers see, what their own tasks see, and that they can be started again.
#include "runtime/sim/host.hpp"

#include "runtime/file.hpp"
#include "runtime/tcp.hpp"
#include "runtime/timer.hpp"
#include "tests/unit/runtime/sim/support.hpp"

#include <memory>
#include <optional>
#include <string>

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::runtime;
using sim::testing::process;

namespace {

task<void> answer(tcp_stream s) {
    bytes buffer(100);
    for (;;) {
        result<std::size_t> n = co_await s.read_some(buffer);
        if (!n || *n == 0)
            co_return;
        result<void> sent = co_await s.write_all(byte_view(buffer).first(*n));
        if (!sent)
            co_return;
    }
}
task<void> serve(tcp_listener l, scope& tasks, std::string& ended) {
    for (;;) {
        result<tcp_stream> s = co_await l.accept();
        if (!s) {
            ended = s.error().text;
            co_return;
        }
        tasks.spawn(answer(std::move(*s)));
    }
}
task<result<std::string>> echo(tcp_stream& s, std::string t) {
    bytes into(t.size());
    co_await ok(s.write_all(view(t)));
    co_await ok(s.read_exact(into));
    co_return std::string(text(into));
}
task<result<void>> connect_to(endpoint to, tcp_stream& out) {
    out = co_await ok(tcp_connect(to));
    co_return result<void>{};
}
task<void> read_and_note(tcp_stream& s, std::string& how) {
    bytes into(10);
    result<std::size_t> r = co_await s.read_some(into);
    how = r ? std::to_string(*r) : r.error().text;
}
task<void> sleep_and_note(duration d, std::string& how) {
    result<void> r = co_await sleep_for(d);
    how = r ? "slept" : r.error().text;
}

struct echo_server {
    explicit echo_server(sim::host& h) : on(h) {
        auto l = tcp_listener::listen(on.io(), h.at(26656));
        REQUIRE(l.has_value());
        on.tasks.spawn(serve(std::move(*l), on.tasks, ended));
    }
    std::string ended;
    process on;
};

}  // namespace

TEST_CASE("sim host: peers of a killed process see the end or a reset at once, and the next process takes its port") {
    sim::world w(1);
    sim::host& hs = w.add_host("server", "10.0.0.1");
    sim::host& hc = w.add_host("client", "10.0.0.2");
    process client(hc);
    auto first = std::make_unique<echo_server>(hs);
    tcp_stream s;
    REQUIRE(client.run(connect_to(hs.at(26656), s)).has_value());
    CHECK(client.run(echo(s, "hello")).value() == "hello");
    std::string how;
    client.tasks.spawn(read_and_note(s, how));
    w.run_for(1s);
    CHECK(how.empty());
    hs.kill();
    w.run_for(1s);
    CHECK(how == "0");
    CHECK(first->ended == "accept: Input/output error");

    tcp_stream t;
    CHECK_FALSE(client.run(connect_to(hs.at(26656), t)).has_value());
    echo_server second(hs);  // beside what is left of the first
    REQUIRE(client.run(connect_to(hs.at(26656), t)).has_value());
    CHECK(client.run(echo(t, "again")).value() == "again");
    first.reset();
    CHECK(client.run(echo(t, "still")).value() == "still");
}

TEST_CASE("sim host: peers of a machine without power hear nothing, and are reset when it is back") {
    sim::world w(2);
    sim::host& hs = w.add_host("server", "10.0.0.1");
    sim::host& hc = w.add_host("client", "10.0.0.2");
    process client(hc);
    auto first = std::make_unique<echo_server>(hs);
    tcp_stream s;
    REQUIRE(client.run(connect_to(hs.at(26656), s)).has_value());
    CHECK(client.run(echo(s, "hello")).value() == "hello");
    std::string how, unanswered;
    client.tasks.spawn(read_and_note(s, how));
    hs.power_off();
    CHECK_FALSE(hs.is_up());
    w.run_for(2min);
    CHECK(how.empty());
    first.reset();
    hs.power_on();
    echo_server second(hs);
    w.run_for(16s);  // a keepalive asks
    CHECK(how == "read: Connection reset by peer");
    tcp_stream late;
    REQUIRE(client.run(connect_to(hs.at(26656), late)).has_value());
    CHECK(client.run(echo(late, "again")).value() == "again");
}

TEST_CASE("sim host: what a cut-off process asks for fails, its timers run, and it stops in good order") {
    sim::world w(3);
    sim::host& h = w.add_host("a", "10.0.0.1");
    process p(h);
    auto f = p.run(file::open("/f", open_flags::write | open_flags::create));
    REQUIRE(f.has_value());
    std::string slept;
    p.tasks.spawn(sleep_and_note(5s, slept));
    w.run_for(1s);
    h.kill();
    const bytes data(10);
    CHECK(p.run(f->write_at(0, data)).error().text == "write /f: Input/output error");
    CHECK(p.run(file::open("/g", open_flags::write | open_flags::create)).error().code == errc::io);
    CHECK_FALSE(tcp_listener::listen(p.io(), h.at(1)).has_value());
    CHECK_FALSE(f->size().has_value());
    tcp_stream s;
    CHECK_FALSE(p.run(connect_to(h.at(1), s)).has_value());
    w.run_for(10s);
    CHECK(slept == "slept");
    CHECK(h.disk().list("/") == std::vector<std::string>{"f"});
    CHECK(h.disk().get_file("/f").value().empty());
}

TEST_CASE("sim host: a process that ends in good order closes what it had, as a killed one does") {
    sim::world w(4);
    sim::host& hs = w.add_host("server", "10.0.0.1");
    sim::host& hc = w.add_host("client", "10.0.0.2");
    process client(hc);
    tcp_stream s;
    {
        echo_server server(hs);
        REQUIRE(client.run(connect_to(hs.at(26656), s)).has_value());
        CHECK(client.run(echo(s, "x")).value() == "x");
        CHECK(hs.open_descriptors() == 2);
    }
    CHECK(hs.open_descriptors() == 0);
    std::string how;
    client.tasks.spawn(read_and_note(s, how));
    w.run_for(1s);
    CHECK(how == "0");
}

TEST_CASE("sim host: descriptors have a limit, and accept goes on when there are some again") {
    sim::world w(5);
    sim::host& hs = w.add_host("server", "10.0.0.1");
    sim::host& hc = w.add_host("client", "10.0.0.2");
    process client(hc);
    hs.set_descriptor_limit(3);
    echo_server server(hs);
    tcp_stream one, two, three;
    REQUIRE(client.run(connect_to(hs.at(26656), one)).has_value());
    REQUIRE(client.run(connect_to(hs.at(26656), two)).has_value());
    REQUIRE(client.run(connect_to(hs.at(26656), three)).has_value());  // in the backlog
    CHECK(client.run(echo(two, "b")).value() == "b");
    std::optional<result<std::string>> third;
    client.tasks.spawn(sim::testing::store<result<std::string>>(echo(three, "c"), third));
    w.run_for(10s);
    CHECK_FALSE(third.has_value());
    CHECK(hs.open_descriptors() == 3);
    one.close();
    w.run_for(2s);
    REQUIRE(third.has_value());
    CHECK(third->value() == "c");
    CHECK(server.ended.empty());
}

TEST_CASE("sim host: wall clocks differ by what a test says, the monotonic clock does not") {
    sim::world w(6);
    sim::host& h = w.add_host("a", "10.0.0.1");
    process p(h);
    h.set_wall_offset(-90s);
    CHECK(to_rfc3339(p.io().wall_clock()) == "2023-12-31T23:58:30Z");
    CHECK(p.io().now() == w.now());
    w.run_for(90s);
    CHECK(to_rfc3339(p.io().wall_clock()) == "2024-01-01T00:00:00Z");
}

TEST_CASE("sim host: names resolve to hosts, and programs on one host meet at its loopback") {
    sim::world w(7);
    sim::host& ha = w.add_host("alpha", "10.0.0.1");
    sim::host& hb = w.add_host("beta", "fd00::2");
    process a(ha), b(hb);
    CHECK(a.io().resolve("beta", 7).value() == std::vector<endpoint>{*parse_endpoint("[fd00::2]:7")});
    CHECK(a.io().resolve("fd00::2", 7).value() == std::vector<endpoint>{*parse_endpoint("[fd00::2]:7")});
    CHECK(a.io().resolve("gamma", 7).error().code == errc::not_found);
    auto l = tcp_listener::listen(a.io(), sim::host::loopback(9));
    REQUIRE(l.has_value());
    tcp_stream s;
    CHECK(a.run(connect_to(sim::host::loopback(9), s)).has_value());
    CHECK_FALSE(b.run(connect_to(sim::host::loopback(9), s)).has_value());
    CHECK_FALSE(b.run(connect_to(ha.at(9), s)).has_value());  // bound to the loopback only
    CHECK_FALSE(tcp_listener::listen(a.io(), hb.at(9)).has_value());
    auto all = tcp_listener::listen(b.io(), *parse_endpoint("[::]:9"));
    REQUIRE(all.has_value());
    CHECK(a.run(connect_to(hb.at(9), s)).has_value());
    CHECK_FALSE(tcp_listener::listen(b.io(), hb.at(9)).has_value());
}

TEST_CASE("sim host: what was sent to a machine without power is answered by a reset when it is back") {
    sim::world w(8);
    sim::host& hs = w.add_host("server", "10.0.0.1");
    sim::host& hc = w.add_host("client", "10.0.0.2");
    process client(hc);
    auto first = std::make_unique<echo_server>(hs);
    tcp_stream s;
    REQUIRE(client.run(connect_to(hs.at(26656), s)).has_value());
    hs.power_off();
    first.reset();
    std::optional<result<std::string>> spoken;
    client.tasks.spawn(sim::testing::store<result<std::string>>(echo(s, "anybody?"), spoken));
    w.run_for(10min);
    CHECK_FALSE(spoken.has_value());
    hs.power_on();
    w.run_for(1s);
    REQUIRE(spoken.has_value());
    CHECK(spoken->error().text == "read: Connection reset by peer");
}
