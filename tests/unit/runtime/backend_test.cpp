// SPDX-License-Identifier: Apache-2.0
// The conformance suite of backends: one script of operations, run on io_uring and in the simulator. Both must give the answers
// written here, and so the same as each other.
#include "runtime/backend.hpp"

#include "runtime/uring/backend.hpp"
#include "tests/unit/runtime/backend_script.hpp"
#include "tests/unit/runtime/sim/support.hpp"
#include "tests/unit/runtime/support.hpp"

#include <algorithm>
#include <filesystem>
#include <functional>

#include <unistd.h>

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::runtime;
using namespace tetrad::runtime::script;

namespace {

using lines = std::vector<std::string>;
using script_function = task<bool> (*)(stage&);

lines on_uring(script_function f) {
    std::string directory = (std::filesystem::temp_directory_path() / "tetrad-backend-XXXXXX").string();
    REQUIRE(::mkdtemp(directory.data()) != nullptr);
    transcript log;
    {
        testing::real_machine m;
        stage s{m.on.io(), m.here, directory, *parse_endpoint("127.0.0.1:0"), log};
        REQUIRE(m.run(f(s)));
    }
    std::filesystem::remove_all(directory);
    return log.lines;
}

lines in_simulation(script_function f, std::uint64_t seed) {
    sim::world w(seed);
    sim::host& h = w.add_host("host", "10.0.0.1");
    h.disk().make_directories("/t");
    transcript log;
    {
        sim::testing::process p(h);
        stage s{p.io(), p.here, "/t", *parse_endpoint("127.0.0.1:0"), log};
        REQUIRE(p.run(f(s)));
    }
    CHECK(h.open_descriptors() == 0);
    w.run_for(10s);
    CHECK(w.net().open_ends() == 0);
    return log.lines;
}

void conforms(script_function f, const lines& wanted) {
    CHECK(on_uring(f) == wanted);
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        INFO("simulated, seed " << seed);
        CHECK(in_simulation(f, seed) == wanted);
    }
}

constexpr std::uint32_t fresh = open_flags::read | open_flags::write | open_flags::create;

// ---- files ----

task<bool> opening(stage& s) {
    int r = co_await open(s, s.path("absent"), open_flags::read);
    s.log.say("open what is absent", r);
    r = co_await open(s, s.path("no/such/place"), fresh);
    s.log.say("create where there is no directory", r);
    const int made = co_await open(s, s.path("file"), fresh | open_flags::exclusive);
    s.log.say("create", made >= 0);
    r = co_await open(s, s.path("file"), fresh | open_flags::exclusive);
    s.log.say("create what exists", r);
    r = co_await open(s, s.path("file/under"), open_flags::read);
    s.log.say("open below a file", r);
    r = co_await open(s, s.path("file"), open_flags::read | open_flags::directory);
    s.log.say("open a file as a directory", r);
    r = co_await open(s, s.directory, open_flags::write);
    s.log.say("open a directory for writing", r);
    r = co_await open(s, s.path(std::string(300, 'n')), fresh);
    s.log.say("a name of 300 bytes", r);
    bytes data = to_bytes("hello");
    std::int64_t n = co_await transfer(s, op_code::write, made, data);
    s.log.say("write", n);
    s.io.close(made);
    r = co_await on_file(s, op_code::sync, made, 0, 0);
    s.log.say("sync what is closed", r);

    const int reader = co_await open(s, s.path("file"), open_flags::read);
    n = co_await transfer(s, op_code::write, reader, data);
    s.log.say("write to what is open for reading", n);
    r = co_await on_file(s, op_code::truncate, reader, 0, 1);
    s.log.say("truncate what is open for reading", r);
    r = co_await on_file(s, op_code::allocate, reader, 0, 1);
    s.log.say("allocate in what is open for reading", r);
    s.log.say("size", static_cast<std::int64_t>(s.io.file_size(reader).value_or(99)));
    s.io.close(reader);
    const int writer = co_await open(s, s.path("file"), open_flags::write | open_flags::truncate);
    s.log.say("size after opening with truncate", static_cast<std::int64_t>(s.io.file_size(writer).value_or(99)));
    n = co_await transfer(s, op_code::read, writer, data);
    s.log.say("read from what is open for writing", n);
    s.io.close(writer);
    s.log.say("size of what is closed", s.io.file_size(writer).has_value());
    const int directory = co_await open(s, s.directory, open_flags::read | open_flags::directory);
    n = co_await transfer(s, op_code::read, directory, data);
    s.log.say("read a directory", n);
    r = co_await on_file(s, op_code::sync, directory, 0, 0, open_flags::directory);
    s.log.say("sync a directory", r);
    s.io.close(directory);
    co_return true;
}

TEST_CASE("backends open files alike") {
    conforms(opening, {"open what is absent: ENOENT",
                       "create where there is no directory: ENOENT",
                       "create: 1",
                       "create what exists: EEXIST",
                       "open below a file: ENOTDIR",
                       "open a file as a directory: ENOTDIR",
                       "open a directory for writing: EISDIR",
                       "a name of 300 bytes: ENAMETOOLONG",
                       "write: 5",
                       "sync what is closed: EBADF",
                       "write to what is open for reading: EBADF",
                       "truncate what is open for reading: EINVAL",
                       "allocate in what is open for reading: EBADF",
                       "size: 5",
                       "size after opening with truncate: 0",
                       "read from what is open for writing: EBADF",
                       "size of what is closed: 0",
                       "read a directory: EISDIR",
                       "sync a directory: 0"});
}

task<std::string> content_of(stage& s, descriptor fd) {
    bytes all(64);
    const std::int64_t n = co_await transfer(s, op_code::read, fd, all);
    all.resize(n < 0 ? 0 : static_cast<std::size_t>(n));
    std::replace(all.begin(), all.end(), std::uint8_t{0}, std::uint8_t{'.'});
    co_return "'" + std::string(text(all)) + "'";
}

task<bool> contents(stage& s) {
    const int fd = co_await open(s, s.path("file"), fresh);
    bytes abc = to_bytes("abc"), xy = to_bytes("XY");
    std::int64_t n = co_await transfer(s, op_code::write, fd, abc, 0);
    n = co_await transfer(s, op_code::write, fd, xy, 6);
    s.log.say("write past the end", n);
    std::string seen = co_await content_of(s, fd);
    s.log.say("a gap is zero", seen);
    n = co_await transfer(s, op_code::write, fd, xy, 1);
    seen = co_await content_of(s, fd);
    s.log.say("overwritten", seen);
    n = co_await transfer(s, op_code::read, fd, abc, 8);
    s.log.say("read at the end", n);
    n = co_await transfer(s, op_code::read, fd, abc, 1000);
    s.log.say("read past the end", n);
    n = co_await transfer(s, op_code::read, fd, abc, 7);
    s.log.say("read across the end", n);
    int r = co_await on_file(s, op_code::truncate, fd, 0, 2);
    seen = co_await content_of(s, fd);
    s.log.say("truncated", seen);
    r = co_await on_file(s, op_code::truncate, fd, 0, 4);
    seen = co_await content_of(s, fd);
    s.log.say("and longer again", seen);
    r = co_await on_file(s, op_code::allocate, fd, 2, 6);
    s.log.say("allocate", r);
    seen = co_await content_of(s, fd);
    s.log.say("allocated", seen);
    r = co_await on_file(s, op_code::allocate, fd, 0, 1);
    s.log.say("allocate what is there", r);
    r = co_await on_file(s, op_code::allocate, fd, 0, 0);
    s.log.say("allocate nothing", r);
    s.log.say("size", static_cast<std::int64_t>(s.io.file_size(fd).value_or(99)));
    r = co_await on_file(s, op_code::sync, fd, 0, 0);
    s.log.say("sync", r);
    s.io.close(fd);

    const int end = co_await open(s, s.path("file"), open_flags::write | open_flags::append);
    bytes tail = to_bytes("!");
    n = co_await transfer(s, op_code::write, end, tail, 0);
    s.io.close(end);
    const int again = co_await open(s, s.path("file"), open_flags::read);
    seen = co_await content_of(s, again);
    s.log.say("appended whatever the offset", seen);
    r = co_await on_path(s, op_code::unlink, s.path("file"));
    seen = co_await content_of(s, again);
    s.log.say("unlinked and still open", seen);
    s.io.close(again);
    co_return true;
}

TEST_CASE("backends keep contents alike") {
    conforms(contents, {"write past the end: 2",
                        "a gap is zero: 'abc...XY'",
                        "overwritten: 'aXY...XY'",
                        "read at the end: 0",
                        "read past the end: 0",
                        "read across the end: 1",
                        "truncated: 'aX'",
                        "and longer again: 'aX..'",
                        "allocate: 0",
                        "allocated: 'aX......'",
                        "allocate what is there: 0",
                        "allocate nothing: EINVAL",
                        "size: 8",
                        "sync: 0",
                        "appended whatever the offset: 'aX......!'",
                        "unlinked and still open: 'aX......!'"});
}

task<void> make_file(stage& s, std::string path, std::string content) {
    const int fd = co_await open(s, path, fresh | open_flags::truncate);
    bytes data = to_bytes(content);
    const std::int64_t n = co_await transfer(s, op_code::write, fd, data);
    s.io.close(fd);
    s.log.say("write", n);
}
task<std::string> file_content(stage& s, std::string path) {
    const int fd = co_await open(s, path, open_flags::read);
    if (fd < 0)
        co_return std::string("absent");
    std::string seen = co_await content_of(s, fd);
    s.io.close(fd);
    co_return seen;
}

task<bool> names(stage& s) {
    int r = co_await on_path(s, op_code::make_dir, s.path("d"));
    s.log.say("mkdir", r);
    r = co_await on_path(s, op_code::make_dir, s.path("d"));
    s.log.say("mkdir again", r);
    r = co_await on_path(s, op_code::make_dir, s.path("x/y"));
    s.log.say("mkdir below nothing", r);
    for (const char* leaf : {"a", "b", "d/c"})
        co_await make_file(s, s.path(leaf), std::string("of ") + leaf);
    auto listed = s.io.list_directory(s.directory);
    s.log.say("list", listed ? join(*listed, " ") : listed.error().text);
    s.log.say_code("list what is absent", s.io.list_directory(s.path("absent")));
    s.log.say_code("list a file", s.io.list_directory(s.path("a")));

    r = co_await on_path(s, op_code::rename, s.path("a"), s.path("b"));
    s.log.say("rename over a file", r);
    std::string seen = co_await file_content(s, s.path("b"));
    s.log.say("b is", seen);
    seen = co_await file_content(s, s.path("a"));
    s.log.say("a is", seen);
    r = co_await on_path(s, op_code::rename, s.path("a"), s.path("b"));
    s.log.say("rename what is absent", r);
    r = co_await on_path(s, op_code::rename, s.path("b"), s.path("absent/b"));
    s.log.say("rename to nowhere", r);
    r = co_await on_path(s, op_code::rename, s.path("b"), s.path("d"));
    s.log.say("rename a file over a directory", r);
    r = co_await on_path(s, op_code::rename, s.path("d"), s.path("b"));
    s.log.say("rename a directory over a file", r);
    r = co_await on_path(s, op_code::make_dir, s.path("e"));
    r = co_await on_path(s, op_code::rename, s.path("e"), s.path("d"));
    s.log.say("rename a directory over a full one", r);
    r = co_await on_path(s, op_code::rename, s.path("d"), s.path("d/inside"));
    s.log.say("rename a directory into itself", r);
    r = co_await on_path(s, op_code::rename, s.path("d"), s.path("e"));
    s.log.say("rename a directory over an empty one", r);
    r = co_await on_path(s, op_code::rename, s.path("b"), s.path("e/b"));
    s.log.say("rename to another directory", r);
    r = co_await on_path(s, op_code::rename, s.path("e/b"), s.path("e/b"));
    s.log.say("rename to itself", r);
    listed = s.io.list_directory(s.path("e"));
    s.log.say("list", listed ? join(*listed, " ") : listed.error().text);
    seen = co_await file_content(s, s.path("./e//../e/b"));
    s.log.say("by a longer way", seen);

    r = co_await on_path(s, op_code::unlink, s.path("absent"));
    s.log.say("unlink what is absent", r);
    r = co_await on_path(s, op_code::unlink, s.path("e"));
    s.log.say("unlink a directory", r);
    r = co_await on_path(s, op_code::unlink, s.path("e/b"));
    s.log.say("unlink", r);
    listed = s.io.list_directory(s.directory);
    s.log.say("list", listed ? join(*listed, " ") : listed.error().text);
    co_return true;
}

TEST_CASE("backends keep names alike") {
    conforms(names, {"mkdir: 0",
                     "mkdir again: EEXIST",
                     "mkdir below nothing: ENOENT",
                     "write: 4",
                     "write: 4",
                     "write: 6",
                     "list: a b d",
                     "list what is absent: not found",
                     "list a file: i/o",
                     "rename over a file: 0",
                     "b is: 'of a'",
                     "a is: absent",
                     "rename what is absent: ENOENT",
                     "rename to nowhere: ENOENT",
                     "rename a file over a directory: EISDIR",
                     "rename a directory over a file: ENOTDIR",
                     "rename a directory over a full one: ENOTEMPTY",
                     "rename a directory into itself: EINVAL",
                     "rename a directory over an empty one: 0",
                     "rename to another directory: 0",
                     "rename to itself: 0",
                     "list: b c",
                     "by a longer way: 'of a'",
                     "unlink what is absent: ENOENT",
                     "unlink a directory: EISDIR",
                     "unlink: 0",
                     "list: e"});
}

// ---- streams ----

task<bool> connecting(stage& s) {
    auto l = s.io.listen(s.any_port, 8);
    s.log.say("port 0 gives one", l && l->bound.port != 0 && ip_to_string(l->bound) == "127.0.0.1");
    s.log.say("local_endpoint of the listener", s.io.local_endpoint(l->fd).value_or(s.any_port) == l->bound);
    s.log.say_code("listen where something listens", s.io.listen(l->bound, 8));

    const int first = co_await connect(s, l->bound);
    const int second = co_await connect(s, l->bound);
    s.log.say("connected before anything is accepted", first >= 0 && second >= 0);
    endpoint peer;
    const int a = co_await accept(s, l->fd, &peer);
    s.log.say("accepted in order: first", peer == s.io.local_endpoint(first).value_or(s.any_port));
    const int b = co_await accept(s, l->fd, &peer);
    s.log.say("accepted in order: second", peer == s.io.local_endpoint(second).value_or(s.any_port));
    s.log.say("an accepted end has the listener's address", s.io.local_endpoint(a).value_or(s.any_port) == l->bound);
    std::int64_t n = co_await send_text(s, first, "to a");
    n = co_await send_text(s, b, "from b");
    std::string got = co_await receive_text(s, a, 4);
    s.log.say("a gets", got);
    got = co_await receive_text(s, second, 6);
    s.log.say("second gets", got);

    int r = co_await accept(s, first);
    s.log.say("accept on a connection", r);
    got = co_await receive_text(s, l->fd, 1);
    s.log.say("recv on a listener", got);
    n = co_await send_text(s, l->fd, "x");
    s.log.say("send on a listener", n);
    const int file = co_await open(s, s.path("file"), fresh);
    r = co_await accept(s, file);
    s.log.say("accept on a file", r);
    got = co_await receive_text(s, file, 1);
    s.log.say("recv on a file", got);
    s.io.close(file);
    got = co_await receive_text(s, file, 1);
    s.log.say("recv on what is closed", got);
    r = co_await connect(s, endpoint());
    s.log.say("connect to nothing", r);

    s.io.close(l->fd);
    r = co_await connect(s, l->bound);
    s.log.say("connect to nobody", r);
    for (int fd : std::vector<int>{first, second, a, b})
        s.io.close(fd);
    auto again = s.io.listen(l->bound, 8);
    s.log.say_code("the port is free again", again);
    if (again)
        s.io.close(again->fd);
    auto names = s.io.resolve("localhost", 7);
    s.log.say("localhost", names && std::count(names->begin(), names->end(), *parse_endpoint("127.0.0.1:7")) == 1);
    names = s.io.resolve("10.1.2.3", 7);
    s.log.say("a literal", names && *names == std::vector<endpoint>{*parse_endpoint("10.1.2.3:7")});
    co_return true;
}

TEST_CASE("backends connect alike") {
    conforms(connecting, {"port 0 gives one: 1",
                          "local_endpoint of the listener: 1",
                          "listen where something listens: i/o",
                          "connected before anything is accepted: 1",
                          "accepted in order: first: 1",
                          "accepted in order: second: 1",
                          "an accepted end has the listener's address: 1",
                          "a gets: 'to a'",
                          "second gets: 'from b'",
                          "accept on a connection: EINVAL",
                          "recv on a listener: ENOTCONN",
                          "send on a listener: EPIPE",
                          "accept on a file: ENOTSOCK",
                          "recv on a file: ENOTSOCK",
                          "recv on what is closed: EBADF",
                          "connect to nothing: EDESTADDRREQ",
                          "connect to nobody: ECONNREFUSED",
                          "the port is free again: ok",
                          "localhost: 1",
                          "a literal: 1"});
}

task<bool> unix_sockets(stage& s) {
    endpoint at;
    at.kind = endpoint::family::unix_path;
    at.path = s.path("socket");
    int r = co_await connect(s, at);
    s.log.say("connect to no such path", r);
    auto l = s.io.listen(at, 8);
    s.log.say("listen", l && l->bound == at);
    s.log.say_code("listen where something listens", s.io.listen(at, 8));
    const int dialed = co_await connect(s, at);
    endpoint peer;
    const int accepted = co_await accept(s, l->fd, &peer);
    s.log.say("the peer has no name", peer.kind == endpoint::family::unix_path && peer.path.empty());
    std::int64_t n = co_await send_text(s, dialed, "over a path");
    std::string got = co_await receive_text(s, accepted, 11);
    s.log.say("received", got);
    n = co_await send_text(s, accepted, "back");
    s.io.close(accepted);
    got = co_await receive_text(s, dialed, 99);
    s.log.say("received to the end", got);
    s.io.close(dialed);
    s.io.close(l->fd);
    r = co_await connect(s, at);
    s.log.say("the path goes with the listener", r);
    co_return n == 4;
}

TEST_CASE("backends use unix sockets alike") {
    conforms(unix_sockets, {"connect to no such path: ENOENT",
                            "listen: 1",
                            "listen where something listens: i/o",
                            "the peer has no name: 1",
                            "received: 'over a path'",
                            "received to the end: 'back'",
                            "the path goes with the listener: ENOENT"});
}

/// Waits until an answer of the far side has had the time to come.
task<void> a_moment() {
    result<void> slept = co_await sleep_for(30ms);
    static_cast<void>(slept);
}

task<bool> endings(stage& s) {
    // Closed by one side: the other reads what was sent, then the end, for ever.
    pair_of_streams p = co_await connect_pair(s);
    std::int64_t n = co_await send_text(s, p.dialed, "last words");
    s.io.close(p.dialed);
    std::string got = co_await receive_text(s, p.accepted, 10);
    s.log.say("what was sent before a close", got);
    for (int i = 0; i < 2; ++i) {
        got = co_await receive_text(s, p.accepted, 1);
        s.log.say("the end", got);
    }
    n = co_await send_text(s, p.accepted, "into the void");
    s.log.say("the first send to a closed peer", n);
    co_await a_moment();
    n = co_await send_text(s, p.accepted, "again");
    s.log.say("the second", n);
    got = co_await receive_text(s, p.accepted, 1);
    s.log.say("reading goes on to see the end", got);
    s.io.close(p.accepted);

    // Closed with unread data: the other side is reset, after what it was sent.
    p = co_await connect_pair(s);
    n = co_await send_text(s, p.accepted, "never read");
    n = co_await send_text(s, p.dialed, "read");
    co_await a_moment();
    s.io.close(p.dialed);
    co_await a_moment();
    got = co_await receive_text(s, p.accepted, 4);
    s.log.say("what was sent before a reset", got);
    got = co_await receive_text(s, p.accepted, 1);
    s.log.say("the reset, once", got);
    got = co_await receive_text(s, p.accepted, 1);
    s.log.say("then the end", got);
    n = co_await send_text(s, p.accepted, "x");
    s.log.say("a send after that", n);
    s.io.close(p.accepted);

    // The same, seen by the sender first.
    p = co_await connect_pair(s);
    n = co_await send_text(s, p.accepted, "never read");
    co_await a_moment();
    s.io.close(p.dialed);
    co_await a_moment();
    n = co_await send_text(s, p.accepted, "x");
    s.log.say("a send into a reset", n);
    n = co_await send_text(s, p.accepted, "x");
    s.log.say("a second one", n);
    got = co_await receive_text(s, p.accepted, 1);
    s.log.say("reading", got);
    s.io.close(p.accepted);

    // Shut down: both directions end here, and the peer gets what was sent.
    p = co_await connect_pair(s);
    n = co_await send_text(s, p.dialed, "sent");
    n = co_await send_text(s, p.accepted, "unread");
    co_await a_moment();
    s.io.shutdown(p.dialed);
    got = co_await receive_text(s, p.dialed, 6);
    s.log.say("what had arrived before the shutdown", got);
    got = co_await receive_text(s, p.dialed, 1);
    s.log.say("then", got);
    n = co_await send_text(s, p.dialed, "x");
    s.log.say("send after the shutdown", n);
    got = co_await receive_text(s, p.accepted, 99);
    s.log.say("the peer reads", got);
    s.io.close(p.dialed);
    s.io.close(p.accepted);
    co_return true;
}

TEST_CASE("connections end alike on all backends") {
    conforms(endings, {"what was sent before a close: 'last words'",
                       "the end: ''",
                       "the end: ''",
                       "the first send to a closed peer: 13",
                       "the second: EPIPE",
                       "reading goes on to see the end: ''",
                       "what was sent before a reset: 'read'",
                       "the reset, once: ECONNRESET",
                       "then the end: ''",
                       "a send after that: EPIPE",
                       "a send into a reset: ECONNRESET",
                       "a second one: EPIPE",
                       "reading: ''",
                       "what had arrived before the shutdown: 'unread'",
                       "then: ''",
                       "send after the shutdown: EPIPE",
                       "the peer reads: 'sent'"});
}

// ---- what waits: cancelled, overtaken by a deadline, woken ----

task<void> note(task<std::string> work, std::string& to) { to = co_await work; }
task<std::string> received(stage& s, descriptor fd, std::size_t count) {
    bytes data(count);
    const int n = co_await transfer_once(s, op_code::recv, fd, data);
    if (n < 0)
        co_return std::string(::strerrorname_np(-n));
    co_return "'" + std::string(text(byte_view(data).first(static_cast<std::size_t>(n)))) + "'";
}
task<std::string> accepted(stage& s, descriptor fd) {
    const int r = co_await accept(s, fd);
    if (r < 0)
        co_return std::string(::strerrorname_np(-r));
    s.io.close(r);
    co_return std::string("accepted");
}
task<result<void>> wait_for_data(stage& s, descriptor fd) {
    bytes data(1);
    operation o(s.io, op_code::recv);
    o.what.fd = fd;
    o.what.buffer = data.data();
    o.what.length = 1;
    const int n = co_await o;
    if (n < 0)
        co_return o.failure("recv");
    co_return result<void>{};
}

task<bool> waiting(stage& s) {
    pair_of_streams p = co_await connect_pair(s);
    std::string seen;
    {
        scope tasks(s.here);
        tasks.spawn(note(received(s, p.accepted, 9), seen));
        co_await a_moment();
        tasks.request_stop();
        co_await tasks.join();
        s.log.say("a recv that was cancelled", seen);
    }
    result<void> limited = co_await with_deadline(s.io.now() + 5ms, wait_for_data(s, p.accepted));
    s.log.say_code("a recv past its deadline", limited);
    std::int64_t n = co_await send_text(s, p.dialed, "later");
    seen = co_await receive_text(s, p.accepted, 5);
    s.log.say("what comes later is not lost", seen);
    {
        scope tasks(s.here);
        tasks.spawn(note(received(s, p.accepted, 9), seen));
        co_await a_moment();
        s.io.shutdown(p.accepted);
        co_await tasks.join();
        s.log.say("a recv woken by a shutdown", seen);
    }
    s.io.close(p.accepted);
    s.io.close(p.dialed);

    // Closing a descriptor does not end what waits on it: the operation holds the connection.
    p = co_await connect_pair(s);
    {
        scope tasks(s.here);
        tasks.spawn(note(received(s, p.accepted, 9), seen));
        co_await a_moment();
        s.io.close(p.accepted);
        co_await a_moment();
        n = co_await send_text(s, p.dialed, "x");
        co_await tasks.join();
        s.log.say("a recv whose descriptor was closed", seen);
        seen = co_await receive_text(s, p.dialed, 1);
        s.log.say("and now it is closed", seen);
    }
    s.io.close(p.dialed);

    auto l = s.io.listen(s.any_port, 8);
    {
        scope tasks(s.here);
        tasks.spawn(note(accepted(s, l->fd), seen));
        co_await a_moment();
        tasks.request_stop();
        co_await tasks.join();
        s.log.say("an accept that was cancelled", seen);
    }
    const int dialed = co_await connect(s, l->bound);
    seen = co_await accepted(s, l->fd);
    s.log.say("the next one", seen);
    s.io.close(dialed);
    {
        scope tasks(s.here);
        tasks.spawn(note(accepted(s, l->fd), seen));
        co_await a_moment();
        s.io.shutdown(l->fd);
        co_await tasks.join();
        s.log.say("an accept woken by a shutdown", seen);
    }
    s.io.close(l->fd);

    // Connections that nobody accepted are reset with their listener.
    l = s.io.listen(s.any_port, 8);
    const int lost = co_await connect(s, l->bound);
    co_await a_moment();
    s.io.close(l->fd);
    co_await a_moment();
    seen = co_await receive_text(s, lost, 1);
    s.log.say("a connection whose listener is gone", seen);
    s.io.close(lost);
    co_return n == 1;
}

TEST_CASE("what waits is cancelled, limited and woken alike") {
    conforms(waiting, {"a recv that was cancelled: ECANCELED",
                       "a recv past its deadline: timed out",
                       "what comes later is not lost: 'later'",
                       "a recv woken by a shutdown: ''",
                       "a recv whose descriptor was closed: 'x'",
                       "and now it is closed: ''",
                       "an accept that was cancelled: ECANCELED",
                       "the next one: accepted",
                       "an accept woken by a shutdown: EINVAL",
                       "a connection whose listener is gone: ECONNRESET"});
}

// ---- much data ----

bytes pattern(std::size_t size, std::uint64_t seed) {
    bytes data(size);
    seeded_random(seed).fill(data);
    return data;
}
task<void> send_all(stage& s, descriptor fd, bytes data, std::int64_t& sent) {
    sent = co_await transfer(s, op_code::send, fd, data);
}
task<void> receive_all(stage& s, descriptor fd, bytes& data, std::int64_t& got) {
    got = co_await transfer(s, op_code::recv, fd, data);
}
task<void> fill_until_stopped(stage& s, descriptor fd, std::int64_t& sent, int& last) {
    bytes block(65536, 'b');
    do {
        last = co_await transfer_once(s, op_code::send, fd, block);
        if (last > 0)
            sent += last;
    } while (last > 0);
}

task<bool> bulk(stage& s) {
    pair_of_streams p = co_await connect_pair(s);
    const bytes there = pattern(3'000'000, 1), back = pattern(2'000'001, 2);
    bytes seen_there(there.size()), seen_back(back.size());
    std::int64_t counts[4] = {};
    {
        scope tasks(s.here);
        tasks.spawn(send_all(s, p.dialed, there, counts[0]));
        tasks.spawn(send_all(s, p.accepted, back, counts[1]));
        tasks.spawn(receive_all(s, p.accepted, seen_there, counts[2]));
        tasks.spawn(receive_all(s, p.dialed, seen_back, counts[3]));
        co_await tasks.join();
    }
    s.log.say("there", counts[2]);
    s.log.say("back", counts[3]);
    s.log.say("unharmed", equal(seen_there, there) && equal(seen_back, back));

    // Vectored, with empty parts.
    std::vector<byte_view> parts;
    byte_view left = there;
    for (std::size_t i = 0; i < 100; ++i) {
        const std::size_t n = i % 4 == 0 ? 0 : i * 10;
        parts.push_back(left.first(n));
        left = left.subspan(n);
    }
    std::size_t total = 0;
    for (byte_view part : parts)
        total += part.size();
    std::size_t sent = 0;
    while (sent < total) {
        const int n = co_await send_parts_once(s, p.dialed, parts);
        if (n <= 0)
            break;
        sent += static_cast<std::size_t>(n);
        auto gone = static_cast<std::size_t>(n);
        for (byte_view& part : parts) {
            const std::size_t some = std::min(gone, part.size());
            part = part.subspan(some);
            gone -= some;
        }
    }
    bytes flat(sent);  // what was taken, lest a failure wait for the rest
    const std::int64_t got = co_await transfer(s, op_code::recv, p.accepted, flat);
    s.log.say("vectored", got == static_cast<std::int64_t>(total) && equal(flat, byte_view(there).first(total)));

    // A reader that does not read stops the writer; nothing that was taken is lost.
    std::int64_t taken = 0;
    int last = 0;
    {
        scope tasks(s.here);
        tasks.spawn(fill_until_stopped(s, p.dialed, taken, last));
        for (int i = 0; i < 10; ++i)
            co_await a_moment();
        tasks.request_stop();
        co_await tasks.join();
    }
    s.log.say("the writer was stopped", last);
    s.log.say("some was taken, and not without end", taken > 0 && taken < 100'000'000);
    s.io.shutdown(p.dialed);
    bytes drain(static_cast<std::size_t>(taken) + 10);
    const std::int64_t drained = co_await transfer(s, op_code::recv, p.accepted, drain);
    s.log.say("all that was taken arrives", drained == taken);
    s.io.close(p.dialed);
    s.io.close(p.accepted);
    co_return true;
}

TEST_CASE("backends carry much data alike, and hold back a writer that nobody reads") {
    conforms(bulk, {"there: 3000000", "back: 2000001", "unharmed: 1", "vectored: 1", "the writer was stopped: ECANCELED",
                    "some was taken, and not without end: 1", "all that was taken arrives: 1"});
}

// ---- clocks and randomness ----

task<bool> clocks(stage& s) {
    const instant before = s.io.now();
    const timestamp wall_before = s.io.wall_clock();
    result<void> slept = co_await sleep_until(before + 20ms);
    const duration passed = s.io.now() - before;
    s.log.say("slept", slept && passed >= 20ms && passed < 20s);
    const duration wall = s.io.wall_clock() - wall_before;
    s.log.say("the wall clock went on", wall >= 10ms && wall < 20s);
    bytes a(32), b(32);
    s.io.random().fill(a);
    s.io.random().fill(b);
    s.log.say("randomness differs", !equal(a, b));
    co_return true;
}

TEST_CASE("backends keep time alike") {
    conforms(clocks, {"slept: 1", "the wall clock went on: 1", "randomness differs: 1"});
}

}  // namespace
