// SPDX-License-Identifier: Apache-2.0
// Where unix sockets end otherwise than TCP does, and connections that end before they are accepted.
#include "runtime/backend.hpp"

#include "tests/unit/runtime/conformance/lent.hpp"
#include "tests/unit/runtime/conformance/suite.hpp"

#include <algorithm>

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::runtime;
using namespace tetrad::runtime::conformance;

namespace {

UNIX_SCRIPT("unix: a send to a peer that has closed is EPIPE, the first one too") {
    two_ends p = co_await connect_pair(s);
    s.io.close(p.accepted);
    for (int i = 0; i < 2; ++i) {
        const int r = co_await send_byte(s, p.dialed);
        s.is("send", r, "EPIPE");
    }
    const int r = co_await receive_byte(s, p.dialed);
    s.is("recv", r, end_of_stream);
    s.io.close(p.dialed);
}

UNIX_SCRIPT(
    "unix: a peer that closes with unread data is a reset for who reads, once, and EPIPE for who "
    "sends") {
    two_ends p = co_await connect_pair(s);
    std::int64_t n = co_await send_text(s, p.dialed, "never read");
    n = co_await send_text(s, p.accepted, "read");
    s.is("send", n, 4);
    s.io.close(p.accepted);
    int r = co_await send_byte(s, p.dialed);
    s.is("a send", r, "EPIPE");
    std::string got = co_await receive_text(s, p.dialed, 4);
    s.is("what was sent before", got, "'read'");
    r = co_await receive_byte(s, p.dialed);
    s.is("the reset, once", r, "ECONNRESET");
    r = co_await receive_byte(s, p.dialed);
    s.is("then the end", r, end_of_stream);
    s.io.close(p.dialed);
}

UNIX_SCRIPT(
    "unix: a peer that is shut down is sent nothing any more, and reads what it was sent before") {
    two_ends p = co_await connect_pair(s);
    std::int64_t n = co_await send_text(s, p.dialed, "before");
    s.is("send", n, 6);
    s.io.shutdown(p.accepted);
    int r = co_await send_byte(s, p.dialed);
    s.is("a send", r, "EPIPE");
    r = co_await receive_byte(s, p.dialed);
    s.is("recv", r, end_of_stream);
    std::string got = co_await receive_text(s, p.accepted, 99);
    s.is("the peer reads", got, "'before'");
    close_both(s, p);
}

UNIX_SCRIPT(
    "unix: a peer that is shut down and closes with unread data is a reset after the end was "
    "seen") {
    two_ends p = co_await connect_pair(s);
    int r = co_await send_byte(s, p.dialed);
    s.is("send", r, 1);
    s.io.shutdown(p.accepted);
    r = co_await receive_byte(s, p.dialed);
    s.is("shut down", r, end_of_stream);
    s.io.close(p.accepted);
    r = co_await receive_byte(s, p.dialed);
    s.is("closed", r, "ECONNRESET");
    r = co_await receive_byte(s, p.dialed);
    s.is("then", r, end_of_stream);
    s.io.close(p.dialed);
}

UNIX_SCRIPT("unix: what was sent is the peer's at once, also where the sender closes next") {
    for (int i = 0; i < 10; ++i) {
        two_ends p = co_await connect_pair(s);
        const std::int64_t n = co_await send_text(s, p.dialed, "left behind");
        s.is("send", n, 11);
        s.io.close(p.dialed);
        int r = co_await send_byte(s, p.accepted);
        s.is("nobody there", r, "EPIPE");
        std::string got = co_await receive_text(s, p.accepted, 99);
        s.is("what was left", got, "'left behind'");
        s.io.close(p.accepted);
    }
}

UNIX_SCRIPT("unix: who dials past the backlog waits, and is let in when others are accepted") {
    auto l = s.io.listen(s.any_address, 1);
    std::vector<std::unique_ptr<beside<int>>> dialers;
    for (int i = 0; i < 6; ++i)
        dialers.push_back(std::make_unique<beside<int>>(s, connect(s, l->bound)));
    for (int i = 0; i < 6; ++i) {
        const int fd = co_await accept(s, l->fd);
        s.is("accept", fd >= 0);
        s.io.close(fd);
    }
    for (auto& d : dialers) {
        const int fd = co_await d->end();
        s.is("connect", fd >= 0);
        s.io.close(fd);
    }
    s.io.close(l->fd);
}

UNIX_SCRIPT("unix: a connection whose listener is gone before it was accepted is reset") {
    auto l = s.io.listen(s.any_address, 8);
    const int lost = co_await connect(s, l->bound);
    s.io.close(l->fd);
    int r = co_await receive_byte(s, lost);
    s.is("recv", r, "ECONNRESET");
    r = co_await send_byte(s, lost);
    s.is("send", r, "EPIPE");
    s.io.close(lost);
}

// ---- listeners that are shut down ----

STREAM_SCRIPT(
    "a listener that is shut down ends the accept that waits and every later one, and refuses who "
    "dials") {
    auto l = s.io.listen(s.any_address, 8);
    beside<int> waiting(s, accept(s, l->fd));
    co_await a_turn();
    s.io.shutdown(l->fd);
    int r = co_await waiting.end();
    s.is("the one that waits", r, "EINVAL");
    for (int i = 0; i < 3; ++i) {
        r = co_await accept(s, l->fd);
        s.is("a later one", r, "EINVAL");
        r = co_await connect(s, l->bound);
        s.is("who dials", r, "ECONNREFUSED");
    }
    s.io.close(l->fd);
    r = co_await connect(s, l->bound);
    s.is("when it is closed", r, is_unix(s) ? -ENOENT : -ECONNREFUSED);
}

STREAM_SCRIPT("a listener that was never asked for a connection is shut down as any other") {
    auto l = s.io.listen(s.any_address, 8);
    s.io.shutdown(l->fd);
    int r = co_await accept(s, l->fd);
    s.is("accept", r, "EINVAL");
    s.io.close(l->fd);
    auto again = s.io.listen(l->bound, 8);
    s.is("its address is free", again, "ok");
    const int dialed = co_await connect(s, again->bound);
    r = co_await accept(s, again->fd);
    s.is("and serves again", dialed >= 0 && r >= 0);
    for (const int fd : {dialed, r, again->fd})
        s.io.close(fd);
}

STREAM_SCRIPT("a listener that is closed ends the accepts that wait on it") {
    auto l = s.io.listen(s.any_address, 8);
    beside<int> a(s, accept(s, l->fd)), b(s, accept(s, l->fd));
    co_await a_turn();
    s.io.close(l->fd);
    int r = co_await a.end();
    s.is("one", r, "EINVAL");
    r = co_await b.end();
    s.is("the other", r, "EINVAL");
}

STREAM_SCRIPT(
    "the address of a listener that is shut down is not free before it is closed, where it is a "
    "path") {
    auto l = s.io.listen(s.any_address, 8);
    s.io.shutdown(l->fd);
    auto early = s.io.listen(l->bound, 8);
    s.is("before", early.has_value(), !is_unix(s));
    if (early)
        s.io.close(early->fd);
    s.io.close(l->fd);
    auto late = s.io.listen(l->bound, 8);
    s.is("after", late, "ok");
    s.io.close(late->fd);
    co_return;
}

// ---- reset before it was accepted ----

SCRIPT(
    "a connection that was reset before it was accepted is ECONNABORTED, and the next one is "
    "accepted") {
    auto l = s.io.listen(s.any_address, 8);
    const int lost = co_await connect(s, l->bound);
    co_await arrived(s, l->fd);
    s.reset(lost);
    const int dialed = co_await connect(s, l->bound);
    int r = co_await accept(s, l->fd);
    if (r >= 0 && !s.is_simulated) {  // a kernel may hear of the reset after the accept
        const int c = co_await receive_byte(s, r);
        s.is("the first", c, "ECONNRESET");
        s.io.close(r);
    } else {
        s.is("the first", r, "ECONNABORTED");
    }
    r = co_await accept(s, l->fd);
    s.is("the next", r >= 0);
    int n = co_await send_byte(s, dialed, 'n');
    n = co_await receive_byte(s, r);
    s.is("is who dialed", n, int{'n'});
    for (const int fd : {dialed, r, l->fd})
        s.io.close(fd);
}

SCRIPT("a reset reaches who waits to read, once, and who sends next gets EPIPE") {
    two_ends p = co_await connect_pair(s);
    beside<std::string> waiting(s, lent_text(s, p.accepted));
    co_await a_turn();
    s.reset(p.dialed);
    std::string got = co_await waiting.end();
    s.is("recv", got, "ECONNRESET");
    const int r = co_await send_byte(s, p.accepted);
    s.is("send", r, "EPIPE");
    got = co_await lent_text(s, p.accepted);
    s.is("then", got, "the end");
    s.io.close(p.accepted);
}

}  // namespace
