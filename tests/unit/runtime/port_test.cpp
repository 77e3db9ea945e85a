// SPDX-License-Identifier: Apache-2.0
// Ports on one thread, turn by turn, and between two executors on two threads (also under the thread sanitizer).
#include "runtime/port.hpp"

#include "runtime/timer.hpp"
#include "tests/unit/runtime/support.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::runtime;
using namespace tetrad::runtime::testing;

namespace {

using words = std::vector<std::string>;
using text_port = port<std::string, result<std::string>>;

/// Client and server shard on one still executor.
struct pair_of_shards {
    manual_backend& io = *new manual_backend;
    executor on{std::unique_ptr<backend>(&io)};
    shard client{on, 0, "client"}, server{on, 1, "server"};
    scope of_client{client}, of_server{server};
    void settle() {
        while (on.turn()) {}
    }
};

task<result<std::string>> answer(std::string q) { co_return "re: " + q; }
task<void> ask(text_port& p, std::string q, words& to) {
    result<std::string> r = co_await p.call(std::move(q));
    to.push_back(r ? *r : r.error().text);
}
task<void> post(text_port& p, std::string q, words& to) {
    result<void> r = co_await p.post(q);
    to.push_back((r ? "posted " : r.error().text + " ") + q);
}

/// A server whose handlers wait until they are let go.
struct slow_server {
    event go;
    words began;
    task<result<std::string>> handle(std::string q) {
        began.push_back(q);
        result<void> woken = co_await go.wait();
        if (!woken)
            co_return pass(woken);
        co_return "re: " + q;
    }
};

}  // namespace

TEST_CASE("a call brings its answer back") {
    pair_of_shards m;
    text_port p({"text", 4, 2}, m.client, m.server);
    p.serve(m.of_server, answer);
    words seen;
    m.of_client.spawn(ask(p, "x", seen));
    m.of_client.spawn(ask(p, "y", seen));
    m.settle();
    REQUIRE(seen == words{"re: x", "re: y"});
    REQUIRE(p.free_credits() == 4);
    REQUIRE(m.of_server.running() == 0);
}

TEST_CASE(
    "a port serves as many at a time as it was told, in order, and holds no more than its depth") {
    slow_server s;
    pair_of_shards m;
    text_port p({"slow", 5, 2}, m.client, m.server);
    p.serve(m.of_server, [&s](std::string q) { return s.handle(std::move(q)); });
    words seen;
    for (int i = 0; i < 8; ++i)
        m.of_client.spawn(ask(p, std::to_string(i), seen));
    m.settle();
    REQUIRE(s.began == words{"0", "1"});
    REQUIRE(p.free_credits() == 0);
    while (seen.size() < 8) {
        const auto before = seen.size();
        s.go.notify();
        m.settle();
        REQUIRE(seen.size() - before <= 2);
    }
    REQUIRE(s.began == words{"0", "1", "2", "3", "4", "5", "6", "7"});
    REQUIRE(p.free_credits() == 5);
}

TEST_CASE("a call that waits for a credit can be stopped; one that is being served is answered") {
    slow_server s;
    pair_of_shards m;
    text_port p({"slow", 1, 1}, m.client, m.server);
    p.serve(m.of_server, [&s](std::string q) { return s.handle(std::move(q)); });
    words seen;
    m.of_client.spawn(ask(p, "a", seen));
    m.of_client.spawn(ask(p, "b", seen));
    m.settle();
    m.of_client.request_stop();
    m.settle();
    REQUIRE(seen == words{"cancelled"});
    s.go.notify();
    m.settle();
    REQUIRE(seen == words{"cancelled", "re: a"});
}

TEST_CASE("a post out of credit is refused or waits, and posts arrive in order") {
    slow_server s;
    pair_of_shards m;
    text_port p({"posts", 2, 1}, m.client, m.server);
    p.serve(m.of_server, [&s](std::string q) { return s.handle(std::move(q)); });
    REQUIRE(p.try_post("a"));
    REQUIRE(p.try_post("b"));
    REQUIRE_FALSE(p.try_post("refused"));
    words seen;
    m.of_client.spawn(post(p, "c", seen));
    m.of_client.spawn(post(p, "d", seen));
    m.settle();
    REQUIRE(seen.empty());
    REQUIRE_FALSE(p.try_post("refused"));  // does not overtake those who wait
    for (int i = 0; i < 4; ++i) {
        s.go.notify();
        m.settle();
    }
    REQUIRE(s.began == words{"a", "b", "c", "d"});
    REQUIRE(seen == words{"posted c", "posted d"});
    REQUIRE(p.free_credits() == 2);
}

TEST_CASE("a stopped server answers what waits and what comes with closed") {
    slow_server s;
    pair_of_shards m;
    text_port p({"slow", 4, 1}, m.client, m.server);
    p.serve(m.of_server, [&s](std::string q) { return s.handle(std::move(q)); });
    words seen;
    for (const char* q : {"a", "b", "c"})
        m.of_client.spawn(ask(p, q, seen));
    m.settle();
    m.of_server.request_stop();
    m.settle();
    REQUIRE(seen == words{"cancelled", "slow: stopped", "slow: stopped"});
    p.close();
    m.of_client.spawn(ask(p, "d", seen));
    m.settle();
    REQUIRE(seen.back() == "slow: stopped");
    REQUIRE(p.free_credits() == 4);
}

TEST_CASE("close answers those that wait behind a busy handler") {
    slow_server s;
    pair_of_shards m;
    text_port p({"slow", 4, 1}, m.client, m.server);
    p.serve(m.of_server, [&s](std::string q) { return s.handle(std::move(q)); });
    words seen;
    for (const char* q : {"a", "b"})
        m.of_client.spawn(ask(p, q, seen));
    m.settle();
    p.close();
    m.settle();
    REQUIRE(seen == words{"slow: stopped"});
    s.go.notify();
    m.settle();
    REQUIRE(seen == words{"slow: stopped", "re: a"});
}

namespace {

struct range {
    std::uint32_t first, count;
};
/// In the ring there and back; errors, and values that do not fit, by the letter.
template <class V>
task<result<V>> from_range(range r) {
    if (r.count == 0)
        co_return fail(errc::invalid, "an empty range, and words enough to live on the heap");
    if constexpr (std::is_void_v<V>) {
        co_return result<void>{};
    } else {
        V v{};
        std::iota(v.begin(), v.end(), r.first);
        co_return v;
    }
}
template <class V>
task<void> ask_range(port<range, result<V>>& p, range r, std::vector<std::string>& to) {
    result<V> v = co_await p.call(r);
    if constexpr (std::is_void_v<V>)
        to.push_back(v ? "done" : v.error().text);
    else
        to.push_back(v ? std::to_string(v->back()) : v.error().text);
}
template <class V>
std::vector<std::string> ask_all() {
    pair_of_shards m;
    port<range, result<V>> p({"ranges", 4, 1}, m.client, m.server);
    p.serve(m.of_server, from_range<V>);
    std::vector<std::string> seen;
    for (std::uint32_t i = 0; i < 6; ++i)
        m.of_client.spawn(ask_range<V>(p, {10 * i, i % 3}, seen));
    m.settle();
    p.close();
    m.of_client.spawn(ask_range<V>(p, {1, 1}, seen));
    m.settle();
    REQUIRE(p.free_credits() == 4);
    return seen;
}

}  // namespace

TEST_CASE("small and large answers, errors and the end of a port all reach their callers") {
    const std::string empty = "an empty range, and words enough to live on the heap";
    using small = std::array<std::uint32_t, 8>;
    using large = std::array<std::uint32_t, 9>;
    REQUIRE(parcel::can_hold<small>);
    REQUIRE_FALSE(parcel::can_hold<large>);
    REQUIRE_FALSE(parcel::can_hold<std::string>);
    REQUIRE(ask_all<small>() == words{empty, "17", "27", empty, "47", "57", "ranges: stopped"});
    REQUIRE(ask_all<void>() == words{empty, "done", "done", empty, "done", "done", "ranges: stopped"});
    REQUIRE(ask_all<large>() == words{empty, "18", "28", empty, "48", "58", "ranges: stopped"});
}

TEST_CASE("requests that come before the server serves wait for it, or for its end") {
    pair_of_shards m;
    text_port late({"late", 4, 1}, m.client, m.server), never({"never", 4, 1}, m.client, m.server);
    words seen;
    m.of_client.spawn(ask(late, "a", seen));
    m.of_client.spawn(ask(never, "b", seen));
    m.settle();
    REQUIRE(seen.empty());
    late.serve(m.of_server, answer);
    m.settle();
    REQUIRE(seen == words{"re: a"});
    never.close();
    m.settle();
    REQUIRE(seen == words{"re: a", "never: stopped"});
}

TEST_CASE("posts that nobody delivers any more are freed, wherever they are") {
    pair_of_shards m;
    text_port unserved({"unserved", 4, 1}, m.client, m.server),
        closed({"closed", 4, 1}, m.client, m.server);
    closed.close();
    REQUIRE(unserved.try_post("waits at the server, long enough to live on the heap"));
    REQUIRE(closed.try_post("on its way back, long enough to live on the heap"));
    m.on.turn();
    REQUIRE(unserved.try_post("on its way there, long enough to live on the heap"));
    REQUIRE(unserved.free_credits() == 2);
    REQUIRE(closed.free_credits() == 3);
}

// ---- two threads ----

namespace {

/// An executor with one shard on a thread of its own.
class threaded {
public:
    threaded(std::size_t index, std::string name)
        : on(real_backend()), here(on, index, std::move(name)), tasks(here) {}
    void start() {
        thread_ = std::thread([this] { on.run(); });
    }
    /// Stops the scope on its own thread, waits for its tasks, then ends the thread.
    void finish() {
        on.stop();
        thread_.join();
        tasks.request_stop();
    }
    executor on;
    shard here;
    scope tasks;

private:
    std::thread thread_;
};

using number_port = port<std::uint64_t, result<std::uint64_t>>;

task<result<std::uint64_t>> plus_one(std::uint64_t n) { co_return n + 1; }

task<void> caller(number_port& p, std::uint64_t calls, std::uint64_t& wrong, std::uint64_t& open,
                  executor& on) {
    for (std::uint64_t i = 0; i < calls; ++i) {
        result<std::uint64_t> r = co_await p.call(i);
        if (!r || *r != i + 1)
            ++wrong;
    }
    if (--open == 0)
        on.stop();
}

}  // namespace

TEST_CASE("calls go back and forth between two threads, one at a time and many at once") {
    const auto [callers, calls] =
        GENERATE(table<std::uint64_t, std::uint64_t>({{1, 3000}, {100, 1000}}));
    threaded client(0, "client"), server(1, "server");
    number_port p({"plus_one", 64, 8}, client.here, server.here);
    p.serve(server.tasks, plus_one);
    std::uint64_t wrong = 0, open = callers;
    for (std::uint64_t i = 0; i < callers; ++i)
        client.tasks.spawn(caller(p, calls, wrong, open, client.on));
    server.start();
    client.on.run();
    REQUIRE(wrong == 0);
    REQUIRE(open == 0);
    REQUIRE(p.free_credits() == 64);
    server.finish();
}

namespace {

struct counting_server {
    std::uint64_t count = 0, out_of_order = 0;
    std::atomic<std::uint64_t> seen{0};
    task<result<void>> take(std::uint64_t n) {
        out_of_order += n != count++;
        if (n % 64 == 0)
            seen.store(count, std::memory_order_release);
        co_return {};
    }
};
using post_port = port<std::uint64_t, result<void>>;

task<void> poster(post_port& p, std::uint64_t posts, std::uint64_t& refused, executor& on) {
    for (std::uint64_t i = 0; i < posts; ++i) {
        if (i % 3 != 0 && p.try_post(i))
            continue;
        refused += i % 3 != 0;
        result<void> posted = co_await p.post(i);
        if (!posted)
            break;
    }
    while (p.free_credits() < p.spec.depth) {  // all have come back
        result<void> slept = co_await sleep_for(1ms);
        if (!slept)
            break;
    }
    on.stop();
}

}  // namespace

TEST_CASE(
    "hundreds of thousands of posts cross two threads in order, waiting where there is no credit") {
    threaded client(0, "client"), server(1, "server");
    counting_server s;
    post_port p({"posts", 16, 1}, client.here, server.here);
    p.serve(server.tasks, [&s](std::uint64_t n) { return s.take(n); });
    std::uint64_t refused = 0;
    constexpr std::uint64_t posts = 300'000;
    client.tasks.spawn(poster(p, posts, refused, client.on));
    server.start();
    client.on.run();
    server.finish();
    REQUIRE(s.count == posts);
    REQUIRE(s.out_of_order == 0);
}
