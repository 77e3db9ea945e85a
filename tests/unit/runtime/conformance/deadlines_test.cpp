// SPDX-License-Identifier: Apache-2.0
// Timers and deadlines: order, accuracy, and a deadline that meets what it limits.
#include "runtime/backend.hpp"

#include "tests/unit/runtime/conformance/suite.hpp"

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::runtime;
using namespace tetrad::runtime::conformance;

namespace {

SCRIPT("a sleep ends at its time or after, not before") {
    for (const duration d : {duration(1), duration(1us), duration(1ms), duration(7ms)}) {
        const instant before = s.here.now();  // the time of this turn, which sleep_for counts from
        result<void> slept = co_await sleep_for(d);
        s.is("slept", slept, "ok");
        s.is("not before", s.now() - before >= d);
        s.is("not for ever", s.now() - before < 20s);
    }
}

SCRIPT("a sleep until a time that has passed ends") {
    result<void> slept = co_await sleep_until(s.now() + duration(-3'600'000'000'000));
    s.is("slept", slept, "ok");
    slept = co_await sleep_for(duration::zero());
    s.is("for nothing", slept, "ok");
}

task<void> sleep_and_say(instant at, int who, std::vector<int>& order) {
    result<void> slept = co_await sleep_until(at);
    static_cast<void>(slept);
    order.push_back(who);
}

SCRIPT("sleeps end in the order of their times, whatever the order they began in") {
    std::vector<int> order;
    scope tasks(s.here);
    const instant base = s.now() + 2ms;
    for (const int i : {3, 0, 4, 1, 2})
        tasks.spawn(sleep_and_say(base + i * 1ms, i, order));
    co_await tasks.join();
    s.is("order", order == std::vector<int>{0, 1, 2, 3, 4});
}

SCRIPT("the clock does not go back") {
    instant last = s.now();
    bool right = true;
    for (int i = 0; i < 50; ++i) {
        co_await a_turn();
        right = right && s.now() >= last;
        last = s.now();
    }
    s.is("never back", right);
}

SCRIPT("the wall clock goes on with the other") {
    const timestamp before = s.io.wall_clock();
    result<void> slept = co_await sleep_for(20ms);
    const duration passed = s.io.wall_clock() - before;
    s.is("slept", slept, "ok");
    s.is("went on", passed >= 10ms && passed < 20s);
}

SCRIPT("random bytes are not the same twice") {
    bytes a(32), b(32);
    s.io.random().fill(a);
    s.io.random().fill(b);
    s.is("they differ", a != b);
    co_return;
}

task<result<int>> byte_within(stage& s, descriptor fd) {
    bytes one(1);
    operation o(s.io, op_code::recv);
    o.what.fd = fd;
    o.what.buffer = one.data();
    o.what.length = 1;
    const int n = co_await o;
    if (n < 0)
        co_return o.failure("recv");
    co_return int{one[0]};
}

STREAM_SCRIPT("a recv past its deadline is timed out, and what comes later is not lost") {
    two_ends p = co_await connect_pair(s);
    result<int> got = co_await with_deadline(s.now() + 2ms, byte_within(s, p.accepted));
    s.is("recv", got, "timed out");
    int r = co_await send_byte(s, p.dialed, 'l');
    r = co_await receive_byte(s, p.accepted);
    s.is("later", r, int{'l'});
    close_both(s, p);
}

STREAM_SCRIPT("a recv whose deadline had passed asks for nothing") {
    two_ends p = co_await connect_pair(s);
    int r = co_await send_byte(s, p.dialed, 'k');
    co_await arrived(s, p.accepted);
    result<int> got = co_await with_deadline(s.now() + duration(-3'600'000'000'000), byte_within(s, p.accepted));
    s.is("recv", got, "timed out");
    r = co_await receive_byte(s, p.accepted);
    s.is("the byte is there", r, int{'k'});
    close_both(s, p);
}

STREAM_SCRIPT("a recv before its deadline has its byte, and the deadline ends nothing later") {
    two_ends p = co_await connect_pair(s);
    int r = co_await send_byte(s, p.dialed, 'i');
    result<int> got = co_await with_deadline(s.now() + 30s, byte_within(s, p.accepted));
    s.is("recv", got.value_or(-1), int{'i'});
    beside<int> waiting(s, receive_byte(s, p.accepted));
    co_await a_moment(s);
    s.is("it waits", !waiting.has_ended());
    r = co_await send_byte(s, p.dialed, 'j');
    r = co_await waiting.end();
    s.is("its byte", r, int{'j'});
    close_both(s, p);
}

STREAM_SCRIPT("deadline and data race, thirty times: no byte is lost, doubled or out of order") {
    two_ends p = co_await connect_pair(s);
    int next = 0;
    for (int i = 0; i < 30; ++i) {
        int r = co_await send_byte(s, p.dialed, static_cast<char>(i));
        s.is("send", r, 1);
        result<int> got =
            co_await with_deadline(s.now() + (i % 5) * 10us, byte_within(s, p.accepted));
        if (got)
            s.is("in order", *got, next++);
        else
            s.is("recv", got, "timed out");
    }
    while (next < 30) {
        const int r = co_await receive_byte(s, p.accepted);
        s.is("later", r, next++);
    }
    close_both(s, p);
}

}  // namespace
