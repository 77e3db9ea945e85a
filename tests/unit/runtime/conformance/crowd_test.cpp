// SPDX-License-Identifier: Apache-2.0
// Many connections at once, operations of every kind under way when all is stopped, and that the trouble made for the suite is real.
#include "runtime/received.hpp"

#include "tests/unit/runtime/conformance/lent.hpp"
#include "tests/unit/runtime/conformance/suite.hpp"

#include <algorithm>
#include <map>
#include <memory>

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::runtime;
using namespace tetrad::runtime::conformance;

namespace {

template <class T>
using many = std::vector<std::unique_ptr<beside<T>>>;

/// Sends back what comes, to the end; how many bytes that were.
task<std::int64_t> echo(stage& s, descriptor fd) {
    std::int64_t all = 0;
    for (;;) {
        const taken t = co_await receive_lent(s, fd);
        if (t.result <= 0) {
            s.io.close(fd);
            co_return t.result < 0 ? t.result : all;
        }
        bytes copy(t.data.view().begin(), t.data.view().end());
        const std::int64_t n = co_await transfer(s, op_code::send, fd, copy);
        all += n;
    }
}
task<std::int64_t> echo_all(stage& s, descriptor listener, int count) {
    many<std::int64_t> echoes;
    for (int i = 0; i < count; ++i) {
        const int fd = co_await accept(s, listener);
        s.is("accept", fd >= 0);
        echoes.push_back(std::make_unique<beside<std::int64_t>>(s, echo(s, fd)));
    }
    std::int64_t all = 0;
    for (auto& e : echoes)
        all += co_await e->end();
    co_return all;
}
/// Dials, says these many bytes that are its own, and reads them back.
task<bool> say_and_hear(stage& s, endpoint to, std::size_t who, std::size_t count) {
    const int fd = co_await connect(s, to);
    if (fd < 0)
        co_return false;
    bytes own = pattern(count, who * 1000), back(count);
    const std::int64_t sent = co_await transfer(s, op_code::send, fd, own);
    const std::int64_t heard = co_await transfer(s, op_code::recv, fd, back);
    s.io.close(fd);
    co_return sent == heard&& back == own;
}
task<void> crowd(stage& s, int count, std::size_t size) {
    auto l = s.io.listen(s.any_address, 512);
    s.is("listen", l, "ok");
    beside<std::int64_t> echoes(s, echo_all(s, l->fd, count));
    many<bool> speakers;
    for (int i = 0; i < count; ++i)
        speakers.push_back(std::make_unique<beside<bool>>(
            s, say_and_hear(s, l->bound, static_cast<std::size_t>(i), size)));
    for (auto& each : speakers) {
        const bool right = co_await each->end();
        s.is("its own echo", right);
    }
    const std::int64_t all = co_await echoes.end();
    s.is("echoed", all, static_cast<std::size_t>(count) * size);
    s.io.close(l->fd);
}

STREAM_SCRIPT("a hundred connections at once each hear their own echo") {
    co_await crowd(s, 100, 700);
}
STREAM_SCRIPT("ten connections at once each hear much of their own") {
    co_await crowd(s, 10, 50'000);
}

STREAM_SCRIPT("connections come and go by the dozen, and the last is as good as the first") {
    auto l = s.io.listen(s.any_address, 32);
    for (int i = 0; i < 60; ++i) {
        const int dialed = co_await connect(s, l->bound), accepted = co_await accept(s, l->fd);
        int n = co_await send_byte(s, dialed, static_cast<char>(i));
        s.is("send", n, 1);
        const taken t = co_await receive_lent(s, accepted);
        s.is("receive", t.result == 1 && t.data.view()[0] == i);
        s.io.close(i % 2 == 0 ? dialed : accepted);
        n = co_await receive_byte(s, i % 2 == 0 ? accepted : dialed);
        s.is("the end", n, -ENODATA);
        s.io.close(i % 2 == 0 ? accepted : dialed);
    }
    s.io.close(l->fd);
}

// ---- stopped ----

task<int> receive_result(stage& s, descriptor fd) {
    const taken t = co_await receive_lent(s, fd);
    co_return t.result;
}
task<int> send_until_stopped(stage& s, descriptor fd) {
    bytes block = pattern(1 << 16);
    for (;;) {
        const int n = co_await transfer_once(s, op_code::send, fd, block);
        if (n <= 0)
            co_return n;
    }
}

STREAM_SCRIPT(
    "operations of every kind that are under way when their scope stops all end, each once") {
    std::vector<two_ends> pairs;
    for (int i = 0; i < 12; ++i) {
        two_ends p = co_await connect_pair(s);
        pairs.push_back(p);
    }
    auto l = s.io.listen(s.any_address, 8);
    std::vector<std::optional<int>> seen(pairs.size() * 3 + 2);
    {
        scope tasks(s.here);
        std::size_t next = 0;
        for (const two_ends& p : pairs) {
            tasks.spawn(note(receive_result(s, p.dialed), seen[next++]));
            tasks.spawn(note(send_until_stopped(s, p.dialed), seen[next++]));
            tasks.spawn(note(receive_byte(s, p.dialed), seen[next++]));
        }
        tasks.spawn(note(accept(s, l->fd), seen[next++]));
        tasks.spawn(note(accept(s, l->fd), seen[next++]));
        for (int i = 0; i < 10; ++i)
            co_await a_turn();
        tasks.request_stop();
        co_await tasks.join();
    }
    for (const std::optional<int>& each : seen)
        s.is("it ended", each.value_or(1), "ECANCELED");
    for (const two_ends& p : pairs)
        close_both(s, p);
    s.io.close(l->fd);
}

STREAM_SCRIPT("what is stopped before the kernel has seen it ends as well") {
    two_ends p = co_await connect_pair(s);
    auto l =
        s.io.listen(s.any_address.kind == endpoint::family::ipv4 ? s.any_address
                                                                 : *parse_endpoint("127.0.0.1:0"),
                    8);
    std::optional<int> a, b, c, d;
    scope tasks(s.here);
    tasks.spawn(note(receive_result(s, p.accepted), a));
    tasks.spawn(note(send_until_stopped(s, p.dialed), b));
    tasks.spawn(note(accept(s, l->fd), c));
    tasks.spawn(note(connect(s, l->bound), d));
    tasks.request_stop();
    co_await tasks.join();
    for (const auto* each : {&a, &b, &c, &d})
        s.is("it ended", each->value_or(1), "ECANCELED");
    close_both(s, p);
    s.io.close(l->fd);
}

// ---- the trouble itself ----

task<void> all_at_once(stage& s) {
    co_await crowd(s, 40, 9'000);
    two_ends p = co_await connect_pair(s);
    for (int i = 0; i < 50; ++i) {  // cancellations that come late
        bytes one(1);
        by_hand receive(s, op_code::recv, p.accepted, one);
        receive.submit();
        int n = co_await send_byte(s, p.dialed);
        receive.cancel();
        n = co_await receive.end();
        if (n != 1)
            n = co_await receive_byte(s, p.accepted);
        s.is("it comes", n == 1 || n == 'x');
    }
    close_both(s, p);
}

TEST_CASE("all the trouble that is made for the suite is met, over TCP and over unix sockets",
          "[conformance]") {
    for (const sockets kind : {sockets::tcp, sockets::unix_path}) {
        std::map<std::string, std::uint64_t> met;
        for (std::uint64_t seed = first_seed(); seed < first_seed() + troubled_seeds; ++seed) {
            uring_seen seen;
            report({format("trouble of seed {}", seed),
                    on_uring(all_at_once, kind, trouble(seed), &seen)});
            met["held"] += seen.troubles.held;
            met["interrupted"] += seen.troubles.interrupted;
            met["shortened"] += seen.troubles.shortened;
            met["crowded"] += seen.troubles.crowded;
            met["ended early"] += seen.troubles.ended_early;
            met["starved"] += seen.troubles.starved;
            met["late"] += seen.troubles.late;
            met["rearmed"] += seen.operations.rearmed;
            met["no buffers"] += seen.operations.no_buffers;
            met["resubmitted"] += seen.operations.resubmitted;
            met["full"] += seen.operations.full;
            met["overflows"] += seen.operations.overflows;
        }
        for (const auto& [what, times] : met) {
            INFO(what << ": " << times);
            CHECK(times > 5);
        }
    }
}

}  // namespace
