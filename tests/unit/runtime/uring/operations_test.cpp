// SPDX-License-Identifier: Apache-2.0
// What operations cost: once everything is warm, no memory. Counted by this program's own operator new, where no sanitizer has one.
#include "runtime/file.hpp"
#include "runtime/port.hpp"
#include "runtime/stream.hpp"
#include "runtime/tcp.hpp"
#include "runtime/timer.hpp"
#include "tests/unit/temporary_directory.hpp"
#include "tests/unit/runtime/support.hpp"

#include <array>
#include <atomic>
#include <cstdlib>
#include <new>

#include <unistd.h>

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::runtime;
using namespace tetrad::runtime::testing;

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

namespace {
std::atomic<std::uint64_t> allocations{0};
}

void* operator new(std::size_t size) {
    allocations.fetch_add(1, std::memory_order_relaxed);
    if (void* const p = std::malloc(size))
        return p;
    std::abort();
}
void operator delete(void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t) noexcept { std::free(p); }

namespace {

/// Allocations between the first and the last of many rounds: the first ones warm up pools, queues and rings.
class count_after_warming {
public:
    void round(int n, int of) {
        if (n == of / 2)
            before_ = allocations.load();
        if (n == of - 1)
            counted_ = allocations.load() - before_;
    }
    std::uint64_t counted() const { return counted_; }

private:
    std::uint64_t before_ = 0, counted_ = UINT64_MAX;
};

constexpr int rounds = 2000;

task<result<void>> echo(tcp_listener& at) {
    tcp_stream s = co_await ok(at.accept());
    std::array<std::uint8_t, 256> buffer{};
    for (;;) {
        const std::size_t n = co_await ok(s.read_some(buffer));
        if (n == 0)
            co_return result<void>{};
        co_await ok(s.write_all(byte_view(buffer).first(n)));
    }
}
task<void> echo_to_the_end(tcp_listener& at) {
    result<void> done = co_await echo(at);
    static_cast<void>(done);
}

/// A request, an answer into a lent buffer, both under a deadline that is armed and disarmed.
task<result<void>> ask_once(tcp_stream& s) {
    const std::array<std::uint8_t, 128> request{};
    co_await ok(s.write_all(byte_view(request)));
    for (std::size_t left = request.size(); left > 0;) {
        received r = co_await ok(s.receive());
        left -= r.view().size();
    }
    co_return result<void>{};
}
task<result<void>> ask_many(tcp_listener& at, count_after_warming& count) {
    shard& here = co_await current_shard();
    tcp_stream s = co_await ok(tcp_connect(at.bound()));
    for (int i = 0; i < rounds; ++i) {
        auto asking = with_deadline(here.now() + 10s, ask_once(s));
        co_await ok(std::move(asking));
        count.round(i, rounds);
    }
    s.shutdown();
    co_return result<void>{};
}

}  // namespace

TEST_CASE("requests and answers over a socket, each under a deadline, allocate nothing once they are warm") {
    real_machine m;
    auto at = tcp_listener::listen(m.on.io(), *parse_endpoint("127.0.0.1:0"));
    REQUIRE(at.has_value());
    count_after_warming count;
    m.tasks.spawn(echo_to_the_end(*at));
    const result<void> asked = m.run(ask_many(*at, count));
    REQUIRE(asked.has_value());
    REQUIRE(count.counted() == 0);
}

namespace {

task<result<void>> write_and_read(std::string path, count_after_warming& count) {
    file f = co_await ok(file::open(path, open_flags::read | open_flags::write | open_flags::create));
    std::array<std::uint8_t, 512> data{};
    for (int i = 0; i < 200; ++i) {
        co_await ok(f.write_at(0, data));
        co_await ok(f.sync());
        const std::size_t n = co_await ok(f.read_at(0, data));
        if (n != data.size())
            co_return fail(errc::io, "short");
        count.round(i, 200);
    }
    co_return result<void>{};
}

}  // namespace

TEST_CASE("writing, syncing and reading a file allocate nothing once they are warm") {
    const tetrad::testing::temporary_directory in;
    count_after_warming count;
    {
        real_machine m;
        const result<void> done = m.run(write_and_read(in.file("file"), count));
        REQUIRE(done.has_value());
    }
    REQUIRE(count.counted() == 0);
}

namespace {

task<result<int>> next(int n) { co_return n + 1; }
task<result<void>> call_and_stream(port<int, result<int>>& calls, stream<int>& there, count_after_warming& count) {
    for (int i = 0; i < rounds; ++i) {
        const int answer = co_await ok(calls.call(i));
        const std::array<int, 3> some{i, answer, 0};
        co_await ok(there.send(some));
        count.round(i, rounds);
    }
    co_return result<void>{};
}
task<void> receive_until_stopped(stream<int>& s) {
    std::array<int, 8> into{};
    for (;;) {
        result<std::size_t> n = co_await s.receive(into);
        if (!n)
            co_return;
    }
}

}  // namespace

TEST_CASE("calls and streams between shards allocate nothing once they are warm") {
    count_after_warming count;
    executor on(real_backend());
    shard a(on, 0, "a"), b(on, 1, "b");
    scope of_a(a), of_b(b);
    port<int, result<int>> calls({"next", 4, 2}, a, b);
    stream<int> line("line", 16, a, b);
    calls.serve(of_b, next);
    of_b.spawn(receive_until_stopped(line));
    std::optional<result<void>> out;
    of_a.spawn(store_and_stop<result<void>>(on, call_and_stream(calls, line, count), out));
    on.run();
    REQUIRE(out.has_value());
    REQUIRE(out->has_value());
    of_b.request_stop();
    while (on.turn()) {}
    REQUIRE(count.counted() == 0);
}

#endif
