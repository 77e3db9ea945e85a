// SPDX-License-Identifier: Apache-2.0
// Cancellation at every stage, and what ends with what.
#include "runtime/backend.hpp"

#include "tests/unit/runtime/conformance/suite.hpp"

#include <algorithm>

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::runtime;
using namespace tetrad::runtime::conformance;

namespace {

/// Either it was cancelled, or it was done before that was known.
bool is_either(int result, int done) { return result == -ECANCELED || result == done; }

STREAM_SCRIPT("a recv that was cancelled before it reached the kernel ends with ECANCELED, once") {
    two_ends p = co_await connect_pair(s);
    bytes one(1);
    by_hand receive(s, op_code::recv, p.accepted, one);
    receive.submit();
    receive.cancel();
    const int r = co_await receive.end();
    s.is("recv", r, "ECANCELED");
    co_await a_turn();
    s.is("completions", receive.completions, 1);
    close_both(s, p);
}

STREAM_SCRIPT("a recv that was cancelled in the kernel ends with ECANCELED, once") {
    two_ends p = co_await connect_pair(s);
    bytes one(1);
    by_hand receive(s, op_code::recv, p.accepted, one);
    receive.submit();
    co_await a_turn();
    s.is("in flight", receive.what.in_flight);
    receive.cancel();
    s.is("not ended by the call", receive.completions, 0);
    const int r = co_await receive.end();
    s.is("recv", r, "ECANCELED");
    co_await a_turn();
    s.is("completions", receive.completions, 1);
    close_both(s, p);
}

STREAM_SCRIPT("a recv that is cancelled twice ends once") {
    two_ends p = co_await connect_pair(s);
    bytes one(1);
    by_hand receive(s, op_code::recv, p.accepted, one);
    receive.submit();
    receive.cancel();
    receive.cancel();
    co_await a_turn();
    receive.cancel();
    const int r = co_await receive.end();
    s.is("recv", r, "ECANCELED");
    receive.cancel();
    for (int i = 0; i < 5; ++i)
        co_await a_turn();
    s.is("completions", receive.completions, 1);
    close_both(s, p);
}

STREAM_SCRIPT(
    "a recv whose data was there is cancelled or done, and the byte is lost in neither case") {
    two_ends p = co_await connect_pair(s);
    int r = co_await send_byte(s, p.dialed, 'd');
    co_await arrived(s, p.accepted);
    bytes one(1);
    by_hand receive(s, op_code::recv, p.accepted, one);
    receive.submit();
    receive.cancel();
    r = co_await receive.end();
    s.is("recv", is_either(r, 1));
    if (r != 1)
        r = co_await transfer_once(s, op_code::recv, p.accepted, one);
    s.is("the byte", one[0], int{'d'});
    close_both(s, p);
}

STREAM_SCRIPT(
    "data and cancellation race, a hundred times: no byte is lost, doubled or out of order") {
    two_ends p = co_await connect_pair(s);
    int next = 0;
    for (int i = 0; i < 100; ++i) {
        bytes one(1);
        by_hand receive(s, op_code::recv, p.accepted, one);
        receive.submit();
        beside<int> sending(s, send_byte(s, p.dialed, static_cast<char>(i)));
        if (i % 3 == 0)
            co_await a_turn();
        receive.cancel();
        int r = co_await receive.end();
        const int n = co_await sending.end();
        s.is("send", n, 1);
        s.is("recv", is_either(r, 1));
        if (r == 1)
            s.is("in order", one[0], next++);
        while (next <= i) {
            r = co_await receive_byte(s, p.accepted);
            s.is("later", r, next++);
        }
    }
    close_both(s, p);
}

STREAM_SCRIPT("a recv after a cancelled one gets what comes") {
    two_ends p = co_await connect_pair(s);
    bytes one(1);
    for (int i = 0; i < 5; ++i) {
        by_hand receive(s, op_code::recv, p.accepted, one);
        receive.submit();
        if (i % 2 == 0)
            co_await a_turn();
        receive.cancel();
        const int r = co_await receive.end();
        s.is("cancelled", r, "ECANCELED");
    }
    int r = co_await send_byte(s, p.dialed, 'n');
    r = co_await receive_byte(s, p.accepted);
    s.is("the next", r, int{'n'});
    close_both(s, p);
}

STREAM_SCRIPT(
    "a cancellation that comes too late does not hit the operation that follows in the same "
    "place") {
    two_ends p = co_await connect_pair(s);
    bytes one(1);
    by_hand receive(s, op_code::recv, p.accepted, one);
    for (int i = 0; i < 10; ++i) {
        int r = co_await send_byte(s, p.dialed, static_cast<char>(i));
        receive.submit();
        co_await a_turn();
        receive.cancel();  // done already, or all but
        r = co_await receive.end();
        if (r == -ECANCELED) {
            r = co_await transfer_once(s, op_code::recv, p.accepted, one);
        }
        s.is("the first", one[0], i);
        receive.submit();  // the same op, at the same address
        for (int turn = 0; turn < 3; ++turn)
            co_await a_turn();
        s.is("not hit", receive.what.in_flight);
        r = co_await send_byte(s, p.dialed, 'f');
        r = co_await receive.end();
        s.is("the one that follows", r, 1);
        s.is("its byte", one[0], int{'f'});
    }
    close_both(s, p);
}

STREAM_SCRIPT("cancelling one of two reads leaves the other") {
    two_ends p = co_await connect_pair(s);
    two_ends q = co_await connect_pair(s);
    bytes a(1), b(1);
    by_hand first(s, op_code::recv, p.accepted, a), second(s, op_code::recv, q.accepted, b);
    first.submit();
    second.submit();
    co_await a_turn();
    first.cancel();
    int r = co_await first.end();
    s.is("the one", r, "ECANCELED");
    s.is("the other waits", second.what.in_flight);
    r = co_await send_byte(s, q.dialed, 'o');
    r = co_await second.end();
    s.is("the other", r, 1);
    s.is("its byte", b[0], int{'o'});
    close_both(s, p);
    close_both(s, q);
}

STREAM_SCRIPT("a reader and a writer of one connection are cancelled one without the other") {
    two_ends p = co_await connect_pair(s);
    bytes one(1);
    by_hand receive(s, op_code::recv, p.accepted, one);
    receive.submit();
    co_await a_turn();
    receive.cancel();
    int r = co_await send_byte(s, p.accepted, 'w');
    s.is("the writer", r, 1);
    r = co_await receive.end();
    s.is("the reader", r, "ECANCELED");
    r = co_await receive_byte(s, p.dialed);
    s.is("what was written", r, int{'w'});
    close_both(s, p);
}

// ---- accept and connect ----

STREAM_SCRIPT("an accept that was cancelled ends with ECANCELED, and the next one accepts") {
    auto l = s.io.listen(s.any_address, 8);
    for (int turns = 0; turns < 2; ++turns) {
        by_hand accepting(s, op_code::accept, l->fd);
        accepting.submit();
        if (turns > 0)
            co_await a_turn();
        accepting.cancel();
        const int r = co_await accepting.end();
        s.is("accept", r, "ECANCELED");
    }
    const int dialed = co_await connect(s, l->bound);
    const int accepted = co_await accept(s, l->fd);
    s.is("the next one", accepted >= 0);
    s.io.close(dialed);
    s.io.close(accepted);
    s.io.close(l->fd);
}

STREAM_SCRIPT(
    "a dialer and a cancellation race: the connection goes to this accept or to the next") {
    auto l = s.io.listen(s.any_address, 8);
    for (int i = 0; i < 20; ++i) {
        by_hand accepting(s, op_code::accept, l->fd);
        accepting.submit();
        beside<int> dialing(s, connect(s, l->bound));
        if (i % 2 == 0)
            co_await a_turn();
        accepting.cancel();
        int accepted = co_await accepting.end();
        if (accepted < 0) {
            s.is("accept", accepted, "ECANCELED");
            accepted = co_await accept(s, l->fd);
        }
        const int dialed = co_await dialing.end();
        s.is("a pair", accepted >= 0 && dialed >= 0);
        int n = co_await send_byte(s, dialed, 'p');
        n = co_await receive_byte(s, accepted);
        s.is("of each other", n, int{'p'});
        s.io.close(dialed);
        s.io.close(accepted);
    }
    s.io.close(l->fd);
}

STREAM_SCRIPT("a listener that is shut down wakes its accepts") {
    auto l = s.io.listen(s.any_address, 8);
    beside<int> waiting(s, accept(s, l->fd));
    co_await a_turn();
    s.io.shutdown(l->fd);
    const int r = co_await waiting.end();
    s.is("accept", r, "EINVAL");
    s.io.close(l->fd);
}

STREAM_SCRIPT("a connect that was cancelled at once leaves no connection, or a whole one") {
    auto l = s.io.listen(s.any_address, 64);
    for (int i = 0; i < 20; ++i) {
        by_hand dialing(s, op_code::connect, -1);
        dialing.what.peer = l->bound;
        dialing.submit();
        if (i % 2 == 0)
            co_await a_turn();
        dialing.cancel();
        const int fd = co_await dialing.end();
        s.is("connect", fd >= 0 || fd == -ECANCELED);
        if (fd < 0)
            continue;
        const int n = co_await send_byte(s, fd);
        s.is("send", n, 1);
        s.io.close(fd);
    }
    s.io.close(l->fd);
}

// ---- files ----

SCRIPT("a read of a file that is cancelled was done or was not, and its completion comes once") {
    co_await make_file(s, s.path("f"), "content");
    const int fd = co_await open(s, s.path("f"), open_flags::read);
    for (int i = 0; i < 20; ++i) {
        bytes data(1);
        by_hand read(s, op_code::read, fd, data, 3);
        read.submit();
        if (i % 2 == 0)
            co_await a_turn();
        read.cancel();
        const int r = co_await read.end();
        s.is("read", is_either(r, 1));
        s.is("content", r != 1 || data[0] == 't');
        s.is("completions", read.completions, 1);
    }
    s.io.close(fd);
}

SCRIPT("a write that is cancelled wrote all of its byte or nothing") {
    co_await make_file(s, s.path("f"), "....................");
    const int fd = co_await open(s, s.path("f"), open_flags::read | open_flags::write);
    std::string wanted = "....................";
    for (std::uint64_t i = 0; i < 20; ++i) {
        bytes data = to_bytes("W");
        by_hand write(s, op_code::write, fd, data, i);
        write.submit();
        write.cancel();
        const int r = co_await write.end();
        s.is("write", is_either(r, 1));
        if (r == 1)
            wanted[i] = 'W';
    }
    std::string seen = co_await content_of(s, fd);
    s.is("what was written is what was said", seen, "'" + wanted + "'");
    s.io.close(fd);
}

SCRIPT("a sync that is cancelled ends once") {
    co_await make_file(s, s.path("f"), "content");
    const int fd = co_await open(s, s.path("f"), open_flags::write);
    by_hand sync(s, op_code::sync, fd);
    sync.submit();
    sync.cancel();
    const int r = co_await sync.end();
    s.is("sync", is_either(r, 0));
    co_await a_turn();
    s.is("completions", sync.completions, 1);
    s.io.close(fd);
}

SCRIPT("an open that is cancelled gives a descriptor or none, and none is lost") {
    co_await make_file(s, s.path("f"), "content");
    for (int i = 0; i < 20; ++i) {
        const std::string path = s.path("f");
        by_hand opening(s, op_code::open, -1);
        opening.what.path = path.c_str();
        opening.what.flags = open_flags::read;
        opening.submit();
        if (i % 2 == 0)
            co_await a_turn();
        opening.cancel();
        const int fd = co_await opening.end();
        s.is("open", fd >= 0 || fd == -ECANCELED);
        if (fd >= 0)
            s.io.close(fd);
    }
}

}  // namespace
