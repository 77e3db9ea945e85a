// SPDX-License-Identifier: Apache-2.0
// What a test can do to the simulated network, and what the programs on it see.
#include "runtime/sim/network.hpp"

#include "runtime/tcp.hpp"
#include "runtime/timer.hpp"
#include "tests/unit/runtime/sim/support.hpp"

#include <optional>
#include <string>

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::runtime;
using sim::testing::process;

namespace {

task<result<void>> connect_to(endpoint to, tcp_stream& out) {
    out = co_await ok(tcp_connect(to));
    co_return result<void>{};
}
task<result<void>> accept_from(tcp_listener& l, tcp_stream& out) {
    out = co_await ok(l.accept());
    co_return result<void>{};
}
task<result<std::string>> read_text(tcp_stream& s, std::size_t n) {
    bytes into(n);
    co_await ok(s.read_exact(into));
    co_return std::string(text(into));
}
task<result<std::size_t>> read_once(tcp_stream& s) {
    bytes into(10);
    const std::size_t n = co_await ok(s.read_some(into));
    co_return n;
}
task<result<void>> write_text(tcp_stream& s, std::string t) {
    co_await ok(s.write_all(view(t)));
    co_return result<void>{};
}
task<void> write_bulk(tcp_stream& s, std::size_t size, bool& done) {
    const bytes data(size, 'x');
    result<void> r = co_await s.write_all(data);
    done = r.has_value();
}
task<result<std::size_t>> read_to_end(tcp_stream& s) {
    bytes into(50'000);
    std::size_t total = 0;
    for (;;) {
        const std::size_t n = co_await ok(s.read_some(into));
        if (n == 0)
            co_return total;
        total += n;
    }
}
task<void> note(task<result<std::size_t>> work, std::string& how) {
    result<std::size_t> r = co_await work;
    how = r ? std::to_string(*r) : r.error().text;
}

/// Two hosts, a listener on b, a connection from a to b.
struct two_hosts {
    sim::world w;
    sim::host& ha = w.add_host("a", "10.0.0.1");
    sim::host& hb = w.add_host("b", "10.0.0.2");
    process a{ha}, b{hb};
    std::optional<tcp_listener> listener;
    tcp_stream at_a, at_b;

    explicit two_hosts(sim::world_options o) : w(o) {
        auto l = tcp_listener::listen(b.io(), hb.at(26656));
        REQUIRE(l.has_value());
        listener.emplace(std::move(*l));
    }
    explicit two_hosts(std::uint64_t seed) : two_hosts(options(seed)) {}
    static sim::world_options options(std::uint64_t seed) {
        sim::world_options o;
        o.seed = seed;
        return o;
    }
    void connect() {
        REQUIRE(a.run(connect_to(hb.at(26656), at_a)).has_value());
        REQUIRE(b.run(accept_from(*listener, at_b)).has_value());
    }
    std::string send_and_read(std::string t) {
        REQUIRE(a.run(write_text(at_a, t)).has_value());
        auto got = b.run(read_text(at_b, t.size()));
        return got ? *got : got.error().text;
    }
};

}  // namespace

TEST_CASE("sim net: both ends see each other's address, and a round trip takes its time") {
    two_hosts t(3);
    const instant before = t.w.now();
    t.connect();
    CHECK(ip_to_string(t.at_b.remote()) == "10.0.0.1");
    CHECK(t.at_b.remote() == t.at_a.local().value());
    CHECK(t.at_a.remote() == t.hb.at(26656));
    CHECK(t.at_b.local().value() == t.hb.at(26656));
    CHECK(t.send_and_read("hello") == "hello");
    CHECK(t.w.now() - before >= 4 * t.w.net().plan().latency_min);
    CHECK(t.w.now() - before < 100ms);
}

TEST_CASE("sim net: bandwidth is what was planned") {
    sim::world_options o = two_hosts::options(5);
    o.net.bytes_per_second = 1'000'000;
    two_hosts t(o);
    t.connect();
    bool done = false;
    std::string how;
    const instant before = t.w.now();
    t.a.tasks.spawn(write_bulk(t.at_a, 5'000'000, done));
    t.b.tasks.spawn(note(read_to_end(t.at_b), how));
    REQUIRE(t.w.run_until([&] { return done; }, t.w.now() + 1min));
    t.at_a.close();
    REQUIRE(t.w.run_until([&] { return !how.empty(); }, t.w.now() + 1min));
    CHECK(how == "5000000");
    const duration took = t.w.now() - before;
    CHECK(took >= 5s);
    CHECK(took < 5500ms);
}

TEST_CASE("sim net: a reader that does not read holds back the writer, with the buffers' bytes between them") {
    two_hosts t(6);
    t.connect();
    bool done = false;
    t.a.tasks.spawn(write_bulk(t.at_a, 10'000'000, done));
    t.w.run_for(10min);
    CHECK_FALSE(done);
    std::string how;
    t.b.tasks.spawn(note(read_to_end(t.at_b), how));
    REQUIRE(t.w.run_until([&] { return done; }, t.w.now() + 1min));
    t.at_a.close();
    REQUIRE(t.w.run_until([&] { return !how.empty(); }, t.w.now() + 1min));
    CHECK(how == "10000000");
}

TEST_CASE("sim net: a partition holds back what is sent, and lets it through when it heals") {
    two_hosts t(7);
    t.connect();
    CHECK(t.send_and_read("before") == "before");
    t.w.net().partition({&t.ha}, {&t.hb});
    REQUIRE(t.a.run(write_text(t.at_a, "through")).has_value());
    std::string how;
    t.b.tasks.spawn(note(read_once(t.at_b), how));
    t.w.run_for(60s);
    CHECK(how.empty());
    t.w.net().heal();
    t.w.run_for(1s);
    CHECK_FALSE(how.empty());
    CHECK(t.send_and_read("after").size() == 5);
}

TEST_CASE("sim net: one direction may be cut alone") {
    two_hosts t(8);
    t.connect();
    t.w.net().cut(t.ha, t.hb);
    REQUIRE(t.b.run(write_text(t.at_b, "answer")).has_value());
    CHECK(t.a.run(read_text(t.at_a, 6)).value() == "answer");
    REQUIRE(t.a.run(write_text(t.at_a, "question")).has_value());
    std::string how;
    t.b.tasks.spawn(note(read_once(t.at_b), how));
    t.w.run_for(60s);
    CHECK(how.empty());
    t.w.net().mend(t.ha, t.hb);
    t.w.run_for(1s);
    CHECK_FALSE(how.empty());
}

TEST_CASE("sim net: data that never gets through times the connection out") {
    two_hosts t(9);
    t.connect();
    t.w.net().partition({&t.ha}, {&t.hb});
    std::string at_a, at_b;
    t.a.tasks.spawn(note(read_once(t.at_a), at_a));
    t.b.tasks.spawn(note(read_once(t.at_b), at_b));
    for (auto [p, s] : {std::pair{&t.a, &t.at_a}, {&t.b, &t.at_b}})
        REQUIRE(p->run(write_text(*s, "lost")).has_value());
    t.w.run_for(920s);
    CHECK((at_a.empty() && at_b.empty()));
    t.w.run_for(10s);
    CHECK(at_a == "read: Connection timed out");
    CHECK(at_b == "read: Connection timed out");
}

TEST_CASE("sim net: an idle connection outlives a short partition, not a long one") {
    two_hosts t(9);
    t.connect();
    std::string at_a, at_b;
    t.a.tasks.spawn(note(read_once(t.at_a), at_a));
    t.b.tasks.spawn(note(read_once(t.at_b), at_b));
    for (int i = 0; i < 10; ++i) {
        t.w.net().cut(t.ha, t.hb);
        t.w.run_for(100s);
        t.w.net().heal();
        t.w.run_for(100s);
    }
    CHECK((at_a.empty() && at_b.empty()));
    t.w.net().cut(t.ha, t.hb);  // one way is enough: no answers come
    t.w.run_for(149s);
    CHECK((at_a.empty() && at_b.empty()));
    t.w.run_for(2s);
    CHECK(at_a == "read: Connection timed out");
    CHECK(at_b == "read: Connection timed out");
}

TEST_CASE("sim net: dialing takes two minutes to give up on silence, and no time to be refused") {
    two_hosts t(10);
    instant before = t.w.now();
    t.w.net().partition({&t.ha}, {&t.hb});
    auto r = t.a.run(connect_to(t.hb.at(26656), t.at_a));
    REQUIRE_FALSE(r.has_value());
    CHECK(r.error().text == "dial 10.0.0.2:26656: Connection timed out");
    CHECK(t.w.now() - before >= 127s);
    CHECK(t.w.now() - before < 128s);

    t.w.at(t.w.now() + 10s, [&] { t.w.net().heal(); });  // a dial under way gets through by its next try
    before = t.w.now();
    CHECK(t.a.run(connect_to(t.hb.at(26656), t.at_a)).has_value());
    CHECK(t.w.now() - before >= 10s);
    CHECK(t.w.now() - before < 17s);

    before = t.w.now();
    r = t.a.run(connect_to(t.hb.at(1), t.at_a));
    CHECK(r.error().text == "dial 10.0.0.2:1: Connection refused");
    t.w.net().refuse(t.hb, true);
    r = t.a.run(connect_to(t.hb.at(26656), t.at_a));
    CHECK(r.error().text == "dial 10.0.0.2:26656: Connection refused");
    CHECK(t.w.now() - before < 200ms);
    t.w.net().refuse(t.hb, false);
    CHECK(t.a.run(connect_to(t.hb.at(26656), t.at_a)).has_value());

    r = t.a.run(connect_to(*parse_endpoint("10.9.9.9:1"), t.at_a));
    CHECK(r.error().text == "dial 10.9.9.9:1: No route to host");
}

TEST_CASE("sim net: connections that a test resets are reset at both ends") {
    two_hosts t(11);
    t.connect();
    t.w.net().reset_connections(t.hb, t.ha);
    CHECK(t.a.run(read_once(t.at_a)).error().text == "read: Connection reset by peer");
    CHECK(t.b.run(read_once(t.at_b)).error().text == "read: Connection reset by peer");
    t.connect();
    CHECK(t.send_and_read("again") == "again");
}

TEST_CASE("sim net: a backlog that is full makes further connections wait") {
    two_hosts t(12);
    t.listener.reset();
    auto l = tcp_listener::listen(t.b.io(), t.hb.at(1), 1);
    REQUIRE(l.has_value());
    tcp_stream one, two, three;
    REQUIRE(t.a.run(connect_to(t.hb.at(1), one)).has_value());
    REQUIRE(t.a.run(connect_to(t.hb.at(1), two)).has_value());
    std::optional<result<void>> third;
    t.a.tasks.spawn(sim::testing::store<result<void>>(connect_to(t.hb.at(1), three), third));
    t.w.run_for(20s);
    CHECK_FALSE(third.has_value());
    REQUIRE(t.b.run(accept_from(*l, t.at_b)).has_value());
    t.w.run_for(60s);
    REQUIRE(third.has_value());
    CHECK(third->has_value());
}

TEST_CASE("sim net: closed connections leave nothing behind") {
    two_hosts t(13);
    for (int i = 0; i < 20; ++i) {
        t.connect();
        CHECK(t.send_and_read("x") == "x");
        if (i % 3 != 0)
            REQUIRE(t.b.run(write_text(t.at_b, "unread")).has_value());
        if (i % 2 == 0)
            t.at_b.close();
        t.at_a.close();
        t.at_b.close();
        t.w.run_for(1s);
        CHECK(t.w.net().open_ends() == 0);
    }
    CHECK(t.ha.open_descriptors() == 0);
    CHECK(t.hb.open_descriptors() == 1);  // the listener
}

TEST_CASE("sim net: a link may have a plan of its own") {
    two_hosts t(14);
    sim::net_plan slow = t.w.net().plan();
    slow.latency_min = slow.latency_mean = slow.latency_max = 2s;
    t.w.net().set_link(t.ha, t.hb, slow);
    const instant before = t.w.now();
    t.connect();
    CHECK(t.w.now() - before >= 4s);  // the request, and the client's first segment
    CHECK(t.w.now() - before < 5s);
}
