// SPDX-License-Identifier: Apache-2.0
// How connections end: closed, half closed, shut down, reset; what each side reads and may still send.
#include "runtime/backend.hpp"

#include "tests/unit/runtime/conformance/suite.hpp"

#include <algorithm>

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::runtime;
using namespace tetrad::runtime::conformance;

namespace {

STREAM_SCRIPT("what was sent before a close is read, then the end, for ever") {
    two_ends p = co_await connect_pair(s);
    const std::int64_t n = co_await send_text(s, p.dialed, "last words");
    s.is("send", n, 10);
    s.io.close(p.dialed);
    std::string got = co_await receive_text(s, p.accepted, 10);
    s.is("what was sent", got, "'last words'");
    for (int i = 0; i < 3; ++i) {
        const int r = co_await receive_byte(s, p.accepted);
        s.is("the end", r, end_of_stream);
    }
    s.io.close(p.accepted);
}

STREAM_SCRIPT("a reader of a closed peer gets less than it asked for, without an error") {
    two_ends p = co_await connect_pair(s);
    const std::int64_t n = co_await send_text(s, p.accepted, "short");
    s.is("send", n, 5);
    s.io.close(p.accepted);
    std::string got = co_await receive_text(s, p.dialed, 99);
    s.is("to the end", got, "'short'");
    s.io.close(p.dialed);
}

STREAM_SCRIPT("a recv that waits sees the end when the peer closes") {
    two_ends p = co_await connect_pair(s);
    beside<int> waiting(s, receive_byte(s, p.accepted));
    co_await a_turn();
    s.io.close(p.dialed);
    const int r = co_await waiting.end();
    s.is("the end", r, end_of_stream);
    s.io.close(p.accepted);
}

STREAM_SCRIPT("a connection that was closed before it was used ends at once on the other side") {
    two_ends p = co_await connect_pair(s);
    s.io.close(p.accepted);
    const int r = co_await receive_byte(s, p.dialed);
    s.is("the end", r, end_of_stream);
    s.io.close(p.dialed);
}

STREAM_SCRIPT("both sides may close at the same time") {
    two_ends p = co_await connect_pair(s);
    close_both(s, p);
    two_ends next = co_await connect_pair(s);
    const int n = co_await send_byte(s, next.dialed);
    s.is("the next connection", n, 1);
    close_both(s, next);
}

SCRIPT(
    "the first byte to a closed peer goes out, the next is EPIPE, and reading still sees the end") {
    two_ends p = co_await connect_pair(s);
    s.io.close(p.dialed);
    int r = co_await receive_byte(s, p.accepted);
    s.is("the end", r, end_of_stream);
    r = co_await send_byte(s, p.accepted);
    s.is("the first send", r, 1);
    co_await broken(s, p.accepted);
    r = co_await send_byte(s, p.accepted);
    s.is("the second", r, "EPIPE");
    r = co_await send_byte(s, p.accepted);
    s.is("the third", r, "EPIPE");
    r = co_await receive_byte(s, p.accepted);
    s.is("reading", r, end_of_stream);
    s.io.close(p.accepted);
}

// ---- reset: the peer closed and had not read all ----

SCRIPT(
    "after a reset what had arrived is read, then ECONNRESET once, then the end; sends are EPIPE") {
    two_ends p = co_await connect_pair(s);
    std::int64_t n = co_await send_text(s, p.accepted, "never read");
    n = co_await send_text(s, p.dialed, "read");
    s.is("send", n, 4);
    co_await arrived(s, p.dialed);
    co_await arrived(s, p.accepted);
    s.io.close(p.dialed);
    co_await broken(s, p.accepted);
    std::string got = co_await receive_text(s, p.accepted, 4);
    s.is("what was sent before", got, "'read'");
    int r = co_await receive_byte(s, p.accepted);
    s.is("the reset, once", r, "ECONNRESET");
    r = co_await receive_byte(s, p.accepted);
    s.is("then the end", r, end_of_stream);
    r = co_await send_byte(s, p.accepted);
    s.is("a send after that", r, "EPIPE");
    s.io.close(p.accepted);
}

SCRIPT("a reset is told once: to the sender, where the sender asks first") {
    two_ends p = co_await connect_pair(s);
    int r = co_await send_byte(s, p.accepted);
    co_await arrived(s, p.dialed);
    s.io.close(p.dialed);
    co_await broken(s, p.accepted);
    r = co_await send_byte(s, p.accepted);
    s.is("a send into a reset", r, "ECONNRESET");
    r = co_await send_byte(s, p.accepted);
    s.is("a second one", r, "EPIPE");
    r = co_await receive_byte(s, p.accepted);
    s.is("reading", r, end_of_stream);
    s.io.close(p.accepted);
}

STREAM_SCRIPT("a recv that waits gets ECONNRESET when the peer closes with unread data") {
    two_ends p = co_await connect_pair(s);
    int r = co_await send_byte(s, p.accepted);
    co_await arrived(s, p.dialed);
    beside<int> waiting(s, receive_byte(s, p.accepted));
    co_await a_turn();
    s.is("it waits", !waiting.has_ended());
    s.io.close(p.dialed);
    r = co_await waiting.end();
    s.is("recv", r, "ECONNRESET");
    r = co_await receive_byte(s, p.accepted);
    s.is("then", r, end_of_stream);
    s.io.close(p.accepted);
}

task<std::int64_t> send_until_it_fails(stage& s, descriptor fd) {
    bytes block = pattern(1 << 16);
    for (;;) {
        const int n = co_await transfer_once(s, op_code::send, fd, block);
        if (n <= 0)
            co_return n;
    }
}

STREAM_SCRIPT("a sender that was stopped by back-pressure fails when its peer closes") {
    two_ends p = co_await connect_pair(s);
    beside<std::int64_t> sending(s, send_until_it_fails(s, p.dialed));
    co_await arrived(s, p.accepted);
    co_await a_moment(s);
    s.is("it is stopped or on its way", !sending.has_ended());
    s.io.close(p.accepted);
    const std::int64_t r = co_await sending.end();
    s.is("it fails", r == -ECONNRESET || r == -EPIPE);
    s.io.close(p.dialed);
}

SCRIPT("a connection whose listener is gone before it was accepted is reset") {
    auto l = s.io.listen(s.any_address, 8);
    const int lost = co_await connect(s, l->bound);
    co_await arrived(s, l->fd);
    s.io.close(l->fd);
    const int r = co_await receive_byte(s, lost);
    s.is("recv", r, "ECONNRESET");
    s.io.close(lost);
}

// ---- shut down ----

STREAM_SCRIPT("a shutdown wakes a recv that waits, with the end") {
    two_ends p = co_await connect_pair(s);
    beside<int> waiting(s, receive_byte(s, p.accepted));
    co_await a_turn();
    s.io.shutdown(p.accepted);
    int r = co_await waiting.end();
    s.is("recv", r, end_of_stream);
    r = co_await receive_byte(s, p.accepted);
    s.is("and again", r, end_of_stream);
    close_both(s, p);
}

STREAM_SCRIPT(
    "after a shutdown what had arrived is read, then the end; sends are EPIPE; the peer reads what "
    "was sent") {
    two_ends p = co_await connect_pair(s);
    std::int64_t n = co_await send_text(s, p.dialed, "sent");
    n = co_await send_text(s, p.accepted, "unread");
    s.is("send", n, 6);
    co_await arrived(s, p.dialed);
    s.io.shutdown(p.dialed);
    std::string got = co_await receive_text(s, p.dialed, 6);
    s.is("what had arrived", got, "'unread'");
    int r = co_await receive_byte(s, p.dialed);
    s.is("then", r, end_of_stream);
    r = co_await send_byte(s, p.dialed);
    s.is("send", r, "EPIPE");
    got = co_await receive_text(s, p.accepted, 99);
    s.is("the peer reads", got, "'sent'");
    close_both(s, p);
}

STREAM_SCRIPT("a shutdown twice is a shutdown") {
    two_ends p = co_await connect_pair(s);
    s.io.shutdown(p.dialed);
    s.io.shutdown(p.dialed);
    int r = co_await receive_byte(s, p.accepted);
    s.is("the peer's end", r, end_of_stream);
    r = co_await receive_byte(s, p.dialed);
    s.is("ours", r, end_of_stream);
    close_both(s, p);
}

// ---- half closed ----

STREAM_SCRIPT(
    "a half close ends our direction: the peer reads what was sent and the end, and its answer "
    "arrives") {
    two_ends p = co_await connect_pair(s);
    std::int64_t n = co_await send_text(s, p.dialed, "question");
    s.is("send", n, 8);
    s.io.shutdown_send(p.dialed);
    std::string got = co_await receive_text(s, p.accepted, 99);
    s.is("the peer reads to the end", got, "'question'");
    n = co_await send_text(s, p.accepted, "answer");
    s.is("and answers", n, 6);
    s.io.close(p.accepted);
    got = co_await receive_text(s, p.dialed, 99);
    s.is("the answer", got, "'answer'");
    s.io.close(p.dialed);
}

STREAM_SCRIPT("a send after a half close is EPIPE, a recv goes on waiting") {
    two_ends p = co_await connect_pair(s);
    beside<int> waiting(s, receive_byte(s, p.dialed));
    co_await a_turn();
    s.io.shutdown_send(p.dialed);
    int r = co_await send_byte(s, p.dialed);
    s.is("send", r, "EPIPE");
    s.is("the recv waits", !waiting.has_ended());
    r = co_await send_byte(s, p.accepted, 'k');
    s.is("the peer's send", r, 1);
    r = co_await waiting.end();
    s.is("recv", r, int{'k'});
    close_both(s, p);
}

STREAM_SCRIPT("both half closes make a whole one") {
    two_ends p = co_await connect_pair(s);
    s.io.shutdown_send(p.dialed);
    int r = co_await receive_byte(s, p.accepted);
    s.is("the end there", r, end_of_stream);
    s.io.shutdown_send(p.accepted);
    r = co_await receive_byte(s, p.dialed);
    s.is("the end here", r, end_of_stream);
    close_both(s, p);
}

task<std::int64_t> send_much(stage& s, descriptor fd, std::size_t count) {
    bytes data = pattern(count);
    const std::int64_t n = co_await transfer(s, op_code::send, fd, data);
    s.io.shutdown_send(fd);
    co_return n;
}

STREAM_SCRIPT("a half close behind much data ends the stream after all of it") {
    two_ends p = co_await connect_pair(s);
    constexpr std::size_t count = 700'000;
    beside<std::int64_t> sending(s, send_much(s, p.dialed, count));
    bytes data(count + 1);
    std::int64_t n = co_await transfer(s, op_code::recv, p.accepted, data);
    s.is("all, then the end", n, count);
    data.resize(count);
    s.is("unharmed", data == pattern(count));
    n = co_await sending.end();
    s.is("sent", n, count);
    close_both(s, p);
}

STREAM_SCRIPT("a close behind much data that is being read loses none of it") {
    two_ends p = co_await connect_pair(s);
    constexpr std::size_t count = 500'000;
    beside<std::int64_t> sending(s, send_much(s, p.accepted, count));
    bytes data(count + 1);
    std::int64_t had = co_await transfer(s, op_code::recv, p.dialed, byte_span(data).first(1000));
    s.is("some of it", had, 1000);
    beside<std::int64_t> reading(
        s, transfer(s, op_code::recv, p.dialed, byte_span(data).subspan(1000)));
    std::int64_t n = co_await sending.end();
    s.is("sent", n, count);
    s.io.close(p.accepted);
    n = co_await reading.end();
    s.is("read", n, count - 1000);
    s.io.close(p.dialed);
}

}  // namespace
