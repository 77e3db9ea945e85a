// SPDX-License-Identifier: Apache-2.0
// The simulated world's clock, its scheduling and its one promise: the same seed gives the same run.
#include "runtime/sim/world.hpp"

#include "runtime/channel.hpp"
#include "runtime/file.hpp"
#include "runtime/port.hpp"
#include "runtime/tcp.hpp"
#include "runtime/timer.hpp"
#include "tests/unit/runtime/sim/support.hpp"

#include <set>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::runtime;
using sim::testing::process;

namespace {

task<void> sleep_and_note(duration d, std::string name, std::string& log) {
    result<void> slept = co_await sleep_for(d);
    if (slept)
        log += name;
}
task<void> never_ends(event& e) {
    result<void> woken = co_await e.wait();
    static_cast<void>(woken);
}
task<void> bounce(channel<int>& from, channel<int>& to) {
    for (;;) {
        result<int> v = co_await from.pop();
        if (!v)
            co_return;
        result<void> pushed = co_await to.push(*v);
        if (!pushed)
            co_return;
    }
}

}  // namespace

TEST_CASE("sim: time jumps from timer to timer, and a day costs nothing") {
    sim::world w(1);
    process p(w.add_host("a", "10.0.0.1"));
    CHECK(w.now() == instant{});
    CHECK(to_rfc3339(w.wall_clock()) == "2024-01-01T00:00:00Z");
    std::string log;
    p.tasks.spawn(sleep_and_note(24h, "c", log));
    p.tasks.spawn(sleep_and_note(3s, "a", log));
    p.tasks.spawn(sleep_and_note(90min, "b", log));
    CHECK(w.run_until([&] { return log == "a"; }, instant::never()));
    CHECK(w.now() == instant{} + 3s);
    CHECK_FALSE(w.run_until([&] { return log == "abc"; }, instant{} + 2h));
    CHECK(w.last_end() == sim::run_end::deadline);
    CHECK(w.now() == instant{} + 2h);
    CHECK(log == "ab");
    w.run_for(30h);
    CHECK(log == "abc");
    CHECK(w.now() == instant{} + 32h);
    CHECK(to_rfc3339(w.wall_clock()) == "2024-01-02T08:00:00Z");
}

TEST_CASE("sim: a world where nothing can happen any more is a deadlock, and says so") {
    sim::world w(1);
    process p(w.add_host("a", "10.0.0.1"));
    event e;
    p.tasks.spawn(never_ends(e));
    CHECK_FALSE(w.run_until([] { return false; }, w.now() + 1h));
    CHECK(w.last_end() == sim::run_end::deadlock);
    CHECK(w.now() == instant{});
    w.run_for(5s);  // goes on past it
    CHECK(w.now() == instant{} + 5s);
    p.stop();
}

TEST_CASE("sim: tasks that wake each other without end are a livelock") {
    sim::world w(1);
    process p(w.add_host("a", "10.0.0.1"));
    channel<int> there(1), back(1);
    p.tasks.spawn(bounce(there, back));
    p.tasks.spawn(bounce(back, there));
    REQUIRE(there.try_push(1));
    CHECK_FALSE(w.run_until([] { return false; }, w.now() + 1h));
    CHECK(w.last_end() == sim::run_end::livelock);
    p.stop();
}

TEST_CASE("sim: what a test plans happens at its time, in the order it was planned") {
    sim::world w(1);
    std::string log;
    w.at(instant{} + 2s, [&] { log += "c"; });
    w.at(instant{} + 1s, [&] { log += "a"; });
    w.at(instant{} + 1s, [&] { log += "b"; });
    w.at(instant{} + 1s, [&] { w.at(instant{}, [&] { log += "!"; }); });  // the past is now
    w.run_for(1s);
    CHECK(log == "ab!");
    w.run_for(1s);
    CHECK(log == "ab!c");
}

TEST_CASE("sim: an executor that is alone may run itself, and sleeps in virtual time") {
    sim::world w(1);
    sim::host& h = w.add_host("a", "10.0.0.1");
    executor on(h.make_backend());
    {
        shard here(on, 0, "test");
        scope tasks(here);
        std::string log;
        tasks.spawn(sleep_and_note(10s, "x", log));
        w.at(instant{} + 12s, [&] { on.stop(); });
        on.run();
        CHECK(log == "x");
        CHECK(w.now() == instant{} + 12s);
    }
}

// ---- the same seed, the same run ----

namespace {

using double_port = port<int, result<int>>;

task<result<int>> twice(int v) { co_return v * 2; }
task<void> ask(double_port& door, int count, std::vector<int>& answers) {
    for (int i = 0; i < count; ++i) {
        result<int> r = co_await door.call(i);
        if (!r)
            co_return;
        answers.push_back(*r);
    }
}

task<void> serve_one(tcp_stream s, file& log, std::uint64_t& written) {
    bytes buffer(700);
    for (;;) {
        result<std::size_t> n = co_await s.read_some(buffer);
        if (!n || *n == 0)
            co_return;
        const byte_view got = byte_view(buffer).first(*n);
        const std::uint64_t at = written;
        written += got.size();
        result<void> r = co_await log.write_at(at, got);
        if (r)
            r = co_await log.sync();
        if (r)
            r = co_await s.write_all(got);
        if (!r)
            co_return;
    }
}
task<void> serve(tcp_listener& l, scope& tasks, file& log, std::uint64_t& written) {
    for (;;) {
        result<tcp_stream> s = co_await l.accept();
        if (!s)
            co_return;
        tasks.spawn(serve_one(std::move(*s), log, written));
    }
}
task<result<void>> talk(endpoint to, int rounds) {
    shard& here = co_await current_shard();
    tcp_stream s = co_await ok(tcp_connect(to));
    for (int i = 0; i < rounds; ++i) {
        bytes out(1 + here.io().random().below(3000)), in(out.size());
        here.io().random().fill(out);
        co_await ok(s.write_all(out));
        co_await ok(s.read_exact(in));
        if (!equal(in, out))
            co_return fail(errc::corrupt, "the echo differs");
    }
    co_return result<void>{};
}
task<void> talk_and_count(endpoint to, int rounds, int& good) {
    result<void> r = co_await talk(to, rounds);
    if (r)
        ++good;
}

struct outcome {
    std::uint64_t hash = 0;
    std::uint64_t disk = 0;
    std::vector<std::string> trace;
};

/// A server host with two executors whose shards call each other, two client hosts, an echo through a log file, a partition that
/// heals and a client that is killed.
outcome play(std::uint64_t seed) {
    outcome o;
    sim::world w(seed);
    w.set_trace_sink([&](std::string_view line) { o.trace.emplace_back(line); });
    sim::host& server = w.add_host("server", "10.0.0.1");
    sim::host& one = w.add_host("one", "10.0.0.2");
    sim::host& two = w.add_host("two", "10.0.0.3");
    std::vector<int> answers;
    int good = 0;
    {
        process first(server);
        executor second_on(server.make_backend());
        w.add(second_on);
        shard second(second_on, 1, "second");
        scope second_tasks(second);
        double_port door({"twice", 4, 2}, first.here, second);
        door.serve(second_tasks, twice);
        first.tasks.spawn(ask(door, 50, answers));

        auto listener = tcp_listener::listen(first.io(), server.at(26656));
        REQUIRE(listener.has_value());
        auto log = first.run(file::open("/log", open_flags::write | open_flags::create));
        REQUIRE(log.has_value());
        std::uint64_t written = 0;
        first.tasks.spawn(serve(*listener, first.tasks, *log, written));
        process a(one), b(two);
        for (int i = 0; i < 3; ++i)
            a.tasks.spawn(talk_and_count(server.at(26656), 20, good));
        b.tasks.spawn(talk_and_count(server.at(26656), 1000, good));
        w.at(w.now() + 20ms, [&] { w.net().partition({&server}, {&one}); });
        w.at(w.now() + 2s, [&] { w.net().heal(); });
        w.at(w.now() + 50ms, [&] { two.kill(); });
        CHECK(w.run_until([&] { return good == 3 && answers.size() == 50; }, w.now() + 10min));
        w.run_for(1s);
        first.stop();
        second_tasks.request_stop();
        w.run_idle();
        o.disk = server.disk().content_hash();
    }
    o.hash = w.trace_hash();
    return o;
}

}  // namespace

TEST_CASE("sim: the same seed gives the same trace, another seed another") {
    std::set<std::uint64_t> seen;
    for (std::uint64_t seed = 1; seed <= 12; ++seed) {
        INFO("seed " << seed);
        const outcome first = play(seed), again = play(seed);
        CHECK(first.trace.size() > 500);
        REQUIRE(first.trace == again.trace);
        CHECK(first.hash == again.hash);
        CHECK(first.disk == again.disk);
        seen.insert(first.hash);
    }
    CHECK(seen.size() == 12);
}

TEST_CASE("sim: the order in which executors run comes from the seed") {
    std::set<std::string> orders;
    for (std::uint64_t seed = 0; seed < 60; ++seed) {
        sim::world w(seed);
        std::string log;
        {
            process a(w.add_host("a", "10.0.0.1")), b(w.add_host("b", "10.0.0.2")), c(w.add_host("c", "10.0.0.3"));
            a.tasks.spawn(sleep_and_note(1s, "a", log));
            b.tasks.spawn(sleep_and_note(1s, "b", log));
            c.tasks.spawn(sleep_and_note(1s, "c", log));
            w.run_for(1s);
        }
        orders.insert(log);
    }
    CHECK(orders == std::set<std::string>{"abc", "acb", "bac", "bca", "cab", "cba"});
}
