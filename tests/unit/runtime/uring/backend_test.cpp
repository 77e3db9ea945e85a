// SPDX-License-Identifier: Apache-2.0
// What is io_uring's own: rings too small for what is asked, cancellations at every stage, restrictions, wake-ups. What any backend
// must do is in tests/unit/runtime/conformance.
#include "runtime/uring/backend.hpp"

#include "runtime/operation.hpp"
#include "runtime/tcp.hpp"
#include "runtime/timer.hpp"
#include "tests/unit/runtime/support.hpp"

#include <cerrno>
#include <set>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::runtime;
using namespace tetrad::runtime::testing;

namespace {

std::unique_ptr<uring_backend> open_backend(uring_options options = {}) {
    auto made = uring_backend::open(options);
    if (!made)
        FAIL(made.error().text);
    return std::move(*made);
}

/// An op driven by hand, without a coroutine.
struct plain_op : op {
    plain_op(op_code c, descriptor d, void* b, std::size_t n) {
        code = c;
        fd = d;
        buffer = b;
        length = n;
        complete = [](op& o) { ++static_cast<plain_op&>(o).completions; };
    }
    int completions = 0;
};

struct connected_pair {
    connected_pair() { REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == 0); }
    ~connected_pair() {
        ::close(fds[0]);
        ::close(fds[1]);
    }
    void send(std::string_view t) {
        REQUIRE(::write(fds[1], t.data(), t.size()) == static_cast<ssize_t>(t.size()));
    }
    int fds[2];
};

void turn_until(uring_backend& io, const plain_op& o) {
    while (o.in_flight)
        io.turn(instant::never());
}

}  // namespace

TEST_CASE("the backend says what it found on this machine") {
    const auto io = open_backend({64, 256});
    const std::string text = io->description();
    INFO(text);
    REQUIRE(text.find("io_uring: kernel ") == 0);
    REQUIRE(text.find("64 submission and 256 completion entries") != std::string::npos);
}

TEST_CASE("far more operations than the rings hold are all done, each once") {
    const auto io = open_backend({2, 4});
    std::vector<std::unique_ptr<connected_pair>> pairs;
    std::vector<std::unique_ptr<plain_op>> ops;
    std::vector<char> bytes(100);
    for (std::size_t i = 0; i < 100; ++i) {
        pairs.push_back(std::make_unique<connected_pair>());
        ops.push_back(std::make_unique<plain_op>(op_code::recv, pairs[i]->fds[0], &bytes[i], 1));
        io->submit(*ops[i]);
    }
    for (std::size_t i = 0; i < 100; ++i)  // all at once: the completion ring overflows
        pairs[i]->send(std::string(1, static_cast<char>(i)));
    for (auto& o : ops)
        while (o->in_flight)
            io->turn(instant::never());
    for (std::size_t i = 0; i < 100; ++i) {
        REQUIRE(ops[i]->completions == 1);
        REQUIRE(ops[i]->result == 1);
        REQUIRE(bytes[i] == static_cast<char>(i));
    }
    REQUIRE(io->counts().full > 0);
    REQUIRE(io->counts().overflows > 0);
}

TEST_CASE(
    "what a turn was asked for goes in by one system call, and what is done comes out by the "
    "same") {
    const auto io = open_backend();
    io->turn(instant{0});  // the ring is enabled, and has its bell
    std::vector<connected_pair> pairs(64);
    char byte = 'x';
    std::vector<plain_op> sends;
    for (const connected_pair& p : pairs)
        sends.emplace_back(op_code::send, p.fds[0], &byte,
                           1);  // there is room: the kernel does it at once
    for (plain_op& o : sends)
        io->submit(o);
    const auto enters = io->counts().enters;
    io->turn(instant::never());
    for (const plain_op& o : sends)
        REQUIRE((o.completions == 1 && o.result == 1));
    REQUIRE(io->counts().enters == enters + 1);
}

TEST_CASE(
    "a durable write through the page cache is synced with it: what can be written and not synced "
    "fails") {
    const auto io = open_backend();
    const int fd = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
    REQUIRE(fd >= 0);
    char word[] = "gone";
    const auto outcome = [&](op_code code, std::uint32_t flags = 0) {
        plain_op o(code, fd, word, 4);
        o.flags = flags;
        io->submit(o);
        turn_until(*io, o);
        REQUIRE(o.completions == 1);
        return o.result;
    };
    CHECK(outcome(op_code::write) == 4);
    CHECK(outcome(op_code::sync) == -EINVAL);
    CHECK(outcome(op_code::write_durable) == -EINVAL);
    io->close(fd);
}

TEST_CASE("far more cancellations than the rings hold reach their operations") {
    const auto io = open_backend({2, 4});
    connected_pair p;
    std::vector<std::unique_ptr<plain_op>> ops;
    std::vector<char> bytes(200);
    for (std::size_t i = 0; i < 200; ++i) {
        ops.push_back(std::make_unique<plain_op>(op_code::recv, p.fds[0], &bytes[i], 1));
        io->submit(*ops[i]);
    }
    for (int i = 0; i < 3; ++i)
        io->turn(instant{0});
    for (auto& o : ops)
        io->cancel(*o);
    for (auto& o : ops) {
        turn_until(*io, *o);
        REQUIRE(o->result == -ECANCELED);
        REQUIRE(o->completions == 1);
    }
}

TEST_CASE("a cancellation before submission, in the kernel, after completion, and twice") {
    const auto io = open_backend();
    connected_pair p;
    char byte = 0;
    plain_op o(op_code::recv, p.fds[0], &byte, 1);

    io->submit(o);
    io->cancel(o);  // both are still in our ring
    io->cancel(o);
    turn_until(*io, o);
    REQUIRE(o.result == -ECANCELED);

    io->submit(o);
    io->turn(instant{0});
    REQUIRE(o.in_flight);
    io->cancel(o);
    io->cancel(o);
    turn_until(*io, o);
    REQUIRE(o.result == -ECANCELED);

    p.send("x");
    io->submit(o);
    io->cancel(o);  // the data was there first: it is not lost
    turn_until(*io, o);
    REQUIRE(o.result == 1);
    REQUIRE(byte == 'x');

    io->cancel(o);  // no longer in flight: nothing
    io->submit(o);  // and the same op is not hit by what was asked before
    io->turn(instant{0});
    io->turn(instant{0});
    REQUIRE(o.in_flight);
    p.send("y");
    turn_until(*io, o);
    REQUIRE(o.result == 1);
    REQUIRE(o.completions == 4);
}

TEST_CASE("a wake-up from another thread ends a turn, also one that came before") {
    const auto io = open_backend();
    io->turn(instant{0});
    io->wake();
    io->turn(instant::never());
    for (int i = 0; i < 100; ++i) {
        std::thread other([&io] { io->wake(); });
        io->turn(instant::never());
        other.join();
        io->turn(instant{0});
    }
}

TEST_CASE("a turn ends at its deadline and not before") {
    const auto io = open_backend();
    const instant begin = io->now();
    do
        io->turn(begin + 20ms);
    while (io->now() < begin + 20ms);  // a signal may end one early
    REQUIRE(io->now() - begin < 10s);
    const auto enters = io->counts().enters;
    io->turn(begin);  // passed: looks, and has nothing to ask the kernel
    REQUIRE(io->counts().enters == enters);
}

TEST_CASE("the ring does only what this program needs") {
    kernel_ring ring;
    REQUIRE(ring.open(8, 16).has_value());
    ring.enable();
    kernel_ring::completion done[kernel_ring::batch];
    const auto outcome = [&](auto prepare) {
        io_uring_sqe* const e = ring.next_entry();
        prepare(e);
        io_uring_sqe_set_data64(e, 7);
        ring.wait(duration(-1));
        REQUIRE(ring.take(done) == 1);
        REQUIRE(done[0].user_data == 7);
        return done[0].result;
    };
    REQUIRE(outcome([](io_uring_sqe* e) { io_uring_prep_nop(e); }) == -EACCES);
    REQUIRE(outcome([](io_uring_sqe* e) { io_uring_prep_socket(e, AF_INET, SOCK_STREAM, 0, 0); }) ==
            -EACCES);
    REQUIRE(outcome([](io_uring_sqe* e) {
                io_uring_prep_fsync(e, 0, 0);
                e->flags |= IOSQE_IO_DRAIN;
            }) == -EACCES);
    REQUIRE(outcome([](io_uring_sqe* e) { io_uring_prep_cancel64(e, 99, 0); }) ==
            -ENOENT);  // allowed
}

TEST_CASE("an immediate failure is delivered by a turn, like any other") {
    const auto io = open_backend();
    plain_op o(op_code::connect, -1, nullptr, 0);  // to no address
    io->submit(o);
    REQUIRE(o.completions == 0);
    turn_until(*io, o);
    REQUIRE(o.result == -EDESTADDRREQ);
    REQUIRE(o.completions == 1);
}

TEST_CASE("host names are resolved, and one that does not exist is not found") {
    const auto io = open_backend();
    const auto local = io->resolve("localhost", 26656);
    REQUIRE(local.has_value());
    REQUIRE_FALSE(local->empty());
    for (const endpoint& e : *local) {
        REQUIRE(e.is_loopback());
        REQUIRE(e.port == 26656);
    }
    const auto literal = io->resolve("192.0.2.7", 1);
    REQUIRE(literal.has_value());
    REQUIRE(to_string(literal->front()) == "192.0.2.7:1");
    REQUIRE_FALSE(io->resolve("no such name", 1).has_value());
}

TEST_CASE("a backend whose thread has ended is destroyed by another") {
    auto io = open_backend();
    std::thread other([&io] {
        io->wake();
        io->turn(instant::never());
    });
    other.join();
    io.reset();
}

TEST_CASE(
    "a ring for sockets cannot open a file, one for files cannot connect, one for neither does "
    "neither: "
    "the caller gets an error") {
    uring_options sockets, files;
    sockets.may.files = false;
    files.may.sockets = false;
    const auto outcome = [](uring_backend& io, plain_op o, const char* path) {
        o.path = path;
        o.flags = open_flags::read;
        o.peer = *parse_endpoint("127.0.0.1:1");
        io.submit(o);
        turn_until(io, o);
        if (o.code == op_code::open && o.result >= 0)
            io.close(o.result);
        return o.result;
    };
    const auto io_of_sockets = open_backend(sockets), io_of_files = open_backend(files);
    uring_options neither;
    neither.may = {false, false};
    const auto io_of_neither = open_backend(neither);
    for (const op_code code : {op_code::open, op_code::connect})
        REQUIRE(outcome(*io_of_neither, plain_op(code, -1, nullptr, 0), "/") == -EACCES);
    io_of_neither->wake();
    io_of_neither->turn(instant::never());  // it has its bell
    REQUIRE(outcome(*io_of_sockets, plain_op(op_code::open, -1, nullptr, 0), "/") == -EACCES);
    REQUIRE(outcome(*io_of_files, plain_op(op_code::open, -1, nullptr, 0), "/") >= 0);
    REQUIRE(outcome(*io_of_files, plain_op(op_code::connect, -1, nullptr, 0), "/") == -EACCES);
    REQUIRE(outcome(*io_of_sockets, plain_op(op_code::connect, -1, nullptr, 0), "/") ==
            -ECONNREFUSED);
}
