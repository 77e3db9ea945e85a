// SPDX-License-Identifier: Apache-2.0
// Requests that complete many times: what comes early, in too great number, after a close or a cancellation. Ops are driven by hand.
#include "runtime/uring/multishot.hpp"

#include "tests/unit/runtime/tcp_support.hpp"
#include "tests/unit/runtime/uring/by_hand.hpp"

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <fcntl.h>

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::runtime;
using namespace tetrad::runtime::testing;

TEST_CASE("what comes before it is asked for waits, is bounded, and comes in order") {
    const auto io = open_backend();
    socket_pair p(*io);
    p.send("0");
    REQUIRE(receive(*io, p.ours) == "0");
    for (int i = 1; i <= 12; ++i) {  // each its own buffer: the request is ended after a few
        p.send(std::string(1, static_cast<char>('a' + i)));
        look(*io, 2);
    }
    std::string all;
    while (all.size() < 12)
        all += receive(*io, p.ours);
    REQUIRE(all == "bcdefghijklm");
    REQUIRE(io->counts().rearmed > 0);
    REQUIRE(io->counts().no_buffers == 0);
    ::close(std::exchange(p.far, -1));
    REQUIRE(receive(*io, p.ours) == "end");
    REQUIRE(receive(*io, p.ours) == "end");
    REQUIRE(io->counts().in_flight() == 0);
}

TEST_CASE("eight streams and two buffers: nothing is lost or reordered") {
    const auto io = open_backend(2);
    std::vector<std::unique_ptr<socket_pair>> pairs;
    std::vector<std::unique_ptr<hand_op>> ops;
    std::vector<std::string> got(8), sent(8);
    for (std::size_t i = 0; i < 8; ++i) {
        pairs.push_back(std::make_unique<socket_pair>(*io));
        ops.push_back(std::make_unique<hand_op>(op_code::receive, pairs[i]->ours));
        io->submit(*ops[i]);
    }
    look(*io);
    std::vector<void*> held;
    for (int round = 0; round < 50; ++round) {
        for (std::size_t i = 0; i < 8; ++i) {
            const std::string part = std::to_string(round) + ":" + std::string(static_cast<std::size_t>(round) * 100 % 9000, 'x') + ";";
            sent[i] += part;
            pairs[i]->send(part);
        }
        while (got != sent) {
            io->turn(instant{0});
            for (std::size_t i = 0; i < 8; ++i) {
                if (ops[i]->in_flight)
                    continue;
                REQUIRE(ops[i]->result > 0);
                got[i] += ops[i]->text();
                held.push_back(ops[i]->buffer);  // kept for a while: the two are soon out
                io->submit(*ops[i]);
            }
            if (held.size() > 5)
                for (; !held.empty(); held.pop_back())
                    io->give_back(held.back());
        }
    }
    REQUIRE(io->counts().no_buffers > 0);
    for (void* b : held)
        io->give_back(b);
    for (auto& o : ops) {
        io->cancel(*o);
        finish(*io, *o);
        REQUIRE(o->result == -ECANCELED);
    }
}

TEST_CASE("a cancelled receive leaves what comes to the next one") {
    const auto io = open_backend();
    socket_pair p(*io);
    hand_op o(op_code::receive, p.ours);
    for (int i = 0; i < 20; ++i) {
        io->submit(o);
        if (i % 2 == 0)
            look(*io);
        p.send("x" + std::to_string(i));
        if (i % 3 == 0)
            look(*io, 1);
        const bool was_done = !o.in_flight;
        io->cancel(o);
        finish(*io, o);
        if (o.result > 0) {
            REQUIRE(o.text() == "x" + std::to_string(i));
            io->give_back(o.buffer);
        } else {
            REQUIRE_FALSE(was_done);
            REQUIRE(o.result == -ECANCELED);
            REQUIRE(receive(*io, p.ours) == "x" + std::to_string(i));
        }
    }
    REQUIRE(o.completions == 20);
}

TEST_CASE("a stream closed with buffers waiting gives them back, and its peer sees the end") {
    const auto io = open_backend(4);
    for (int i = 0; i < 20; ++i) {  // were one kept each time, the four were gone
        socket_pair p(*io);
        p.send("first");
        REQUIRE(receive(*io, p.ours) == "first");
        p.send("never read");
        look(*io);
        p.close();
        look(*io);
        REQUIRE(p.is_closed_there());
    }
    REQUIRE(io->counts().no_buffers == 0);
}

TEST_CASE("a number that is used again at once belongs to the new stream alone") {
    const auto io = open_backend();
    for (int i = 0; i < 20; ++i) {
        socket_pair old(*io);
        old.send("old");
        REQUIRE(receive(*io, old.ours) == "old");  // its request stays in the kernel
        const int number = old.ours;
        old.close();
        old.send("late");  // nobody's
        if (i % 2 == 0)
            look(*io, 1);  // the kernel has seen the end of it: the number is free
        if (i % 2 == 0)
            REQUIRE(::fcntl(number, F_GETFD) == -1);
        socket_pair fresh(*io);
        if (fresh.far == number)
            std::swap(fresh.ours, fresh.far);
        if (i % 2 == 0 && fresh.ours != number) {
            REQUIRE(::dup3(fresh.ours, number, O_CLOEXEC) == number);
            ::close(std::exchange(fresh.ours, number));
        }
        fresh.send("new");
        REQUIRE(receive(*io, fresh.ours) == "new");
        look(*io);
        REQUIRE_FALSE(fresh.is_closed_there());
        fresh.send("more");
        REQUIRE(receive(*io, fresh.ours) == "more");
    }
}

TEST_CASE("a receive that was not yet submitted when its stream was closed touches no other stream") {
    const auto io = open_backend();
    socket_pair old(*io);
    hand_op o(op_code::receive, old.ours);
    io->submit(o);
    old.close();
    io->cancel(o);
    socket_pair fresh(*io);
    fresh.send("new");
    finish(*io, o);
    REQUIRE(o.result == -ECANCELED);
    REQUIRE(receive(*io, fresh.ours) == "new");
}

TEST_CASE("connections that nobody asks for wait, are bounded, and go with their listener") {
    const auto io = open_backend();
    auto l = io->listen(loopback(), 64);
    REQUIRE(l.has_value());
    std::vector<std::unique_ptr<raw_peer>> peers;
    const auto accept = [&] {
        hand_op o(op_code::accept, l->fd);
        io->submit(o);
        finish(*io, o);
        REQUIRE(o.result >= 0);
        io->close(o.result);
        return o.peer;
    };
    const auto dial = [&](int n) {
        for (int i = 0; i < n; ++i) {
            peers.push_back(std::make_unique<raw_peer>(l->bound));
            look(*io, 2);
        }
    };
    dial(1);
    accept();
    dial(40);
    REQUIRE(io->counts().rearmed >= 1);  // ended at its bound
    for (std::size_t i = 1; i <= 40; ++i) {
        sockaddr_in mine{};
        socklen_t size = sizeof mine;
        REQUIRE(::getsockname(peers[i]->fd, reinterpret_cast<sockaddr*>(&mine), &size) == 0);
        REQUIRE(accept().port == ntohs(mine.sin_port));  // in order
    }
    dial(3);
    io->close(l->fd);
    look(*io);
    for (std::size_t i = 41; i < 44; ++i) {
        char c = 0;
        REQUIRE(::recv(peers[i]->fd, &c, 1, 0) == -1);
        REQUIRE(errno == ECONNRESET);
    }
    auto again = io->listen(l->bound, 1);
    REQUIRE(again.has_value());
    io->close(again->fd);
}

TEST_CASE("a backend with requests in the kernel is destroyed, and its peers see the end") {
    int far = -1;
    {
        const auto io = open_backend();
        socket_pair p(*io);
        p.send("x");
        REQUIRE(receive(*io, p.ours) == "x");
        far = ::dup(p.far);
    }
    char c = 0;
    REQUIRE(::recv(far, &c, 1, 0) == 0);
    ::close(far);
}

TEST_CASE("a listener on a path that is shut down or closed ends the accepts that wait, and those that come later") {
    const auto io = open_backend();
    endpoint at;
    at.kind = endpoint::family::unix_path;
    at.path = (std::filesystem::temp_directory_path() / ("tetrad-multishot-" + std::to_string(::getpid()))).string();
    for (const bool closes : {false, true}) {
        auto l = io->listen(at, 4);
        REQUIRE(l.has_value());
        hand_op o(op_code::accept, l->fd);
        io->submit(o);
        look(*io);
        REQUIRE(o.in_flight);
        if (closes) {
            io->close(l->fd);
            finish(*io, o);
            REQUIRE(o.result == -EINVAL);
            continue;
        }
        io->shutdown(l->fd);
        finish(*io, o);
        REQUIRE(o.result == -EINVAL);
        io->submit(o);
        finish(*io, o);
        REQUIRE(o.result == -EINVAL);
        io->close(l->fd);
    }
}
