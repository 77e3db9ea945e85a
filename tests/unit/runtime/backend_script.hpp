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
#include "tests/unit/runtime/one_by_one.hpp"

#include <cstring>
#include <string>
#include <vector>

namespace tetrad::runtime::script {

using namespace one_by_one;

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
