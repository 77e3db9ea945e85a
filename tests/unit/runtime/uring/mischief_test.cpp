// SPDX-License-Identifier: Apache-2.0
// The trouble that is made for the conformance suite is real, and is no more than a kernel may make.
#include "runtime/uring/mischief.hpp"

#include "tests/unit/runtime/support.hpp"

#include <cerrno>
#include <map>
#include <vector>

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::runtime;

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
