// SPDX-License-Identifier: Apache-2.0
// The trouble that is made for the conformance suite is real, and is no more than a kernel may make.
#include "runtime/uring/mischief.hpp"

#include "tests/unit/runtime/tcp_support.hpp"
#include "tests/unit/runtime/uring/by_hand.hpp"

#include <cerrno>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <poll.h>

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::runtime;
using namespace tetrad::runtime::testing;

namespace {

using completion = kernel_ring::completion;

/// Puts these through, a few a turn, and turns until none is held.
std::vector<completion> through(mischief& m, const std::vector<completion>& in,
                                std::size_t a_turn) {
    std::vector<completion> out;
    completion batch[kernel_ring::batch];
    std::size_t next = 0;
    while (next < in.size() || m.holds_any()) {
        unsigned n = 0;
        while (n < a_turn && next < in.size())
            batch[n++] = in[next++];
        n = m.meddle(batch, n);
        out.insert(out.end(), batch, batch + n);
    }
    return out;
}

completion of(std::uint64_t user_data, std::int32_t result) {
    completion c{};
    c.user_data = user_data;
    c.result = result;
    return c;
}

}  // namespace

TEST_CASE(
    "held completions are delivered once each, those of one operation in order, those of several "
    "out of order") {
    std::vector<completion> in;
    for (std::int32_t i = 0; i < 2000; ++i)
        in.push_back(of(1000 + static_cast<std::uint64_t>(i % 7) * 64, i));
    bool reordered = false;
    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
        mischief m({.seed = seed, .hold = 50});
        const auto out = through(m, in, 20);
        REQUIRE(out.size() == in.size());
        std::map<std::uint64_t, std::int32_t> last;
        for (std::size_t i = 0; i < out.size(); ++i) {
            const auto before = last.try_emplace(out[i].user_data, -1).first;
            REQUIRE(before->second < out[i].result);
            before->second = out[i].result;
            reordered = reordered || out[i].result != static_cast<std::int32_t>(i);
        }
    }
    REQUIRE(reordered);
}

TEST_CASE("what is the backend's own is not held") {
    mischief m({.seed = 1, .hold = 100});
    completion batch[kernel_ring::batch] = {of(0, 0), of(4096, 1), of(1, 8)};
    REQUIRE(m.meddle(batch, 3) == 2);
    REQUIRE(batch[0].user_data == 0);
    REQUIRE(batch[1].user_data == 1);
}

TEST_CASE("an interrupted operation ends with EINTR or EAGAIN, and a connect is not interrupted") {
    mischief m({.seed = 1, .interrupt = 100});
    op receive, connect;
    receive.code = op_code::recv;
    connect.code = op_code::connect;
    REQUIRE_FALSE(m.interrupts(connect));
    REQUIRE(m.interrupts(receive));
    const auto out = through(m, {}, 1);
    REQUIRE(out.size() == 1);
    REQUIRE(out[0].user_data == reinterpret_cast<std::uint64_t>(&receive));
    REQUIRE((out[0].result == -EINTR || out[0].result == -EAGAIN));
}

TEST_CASE("a shortened transfer asks for something, and whole blocks of a file stay whole") {
    mischief m({.seed = 1, .shorten = 100});
    bool shortened = false;
    for (int i = 0; i < 200; ++i) {
        io_uring_sqe entry{};
        io_uring_prep_recv(&entry, 3, nullptr, 4096, 0);
        m.shorten(entry);
        REQUIRE((entry.len >= 1 && entry.len <= 4096));
        shortened = shortened || entry.len < 4096;
        io_uring_prep_write(&entry, 3, nullptr, 65536, 0);
        m.shorten(entry);
        REQUIRE((entry.len >= 4096 && entry.len <= 65536 && entry.len % 4096 == 0));
    }
    REQUIRE(shortened);
}

// ---- requests that complete many times: the trouble happens, and nobody who reads or accepts sees it ----

namespace {

std::unique_ptr<uring_backend> open_troubled(mischief_plan plan, unsigned lent = 16) {
    uring_options o;
    o.mischief = plan;
    o.lent = lent;
    return open_backend(o);
}

/// Pieces of all sizes, some before they are asked for; wants them whole and in order.
void carries(uring_backend& io) {
    socket_pair p(io);
    std::string sent, got;
    for (std::size_t i = 0; i < 60; ++i) {
        const std::string part = std::to_string(i) + std::string(i * 37 % 900, '.') + ";";
        p.send(part);
        sent += part;
        if (i % 4 == 0)
            look(io, 2);
        while (i % 3 == 0 && got.size() < sent.size())
            got += receive(io, p.ours);
    }
    while (got.size() < sent.size())
        got += receive(io, p.ours);
    REQUIRE(got == sent);
    ::close(std::exchange(p.far, -1));
    REQUIRE(receive(io, p.ours) == "end");
    REQUIRE(io.counts().in_flight() == 0);
}

descriptor accept_kept(uring_backend& io, descriptor listener, endpoint* peer = nullptr) {
    hand_op o(op_code::accept, listener);
    io.submit(o);
    finish(io, o);
    REQUIRE(o.result >= 0);
    if (peer)
        *peer = o.peer;
    return o.result;
}
endpoint accept(uring_backend& io, descriptor listener) {
    endpoint peer;
    io.close(accept_kept(io, listener, &peer));
    return peer;
}
/// Blocks until data lies in the kernel; what a turn of the backend has taken is not there any more.
void wait_until_arrived(descriptor fd) {
    pollfd asked{fd, POLLIN, 0};
    REQUIRE(::poll(&asked, 1, 60'000) == 1);
}

}  // namespace

TEST_CASE("a receive whose request ends after each completion goes on where it was") {
    const auto io = open_troubled({.seed = 1, .end_early = 100});
    carries(*io);
    REQUIRE(io->troubles().ended_early > 20);
    REQUIRE(io->counts().rearmed > 20);
    REQUIRE(io->counts().no_buffers == 0);
}

TEST_CASE(
    "a receive whose request ends early and has room for a few bytes only gets them in order") {
    const auto io = open_troubled({.seed = 2, .shorten = 100, .end_early = 100});
    carries(*io);
    REQUIRE(io->troubles().shortened > 20);
}

TEST_CASE(
    "a receive whose request is interrupted, tried again or cancelled by the kernel goes on where "
    "it was") {
    const auto io = open_troubled({.seed = 3, .interrupt = 60, .end_early = 100});
    carries(*io);
    REQUIRE(io->troubles().interrupted > 20);
    REQUIRE(io->counts().rearmed > 5);
}

TEST_CASE(
    "a receive that is told that all buffers are out gets one of its own, and the next ones are "
    "lent again") {
    const auto io = open_troubled({.seed = 4, .end_early = 100, .starve = 50});
    carries(*io);
    REQUIRE(io->troubles().starved > 5);
    REQUIRE(io->counts().no_buffers > 5);
    REQUIRE(io->counts().no_buffers < io->counts().completed);
}

TEST_CASE("an accept whose request ends after each connection loses none and keeps their order") {
    const auto io = open_troubled({.seed = 5, .interrupt = 30, .end_early = 100});
    auto l = io->listen(loopback(), 64);
    REQUIRE(l.has_value());
    std::vector<std::unique_ptr<raw_peer>> peers;
    std::size_t accepted = 0;
    for (int round = 0; round < 10; ++round) {
        for (int i = 0; i < 3; ++i)
            peers.push_back(std::make_unique<raw_peer>(l->bound));
        look(*io, 2);
        while (accepted < peers.size()) {
            sockaddr_in mine{};
            socklen_t size = sizeof mine;
            REQUIRE(::getsockname(peers[accepted++]->fd, reinterpret_cast<sockaddr*>(&mine),
                                  &size) == 0);
            REQUIRE(accept(*io, l->fd).port == ntohs(mine.sin_port));
        }
    }
    io->close(l->fd);
    REQUIRE(io->troubles().ended_early > 5);
    REQUIRE(io->counts().rearmed > 5);
}

TEST_CASE("what completes after its stream was closed gives its buffer back") {
    const auto io = open_troubled({.seed = 6, .hold = 100}, 4);
    for (int i = 0; i < 40; ++i) {  // were one kept each time, the four were gone
        socket_pair p(*io);
        p.send("first");
        REQUIRE(receive(*io, p.ours) == "first");
        p.send("never read");
        io->turn(instant{0});  // taken from the kernel, and held
        p.close();
        look(*io, 30);
        REQUIRE(p.is_closed_there());
    }
    REQUIRE(io->troubles().late > 10);
    REQUIRE(io->counts().no_buffers == 0);
}

TEST_CASE(
    "what completes after its TCP stream was closed resets the peer, as all that nobody has read") {
    const auto io = open_troubled({.seed = 6, .hold = 100}, 4);
    auto l = io->listen(loopback(), 4);
    REQUIRE(l.has_value());
    for (int i = 0; i < 40; ++i) {
        raw_peer far(l->bound);
        const descriptor ours = accept_kept(*io, l->fd);
        far.send("first");
        REQUIRE(receive(*io, ours) == "first");
        far.send("never read");
        wait_until_arrived(ours);
        io->turn(instant{0});  // taken from the kernel, and held
        io->close(ours);
        look(*io, 30);
        char c = 0;
        REQUIRE(::recv(far.fd, &c, 1, 0) == -1);
        REQUIRE(errno == ECONNRESET);
    }
    REQUIRE(io->troubles().late > 10);
    REQUIRE(io->counts().no_buffers == 0);
    io->close(l->fd);
}

TEST_CASE("what completes after its receive was cancelled is the next one's") {
    const auto io = open_troubled({.seed = 7, .hold = 100});
    socket_pair p(*io);
    int cancelled = 0;
    for (int i = 0; i < 40; ++i) {
        hand_op o(op_code::receive, p.ours);
        io->submit(o);
        p.send("x");
        io->turn(instant{0});
        io->cancel(o);
        finish(*io, o);
        cancelled += o.result == -ECANCELED ? 1 : 0;
        if (o.result > 0)
            io->give_back(o.buffer);
        else
            REQUIRE(receive(*io, p.ours) == "x");
    }
    REQUIRE(cancelled > 10);
    REQUIRE(io->troubles().held > 20);
}

TEST_CASE("requests that fill the kernel's completions end there, and go on where they were") {
    uring_options o;
    o.entries = 2;
    o.completions = 4;
    o.lent = 64;
    const auto io = open_backend(o);
    std::vector<std::unique_ptr<socket_pair>> pairs;
    std::vector<std::string> got(20), sent(20);
    std::vector<std::unique_ptr<hand_op>> ops;
    for (std::size_t i = 0; i < 20; ++i) {
        pairs.push_back(std::make_unique<socket_pair>(*io));
        ops.push_back(std::make_unique<hand_op>(op_code::receive, pairs[i]->ours));
        io->submit(*ops[i]);
    }
    look(*io, 30);
    for (int round = 0; round < 20; ++round) {
        for (std::size_t i = 0; i < 20; ++i) {
            const std::string part = std::to_string(round) + ";";
            sent[i] += part;
            pairs[i]->send(part);
        }
        while (got != sent) {
            io->turn(instant{0});
            for (std::size_t i = 0; i < 20; ++i) {
                if (ops[i]->in_flight)
                    continue;
                got[i] += ops[i]->text();
                io->give_back(ops[i]->buffer);
                io->submit(*ops[i]);
            }
        }
    }
    REQUIRE(io->counts().overflows > 0);
    REQUIRE(io->counts().rearmed > 0);
    for (auto& each : ops) {
        io->cancel(*each);
        finish(*io, *each);
    }
}
