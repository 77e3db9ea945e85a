// SPDX-License-Identifier: Apache-2.0
// Listening, dialing, accepting, and what cannot be done with which descriptor.
#include "runtime/backend.hpp"

#include "tests/unit/runtime/conformance/suite.hpp"

#include <algorithm>

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::runtime;
using namespace tetrad::runtime::conformance;

namespace {

SCRIPT("a listener on port 0 gets a port of its own") {
    auto a = s.io.listen(s.any_address, 8), b = s.io.listen(s.any_address, 8);
    s.is("listen", a, "ok");
    s.is("listen again", b, "ok");
    s.is("ports", a->bound.port != 0 && b->bound.port != 0 && a->bound.port != b->bound.port);
    s.is("address", ip_to_string(a->bound), "127.0.0.1");
    s.is("local_endpoint", s.io.local_endpoint(a->fd).value_or(s.any_address) == a->bound);
    s.io.close(a->fd);
    s.io.close(b->fd);
    co_return;
}

STREAM_SCRIPT("nobody listens where somebody listens") {
    auto l = s.io.listen(s.any_address, 8);
    s.is("listen", l, "ok");
    s.is("again", s.io.listen(l->bound, 8), "i/o");
    s.io.close(l->fd);
    auto again = s.io.listen(l->bound, 8);
    s.is("where somebody listened", again, "ok");
    s.io.close(again->fd);
    co_return;
}

SCRIPT("a listener's port is free after connections through it were closed") {
    auto l = s.io.listen(s.any_address, 8);
    const int dialed = co_await connect(s, l->bound);
    const int accepted = co_await accept(s, l->fd);
    s.io.close(l->fd);
    s.io.close(accepted);
    s.io.close(dialed);
    auto again = s.io.listen(l->bound, 8);
    s.is("listen", again, "ok");
    s.io.close(again->fd);
}

STREAM_SCRIPT("dialing succeeds before anything is accepted") {
    auto l = s.io.listen(s.any_address, 8);
    const int dialed = co_await connect(s, l->bound);
    s.is("connect", dialed >= 0);
    const int n = co_await send_byte(s, dialed, 'e');
    s.is("early data", n, 1);
    const int accepted = co_await accept(s, l->fd);
    const int c = co_await receive_byte(s, accepted);
    s.is("arrives", c, int{'e'});
    s.io.close(l->fd);
    s.io.close(dialed);
    s.io.close(accepted);
}

SCRIPT("connections are accepted in the order of their coming, with the address of who dialed") {
    auto l = s.io.listen(s.any_address, 8);
    std::vector<int> dialed, accepted;
    for (int i = 0; i < 4; ++i) {
        const int fd = co_await connect(s, l->bound);
        dialed.push_back(fd);
    }
    for (int i = 0; i < 4; ++i) {
        endpoint peer;
        const int fd = co_await accept(s, l->fd, &peer);
        accepted.push_back(fd);
        s.is("whose",
             peer ==
                 s.io.local_endpoint(dialed[static_cast<std::size_t>(i)]).value_or(s.any_address));
        s.is("where", s.io.local_endpoint(fd).value_or(s.any_address) == l->bound);
    }
    for (const auto& some : {dialed, accepted})
        for (int fd : some)
            s.io.close(fd);
    s.io.close(l->fd);
}

STREAM_SCRIPT("an accept that waits gets the next connection") {
    auto l = s.io.listen(s.any_address, 8);
    beside<int> waiting(s, accept(s, l->fd));
    co_await a_turn();
    s.is("it waits", !waiting.has_ended());
    const int dialed = co_await connect(s, l->bound);
    const int accepted = co_await waiting.end();
    s.is("accepted", accepted >= 0);
    s.io.close(accepted);
    s.io.close(dialed);
    s.io.close(l->fd);
}

STREAM_SCRIPT("several accepts wait at once, and each gets a connection of its own") {
    auto l = s.io.listen(s.any_address, 8);
    beside<int> a(s, accept(s, l->fd)), b(s, accept(s, l->fd)), c(s, accept(s, l->fd));
    co_await a_turn();
    std::vector<int> all;
    for (int i = 0; i < 3; ++i) {
        const int fd = co_await connect(s, l->bound);
        all.push_back(fd);
    }
    for (auto* one : {&a, &b, &c}) {
        const int fd = co_await one->end();
        all.push_back(fd);
    }
    std::sort(all.begin(), all.end());
    s.is("six descriptors",
         all.front() >= 0 && std::adjacent_find(all.begin(), all.end()) == all.end());
    for (int fd : all)
        s.io.close(fd);
    s.io.close(l->fd);
}

STREAM_SCRIPT("accepts after a pause get all that came meanwhile") {
    auto l = s.io.listen(s.any_address, 16);
    int fd = co_await connect(s, l->bound);
    std::vector<int> all = {fd};
    fd = co_await accept(s, l->fd);
    all.push_back(fd);
    for (int i = 0; i < 8; ++i) {
        fd = co_await connect(s, l->bound);
        all.push_back(fd);
    }
    co_await a_moment(s);
    for (int i = 0; i < 8; ++i) {
        fd = co_await accept(s, l->fd);
        s.is("accepted", fd >= 0);
        all.push_back(fd);
    }
    for (int one : all)
        s.io.close(one);
    s.io.close(l->fd);
}

task<int> dial_and_greet(stage& s, endpoint to, char name) {
    const int fd = co_await connect(s, to);
    if (fd < 0)
        co_return fd;
    const int n = co_await send_byte(s, fd, name);
    s.is("greets", n, 1);
    const int c = co_await receive_byte(s, fd);
    s.io.close(fd);
    co_return c;
}

STREAM_SCRIPT("twenty dial at once, and each is answered on its own connection") {
    auto l = s.io.listen(s.any_address, 32);
    std::vector<std::unique_ptr<beside<int>>> dialers;
    for (int i = 0; i < 20; ++i)
        dialers.push_back(std::make_unique<beside<int>>(
            s, dial_and_greet(s, l->bound, static_cast<char>('a' + i))));
    for (int i = 0; i < 20; ++i) {
        const int fd = co_await accept(s, l->fd);
        s.is("accepted", fd >= 0);
        const int c = co_await receive_byte(s, fd);
        const int n = co_await send_byte(s, fd, static_cast<char>(c - 32));
        s.is("answers", n, 1);
        s.io.close(fd);
    }
    for (int i = 0; i < 20; ++i) {
        const int c = co_await dialers[static_cast<std::size_t>(i)]->end();
        s.is("its own answer", c, 'A' + i);
    }
    s.io.close(l->fd);
}

STREAM_SCRIPT("a connection that was closed before it was accepted is accepted, and ends") {
    auto l = s.io.listen(s.any_address, 8);
    const int dialed = co_await connect(s, l->bound);
    const int n = co_await send_byte(s, dialed, 'b');
    s.is("send", n, 1);
    s.io.close(dialed);
    co_await arrived(s, l->fd);
    const int accepted = co_await accept(s, l->fd);
    s.is("accept", accepted >= 0);
    std::string got = co_await receive_text(s, accepted, 9);
    s.is("its last words", got, "'b'");
    s.io.close(accepted);
    s.io.close(l->fd);
}

// ---- refused ----

SCRIPT("nobody listens: ECONNREFUSED") {
    auto l = s.io.listen(s.any_address, 8);
    s.io.close(l->fd);
    for (int i = 0; i < 3; ++i) {
        const int r = co_await connect(s, l->bound);
        s.is("connect", r, "ECONNREFUSED");
    }
}

SCRIPT("many that are refused at once leave nothing behind") {
    auto l = s.io.listen(s.any_address, 8);
    s.io.close(l->fd);
    std::vector<std::unique_ptr<beside<int>>> dialers;
    for (int i = 0; i < 20; ++i)
        dialers.push_back(std::make_unique<beside<int>>(s, connect(s, l->bound)));
    for (auto& d : dialers) {
        const int r = co_await d->end();
        s.is("connect", r, "ECONNREFUSED");
    }
}

SCRIPT("no address: EDESTADDRREQ") {
    const int r = co_await connect(s, endpoint());
    s.is("connect", r, "EDESTADDRREQ");
}

SCRIPT("the unspecified address means this host") {
    auto l = s.io.listen(*parse_endpoint("0.0.0.0:0"), 8);
    s.is("listen", l, "ok");
    endpoint to = *parse_endpoint("127.0.0.1:1");
    to.port = l->bound.port;
    const int dialed = co_await connect(s, to);
    const int accepted = co_await accept(s, l->fd);
    s.is("connected", dialed >= 0 && accepted >= 0);
    s.io.close(dialed);
    s.io.close(accepted);
    s.io.close(l->fd);
}

// ---- unix sockets ----

endpoint at_path(stage& s, std::string_view leaf) {
    endpoint at;
    at.kind = endpoint::family::unix_path;
    at.path = s.path(leaf);
    return at;
}

SCRIPT("a unix socket's path exists as long as its listener") {
    int r = co_await connect(s, at_path(s, "u"));
    s.is("before", r, "ENOENT");
    auto l = s.io.listen(at_path(s, "u"), 8);
    s.is("listen", l, "ok");
    s.is("bound", l->bound == at_path(s, "u"));
    r = co_await connect(s, at_path(s, "u"));
    s.is("meanwhile", r >= 0);
    s.io.close(r);
    s.io.close(l->fd);
    r = co_await connect(s, at_path(s, "u"));
    s.is("after", r, "ENOENT");
}

SCRIPT("who dials a unix socket has no name") {
    auto l = s.io.listen(at_path(s, "u"), 8);
    const int dialed = co_await connect(s, l->bound);
    endpoint peer;
    const int accepted = co_await accept(s, l->fd, &peer);
    s.is("kind", peer.kind == endpoint::family::unix_path);
    s.is("path", peer.path, "");
    s.io.close(dialed);
    s.io.close(accepted);
    s.io.close(l->fd);
}

SCRIPT("two paths are two sockets") {
    auto a = s.io.listen(at_path(s, "a"), 8), b = s.io.listen(at_path(s, "b"), 8);
    const int to_b = co_await connect(s, b->bound);
    const int to_a = co_await connect(s, a->bound);
    const int of_a = co_await accept(s, a->fd);
    const int of_b = co_await accept(s, b->fd);
    int n = co_await send_byte(s, to_a, 'a');
    n = co_await send_byte(s, to_b, 'b');
    n = co_await receive_byte(s, of_a);
    s.is("a", n, int{'a'});
    n = co_await receive_byte(s, of_b);
    s.is("b", n, int{'b'});
    for (int fd : {to_a, to_b, of_a, of_b, a->fd, b->fd})
        s.io.close(fd);
}

// ---- what does not fit ----

STREAM_SCRIPT("a listener cannot be read or written") {
    auto l = s.io.listen(s.any_address, 8);
    int r = co_await receive_byte(s, l->fd);
    s.is("recv", r, s.any_address.kind == endpoint::family::unix_path ? -EINVAL : -ENOTCONN);
    r = co_await send_byte(s, l->fd);
    s.is("send", r, s.any_address.kind == endpoint::family::unix_path ? -ENOTCONN : -EPIPE);
    s.io.close(l->fd);
}

STREAM_SCRIPT("a connection cannot accept") {
    two_ends p = co_await connect_pair(s);
    const int r = co_await accept(s, p.dialed);
    s.is("accept", r, "EINVAL");
    close_both(s, p);
}

SCRIPT("a file is no socket") {
    const int file = co_await open(s, s.path("file"), fresh);
    int r = co_await accept(s, file);
    s.is("accept", r, "ENOTSOCK");
    r = co_await receive_byte(s, file);
    s.is("recv", r, "ENOTSOCK");
    r = co_await send_byte(s, file);
    s.is("send", r, "ENOTSOCK");
    s.is("local_endpoint", s.io.local_endpoint(file), "i/o");
    s.io.close(file);
}

SCRIPT("what is no descriptor is EBADF for every operation") {
    for (const descriptor none : {-1, 1 << 20}) {
        int r = co_await receive_byte(s, none);
        s.is("recv", r, "EBADF");
        r = co_await send_byte(s, none);
        s.is("send", r, "EBADF");
        r = co_await accept(s, none);
        s.is("accept", r, "EBADF");
        r = co_await on_file(s, op_code::sync, none);
        s.is("sync", r, "EBADF");
        r = co_await on_file(s, op_code::truncate, none, 0, 1);
        s.is("truncate", r, "EBADF");
        s.is("local_endpoint", s.io.local_endpoint(none).has_value(), false);
        s.is("file_size", s.io.file_size(none).has_value(), false);
        s.io.shutdown(none);
    }
}

STREAM_SCRIPT("a connection is no file") {
    two_ends p = co_await connect_pair(s);
    int r = co_await on_file(s, op_code::sync, p.dialed);
    s.is("sync", r, "EINVAL");
    r = co_await on_file(s, op_code::truncate, p.dialed, 0, 4);
    s.is("truncate", r, "EINVAL");
    close_both(s, p);
}

// ---- names ----

SCRIPT("localhost and literal addresses are resolved") {
    auto names = s.io.resolve("localhost", 7);
    s.is("localhost",
         names && std::count(names->begin(), names->end(), *parse_endpoint("127.0.0.1:7")) == 1);
    names = s.io.resolve("10.1.2.3", 7);
    s.is("a literal", names && *names == std::vector<endpoint>{*parse_endpoint("10.1.2.3:7")});
    names = s.io.resolve("::1", 9);
    s.is("a literal of IPv6", names && *names == std::vector<endpoint>{*parse_endpoint("[::1]:9")});
    co_return;
}

}  // namespace
