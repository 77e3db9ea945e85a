// SPDX-License-Identifier: Apache-2.0
// What the kernel says of the sockets that the backend makes.
#include "base/text.hpp"
#include "runtime/sim/plan.hpp"
#include "runtime/uring/backend.hpp"
#include "tests/unit/runtime/tcp_support.hpp"
#include "tests/unit/runtime/uring/by_hand.hpp"
#include "tests/unit/runtime/uring/kernel/child.hpp"

#include <chrono>
#include <fstream>
#include <string>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::runtime;
using namespace tetrad::runtime::testing;

namespace {

int option(descriptor fd, int level, int name) {
    int value = -1;
    socklen_t size = sizeof value;
    REQUIRE(::getsockopt(fd, level, name, &value, &size) == 0);
    return value;
}

/// A connection that has both ends in the backend.
struct connection {
    connection(uring_backend& in, const std::string& at) : io(in) {
        auto listener = io.listen(*parse_endpoint(at), 4);
        REQUIRE(listener);
        hand_op dial(op_code::connect, -1), accept(op_code::accept, listener->fd);
        dial.peer = listener->bound;
        io.submit(dial);
        io.submit(accept);
        finish(io, dial);
        finish(io, accept);
        dialed = dial.result;
        accepted = accept.result;
        io.close(listener->fd);
        REQUIRE((dialed >= 0 && accepted >= 0));
    }
    ~connection() {
        io.close(dialed);
        io.close(accepted);
    }
    uring_backend& io;
    descriptor dialed = -1, accepted = -1;
};

std::chrono::seconds idle_before_asking(descriptor fd) {
    return std::chrono::seconds(option(fd, IPPROTO_TCP, TCP_KEEPIDLE));
}
std::chrono::seconds between_askings(descriptor fd) {
    return std::chrono::seconds(option(fd, IPPROTO_TCP, TCP_KEEPINTVL));
}
/// Of a peer that answers nothing.
std::chrono::seconds until_it_is_gone(descriptor fd) {
    return idle_before_asking(fd) + option(fd, IPPROTO_TCP, TCP_KEEPCNT) * between_askings(fd);
}

TEST_CASE("a TCP socket sends without delay, whether it dialed or was accepted") {
    const auto io = open_backend();
    for (const char* at : {"127.0.0.1:0", "[::1]:0"}) {
        const connection c(*io, at);
        for (const descriptor fd : {c.dialed, c.accepted}) {
            INFO(at << (fd == c.dialed ? ", dialed" : ", accepted"));
            CHECK(option(fd, IPPROTO_TCP, TCP_NODELAY) == 1);
        }
    }
}

TEST_CASE(
    "a TCP socket asks an idle peer every 15 s and gives up after 150 s, whether it dialed or was "
    "accepted; simulated ones too") {
    const auto io = open_backend();
    const sim::net_plan simulated;
    for (const char* at : {"127.0.0.1:0", "[::1]:0"}) {
        const connection c(*io, at);
        for (const descriptor fd : {c.dialed, c.accepted}) {
            INFO(at << (fd == c.dialed ? ", dialed" : ", accepted"));
            CHECK(option(fd, SOL_SOCKET, SO_KEEPALIVE) == 1);
            CHECK(idle_before_asking(fd) == 15s);
            CHECK(between_askings(fd) == 15s);
            CHECK(until_it_is_gone(fd) == 150s);
            CHECK(idle_before_asking(fd) == simulated.keep_alive_idle);
            CHECK(until_it_is_gone(fd) == simulated.keep_alive_timeout);
        }
    }
}

constexpr const char* skipped = "no network of its own here";

/// This process has a network of its own, whose idle peers are asked otherwise.
bool ask_otherwise() {
    const int spaces = CLONE_NEWNET | (::geteuid() == 0 ? 0 : CLONE_NEWUSER);
    if (::unshare(spaces) != 0)
        return false;
    for (const char* setting : {"time", "intvl", "probes"}) {
        std::ofstream file(std::string("/proc/sys/net/ipv4/tcp_keepalive_") + setting);
        if (!(file << 7 << std::flush))
            return false;
    }
    return true;
}

TEST_CASE("how often an idle peer is asked does not depend on the machine's settings") {
    const std::string says = in_a_child([]() -> std::string {
        if (!ask_otherwise())
            return skipped;
        const auto io = open_backend();
        auto listener = io->listen(*parse_endpoint("0.0.0.0:0"), 1);
        if (!listener)
            return listener.error().text;
        const std::string all =
            format("{} s, {} s, {} s", idle_before_asking(listener->fd).count(),
                   between_askings(listener->fd).count(), until_it_is_gone(listener->fd).count());
        io->close(listener->fd);
        return all;
    });
    if (says == skipped)
        WARN("skipped: other settings want a network of their own, which is not permitted here");
    else
        CHECK(says == "15 s, 15 s, 150 s");
}

}  // namespace
