// SPDX-License-Identifier: Apache-2.0
// Lent memory that is kept, given back late and in any order, descriptors that are closed with receives waiting or data unread, and
// back-pressure where nobody asks for more.
#include "runtime/received.hpp"

#include "tests/unit/runtime/conformance/lent.hpp"
#include "tests/unit/runtime/conformance/suite.hpp"

#include <algorithm>

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::runtime;
using namespace tetrad::runtime::conformance;

namespace {

// ---- buffers that are kept ----

STREAM_SCRIPT(
    "more buffers are kept than are lent, none is touched while it is, and they come back in any "
    "order") {
    two_ends p = co_await connect_pair(s);
    constexpr std::size_t more_than_all = 300;
    std::vector<taken> kept;
    for (std::size_t i = 0; i < more_than_all; ++i) {
        const int n = co_await send_byte(s, p.dialed, static_cast<char>('a' + i % 26));
        s.is("send", n, 1);
        taken t = co_await receive_lent(s, p.accepted);
        s.is("receive", t.result, 1);
        kept.push_back(std::move(t));
    }
    bool right = true;
    for (std::size_t i = 0; i < more_than_all; ++i)
        right = right && kept[i].text() == std::string(1, static_cast<char>('a' + i % 26));
    s.is("untouched", right);
    for (std::size_t i = 0; i < more_than_all; i += 2)
        std::swap(kept[i], kept[more_than_all - 1 - i]);
    kept.clear();
    const std::int64_t n = co_await send_text(s, p.dialed, "and on");
    s.is("send", n, 6);
    std::string got = co_await lent_text(s, p.accepted, 6);
    s.is("it goes on", got, "and on");
    close_both(s, p);
}

STREAM_SCRIPT("a buffer that one stream keeps is not touched by what others receive") {
    two_ends p = co_await connect_pair(s), q = co_await connect_pair(s);
    int n = co_await send_byte(s, p.dialed, 'k');
    const taken kept = co_await receive_lent(s, p.accepted);
    for (int i = 0; i < 50; ++i) {
        n = co_await send_byte(s, q.dialed, 'o');
        s.is("send", n, 1);
        std::string got = co_await lent_text(s, q.accepted);
        s.is("the others", got, "o");
    }
    s.is("the one that is kept", kept.text(), "k");
    close_both(s, p);
    close_both(s, q);
}

STREAM_SCRIPT("a buffer outlives its stream, and is given back after it") {
    two_ends p = co_await connect_pair(s);
    std::int64_t n = co_await send_text(s, p.dialed, "keep");
    s.is("send", n, 4);
    std::vector<taken> kept;
    for (std::size_t had = 0; had < 4;) {
        taken t = co_await receive_lent(s, p.accepted);
        if (t.result <= 0)
            break;
        had += static_cast<std::size_t>(t.result);
        kept.push_back(std::move(t));
    }
    close_both(s, p);
    two_ends q = co_await connect_pair(s);
    n = co_await send_text(s, q.dialed, "next");
    std::string got = co_await lent_text(s, q.accepted, 4);
    s.is("the next stream", got, "next");
    std::string all;
    for (const taken& t : kept)
        all += t.text();
    s.is("the buffer", all, "keep");
    kept.clear();
    close_both(s, q);
}

STREAM_SCRIPT(
    "streams that are closed with more to read than was asked for leave no buffer behind") {
    for (int i = 0; i < 12; ++i) {
        two_ends p = co_await connect_pair(s);
        bytes much = pattern(20'000);
        int n = co_await transfer_once(s, op_code::send, p.dialed, much);
        s.is("send", n > 0);
        {
            const taken t = co_await receive_lent(s, p.accepted);
            s.is("some of it", t.result > 0 && t.result <= n);
        }
        co_await a_turn();
        s.io.close(p.accepted);
        n = co_await receive_byte(s, p.dialed);
        s.is("its peer is told", n == -ECONNRESET || n == end_of_stream);
        s.io.close(p.dialed);
    }
}

// ---- descriptors that are closed ----

STREAM_SCRIPT(
    "lent receives that wait on a descriptor when it is closed get one after the other what comes, "
    "and a cancelled one ECANCELED") {
    for (int i = 0; i < 4; ++i) {
        two_ends p = co_await connect_pair(s);
        beside<std::string> first(s, lent_text(s, p.accepted)), second(s, lent_text(s, p.accepted));
        by_hand third(s, op_code::receive, p.accepted);
        co_await a_turn();
        third.submit();
        if (i % 2 == 1)  // all of them are known to the kernel, or not all
            co_await a_moment(s);
        s.io.close(p.accepted);
        two_ends other = co_await connect_pair(s);
        int n = co_await send_byte(s, p.dialed, '1');
        std::string got = co_await first.end();
        s.is("the first", got, "1");
        if (i >= 2)
            co_await a_moment(s);
        s.is("the second waits", !second.has_ended());
        n = co_await send_byte(s, p.dialed, '2');
        got = co_await second.end();
        s.is("the second", got, "2");
        third.cancel();
        n = co_await third.end();
        s.is("the third", n, "ECANCELED");
        n = co_await receive_byte(s, p.dialed);
        s.is("then it is closed", n, end_of_stream);
        n = co_await send_byte(s, other.dialed, 'o');
        got = co_await lent_text(s, other.accepted);
        s.is("the other connection", got, "o");
        close_both(s, other);
        s.io.close(p.dialed);
    }
}

STREAM_SCRIPT(
    "receives of both kinds that wait on a descriptor when it is closed are all cancelled, "
    "whatever was first") {
    for (const op_code first : {op_code::recv, op_code::receive})
        for (const op_code second : {op_code::recv, op_code::receive}) {
            two_ends p = co_await connect_pair(s);
            bytes one(1), two(1);
            by_hand a(s, first, p.accepted, first == op_code::recv ? byte_span(one) : byte_span());
            by_hand b(s, second, p.accepted,
                      second == op_code::recv ? byte_span(two) : byte_span());
            a.submit();
            co_await a_turn();
            b.submit();
            co_await a_turn();
            s.io.close(p.accepted);
            co_await a_moment(s);
            a.cancel();
            int r = co_await a.end();
            s.is("one", r, "ECANCELED");
            co_await a_moment(s);
            s.is("the other waits", b.completions, 0);
            b.cancel();
            r = co_await b.end();
            s.is("the other", r, "ECANCELED");
            r = co_await receive_byte(s, p.dialed);
            s.is("then it is closed", r, end_of_stream);
            s.io.close(p.dialed);
        }
}

/// Who dialed one that closes with more to read than it asked for. That is there at the close: in the kernel, or in lent memory if it
/// had a moment.
task<descriptor> closed_with_more_than_asked_for(stage& s, bool has_a_moment) {
    two_ends p = co_await connect_pair(s);
    int n = co_await send_byte(s, p.dialed, 'a');
    std::string got = co_await lent_text(s, p.accepted);
    s.is("asked for", got, "a");
    n = co_await send_byte(s, p.dialed, 'b');
    s.is("send", n, 1);
    co_await acknowledged(s, p.dialed);
    if (has_a_moment)
        co_await a_moment(s);
    s.io.close(p.accepted);
    co_return p.dialed;
}

SCRIPT("who closes with more to read than it asked for resets its peer, wherever the data lies") {
    for (int i = 0; i < 8; ++i) {
        const descriptor fd = co_await closed_with_more_than_asked_for(s, i % 2 == 1);
        int n = co_await receive_byte(s, fd);
        s.is("the reset, once", n, "ECONNRESET");
        n = co_await receive_byte(s, fd);
        s.is("then the end", n, end_of_stream);
        s.io.close(fd);
    }
}

UNIX_SCRIPT(
    "unix: who closes with more to read than it asked for by lent receives ends or resets its "
    "peer, and is sent nothing any more") {
    for (int i = 0; i < 8; ++i) {
        const descriptor fd = co_await closed_with_more_than_asked_for(s, i % 2 == 1);
        int n = co_await receive_byte(s, fd);
        s.is("it ends", n == end_of_stream || n == -ECONNRESET);
        n = co_await receive_byte(s, fd);
        s.is("then the end", n, end_of_stream);
        n = co_await send_byte(s, fd);
        s.is("send", n, "EPIPE");
        s.io.close(fd);
    }
}

// ---- back-pressure ----

STREAM_SCRIPT(
    "a sender whose peer asks for nothing more is stopped, also where lent receives were there") {
    two_ends p = co_await connect_pair(s);
    const std::size_t count = s.is_simulated ? 1 << 20 : 12 << 20;  // more than buffers hold
    beside<std::int64_t> sending(s, send_pattern(s, p.dialed, count, 1 << 20));
    std::int64_t n = 0;
    {
        const taken first = co_await receive_lent(s, p.accepted);
        n = first.result;
    }
    s.is("the first", n > 0);
    for (int i = 0; i < 200; ++i)
        co_await a_turn();
    s.is("it is stopped", !sending.has_ended());
    std::int64_t had = n;
    while (had < static_cast<std::int64_t>(count)) {
        const taken t = co_await receive_lent(s, p.accepted);
        if (t.result <= 0)
            break;
        had += t.result;
    }
    s.is("nothing is lost", had, count);
    n = co_await sending.end();
    s.is("all was sent", n, count);
    close_both(s, p);
}

STREAM_SCRIPT("a slow reader that keeps every buffer for a while loses nothing") {
    two_ends p = co_await connect_pair(s);
    constexpr std::size_t count = 400'000;
    beside<std::int64_t> sending(s, send_pattern(s, p.dialed, count, 50'000));
    std::vector<taken> kept;
    std::size_t had = 0, seen = 0;
    bool right = true;
    const auto look_at_all = [&] {
        for (const taken& t : kept)
            for (const std::uint8_t b : t.data.view())
                right = right && b == pattern_at(seen++);
        kept.clear();
    };
    while (had < count) {
        taken t = co_await receive_lent(s, p.accepted);
        if (t.result <= 0)
            break;
        had += static_cast<std::size_t>(t.result);
        kept.push_back(std::move(t));
        if (kept.size() == 40)
            look_at_all();
    }
    look_at_all();
    s.is("all of it", had, count);
    s.is("in order, when it was looked at", right && seen == count);
    const std::int64_t n = co_await sending.end();
    s.is("sent", n, count);
    close_both(s, p);
}

}  // namespace
