// SPDX-License-Identifier: Apache-2.0
// What a script of the conformance suite is written with: a stage to run on, operations one by one, and `is`, which says what the
// answer has to be. A script is about what every backend promises: where a transfer may move fewer bytes than it was asked to, it
// asks for one byte, or repeats.
#pragma once

#include "base/text.hpp"
#include "runtime/operation.hpp"
#include "runtime/scope.hpp"
#include "runtime/shard.hpp"
#include "runtime/sync.hpp"
#include "runtime/task.hpp"
#include "runtime/timer.hpp"
#include "tests/unit/runtime/one_by_one.hpp"

#include <algorithm>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>

namespace tetrad::runtime::conformance {

using namespace one_by_one;

// ---- answers ----

inline std::string shown(std::string_view text) { return std::string(text); }
inline std::string shown(errc code) { return std::string(name(code)); }
/// A count, or the name of an errno.
inline std::string shown(std::int64_t answer) {
    const char* const known = answer < 0 ? ::strerrorname_np(static_cast<int>(-answer)) : nullptr;
    return known ? known : std::to_string(answer);
}
template <class T>
std::string shown(const result<T>& r) {
    return r ? "ok" : std::string(name(r.error().code));
}
template <class T>
std::string answer_text(const T& answer) {
    if constexpr (std::is_same_v<T, bool>)
        return answer ? "yes" : "no";
    else if constexpr (std::is_integral_v<T>)
        return shown(static_cast<std::int64_t>(answer));
    else
        return shown(answer);
}

/// What a script runs on.
struct stage {
    backend& io;
    shard& here;
    std::string directory;  // empty, exists
    endpoint any_address;   // where a listener gets a free address: 127.0.0.1:0, or a path
    bool is_simulated;

    std::string path(std::string_view leaf) const { return directory + "/" + std::string(leaf); }
    instant now() const { return io.now(); }

    template <class A, class W>
    void is(std::string_view what, const A& answer, const W& wanted) {
        ++answers;
        if (const std::string got = answer_text(answer), want = answer_text(wanted); got != want)
            faults.push_back(format("{}: {}, not {}", what, got, want));
    }
    void is(std::string_view what, bool claim) { is(what, claim, true); }

    int answers = 0;
    std::vector<std::string> faults;
    /// Closes a connection of TCP so that its peer is reset. In simulation it is every connection's that there is.
    std::function<void(descriptor)> reset = nullptr;
};

inline bool is_unix(const stage& s) { return s.any_address.kind == endpoint::family::unix_path; }

// ---- one byte ----

constexpr int end_of_stream = -ENODATA;  // receive_byte's

inline task<int> receive_byte(stage& s, descriptor fd) {
    bytes one(1);
    const int n = co_await transfer_once(s, op_code::recv, fd, one);
    co_return n == 1 ? one[0] : n == 0 ? end_of_stream : n;
}
inline task<int> send_byte(stage& s, descriptor fd, char c = 'x') {
    bytes one(1, static_cast<std::uint8_t>(c));
    const int n = co_await transfer_once(s, op_code::send, fd, one);
    co_return n;
}

// ---- until all is done ----

/// Up to `count` bytes, fewer at the end of the stream; the text, or the errno's name.
inline task<std::string> receive_text(stage& s, descriptor fd, std::size_t count) {
    bytes data(count);
    const std::int64_t n = co_await transfer(s, op_code::recv, fd, data);
    if (n < 0)
        co_return shown(n);
    co_return "'" + std::string(text(byte_view(data).first(static_cast<std::size_t>(n)))) + "'";
}
inline task<std::int64_t> write_text(stage& s, descriptor fd, std::string t,
                                     std::uint64_t offset = 0) {
    bytes data = to_bytes(t);
    const std::int64_t n = co_await transfer(s, op_code::write, fd, data, offset);
    co_return n;
}
/// The file's first 64 bytes, zeros as dots.
inline task<std::string> content_of(stage& s, descriptor fd) {
    bytes all(64);
    const std::int64_t n = co_await transfer(s, op_code::read, fd, all);
    if (n < 0)
        co_return shown(n);
    std::string out(text(byte_view(all).first(static_cast<std::size_t>(n))));
    for (char& c : out)
        c = c == 0 ? '.' : c;
    co_return "'" + out + "'";
}
inline task<std::string> content_at(stage& s, std::string path) {
    const int fd = co_await open(s, path, open_flags::read);
    if (fd < 0)
        co_return shown(fd);
    std::string seen = co_await content_of(s, fd);
    s.io.close(fd);
    co_return seen;
}
inline task<void> make_file(stage& s, std::string path, std::string content) {
    const int fd = co_await open(s, path, fresh | open_flags::truncate);
    s.is("make_file opens", fd >= 0);
    const std::int64_t n = co_await write_text(s, fd, content);
    s.is("make_file writes", n, content.size());
    s.io.close(fd);
}

/// Bytes that tell where they stand in a stream or a file.
inline std::uint8_t pattern_at(std::uint64_t i) {
    return static_cast<std::uint8_t>(i * 31 + i / 251);
}
inline bytes pattern(std::size_t count, std::uint64_t from = 0) {
    bytes b(count);
    for (std::size_t i = 0; i < count; ++i)
        b[i] = pattern_at(from + i);
    return b;
}

inline task<std::int64_t> send_pattern(stage& s, descriptor fd, std::size_t count,
                                       std::size_t piece) {
    std::int64_t sent = 0;
    for (std::size_t at = 0; at < count; at += piece) {
        bytes data = pattern(std::min(piece, count - at), at);
        const std::int64_t n = co_await transfer(s, op_code::send, fd, data);
        if (n < 0)
            co_return n;
        sent += n;
    }
    co_return sent;
}

// ---- waiting ----

/// At least one turn of the executor.
inline task<void> a_turn() {
    result<void> slept = co_await sleep_for(1us);
    static_cast<void>(slept);
}
/// More turns than trouble holds anything back for. Virtual time, which is free, passes for what is on its way.
inline task<void> a_moment(stage& s) {
    result<void> slept = co_await sleep_for(s.is_simulated ? duration(10ms) : duration(1us));
    static_cast<void>(slept);
    for (int i = 0; i < 50; ++i)
        co_await a_turn();
}
/// Until the kernel says one of these of `fd` (poll); 0: an error, or that the peer has gone.
inline task<void> polled(stage& s, descriptor fd, short events) {
    co_await a_moment(s);
    result<void> slept;
    for (pollfd asked{fd, events, 0}; !s.is_simulated && slept && ::poll(&asked, 1, 0) == 0;)
        slept = co_await sleep_for(1us);
}
/// Until data, an end or an error can be read at `fd`, which no lent receive has read from.
inline task<void> arrived(stage& s, descriptor fd) { return polled(s, fd, POLLIN); }
/// Until all that was sent from `fd` is at its peer's, read or not; over a unix socket it is at once.
inline task<void> acknowledged(stage& s, descriptor fd) {
    if (s.is_simulated)
        co_await a_moment(s);
    result<void> slept;
    for (int left = 1;
         !s.is_simulated && !is_unix(s) && slept && ::ioctl(fd, TIOCOUTQ, &left) == 0 && left > 0;)
        slept = co_await sleep_for(1us);
}
/// Until the connection is known here to be reset.
inline task<void> broken(stage& s, descriptor fd) { return polled(s, fd, 0); }

template <class T>
task<void> note(task<T> work, std::optional<T>& to) {
    T value = co_await work;
    to.emplace(std::move(value));
}

/// Work of a script that runs beside it: started, stopped, waited for.
template <class T>
class beside {
public:
    beside(stage& s, task<T> work) : tasks_(s.here) { tasks_.spawn(note(std::move(work), seen_)); }
    bool has_ended() const { return seen_.has_value(); }
    void stop(errc why = errc::cancelled) { tasks_.request_stop(why); }
    task<T> end() {
        co_await tasks_.join();
        co_return std::move(*seen_);
    }

private:
    std::optional<T> seen_;
    scope tasks_;
};

/// An operation that is asked for by hand: submitted and cancelled to the letter, its completions counted.
class by_hand {
public:
    by_hand(stage& s, op_code code, descriptor fd, byte_span data = {}, std::uint64_t offset = 0)
        : stage_(s) {
        what.code = code;
        what.fd = fd;
        what.buffer = data.data();
        what.length = data.size();
        what.offset = offset;
        what.owner = this;
        what.complete = [](op& o) {
            auto& me = *static_cast<by_hand*>(o.owner);
            ++me.completions;
            me.ended_.notify();
        };
    }
    void submit() { stage_.io.submit(what); }
    void cancel() { stage_.io.cancel(what); }
    task<int> end() {
        while (what.in_flight) {
            result<void> woken = co_await ended_.wait();
            static_cast<void>(woken);
        }
        co_return what.result;
    }
    /// Submitted, and cancelled at once or a turn later; what it ended with, which it does once.
    task<int> cancelled(bool at_once) {
        submit();
        if (!at_once)
            co_await a_turn();
        cancel();
        const int r = co_await end();
        stage_.is("completions", completions, 1);
        co_return r;
    }

    op what;
    int completions = 0;

private:
    stage& stage_;
    event ended_;
};

// ---- connections within the host ----

struct two_ends {
    descriptor dialed = -1, accepted = -1;
};
inline task<two_ends> connect_pair(stage& s) {
    two_ends p;
    auto l = s.io.listen(s.any_address, 8);
    s.is("listen", l, "ok");
    if (!l)
        co_return p;
    p.dialed = co_await connect(s, l->bound);
    p.accepted = co_await accept(s, l->fd);
    s.is("connected", p.dialed >= 0 && p.accepted >= 0);
    s.io.close(l->fd);
    co_return p;
}
inline void close_both(stage& s, two_ends p) {
    s.io.close(p.dialed);
    s.io.close(p.accepted);
}

}  // namespace tetrad::runtime::conformance
