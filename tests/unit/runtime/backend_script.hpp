// SPDX-License-Identifier: Apache-2.0
// What every backend is asked by backend_test.cpp: operations one by one, each answer a line of a transcript. Two backends conform
// where the lines are the same.
#pragma once

#include "base/text.hpp"
#include "runtime/operation.hpp"
#include "runtime/scope.hpp"
#include "runtime/shard.hpp"
#include "runtime/task.hpp"
#include "runtime/timer.hpp"

#include <cstring>
#include <string>
#include <vector>

namespace tetrad::runtime::script {

class transcript {
public:
    void say(std::string_view what, std::string_view answer) { lines.push_back(format("{}: {}", what, answer)); }
    /// A count, or the name of an errno.
    void say(std::string_view what, std::int64_t answer) {
        if (answer >= 0)
            say(what, std::to_string(answer));
        else if (const char* const known = ::strerrorname_np(static_cast<int>(-answer)))
            say(what, known);
        else
            say(what, std::to_string(answer));
    }
    template <class T>
    void say_code(std::string_view what, const result<T>& r) {
        say(what, r ? std::string_view("ok") : name(r.error().code));
    }
    std::vector<std::string> lines;
};

/// What a script runs on.
struct stage {
    backend& io;
    shard& here;
    std::string directory;  // empty, exists
    endpoint any_port;      // 127.0.0.1:0
    transcript& log;

    std::string path(std::string_view leaf) const { return directory + "/" + std::string(leaf); }
};

constexpr std::uint32_t fresh = open_flags::read | open_flags::write | open_flags::create;

// ---- one operation each ----

inline task<int> open(stage& s, std::string path, std::uint32_t flags) {
    operation o(s.io, op_code::open);
    o.what.path = path.c_str();
    o.what.flags = flags;
    o.what.mode = 0600;
    const int fd = co_await o;
    co_return fd;
}
inline task<int> on_path(stage& s, op_code code, std::string path, std::string path2 = {}) {
    operation o(s.io, code);
    o.what.path = path.c_str();
    o.what.path2 = path2.c_str();
    o.what.mode = 0700;
    const int r = co_await o;
    co_return r;
}
inline task<int> on_file(stage& s, op_code code, descriptor fd, std::uint64_t offset, std::uint64_t length,
                         std::uint32_t flags = 0) {
    operation o(s.io, code);
    o.what.fd = fd;
    o.what.offset = offset;
    o.what.length = length;
    o.what.flags = flags;
    const int r = co_await o;
    co_return r;
}
inline task<int> transfer_once(stage& s, op_code code, descriptor fd, byte_span data, std::uint64_t offset = 0) {
    operation o(s.io, code);
    o.what.fd = fd;
    o.what.buffer = data.data();
    o.what.length = data.size();
    o.what.offset = offset;
    const int r = co_await o;
    co_return r;
}
inline task<int> send_parts_once(stage& s, descriptor fd, const std::vector<byte_view>& parts) {
    operation o(s.io, op_code::sendv);
    o.what.fd = fd;
    o.what.parts = &parts;
    const int r = co_await o;
    co_return r;
}
inline task<int> connect(stage& s, endpoint to) {
    operation o(s.io, op_code::connect);
    o.what.peer = std::move(to);
    const int fd = co_await o;
    co_return fd;
}
inline task<int> accept(stage& s, descriptor fd, endpoint* peer = nullptr) {
    operation o(s.io, op_code::accept);
    o.what.fd = fd;
    const int r = co_await o;
    if (peer)
        *peer = o.what.peer;
    co_return r;
}

// ---- until all is done ----

/// Moves all of it, in as many operations as it takes; the count so far, or the error of the first operation.
inline task<std::int64_t> transfer(stage& s, op_code code, descriptor fd, byte_span data, std::uint64_t offset = 0) {
    std::int64_t done = 0;
    while (!data.empty()) {
        const int n = co_await transfer_once(s, code, fd, data, offset);
        if (n < 0 && done == 0)
            co_return n;
        if (n <= 0)
            break;
        done += n;
        offset += static_cast<std::uint64_t>(n);
        data = data.subspan(static_cast<std::size_t>(n));
    }
    co_return done;
}
inline task<std::int64_t> send_text(stage& s, descriptor fd, std::string t) {
    bytes data = to_bytes(t);
    const std::int64_t n = co_await transfer(s, op_code::send, fd, data);
    co_return n;
}
/// Up to `count` bytes; the text, or the errno's name.
inline task<std::string> receive_text(stage& s, descriptor fd, std::size_t count) {
    bytes data(count);
    const std::int64_t n = co_await transfer(s, op_code::recv, fd, data);
    if (n < 0)
        co_return std::string(::strerrorname_np(static_cast<int>(-n)));
    co_return "'" + std::string(text(byte_view(data).first(static_cast<std::size_t>(n)))) + "'";
}

/// Waits until an answer of the far side has had the time to come.
inline task<void> a_moment() {
    result<void> slept = co_await sleep_for(30ms);
    static_cast<void>(slept);
}

/// A connection within the host: [0] dialed, [1] accepted.
struct pair_of_streams {
    descriptor dialed = -1, accepted = -1;
};
inline task<pair_of_streams> connect_pair(stage& s) {
    pair_of_streams p;
    auto l = s.io.listen(s.any_port, 8);
    if (!l)
        co_return p;
    p.dialed = co_await connect(s, l->bound);
    p.accepted = co_await accept(s, l->fd);
    s.io.close(l->fd);
    co_return p;
}

}  // namespace tetrad::runtime::script
