// SPDX-License-Identifier: Apache-2.0
// Receives into lent memory and the half close of a stream, on the real kernel.
#include "runtime/received.hpp"

#include "tests/unit/runtime/tcp_support.hpp"

#include <thread>

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::runtime;
using namespace tetrad::runtime::testing;

namespace {

/// All that comes, by lent receives.
task<result<std::string>> receive_all(tcp_stream& s) {
    std::string out;
    for (;;) {
        const received r = co_await ok(s.receive());
        if (r.is_end())
            co_return out;
        out += text(r.view());
    }
}
/// Three bytes by each way of reading, until the end.
task<result<std::string>> read_by_turns(tcp_stream& s) {
    std::string out;
    bytes three(3);
    for (;;) {
        received r = co_await ok(s.receive());
        if (r.is_end())
            co_return out;
        out += text(r.view());
        received moved;
        moved = std::move(r);
        const std::size_t n = co_await ok(s.read_some(three));
        if (n == 0)
            co_return out;
        out += text(byte_view(three).first(n));
    }
}

}  // namespace

TEST_CASE("a stream that ended our direction still hears the peer, who sees the end") {
    real_machine m;
    auto listener = listener_at(m, loopback());
    raw_peer peer(listener.bound());
    auto s = m.run(accept_one(listener));
    REQUIRE(s.has_value());
    REQUIRE(m.run(write_text(*s, "question")).has_value());
    s->shutdown_send();
    REQUIRE(peer.receive_all() == "question");
    peer.send("answer");
    peer.close_write();
    const auto heard = m.run(receive_all(*s));
    REQUIRE(heard.has_value());
    REQUIRE(*heard == "answer");
    const auto late = m.run(write_text(*s, "more"));
    REQUIRE_FALSE(late.has_value());
    REQUIRE(late.error().code == errc::closed);
}

TEST_CASE("lent receives and reads into one's own memory may be mixed, and every byte comes once and in order") {
    real_machine m;
    auto listener = listener_at(m, loopback());
    raw_peer peer(listener.bound());
    auto s = m.run(accept_one(listener));
    REQUIRE(s.has_value());
    const bytes sent = pattern_of(100'000, 3);
    bool was_sent = false;
    std::thread writer([&] {
        was_sent = peer.send_all(text(sent));
        peer.close_write();
    });
    const auto heard = m.run(read_by_turns(*s));
    writer.join();
    REQUIRE(was_sent);
    REQUIRE(heard.has_value());
    REQUIRE(*heard == text(sent));
}
