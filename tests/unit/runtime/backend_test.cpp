// SPDX-License-Identifier: Apache-2.0
// What every backend must do with sockets, waits and clocks: the same script on io_uring and in the simulator.
#include "runtime/backend.hpp"

#include "tests/unit/runtime/backend_conformance.hpp"

#include <algorithm>

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::runtime;
using namespace tetrad::runtime::script;

namespace {

task<bool> connecting(stage& s) {
    auto l = s.io.listen(s.any_port, 8);
    s.log.say("port 0 gives one", l && l->bound.port != 0 && ip_to_string(l->bound) == "127.0.0.1");
    s.log.say("local_endpoint of the listener", s.io.local_endpoint(l->fd).value_or(s.any_port) == l->bound);
    s.log.say_code("listen where something listens", s.io.listen(l->bound, 8));

    const int first = co_await connect(s, l->bound);
    const int second = co_await connect(s, l->bound);
    s.log.say("connected before anything is accepted", first >= 0 && second >= 0);
    endpoint peer;
    const int a = co_await accept(s, l->fd, &peer);
    s.log.say("accepted in order: first", peer == s.io.local_endpoint(first).value_or(s.any_port));
    const int b = co_await accept(s, l->fd, &peer);
    s.log.say("accepted in order: second", peer == s.io.local_endpoint(second).value_or(s.any_port));
    s.log.say("an accepted end has the listener's address", s.io.local_endpoint(a).value_or(s.any_port) == l->bound);
    std::int64_t n = co_await send_text(s, first, "to a");
    n = co_await send_text(s, b, "from b");
    std::string got = co_await receive_text(s, a, 4);
    s.log.say("a gets", got);
    got = co_await receive_text(s, second, 6);
    s.log.say("second gets", got);

    int r = co_await accept(s, first);
    s.log.say("accept on a connection", r);
    got = co_await receive_text(s, l->fd, 1);
    s.log.say("recv on a listener", got);
    n = co_await send_text(s, l->fd, "x");
    s.log.say("send on a listener", n);
    const int file = co_await open(s, s.path("file"), fresh);
    r = co_await accept(s, file);
    s.log.say("accept on a file", r);
    got = co_await receive_text(s, file, 1);
    s.log.say("recv on a file", got);
    s.io.close(file);
    got = co_await receive_text(s, file, 1);
    s.log.say("recv on what is closed", got);
    r = co_await connect(s, endpoint());
    s.log.say("connect to nothing", r);

    s.io.close(l->fd);
    r = co_await connect(s, l->bound);
    s.log.say("connect to nobody", r);
    for (int fd : std::vector<int>{first, second, a, b})
        s.io.close(fd);
    auto again = s.io.listen(l->bound, 8);
    s.log.say_code("the port is free again", again);
    if (again)
        s.io.close(again->fd);
    auto names = s.io.resolve("localhost", 7);
    s.log.say("localhost", names && std::count(names->begin(), names->end(), *parse_endpoint("127.0.0.1:7")) == 1);
    names = s.io.resolve("10.1.2.3", 7);
    s.log.say("a literal", names && *names == std::vector<endpoint>{*parse_endpoint("10.1.2.3:7")});
    co_return true;
}

TEST_CASE("backends connect alike") {
    conforms(connecting, {"port 0 gives one: 1",
                          "local_endpoint of the listener: 1",
                          "listen where something listens: i/o",
                          "connected before anything is accepted: 1",
                          "accepted in order: first: 1",
                          "accepted in order: second: 1",
                          "an accepted end has the listener's address: 1",
                          "a gets: 'to a'",
                          "second gets: 'from b'",
                          "accept on a connection: EINVAL",
                          "recv on a listener: ENOTCONN",
                          "send on a listener: EPIPE",
                          "accept on a file: ENOTSOCK",
                          "recv on a file: ENOTSOCK",
                          "recv on what is closed: EBADF",
                          "connect to nothing: EDESTADDRREQ",
                          "connect to nobody: ECONNREFUSED",
                          "the port is free again: ok",
                          "localhost: 1",
                          "a literal: 1"});
}

task<bool> unix_sockets(stage& s) {
    endpoint at;
    at.kind = endpoint::family::unix_path;
    at.path = s.path("socket");
    int r = co_await connect(s, at);
    s.log.say("connect to no such path", r);
    auto l = s.io.listen(at, 8);
    s.log.say("listen", l && l->bound == at);
    s.log.say_code("listen where something listens", s.io.listen(at, 8));
    const int dialed = co_await connect(s, at);
    endpoint peer;
    const int accepted = co_await accept(s, l->fd, &peer);
    s.log.say("the peer has no name", peer.kind == endpoint::family::unix_path && peer.path.empty());
    std::int64_t n = co_await send_text(s, dialed, "over a path");
    std::string got = co_await receive_text(s, accepted, 11);
    s.log.say("received", got);
    n = co_await send_text(s, accepted, "back");
    s.io.close(accepted);
    got = co_await receive_text(s, dialed, 99);
    s.log.say("received to the end", got);
    s.io.close(dialed);
    s.io.close(l->fd);
    r = co_await connect(s, at);
    s.log.say("the path goes with the listener", r);
    co_return n == 4;
}

TEST_CASE("backends use unix sockets alike") {
    conforms(unix_sockets, {"connect to no such path: ENOENT",
                            "listen: 1",
                            "listen where something listens: i/o",
                            "the peer has no name: 1",
                            "received: 'over a path'",
                            "received to the end: 'back'",
                            "the path goes with the listener: ENOENT"});
}

task<bool> endings(stage& s) {
    // Closed by one side: the other reads what was sent, then the end, for ever.
    pair_of_streams p = co_await connect_pair(s);
    std::int64_t n = co_await send_text(s, p.dialed, "last words");
    s.io.close(p.dialed);
    std::string got = co_await receive_text(s, p.accepted, 10);
    s.log.say("what was sent before a close", got);
    for (int i = 0; i < 2; ++i) {
        got = co_await receive_text(s, p.accepted, 1);
        s.log.say("the end", got);
    }
    n = co_await send_text(s, p.accepted, "into the void");
    s.log.say("the first send to a closed peer", n);
    co_await a_moment();
    n = co_await send_text(s, p.accepted, "again");
    s.log.say("the second", n);
    got = co_await receive_text(s, p.accepted, 1);
    s.log.say("reading goes on to see the end", got);
    s.io.close(p.accepted);

    // Closed with unread data: the other side is reset, after what it was sent.
    p = co_await connect_pair(s);
    n = co_await send_text(s, p.accepted, "never read");
    n = co_await send_text(s, p.dialed, "read");
    co_await a_moment();
    s.io.close(p.dialed);
    co_await a_moment();
    got = co_await receive_text(s, p.accepted, 4);
    s.log.say("what was sent before a reset", got);
    got = co_await receive_text(s, p.accepted, 1);
    s.log.say("the reset, once", got);
    got = co_await receive_text(s, p.accepted, 1);
    s.log.say("then the end", got);
    n = co_await send_text(s, p.accepted, "x");
    s.log.say("a send after that", n);
    s.io.close(p.accepted);

    // The same, seen by the sender first.
    p = co_await connect_pair(s);
    n = co_await send_text(s, p.accepted, "never read");
    co_await a_moment();
    s.io.close(p.dialed);
    co_await a_moment();
    n = co_await send_text(s, p.accepted, "x");
    s.log.say("a send into a reset", n);
    n = co_await send_text(s, p.accepted, "x");
    s.log.say("a second one", n);
    got = co_await receive_text(s, p.accepted, 1);
    s.log.say("reading", got);
    s.io.close(p.accepted);

    // Shut down: both directions end here, and the peer gets what was sent.
    p = co_await connect_pair(s);
    n = co_await send_text(s, p.dialed, "sent");
    n = co_await send_text(s, p.accepted, "unread");
    co_await a_moment();
    s.io.shutdown(p.dialed);
    got = co_await receive_text(s, p.dialed, 6);
    s.log.say("what had arrived before the shutdown", got);
    got = co_await receive_text(s, p.dialed, 1);
    s.log.say("then", got);
    n = co_await send_text(s, p.dialed, "x");
    s.log.say("send after the shutdown", n);
    got = co_await receive_text(s, p.accepted, 99);
    s.log.say("the peer reads", got);
    s.io.close(p.dialed);
    s.io.close(p.accepted);
    co_return true;
}

TEST_CASE("connections end alike on all backends") {
    conforms(endings, {"what was sent before a close: 'last words'",
                       "the end: ''",
                       "the end: ''",
                       "the first send to a closed peer: 13",
                       "the second: EPIPE",
                       "reading goes on to see the end: ''",
                       "what was sent before a reset: 'read'",
                       "the reset, once: ECONNRESET",
                       "then the end: ''",
                       "a send after that: EPIPE",
                       "a send into a reset: ECONNRESET",
                       "a second one: EPIPE",
                       "reading: ''",
                       "what had arrived before the shutdown: 'unread'",
                       "then: ''",
                       "send after the shutdown: EPIPE",
                       "the peer reads: 'sent'"});
}

// ---- what waits: cancelled, overtaken by a deadline, woken ----

task<void> note(task<std::string> work, std::string& to) { to = co_await work; }
task<std::string> received(stage& s, descriptor fd, std::size_t count) {
    bytes data(count);
    const int n = co_await transfer_once(s, op_code::recv, fd, data);
    if (n < 0)
        co_return std::string(::strerrorname_np(-n));
    co_return "'" + std::string(text(byte_view(data).first(static_cast<std::size_t>(n)))) + "'";
}
task<std::string> accepted(stage& s, descriptor fd) {
    const int r = co_await accept(s, fd);
    if (r < 0)
        co_return std::string(::strerrorname_np(-r));
    s.io.close(r);
    co_return std::string("accepted");
}
task<result<void>> wait_for_data(stage& s, descriptor fd) {
    bytes data(1);
    operation o(s.io, op_code::recv);
    o.what.fd = fd;
    o.what.buffer = data.data();
    o.what.length = 1;
    const int n = co_await o;
    if (n < 0)
        co_return o.failure("recv");
    co_return result<void>{};
}

task<bool> waiting(stage& s) {
    pair_of_streams p = co_await connect_pair(s);
    std::string seen;
    {
        scope tasks(s.here);
        tasks.spawn(note(received(s, p.accepted, 9), seen));
        co_await a_moment();
        tasks.request_stop();
        co_await tasks.join();
        s.log.say("a recv that was cancelled", seen);
    }
    result<void> limited = co_await with_deadline(s.io.now() + 5ms, wait_for_data(s, p.accepted));
    s.log.say_code("a recv past its deadline", limited);
    std::int64_t n = co_await send_text(s, p.dialed, "later");
    seen = co_await receive_text(s, p.accepted, 5);
    s.log.say("what comes later is not lost", seen);
    {
        scope tasks(s.here);
        tasks.spawn(note(received(s, p.accepted, 9), seen));
        co_await a_moment();
        s.io.shutdown(p.accepted);
        co_await tasks.join();
        s.log.say("a recv woken by a shutdown", seen);
    }
    s.io.close(p.accepted);
    s.io.close(p.dialed);

    // Closing a descriptor does not end what waits on it: the operation holds the connection.
    p = co_await connect_pair(s);
    {
        scope tasks(s.here);
        tasks.spawn(note(received(s, p.accepted, 9), seen));
        co_await a_moment();
        s.io.close(p.accepted);
        co_await a_moment();
        n = co_await send_text(s, p.dialed, "x");
        co_await tasks.join();
        s.log.say("a recv whose descriptor was closed", seen);
        seen = co_await receive_text(s, p.dialed, 1);
        s.log.say("and now it is closed", seen);
    }
    s.io.close(p.dialed);

    auto l = s.io.listen(s.any_port, 8);
    {
        scope tasks(s.here);
        tasks.spawn(note(accepted(s, l->fd), seen));
        co_await a_moment();
        tasks.request_stop();
        co_await tasks.join();
        s.log.say("an accept that was cancelled", seen);
    }
    const int dialed = co_await connect(s, l->bound);
    seen = co_await accepted(s, l->fd);
    s.log.say("the next one", seen);
    s.io.close(dialed);
    {
        scope tasks(s.here);
        tasks.spawn(note(accepted(s, l->fd), seen));
        co_await a_moment();
        s.io.shutdown(l->fd);
        co_await tasks.join();
        s.log.say("an accept woken by a shutdown", seen);
    }
    s.io.close(l->fd);

    // Connections that nobody accepted are reset with their listener.
    l = s.io.listen(s.any_port, 8);
    const int lost = co_await connect(s, l->bound);
    co_await a_moment();
    s.io.close(l->fd);
    co_await a_moment();
    seen = co_await receive_text(s, lost, 1);
    s.log.say("a connection whose listener is gone", seen);
    s.io.close(lost);
    co_return n == 1;
}

TEST_CASE("what waits is cancelled, limited and woken alike") {
    conforms(waiting, {"a recv that was cancelled: ECANCELED",
                       "a recv past its deadline: timed out",
                       "what comes later is not lost: 'later'",
                       "a recv woken by a shutdown: ''",
                       "a recv whose descriptor was closed: 'x'",
                       "and now it is closed: ''",
                       "an accept that was cancelled: ECANCELED",
                       "the next one: accepted",
                       "an accept woken by a shutdown: EINVAL",
                       "a connection whose listener is gone: ECONNRESET"});
}

// ---- clocks and randomness ----

task<bool> clocks(stage& s) {
    const instant before = s.io.now();
    const timestamp wall_before = s.io.wall_clock();
    result<void> slept = co_await sleep_until(before + 20ms);
    const duration passed = s.io.now() - before;
    s.log.say("slept", slept && passed >= 20ms && passed < 20s);
    const duration wall = s.io.wall_clock() - wall_before;
    s.log.say("the wall clock went on", wall >= 10ms && wall < 20s);
    bytes a(32), b(32);
    s.io.random().fill(a);
    s.io.random().fill(b);
    s.log.say("randomness differs", !equal(a, b));
    co_return true;
}

TEST_CASE("backends keep time alike") {
    conforms(clocks, {"slept: 1", "the wall clock went on: 1", "randomness differs: 1"});
}

}  // namespace
