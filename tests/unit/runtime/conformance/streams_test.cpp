// SPDX-License-Identifier: Apache-2.0
// Bytes through connected sockets: order, boundaries, both directions, back-pressure.
#include "runtime/backend.hpp"

#include "tests/unit/runtime/conformance/suite.hpp"

#include <algorithm>

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::runtime;
using namespace tetrad::runtime::conformance;

namespace {

/// How many bytes came before the end or the first that does not belong there.
task<std::int64_t> receive_pattern(stage& s, descriptor fd, std::size_t count, std::size_t piece) {
    bytes data(piece);
    std::size_t had = 0;
    while (had < count) {
        const int n = co_await transfer_once(s, op_code::recv, fd,
                                             byte_span(data).first(std::min(piece, count - had)));
        if (n <= 0)
            break;
        for (int i = 0; i < n; ++i)
            if (data[static_cast<std::size_t>(i)] != pattern_at(had++))
                co_return -EILSEQ;
    }
    co_return static_cast<std::int64_t>(had);
}
/// Sends and receives at once, in pieces of these sizes.
task<void> stream_through(stage& s, std::size_t count, std::size_t out, std::size_t in) {
    two_ends p = co_await connect_pair(s);
    beside<std::int64_t> sending(s, send_pattern(s, p.dialed, count, out));
    std::int64_t n = co_await receive_pattern(s, p.accepted, count, in);
    s.is("received in order", n, count);
    n = co_await sending.end();
    s.is("sent", n, count);
    close_both(s, p);
}

STREAM_SCRIPT("one byte goes from the one who dialed to the one who accepted") {
    two_ends p = co_await connect_pair(s);
    int r = co_await send_byte(s, p.dialed, 'q');
    s.is("send", r, 1);
    r = co_await receive_byte(s, p.accepted);
    s.is("recv", r, int{'q'});
    close_both(s, p);
}

STREAM_SCRIPT("one byte goes from the one who accepted to the one who dialed") {
    two_ends p = co_await connect_pair(s);
    int r = co_await send_byte(s, p.accepted, 'q');
    s.is("send", r, 1);
    r = co_await receive_byte(s, p.dialed);
    s.is("recv", r, int{'q'});
    close_both(s, p);
}

STREAM_SCRIPT("a recv that waits gets what is sent later") {
    two_ends p = co_await connect_pair(s);
    beside<int> waiting(s, receive_byte(s, p.accepted));
    co_await a_turn();
    s.is("it waits", !waiting.has_ended());
    int r = co_await send_byte(s, p.dialed, 'w');
    s.is("send", r, 1);
    r = co_await waiting.end();
    s.is("recv", r, int{'w'});
    close_both(s, p);
}

STREAM_SCRIPT(
    "a connection has no boundaries: what many sends sent, one reader reads as one text") {
    two_ends p = co_await connect_pair(s);
    std::int64_t n = 0;
    for (const char* part : {"a", "bc", "def", "", "ghij"})
        n += co_await send_text(s, p.dialed, part);
    s.is("sent", n, 10);
    std::string got = co_await receive_text(s, p.accepted, 10);
    s.is("received", got, "'abcdefghij'");
    close_both(s, p);
}

STREAM_SCRIPT("what one send sent is read in as many pieces as the reader likes") {
    two_ends p = co_await connect_pair(s);
    const std::int64_t n = co_await send_text(s, p.dialed, "abcdefghij");
    s.is("sent", n, 10);
    std::string got = co_await receive_text(s, p.accepted, 1);
    s.is("one", got, "'a'");
    got = co_await receive_text(s, p.accepted, 2);
    s.is("two", got, "'bc'");
    got = co_await receive_text(s, p.accepted, 7);
    s.is("the rest", got, "'defghij'");
    close_both(s, p);
}

STREAM_SCRIPT("a recv gives what is there and does not wait for a full buffer") {
    two_ends p = co_await connect_pair(s);
    int n = co_await send_byte(s, p.dialed, 'x');
    bytes data(4096);
    n = co_await transfer_once(s, op_code::recv, p.accepted, data);
    s.is("one byte", n, 1);
    s.is("it", data[0], int{'x'});
    close_both(s, p);
}

STREAM_SCRIPT("a send of nothing sends nothing and is no end of the stream") {
    two_ends p = co_await connect_pair(s);
    bytes nothing;
    int n = co_await transfer_once(s, op_code::send, p.dialed, nothing);
    s.is("send", n, 0);
    const std::vector<byte_view> none;
    n = co_await send_parts_once(s, p.dialed, none);
    s.is("no parts", n, 0);
    const std::vector<byte_view> empty(3);
    n = co_await send_parts_once(s, p.dialed, empty);
    s.is("empty parts", n, 0);
    n = co_await send_byte(s, p.dialed, 'z');
    n = co_await receive_byte(s, p.accepted);
    s.is("the next byte", n, int{'z'});
    close_both(s, p);
}

STREAM_SCRIPT("both directions are independent") {
    two_ends p = co_await connect_pair(s);
    std::int64_t n = co_await send_text(s, p.dialed, "there");
    n += co_await send_text(s, p.accepted, "back again");
    s.is("sent", n, 15);
    std::string got = co_await receive_text(s, p.dialed, 10);
    s.is("back", got, "'back again'");
    got = co_await receive_text(s, p.accepted, 5);
    s.is("there", got, "'there'");
    close_both(s, p);
}

STREAM_SCRIPT("connections do not mix") {
    std::vector<two_ends> all;
    for (int i = 0; i < 5; ++i) {
        two_ends p = co_await connect_pair(s);
        all.push_back(p);
    }
    for (std::size_t i = 0; i < all.size(); ++i) {
        const int n = co_await send_byte(s, all[i].dialed, static_cast<char>('a' + i));
        s.is("send", n, 1);
    }
    for (std::size_t i = all.size(); i-- > 0;) {
        const int c = co_await receive_byte(s, all[i].accepted);
        s.is("recv", c, 'a' + static_cast<int>(i));
    }
    for (two_ends p : all)
        close_both(s, p);
}

STREAM_SCRIPT("parts are sent in their order, empty ones too") {
    two_ends p = co_await connect_pair(s);
    const bytes a = to_bytes("one "), b = to_bytes("two "), c = to_bytes("three");
    std::vector<byte_view> parts = {{}, a, {}, {}, b, c, {}};
    std::size_t left = 13;
    while (left > 0) {
        const int n = co_await send_parts_once(s, p.dialed, parts);
        s.is("sends some", n > 0 && static_cast<std::size_t>(n) <= left);
        if (n <= 0)
            break;
        left -= static_cast<std::size_t>(n);
        auto gone = static_cast<std::size_t>(n);
        for (byte_view& part : parts) {
            const std::size_t some = std::min(gone, part.size());
            part = part.subspan(some);
            gone -= some;
        }
    }
    std::string got = co_await receive_text(s, p.accepted, 13);
    s.is("received", got, "'one two three'");
    close_both(s, p);
}

STREAM_SCRIPT("a first byte of many parts is the first part's") {
    two_ends p = co_await connect_pair(s);
    const bytes letters = pattern(300);
    std::vector<byte_view> parts;
    for (std::size_t i = 0; i < letters.size(); ++i)
        parts.push_back(byte_view(letters).subspan(i, 1));
    std::size_t sent = 0;
    while (!parts.empty()) {  // more than one call of the system takes
        const int n = co_await send_parts_once(s, p.dialed, parts);
        s.is("sends some", n > 0);
        if (n <= 0)
            break;
        sent += static_cast<std::size_t>(n);
        parts.erase(parts.begin(), parts.begin() + n);
    }
    s.is("sent", sent, 300);
    const std::int64_t n = co_await receive_pattern(s, p.accepted, 300, 64);
    s.is("received in order", n, 300);
    close_both(s, p);
}

STREAM_SCRIPT("a megabyte in large pieces arrives whole and in order") {
    co_await stream_through(s, 1 << 20, 1 << 18, 1 << 16);
}
STREAM_SCRIPT("pieces of seven bytes in, of thirteen out, in order") {
    co_await stream_through(s, 4'000, 7, 13);
}
STREAM_SCRIPT("large pieces in, small ones out, in order") {
    co_await stream_through(s, 60'000, 30'000, 101);
}
STREAM_SCRIPT("small pieces in, large ones out, in order") {
    co_await stream_through(s, 20'000, 97, 1 << 16);
}

task<void> both_ways(stage& s, std::size_t count) {
    two_ends p = co_await connect_pair(s);
    beside<std::int64_t> there(s, send_pattern(s, p.dialed, count, 8'000));
    beside<std::int64_t> back(s, send_pattern(s, p.accepted, count, 5'000));
    beside<std::int64_t> got_there(s, receive_pattern(s, p.accepted, count, 4'096));
    std::int64_t n = co_await receive_pattern(s, p.dialed, count, 10'000);
    s.is("back", n, count);
    n = co_await got_there.end();
    s.is("there", n, count);
    n = co_await there.end();
    n += co_await back.end();
    s.is("sent", n, 2 * count);
    close_both(s, p);
}
STREAM_SCRIPT("a stream goes each way at once, and neither disturbs the other") {
    co_await both_ways(s, 200'000);
}

STREAM_SCRIPT("an echo returns every message as it was") {
    two_ends p = co_await connect_pair(s);
    for (std::size_t i = 1; i < 40; ++i) {
        bytes there = pattern(i, i), back(i);
        std::int64_t n = co_await transfer(s, op_code::send, p.dialed, there);
        n = co_await transfer(s, op_code::recv, p.accepted, back);
        n = co_await transfer(s, op_code::send, p.accepted, back);
        std::fill(back.begin(), back.end(), std::uint8_t{0});
        n = co_await transfer(s, op_code::recv, p.dialed, back);
        s.is("length", n, i);
        s.is("content", back == there);
    }
    close_both(s, p);
}

// ---- back-pressure ----

std::size_t more_than_buffers_hold(const stage& s) { return s.is_simulated ? 1 << 20 : 12 << 20; }

STREAM_SCRIPT("a sender whose peer does not read is stopped, and goes on when it reads") {
    two_ends p = co_await connect_pair(s);
    beside<std::int64_t> sending(s, send_pattern(s, p.dialed, more_than_buffers_hold(s), 1 << 20));
    co_await arrived(s, p.accepted);
    co_await a_moment(s);
    s.is("it is stopped", !sending.has_ended());
    std::int64_t n = co_await receive_pattern(s, p.accepted, more_than_buffers_hold(s), 1 << 20);
    s.is("nothing is lost", n, more_than_buffers_hold(s));
    n = co_await sending.end();
    s.is("all was sent", n, more_than_buffers_hold(s));
    close_both(s, p);
}

STREAM_SCRIPT(
    "a sender that is stopped by back-pressure can be cancelled, and what it sent arrives") {
    two_ends p = co_await connect_pair(s);
    bytes block = pattern(1 << 16);
    std::int64_t sent = 0;
    for (;;) {  // until one is stopped
        by_hand send(s, op_code::send, p.dialed, block);
        send.submit();
        for (int i = 0; i < 3 && send.what.in_flight; ++i)
            co_await a_moment(s);
        if (send.what.in_flight)
            send.cancel();
        const int n = co_await send.end();
        if (n <= 0) {
            s.is("the one that was stopped", n, "ECANCELED");
            break;
        }
        sent += n;
    }
    s.io.close(p.dialed);
    bytes data(1 << 16);
    std::int64_t got = 0;
    for (;;) {
        const int n = co_await transfer_once(s, op_code::recv, p.accepted, data);
        if (n <= 0) {
            s.is("the end", n, 0);
            break;
        }
        got += n;
    }
    s.is("received what was sent", got, sent);
    s.io.close(p.accepted);
}

STREAM_SCRIPT("a slow reader slows the sender and loses nothing") {
    two_ends p = co_await connect_pair(s);
    constexpr std::size_t count = 3 << 20;
    beside<std::int64_t> sending(s, send_pattern(s, p.dialed, count, 1 << 20));
    bytes data(1 << 18);
    std::size_t had = 0;
    bool right = true;
    while (had < count) {
        co_await a_turn();
        const int n = co_await transfer_once(s, op_code::recv, p.accepted, data);
        if (n <= 0)
            break;
        for (int i = 0; i < n; ++i)
            right = right && data[static_cast<std::size_t>(i)] == pattern_at(had++);
    }
    s.is("in order", right);
    s.is("all of it", had, count);
    const std::int64_t n = co_await sending.end();
    s.is("sent", n, count);
    close_both(s, p);
}

STREAM_SCRIPT("one connection without a reader does not stop another") {
    two_ends full = co_await connect_pair(s);
    two_ends p = co_await connect_pair(s);
    beside<std::int64_t> stuck(s, send_pattern(s, full.dialed, more_than_buffers_hold(s), 1 << 20));
    co_await arrived(s, full.accepted);
    co_await a_moment(s);
    const std::int64_t n = co_await send_text(s, p.dialed, "passes");
    s.is("send", n, 6);
    std::string got = co_await receive_text(s, p.accepted, 6);
    s.is("recv", got, "'passes'");
    stuck.stop();
    static_cast<void>(co_await stuck.end());
    close_both(s, p);
    close_both(s, full);
}

STREAM_SCRIPT(
    "an operation stays with its connection, also when its descriptor is closed and the number "
    "given to another") {
    two_ends p = co_await connect_pair(s);
    beside<int> waiting(s, receive_byte(s, p.accepted));
    co_await a_moment(s);
    s.io.close(p.accepted);
    two_ends other = co_await connect_pair(s);
    int n = co_await send_byte(s, other.dialed, 'o');
    n = co_await send_byte(s, p.dialed, 'm');
    n = co_await waiting.end();
    s.is("its own connection's byte", n, int{'m'});
    n = co_await receive_byte(s, other.accepted);
    s.is("the other's", n, int{'o'});
    close_both(s, other);
    s.io.close(p.dialed);
}

}  // namespace
