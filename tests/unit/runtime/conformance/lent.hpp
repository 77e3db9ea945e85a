// SPDX-License-Identifier: Apache-2.0
// Receives into lent memory, for scripts of the conformance suite.
#pragma once

#include "runtime/received.hpp"
#include "tests/unit/runtime/conformance/script.hpp"

#include <string>
#include <utility>
#include <vector>

namespace tetrad::runtime::conformance {

/// What a receive answered: bytes, 0 at the end, or minus errno; and its memory until this is destroyed.
struct taken {
    taken(int r, received d) : result(r), data(std::move(d)) {}
    std::string text() const { return std::string(tetrad::text(data.view())); }
    int result;
    received data;
};

inline received lent_by(stage& s, const op& o) {
    return o.result <= 0 ? received()
                         : received(s.io, byte_view(static_cast<const std::uint8_t*>(o.buffer),
                                                    static_cast<std::size_t>(o.result)));
}

inline task<taken> receive_lent(stage& s, descriptor fd) {
    operation o(s.io, op_code::receive);
    o.what.fd = fd;
    const int n = co_await o;
    co_return taken(n, lent_by(s, o.what));
}
/// The text, "the end", or the errno's name.
inline task<std::string> lent_text(stage& s, descriptor fd) {
    const taken t = co_await receive_lent(s, fd);
    co_return t.result > 0 ? t.text()
    : t.result == 0        ? std::string("the end")
                           : shown(std::int64_t{t.result});
}
/// `count` characters, fewer at the end or at an error.
inline task<std::string> lent_text(stage& s, descriptor fd, std::size_t count) {
    std::string all;
    while (all.size() < count) {
        const taken t = co_await receive_lent(s, fd);
        if (t.result <= 0)
            break;
        all += t.text();
    }
    co_return all;
}
/// How many bytes of the pattern came before `count`, the end, or the first that does not belong there.
inline task<std::int64_t> receive_lent_pattern(stage& s, descriptor fd, std::size_t count) {
    std::size_t had = 0;
    while (had < count) {
        const taken t = co_await receive_lent(s, fd);
        if (t.result <= 0)
            break;
        for (const std::uint8_t b : t.data.view())
            if (b != pattern_at(had++))
                co_return -EILSEQ;
    }
    co_return static_cast<std::int64_t>(had);
}
}  // namespace tetrad::runtime::conformance
