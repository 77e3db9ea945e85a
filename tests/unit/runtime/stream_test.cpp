// SPDX-License-Identifier: Apache-2.0
// Streams of values on one thread, turn by turn, and between two executors on two threads (also under the thread sanitizer).
#include "runtime/stream.hpp"

#include "runtime/timer.hpp"
#include "tests/unit/runtime/support.hpp"

#include <array>
#include <atomic>
#include <numeric>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::runtime;
using namespace tetrad::runtime::testing;

namespace {

struct sample {
    std::uint64_t number;
    std::array<std::uint64_t, 6> rest;
};
static_assert(sizeof(sample) == 56);

struct pair_of_shards {
    manual_backend& io = *new manual_backend;
    executor on{std::unique_ptr<backend>(&io)};
    shard from{on, 0, "from"}, to{on, 1, "to"};
    scope of_from{from}, of_to{to};
    stream<int> line{"line", 4, from, to};

    ~pair_of_shards() {
        of_from.request_stop();
        of_to.request_stop();
        settle();
    }
    void settle() {
        while (on.turn()) {}
    }
};

task<void> receive_all(stream<int>& s, std::vector<int>& got, std::string& end) {
    std::array<int, 3> into{};
    for (;;) {
        result<std::size_t> n = co_await s.receive(into);
        if (!n) {
            end = name(n.error().code);
            co_return;
        }
        got.insert(got.end(), into.begin(), into.begin() + static_cast<std::ptrdiff_t>(*n));
    }
}
task<void> send_all(stream<int>& s, std::span<const int> values, std::string& end) {
    result<void> sent = co_await s.send(values);
    end = sent ? "sent" : name(sent.error().code);
}

}  // namespace

TEST_CASE("values come out in order, a waiting receiver is woken once for a batch") {
    pair_of_shards m;
    std::vector<int> got;
    std::string end;
    m.of_to.spawn(receive_all(m.line, got, end));
    m.settle();
    REQUIRE(got.empty());
    const std::array<int, 3> some{1, 2, 3};
    REQUIRE(m.line.try_send(some) == 3);
    REQUIRE(got.empty());
    m.settle();
    REQUIRE(got == std::vector<int>{1, 2, 3});
    REQUIRE(m.io.wakes == 0);  // one thread
}

TEST_CASE("a full stream says so, and who wants to send all waits for room without holding the thread") {
    pair_of_shards m;
    std::vector<int> values(20), got;
    std::iota(values.begin(), values.end(), 0);
    std::string sent, received;
    REQUIRE(m.line.try_send(std::span<const int>(values).first(6)) == 4);
    REQUIRE_FALSE(m.line.try_send(9));
    m.of_from.spawn(send_all(m.line, std::span<const int>(values).subspan(4), sent));
    m.settle();
    REQUIRE(sent.empty());
    m.of_to.spawn(receive_all(m.line, got, received));
    m.settle();
    REQUIRE(sent == "sent");
    REQUIRE(got == values);
}

TEST_CASE("a stop ends a wait at either end; what was sent stays") {
    pair_of_shards m;
    const std::array<int, 6> values{1, 2, 3, 4, 5, 6};
    std::vector<int> got;
    std::string sent, received;
    m.of_from.spawn(send_all(m.line, values, sent));
    m.settle();
    m.of_from.request_stop();
    m.settle();
    REQUIRE(sent == "cancelled");
    std::array<int, 8> into{};
    REQUIRE(m.line.try_receive(into) == 4);
    m.of_to.spawn(receive_all(m.line, got, received));
    m.settle();
    m.of_to.request_stop();
    m.settle();
    REQUIRE(received == "cancelled");
}

namespace {

constexpr std::uint64_t many = 400'000;

task<void> produce(stream<sample>& s, executor& on) {
    std::array<sample, 32> batch{};
    std::uint64_t next = 0;
    while (next < many) {
        const std::size_t n = next % 31 + 1;
        for (std::size_t i = 0; i < n; ++i) {
            batch[i].number = next++;
            batch[i].rest.fill(batch[i].number * 3);
        }
        result<void> sent = co_await s.send(std::span<const sample>(batch).first(n));
        if (!sent)
            break;
        if (next % 50'000 < 32) {  // the other side runs dry and falls asleep
            result<void> slept = co_await sleep_for(1ms);
            static_cast<void>(slept);
        }
    }
    on.stop();
}
task<void> consume(stream<sample>& s, executor& on, std::uint64_t& right) {
    std::array<sample, 64> batch{};
    std::uint64_t next = 0;
    while (next < many) {
        result<std::size_t> n = co_await s.receive(batch);
        if (!n)
            break;
        for (std::size_t i = 0; i < *n; ++i, ++next)
            right += batch[i].number == next && batch[i].rest[5] == next * 3;
    }
    on.stop();
}

void cross_two_threads(executor_options options, std::uint64_t& right) {
    executor on_a(real_backend(), options), on_b(real_backend(), options);
    shard a(on_a, 0, "a"), b(on_b, 1, "b");
    scope of_a(a), of_b(b);
    stream<sample> s("samples", 128, a, b);
    of_a.spawn(produce(s, on_a));
    of_b.spawn(consume(s, on_b, right));
    std::thread other([&] { on_b.run(); });
    on_a.run();
    other.join();
    on_a.turn();
    on_b.turn();
}

}  // namespace

TEST_CASE("samples cross two threads that fall asleep and wake each other") {
    std::uint64_t right = 0;
    cross_two_threads({}, right);
    REQUIRE(right == many);
}

TEST_CASE("samples cross two threads that spin before they sleep") {
    std::uint64_t right = 0;
    cross_two_threads({.spin = 50us}, right);
    REQUIRE(right == many);
}
