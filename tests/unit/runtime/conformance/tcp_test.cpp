// SPDX-License-Identifier: Apache-2.0
// tcp_stream and tcp_listener over every backend: whole transfers over short ones, ends, errors by their class, deadlines.
#include "runtime/tcp.hpp"

#include "tests/unit/runtime/conformance/lent.hpp"
#include "tests/unit/runtime/conformance/suite.hpp"

#include <algorithm>

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::runtime;
using namespace tetrad::runtime::conformance;

namespace {

struct two_streams {
    tcp_stream dialed, accepted;
};
task<result<two_streams>> connect_streams(stage& s) {
    tcp_listener l = co_await ok(tcp_listener::listen(s.io, s.any_address));
    two_streams p;
    p.dialed = co_await ok(tcp_connect(l.bound()));
    p.accepted = co_await ok(l.accept());
    co_return std::move(p);
}
/// A stage with two streams: an answer says that they are there.
task<two_streams> both_streams(stage& s) {
    result<two_streams> p = co_await connect_streams(s);
    s.is("connected", p, "ok");
    co_return std::move(p).value_or(two_streams());
}
task<result<std::string>> read_to_the_end(tcp_stream& from) {
    std::string all;
    bytes some(50);
    for (;;) {
        const std::size_t n = co_await ok(from.read_some(some));
        if (n == 0)
            co_return all;
        all += text(byte_view(some).first(n));
    }
}
task<result<std::string>> read_text(tcp_stream& from, std::size_t count) {
    bytes all(count);
    co_await ok(from.read_exact(all));
    co_return std::string(text(all));
}
task<result<void>> write_text(tcp_stream& to, std::string t) {
    co_await ok(to.write_all(view(t)));
    co_return result<void>{};
}
task<result<std::string>> lent(tcp_stream& from) {
    const received r = co_await ok(from.receive());
    co_return std::string(text(r.view()));
}
std::string text_or_code(const result<std::string>& r) {
    return r ? *r : std::string(name(r.error().code));
}

STREAM_SCRIPT("a stream writes all and reads exactly, over transfers as short as they come") {
    two_streams p = co_await both_streams(s);
    const bytes there = pattern(400'000);
    bytes seen(there.size());
    beside<result<void>> writing(s, p.dialed.write_all(there));
    result<void> r = co_await p.accepted.read_exact(seen);
    s.is("read", r, "ok");
    s.is("unharmed", seen == there);
    r = co_await writing.end();
    s.is("written", r, "ok");
}

STREAM_SCRIPT(
    "a stream writes many parts as one, empty ones and more than a call of the system takes") {
    two_streams p = co_await both_streams(s);
    const bytes there = pattern(200'000);
    std::vector<byte_view> parts;
    byte_view left = there;
    for (std::size_t i = 0; !left.empty(); ++i) {
        const std::size_t some = std::min(left.size(), i % 5 == 0 ? 0 : i * 7);
        parts.push_back(left.first(some));
        left = left.subspan(some);
    }
    bytes seen(there.size());
    beside<result<void>> writing(s, p.dialed.write_all(parts));
    result<void> r = co_await p.accepted.read_exact(seen);
    s.is("read", r, "ok");
    s.is("unharmed", seen == there);
    r = co_await writing.end();
    s.is("written", r, "ok");
}

STREAM_SCRIPT(
    "a stream that ends inside of what was to be read exactly is closed, and what came is not "
    "had") {
    two_streams p = co_await both_streams(s);
    result<void> r = co_await write_text(p.dialed, "half");
    s.is("write", r, "ok");
    p.dialed.close();
    bytes more(9);
    r = co_await p.accepted.read_exact(more);
    s.is("read", r, "closed");
}

STREAM_SCRIPT("a stream read to its end ends again and again") {
    two_streams p = co_await both_streams(s);
    result<void> r = co_await write_text(p.accepted, "all of it");
    s.is("write", r, "ok");
    p.accepted.shutdown_send();
    for (const char* wanted : {"all of it", "", ""}) {
        result<std::string> all = co_await read_to_the_end(p.dialed);
        s.is("read", text_or_code(all), wanted);
    }
}

STREAM_SCRIPT("a stream that ended its direction writes no more, and goes on reading") {
    two_streams p = co_await both_streams(s);
    p.dialed.shutdown_send();
    result<void> r = co_await write_text(p.dialed, "too late");
    s.is("write", r, "closed");
    r = co_await write_text(p.accepted, "still heard");
    s.is("the peer writes", r, "ok");
    result<std::string> got = co_await read_text(p.dialed, 11);
    s.is("read", text_or_code(got), "still heard");
}

STREAM_SCRIPT("a stream reads by every way in turn and misses nothing") {
    two_streams p = co_await both_streams(s);
    result<void> r = co_await write_text(p.dialed, "abcdefghijklmnopqrstuvwxyz");
    p.dialed.shutdown_send();
    result<std::string> got = co_await read_text(p.accepted, 3);
    std::string all = text_or_code(got);
    got = co_await lent(p.accepted);
    all += text_or_code(got);
    while (all.size() < 26) {
        bytes one(1);
        r = co_await p.accepted.read_exact(one);
        if (!r)
            break;
        all += text(one);
        got = co_await lent(p.accepted);
        all += text_or_code(got);
    }
    s.is("read", all, "abcdefghijklmnopqrstuvwxyz");
    got = co_await lent(p.accepted);
    s.is("the end", text_or_code(got), "");
}

STREAM_SCRIPT("a shutdown wakes the reader of a stream with its end, and later writes are closed") {
    two_streams p = co_await both_streams(s);
    beside<result<std::string>> reading(s, read_to_the_end(p.accepted));
    co_await a_turn();
    s.is("it waits", !reading.has_ended());
    p.accepted.shutdown();
    result<std::string> got = co_await reading.end();
    s.is("it reads", text_or_code(got), "");
    result<void> r = co_await write_text(p.accepted, "no");
    s.is("write", r, "closed");
}

SCRIPT("a reset is closed to the reader of a stream and to its writer") {
    two_ends p = co_await connect_pair(s);
    tcp_stream accepted(s.io, p.accepted, endpoint());
    result<void> r = co_await write_text(accepted, "nobody reads it");
    s.is("write", r, "ok");
    beside<result<std::string>> reading(s, read_to_the_end(accepted));
    co_await arrived(s, p.dialed);
    s.io.close(p.dialed);
    result<std::string> got = co_await reading.end();
    s.is("read", got, "closed");
    r = co_await write_text(accepted, "x");
    s.is("write", r, "closed");
}

STREAM_SCRIPT("a stream that was closed fails without touching what has its number now") {
    two_streams p = co_await both_streams(s);
    p.dialed.close();
    two_streams q = co_await both_streams(s);
    result<void> r = co_await write_text(p.dialed, "x");
    s.is("write", r, "closed");
    result<std::string> got = co_await read_text(p.dialed, 1);
    s.is("read", got, "closed");
    got = co_await lent(p.dialed);
    s.is("receive", got, "closed");
    s.is("local", p.dialed.local(), "closed");
    p.dialed.shutdown();
    p.dialed.shutdown_send();
    r = co_await write_text(q.dialed, "y");
    got = co_await read_text(q.accepted, 1);
    s.is("the other", text_or_code(got), "y");
}

STREAM_SCRIPT(
    "a stream that is moved takes its connection with it, and one that is moved onto is closed") {
    two_streams p = co_await both_streams(s), q = co_await both_streams(s);
    p.dialed = std::move(q.dialed);
    s.is("what was moved from", q.dialed.is_open(), false);
    result<std::string> got = co_await read_to_the_end(p.accepted);
    s.is("the peer of what was there", text_or_code(got), "");
    result<void> r = co_await write_text(p.dialed, "moved");
    s.is("write", r, "ok");
    got = co_await read_text(q.accepted, 5);
    s.is("the peer of what came", text_or_code(got), "moved");
}

SCRIPT("the two ends of a stream name each other") {
    two_streams p = co_await both_streams(s);
    s.is("where it dialed", p.accepted.local().value_or(endpoint()) == p.dialed.remote());
    s.is("who dialed", p.dialed.local().value_or(endpoint()) == p.accepted.remote());
    co_return;
}

STREAM_SCRIPT(
    "reads and writes of a stream past their deadline are timed out, those of a stopped task "
    "cancelled") {
    two_streams p = co_await both_streams(s);
    result<std::string> got = co_await with_deadline(s.now() + 2ms, read_text(p.accepted, 1));
    s.is("read", got, "timed out");
    got = co_await with_deadline(s.now() + 2ms, lent(p.accepted));
    s.is("receive", got, "timed out");
    const bytes much(s.is_simulated ? 1 << 20 : 12 << 20);
    result<void> r = co_await with_deadline(s.now() + 20ms, p.dialed.write_all(much));
    s.is("write", r, "timed out");
    beside<result<std::string>> reading(s, read_text(p.dialed, 1));
    co_await a_turn();
    reading.stop();
    got = co_await reading.end();
    s.is("stopped", got, "cancelled");
}

task<result<tcp_stream>> accept_one(tcp_listener& l) {
    tcp_stream made = co_await ok(l.accept());
    co_return std::move(made);
}

STREAM_SCRIPT(
    "an accept past its deadline is timed out, a stopped one cancelled, and the next one accepts") {
    result<tcp_listener> l = tcp_listener::listen(s.io, s.any_address);
    s.is("listen", l.has_value());
    result<tcp_stream> made = co_await with_deadline(s.now() + 2ms, accept_one(*l));
    s.is("past its deadline", made.has_value() ? errc::io : made.error().code, "timed out");
    {
        beside<result<tcp_stream>> accepting(s, accept_one(*l));
        co_await a_turn();
        accepting.stop();
        made = co_await accepting.end();
        s.is("stopped", made.has_value() ? errc::io : made.error().code, "cancelled");
    }
    result<tcp_stream> dialed = co_await tcp_connect(l->bound());
    made = co_await accept_one(*l);
    s.is("the next one", dialed.has_value() && made.has_value());
}

STREAM_SCRIPT("an accept that waits fails when its listener is closed, and a later one is closed") {
    result<tcp_listener> l = tcp_listener::listen(s.io, s.any_address);
    s.is("listen", l.has_value());
    beside<result<tcp_stream>> accepting(s, accept_one(*l));
    co_await a_turn();
    l->close();
    result<tcp_stream> made = co_await accepting.end();
    s.is("it fails", !made.has_value());
    made = co_await accept_one(*l);
    s.is("later", made.has_value() ? errc::io : made.error().code, "closed");
}

SCRIPT("a listener passes over connections that were reset before it accepted them") {
    result<tcp_listener> l = tcp_listener::listen(s.io, s.any_address);
    s.is("listen", l.has_value());
    for (int i = 0; i < 3; ++i) {
        const int lost = co_await connect(s, l->bound());
        s.is("connect", lost >= 0);
        co_await a_moment(s);
        s.reset(lost);
    }
    result<tcp_stream> dialed = co_await tcp_connect(l->bound());
    s.is("dialed", dialed.has_value());
    result<void> r = co_await write_text(*dialed, "here");
    result<std::string> got = fail(errc::io, "nothing");
    for (int i = 0; i < 4 && !got; ++i) {  // a kernel may hear of the reset after the accept
        result<tcp_stream> made = co_await accept_one(*l);
        s.is("accepted", made.has_value());
        got = co_await read_text(*made, 4);
    }
    s.is("the one that stands", text_or_code(got), "here");
}

}  // namespace
