// SPDX-License-Identifier: Apache-2.0
// Ports, streams and channels over backends: two shards that sleep in their backends and wake each other, and tasks between sockets.
#include "runtime/channel.hpp"

#include "tests/unit/runtime/conformance/shards.hpp"

#include <memory>

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::runtime;
using namespace tetrad::runtime::conformance;

namespace {

task<std::string> ask(wires& w, std::string q) {
    result<std::string> r = co_await w.calls.call(std::move(q));
    co_return r ? *r : std::string(name(r.error().code));
}
task<std::string> post(wires& w, std::uint64_t n) {
    result<void> r = co_await w.posts.post(n);
    co_return r ? std::string("posted") : std::string(name(r.error().code));
}
task<std::string> send_numbers(wires& w, std::vector<std::uint64_t> all) {
    result<void> r = co_await w.numbers.send(all);
    co_return r ? std::string("sent") : std::string(name(r.error().code));
}
std::vector<std::uint64_t> numbers(std::uint64_t from, std::uint64_t to) {
    std::vector<std::uint64_t> all;
    for (std::uint64_t i = from; i < to; ++i)
        all.push_back(i);
    return all;
}

task<void> all_posts_back(wires& w) {
    result<void> slept;
    while (slept && w.posts.free_credits() < w.posts.spec.depth)
        slept = co_await sleep_for(1us);
}

SHARDS_SCRIPT(
    "a call wakes a shard that sleeps, and its answer wakes the caller, again and again") {
    for (int i = 0; i < 50; ++i) {
        const std::string q = std::to_string(i);
        std::string a = co_await ask(w, q);
        s.is("answer", a, "re: " + q);
    }
}

SHARDS_SCRIPT("calls that wait at the server leave room for others, up to its handlers") {
    std::vector<std::unique_ptr<beside<std::string>>> waiting;
    for (int i = 0; i < 3; ++i)
        waiting.push_back(std::make_unique<beside<std::string>>(s, ask(w, "wait")));
    std::string a = co_await ask(w, "passes");
    s.is("a fourth", a, "re: passes");
    for (std::size_t woken = 0; woken < 3;) {
        a = co_await ask(w, "go");
        woken += std::stoul(a);
    }
    for (auto& each : waiting) {
        a = co_await each->end();
        s.is("one that waited", a, "woken");
    }
    s.is("all credits are back", w.calls.free_credits(), w.calls.spec.depth);
}

SHARDS_SCRIPT("posts arrive in order, each once") {
    for (std::uint64_t i = 0; i < 200; ++i) {
        std::string a = co_await post(w, i);
        s.is("post", a, "posted");
    }
    co_await all_posts_back(w);
    std::string a = co_await ask(w, "posts");
    s.is("arrived", a, "200 in order");
}

SHARDS_SCRIPT(
    "a server that does not serve holds its client back by credits, which come back when it does") {
    std::string a = co_await ask(w, "hold posts");
    for (std::uint64_t i = 0; i < w.posts.spec.depth; ++i)
        s.is("within its depth", w.posts.try_post(i));
    s.is("past it", w.posts.try_post(99), false);
    beside<std::string> waiting(s, post(w, w.posts.spec.depth));
    a = co_await ask(w, "a round trip");
    s.is("one that waits for a credit", !waiting.has_ended());
    a = co_await ask(w, "release posts");
    a = co_await waiting.end();
    s.is("goes out", a, "posted");
    co_await all_posts_back(w);
    a = co_await ask(w, "posts");
    s.is("arrived", a, "5 in order");
}

SHARDS_SCRIPT("a post that waits for a credit can be stopped, and takes nothing with it") {
    std::string a = co_await ask(w, "hold posts");
    for (std::uint64_t i = 0; i < w.posts.spec.depth; ++i)
        s.is("within its depth", w.posts.try_post(i));
    beside<std::string> waiting(s, post(w, 99));
    co_await a_turn();
    waiting.stop();
    a = co_await waiting.end();
    s.is("stopped", a, "cancelled");
    a = co_await ask(w, "release posts");
    co_await all_posts_back(w);
    a = co_await ask(w, "posts");
    s.is("arrived", a, "4 in order");
}

SHARDS_SCRIPT("a port that its server closes gives every credit back, and serves nothing more") {
    std::string a = co_await ask(w, "close posts");
    for (std::uint64_t i = 0; i < 20; ++i) {
        a = co_await post(w, i);
        s.is("a post is taken", a, "posted");
    }
    co_await all_posts_back(w);
    a = co_await ask(w, "posts");
    s.is("and not served", a, "0 in order");
}

SHARDS_SCRIPT("a stream carries far more than it holds in order, and holds back who sends") {
    beside<std::string> sending(s, send_numbers(w, numbers(0, 500)));
    std::string a = co_await ask(w, "a round trip");
    s.is("it waits for room", !sending.has_ended());
    a = co_await ask(w, "take 500");
    s.is("received", a, "500 in order");
    a = co_await sending.end();
    s.is("sent", a, "sent");
}

SHARDS_SCRIPT("a receiver of a stream that sleeps is woken by each value") {
    beside<std::string> receiving(s, ask(w, "take 30"));
    for (std::uint64_t i = 0; i < 30; ++i) {
        std::string a = co_await ask(w, "a round trip");
        a = co_await send_numbers(w, numbers(i, i + 1));
        s.is("send", a, "sent");
    }
    std::string a = co_await receiving.end();
    s.is("received", a, "30 in order");
}

SHARDS_SCRIPT("a send that waits for room in a stream can be stopped, and what was sent stays") {
    beside<std::string> sending(s, send_numbers(w, numbers(0, 100)));
    co_await a_turn();
    sending.stop();
    std::string a = co_await sending.end();
    s.is("stopped", a, "cancelled");
    a = co_await ask(w, "take 16");
    s.is("what was sent", a, "16 in order");
}

SHARDS_SCRIPT(
    "sockets and ports are served by one sleep: a call, a connection, and the call's answer") {
    for (int i = 0; i < 5; ++i) {
        std::string a = co_await ask(w, "listen");
        endpoint to = *parse_endpoint("127.0.0.1:1");
        to.port = static_cast<std::uint16_t>(std::stoul(a));
        beside<std::string> echo(s, ask(w, "echo"));
        const int fd = co_await connect(s, to);
        s.is("connect", fd >= 0);
        int n = co_await send_byte(s, fd, 'e');
        n = co_await receive_byte(s, fd);
        s.is("across", n, int{'e'});
        a = co_await echo.end();
        s.is("the server", a, "echoed");
        n = co_await receive_byte(s, fd);
        s.is("it hangs up", n, -ENODATA);
        s.io.close(fd);
    }
}

// ---- channels between tasks that read and write sockets ----

task<int> pump_in(stage& s, descriptor fd, channel<int>& to) {
    for (;;) {
        const int c = co_await receive_byte(s, fd);
        if (c < 0) {
            to.close();
            co_return c;
        }
        result<void> pushed = co_await to.push(int{c});
        if (!pushed)
            co_return -EPIPE;
    }
}
task<int> pump_out(stage& s, channel<int>& from, descriptor fd) {
    for (;;) {
        result<int> c = co_await from.pop();
        if (!c) {
            s.io.shutdown_send(fd);
            co_return c.error().code == errc::closed ? 0 : -1;
        }
        const int n = co_await send_byte(s, fd, static_cast<char>(*c));
        if (n != 1)
            co_return n;
    }
}

STREAM_SCRIPT(
    "a channel between two sockets keeps the order, and its close ends the second where the first "
    "has ended") {
    two_ends in = co_await connect_pair(s), out = co_await connect_pair(s);
    channel<int> between(3);
    beside<int> reads(s, pump_in(s, in.accepted, between)),
        writes(s, pump_out(s, between, out.dialed));
    std::string sent;
    for (int i = 0; i < 100; ++i)
        sent += static_cast<char>('a' + i % 26);
    const std::int64_t n = co_await send_text(s, in.dialed, sent);
    s.is("sent", n, 100);
    s.io.shutdown_send(in.dialed);
    std::string got = co_await receive_text(s, out.accepted, 200);
    s.is("received, to the end", got, "'" + sent + "'");
    int r = co_await reads.end();
    s.is("the first", r, -ENODATA);
    r = co_await writes.end();
    s.is("the second", r, 0);
    close_both(s, in);
    close_both(s, out);
}

STREAM_SCRIPT("a full channel holds back who reads a socket, and nothing is lost") {
    two_ends in = co_await connect_pair(s);
    channel<int> between(4);
    beside<int> reads(s, pump_in(s, in.accepted, between));
    const std::int64_t n = co_await send_text(s, in.dialed, "0123456789");
    s.is("sent", n, 10);
    result<void> slept;
    while (slept && between.size() < between.depth())
        slept = co_await sleep_for(1us);
    for (int i = 0; i < 10; ++i)
        co_await a_turn();
    s.is("no more than its depth", between.size(), 4);
    std::string got;
    for (int i = 0; i < 10; ++i) {
        result<int> c = co_await between.pop();
        got += static_cast<char>(c.value_or('?'));
    }
    s.is("received", got, "0123456789");
    reads.stop();
    const int r = co_await reads.end();
    s.is("the reader", r, "ECANCELED");
    close_both(s, in);
}

}  // namespace
