// SPDX-License-Identifier: Apache-2.0
// Stops of tasks, scopes and trees, as operations under way meet them.
#include "runtime/backend.hpp"

#include "tests/unit/runtime/conformance/suite.hpp"

#include <algorithm>

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::runtime;
using namespace tetrad::runtime::conformance;

namespace {

STREAM_SCRIPT("a task that was stopped before asks for nothing") {
    two_ends p = co_await connect_pair(s);
    int r = co_await send_byte(s, p.dialed, 's');
    co_await arrived(s, p.accepted);
    scope tasks(s.here);
    tasks.request_stop();
    std::optional<int> seen;
    tasks.spawn(note(receive_byte(s, p.accepted), seen));
    co_await tasks.join();
    s.is("recv", *seen, "ECANCELED");
    r = co_await receive_byte(s, p.accepted);
    s.is("the byte is still there", r, int{'s'});
    close_both(s, p);
}

STREAM_SCRIPT("stopping a scope ends all that waits in it, and leaves what waits elsewhere") {
    two_ends p = co_await connect_pair(s);
    auto l =
        s.io.listen(s.any_address.kind == endpoint::family::ipv4 ? s.any_address
                                                                 : *parse_endpoint("127.0.0.1:0"),
                    8);
    beside<int> elsewhere(s, receive_byte(s, p.dialed));
    {
        scope tasks(s.here);
        std::optional<int> a, b;
        std::optional<result<void>> c;
        tasks.spawn(note(receive_byte(s, p.accepted), a));
        tasks.spawn(note(accept(s, l->fd), b));
        tasks.spawn(note(sleep_for(1h), c));
        co_await a_turn();
        tasks.request_stop();
        co_await tasks.join();
        s.is("recv", *a, "ECANCELED");
        s.is("accept", *b, "ECANCELED");
        s.is("sleep", *c, "cancelled");
    }
    s.is("elsewhere", !elsewhere.has_ended());
    int r = co_await send_byte(s, p.accepted, 'e');
    r = co_await elsewhere.end();
    s.is("goes on", r, int{'e'});
    s.io.close(l->fd);
    close_both(s, p);
}

task<int> receive_under(stage& s, stop_state& stop, descriptor fd) {
    task<int> work = receive_byte(s, fd);
    const int r = co_await under(stop, work);
    co_return r;
}

STREAM_SCRIPT("a stop reaches an operation three levels below, with its reason") {
    two_ends p = co_await connect_pair(s);
    stop_state top, middle(&top), low(&middle);
    beside<int> waiting(s, receive_under(s, low, p.accepted));
    co_await a_turn();
    top.request(errc::timed_out);
    const int r = co_await waiting.end();
    s.is("recv", r, "ECANCELED");
    s.is("why", low.why(), "timed out");
    close_both(s, p);
}

STREAM_SCRIPT("a stop below does not reach above") {
    two_ends p = co_await connect_pair(s);
    stop_state top, low(&top);
    beside<int> above(s, receive_under(s, top, p.accepted)),
        below(s, receive_under(s, low, p.dialed));
    co_await a_turn();
    low.request();
    int r = co_await below.end();
    s.is("below", r, "ECANCELED");
    s.is("above", !above.has_ended());
    r = co_await send_byte(s, p.dialed, 'a');
    r = co_await above.end();
    s.is("above goes on", r, int{'a'});
    close_both(s, p);
}

}  // namespace
