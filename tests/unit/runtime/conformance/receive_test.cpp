// SPDX-License-Identifier: Apache-2.0
// Receives into lent memory: order, boundaries, ends, cancellation, deadlines.
#include "runtime/received.hpp"

#include "tests/unit/runtime/conformance/lent.hpp"
#include "tests/unit/runtime/conformance/suite.hpp"

#include <algorithm>

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::runtime;
using namespace tetrad::runtime::conformance;

namespace {

// ---- what comes ----

STREAM_SCRIPT("a lent receive waits for what is sent, and brings it") {
    two_ends p = co_await connect_pair(s);
    beside<std::string> waiting(s, lent_text(s, p.accepted));
    co_await a_turn();
    s.is("it waits", !waiting.has_ended());
    const int n = co_await send_byte(s, p.dialed, 'q');
    s.is("send", n, 1);
    std::string got = co_await waiting.end();
    s.is("received", got, "q");
    close_both(s, p);
}

STREAM_SCRIPT("lent receives bring what many sends sent in its order") {
    two_ends p = co_await connect_pair(s);
    std::string sent, got;
    for (int i = 0; i < 40; ++i) {
        const std::string part = std::to_string(i) + ";";
        const std::int64_t n = co_await send_text(s, p.dialed, part);
        s.is("send", n, part.size());
        sent += part;
        if (i % 5 == 0)
            got += co_await lent_text(s, p.accepted);
    }
    got += co_await lent_text(s, p.accepted, sent.size() - got.size());
    s.is("received", got, sent);
    close_both(s, p);
}

STREAM_SCRIPT("what is more than a lent buffer holds comes in several, none of them empty") {
    two_ends p = co_await connect_pair(s);
    constexpr std::size_t count = 300'000;
    beside<std::int64_t> sending(s, send_pattern(s, p.dialed, count, count));
    std::size_t had = 0, pieces = 0;
    bool right = true;
    while (had < count) {
        const taken t = co_await receive_lent(s, p.accepted);
        if (t.result <= 0)
            break;
        for (const std::uint8_t b : t.data.view())
            right = right && b == pattern_at(had++);
        ++pieces;
    }
    s.is("all of it", had, count);
    s.is("in order", right);
    s.is("in several", pieces > 4);
    const std::int64_t n = co_await sending.end();
    s.is("sent", n, count);
    close_both(s, p);
}

STREAM_SCRIPT(
    "lent receives and reads into one's own memory take turns, and every byte comes once and in "
    "order") {
    two_ends p = co_await connect_pair(s);
    constexpr std::size_t count = 30'000;
    beside<std::int64_t> sending(s, send_pattern(s, p.dialed, count, 700));
    std::size_t had = 0;
    bool right = true;
    bytes own(333);
    for (bool lends = true; had < count; lends = !lends) {
        if (lends) {
            const taken t = co_await receive_lent(s, p.accepted);
            if (t.result <= 0)
                break;
            for (const std::uint8_t b : t.data.view())
                right = right && b == pattern_at(had++);
            continue;
        }
        const int n = co_await transfer_once(s, op_code::recv, p.accepted, own);
        if (n <= 0)
            break;
        for (int i = 0; i < n; ++i)
            right = right && own[static_cast<std::size_t>(i)] == pattern_at(had++);
    }
    s.is("all of it", had, count);
    s.is("in order", right);
    const std::int64_t n = co_await sending.end();
    s.is("sent", n, count);
    close_both(s, p);
}

STREAM_SCRIPT("lent receives go each way at once, and neither disturbs the other") {
    two_ends p = co_await connect_pair(s);
    constexpr std::size_t count = 100'000;
    beside<std::int64_t> there(s, send_pattern(s, p.dialed, count, 8'000));
    beside<std::int64_t> back(s, send_pattern(s, p.accepted, count, 5'000));
    beside<std::int64_t> got_there(s, receive_lent_pattern(s, p.accepted, count));
    std::int64_t n = co_await receive_lent_pattern(s, p.dialed, count);
    s.is("back", n, count);
    n = co_await got_there.end();
    s.is("there", n, count);
    n = co_await there.end();
    n += co_await back.end();
    s.is("sent", n, 2 * count);
    close_both(s, p);
}

STREAM_SCRIPT("receives that wait on one stream are answered in the order they were asked in") {
    two_ends p = co_await connect_pair(s);
    beside<std::string> a(s, lent_text(s, p.accepted)), b(s, lent_text(s, p.accepted)),
        c(s, lent_text(s, p.accepted));
    co_await a_turn();
    std::string all;
    for (auto* each : {&a, &b, &c}) {
        const int n = co_await send_byte(s, p.dialed, static_cast<char>('1' + all.size()));
        s.is("send", n, 1);
        all += co_await each->end();
    }
    s.is("received", all, "123");
    close_both(s, p);
}

STREAM_SCRIPT("a lent receive cannot be had of a listener, nor of what is no descriptor") {
    auto l = s.io.listen(s.any_address, 8);
    taken t = co_await receive_lent(s, l->fd);
    s.is("of a listener", t.result,
         s.any_address.kind == endpoint::family::unix_path ? -EINVAL : -ENOTCONN);
    s.io.close(l->fd);
    for (const descriptor none : {-1, 1 << 20}) {
        t = co_await receive_lent(s, none);
        s.is("of nothing", t.result, "EBADF");
    }
    const int file = co_await open(s, s.path("file"), fresh);
    t = co_await receive_lent(s, file);
    s.is("of a file", t.result, "ENOTSOCK");
    s.io.close(file);
}

// ---- ends ----

STREAM_SCRIPT("what was sent before a close is lent, then comes the end, for ever") {
    two_ends p = co_await connect_pair(s);
    const std::int64_t n = co_await send_text(s, p.dialed, "last words");
    s.is("send", n, 10);
    s.io.close(p.dialed);
    std::string got = co_await lent_text(s, p.accepted, 10);
    s.is("what was sent", got, "last words");
    for (int i = 0; i < 3; ++i) {
        got = co_await lent_text(s, p.accepted);
        s.is("then", got, "the end");
    }
    s.io.close(p.accepted);
}

STREAM_SCRIPT(
    "a lent receive that waits sees the end when its peer closes, and when it half closes") {
    for (const bool half : {false, true}) {
        two_ends p = co_await connect_pair(s);
        beside<std::string> waiting(s, lent_text(s, p.accepted));
        co_await a_turn();
        half ? s.io.shutdown_send(p.dialed) : s.io.close(p.dialed);
        std::string got = co_await waiting.end();
        s.is("it sees", got, "the end");
        if (half)
            s.io.close(p.dialed);
        s.io.close(p.accepted);
    }
}

STREAM_SCRIPT("after a half close lent receives go on, and see the end after the peer's answer") {
    two_ends p = co_await connect_pair(s);
    std::int64_t n = co_await send_text(s, p.dialed, "question");
    s.io.shutdown_send(p.dialed);
    std::string got = co_await lent_text(s, p.accepted, 99);
    s.is("the peer hears all, then the end", got, "question");
    n = co_await send_text(s, p.accepted, "answer");
    s.is("and answers", n, 6);
    s.io.shutdown_send(p.accepted);
    got = co_await lent_text(s, p.dialed, 99);
    s.is("the answer, then the end", got, "answer");
    close_both(s, p);
}

STREAM_SCRIPT("a shutdown ends a lent receive that waits, after what had arrived") {
    two_ends p = co_await connect_pair(s);
    beside<std::string> waiting(s, lent_text(s, p.accepted));
    co_await a_turn();
    s.io.shutdown(p.accepted);
    std::string got = co_await waiting.end();
    s.is("it sees", got, "the end");
    got = co_await lent_text(s, p.accepted);
    s.is("and again", got, "the end");
    close_both(s, p);
}

STREAM_SCRIPT(
    "a lent receive that waits gets ECONNRESET once when its peer closes with unread data, then "
    "the end") {
    two_ends p = co_await connect_pair(s);
    const int n = co_await send_byte(s, p.accepted);  // nobody reads it
    s.is("send", n, 1);
    co_await arrived(s, p.dialed);
    beside<std::string> waiting(s, lent_text(s, p.accepted));
    co_await a_turn();
    s.io.close(p.dialed);
    std::string got = co_await waiting.end();
    s.is("it gets", got, "ECONNRESET");
    got = co_await lent_text(s, p.accepted);
    s.is("then", got, "the end");
    s.io.close(p.accepted);
}

STREAM_SCRIPT("what was sent before a reset is lent before it") {
    two_ends p = co_await connect_pair(s);
    int n = co_await send_byte(s, p.accepted);  // nobody reads it
    n = co_await send_byte(s, p.dialed, 'r');
    s.is("send", n, 1);
    co_await arrived(s, p.dialed);
    co_await arrived(s, p.accepted);
    s.io.close(p.dialed);
    std::string got = co_await lent_text(s, p.accepted);
    s.is("first", got, "r");
    got = co_await lent_text(s, p.accepted);
    s.is("then", got, "ECONNRESET");
    got = co_await lent_text(s, p.accepted);
    s.is("at last", got, "the end");
    s.io.close(p.accepted);
}

STREAM_SCRIPT(
    "a lent receive stays with its connection, also when its descriptor is closed at once") {
    two_ends p = co_await connect_pair(s);
    beside<std::string> waiting(s, lent_text(s, p.accepted));
    co_await a_turn();
    s.io.close(p.accepted);
    two_ends other = co_await connect_pair(s);
    int n = co_await send_byte(s, other.dialed, 'o');
    n = co_await send_byte(s, p.dialed, 'm');
    s.is("send", n, 1);
    std::string got = co_await waiting.end();
    s.is("its own connection's", got, "m");
    got = co_await lent_text(s, other.accepted);
    s.is("the other's", got, "o");
    n = co_await receive_byte(s, p.dialed);
    s.is("and now it is closed", n, end_of_stream);
    close_both(s, other);
    s.io.close(p.dialed);
}

// ---- cancellation and deadlines ----

STREAM_SCRIPT(
    "a lent receive that is cancelled before or in the kernel ends once, and the next gets what "
    "comes") {
    two_ends p = co_await connect_pair(s);
    for (int i = 0; i < 6; ++i) {
        by_hand receive(s, op_code::receive, p.accepted);
        receive.submit();
        if (i % 2 == 1)
            co_await a_turn();
        receive.cancel();
        receive.cancel();
        s.is("not ended by the call", receive.completions, 0);
        const int r = co_await receive.end();
        s.is("it ends", r, "ECANCELED");
        co_await a_turn();
        s.is("completions", receive.completions, 1);
    }
    const int n = co_await send_byte(s, p.dialed, 'n');
    s.is("send", n, 1);
    std::string got = co_await lent_text(s, p.accepted);
    s.is("the next", got, "n");
    close_both(s, p);
}

STREAM_SCRIPT(
    "data and the cancellation of a lent receive race, a hundred times: no byte is lost, doubled "
    "or out of order") {
    two_ends p = co_await connect_pair(s);
    std::string sent, got;
    for (int i = 0; i < 100; ++i) {
        by_hand receive(s, op_code::receive, p.accepted);
        receive.submit();
        const char c = static_cast<char>('a' + i % 26);
        sent += c;
        beside<int> sending(s, send_byte(s, p.dialed, c));
        if (i % 3 == 0)
            co_await a_turn();
        receive.cancel();
        const int r = co_await receive.end();
        const received data = lent_by(s, receive.what);
        if (r > 0)
            got += text(data.view());
        else
            s.is("receive", r, "ECANCELED");
        const int n = co_await sending.end();
        s.is("send", n, 1);
    }
    got += co_await lent_text(s, p.accepted, sent.size() - got.size());
    s.is("received", got, sent);
    close_both(s, p);
}

task<result<std::string>> lent_within(stage& s, descriptor fd) {
    operation o(s.io, op_code::receive);
    o.what.fd = fd;
    const int n = co_await o;
    if (n < 0)
        co_return o.failure("receive");
    const received data = lent_by(s, o.what);
    co_return std::string(text(data.view()));
}

STREAM_SCRIPT("a lent receive past its deadline is timed out, and what comes later is not lost") {
    two_ends p = co_await connect_pair(s);
    result<std::string> got = co_await with_deadline(s.now() + 2ms, lent_within(s, p.accepted));
    s.is("receive", got, "timed out");
    const int n = co_await send_byte(s, p.dialed, 'l');
    s.is("send", n, 1);
    std::string later = co_await lent_text(s, p.accepted);
    s.is("later", later, "l");
    close_both(s, p);
}

STREAM_SCRIPT(
    "a deadline and data for a lent receive race, thirty times: no byte is lost, doubled or out of "
    "order") {
    two_ends p = co_await connect_pair(s);
    std::string sent, got;
    for (int i = 0; i < 30; ++i) {
        const char c = static_cast<char>('a' + i % 26);
        sent += c;
        const int n = co_await send_byte(s, p.dialed, c);
        s.is("send", n, 1);
        result<std::string> some =
            co_await with_deadline(s.now() + (i % 5) * 10us, lent_within(s, p.accepted));
        if (some)
            got += *some;
        else
            s.is("receive", some, "timed out");
    }
    got += co_await lent_text(s, p.accepted, sent.size() - got.size());
    s.is("received", got, sent);
    close_both(s, p);
}

}  // namespace
