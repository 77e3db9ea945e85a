// SPDX-License-Identifier: Apache-2.0
// A question from a coroutine of one shard to a coroutine of another, and its answer, by a call or by two streams. Spinning, against a
// cache line that two threads hand to each other; asleep, against two threads that wake each other by eventfds.
#include <algorithm>
#include <array>
#include <atomic>
#include <thread>
#include <vector>

#include <sys/eventfd.h>
#include <unistd.h>

#include "runtime/port.hpp"
#include "runtime/stream.hpp"
#include "tests/bench/runtime/list.hpp"
#include "tests/bench/runtime/our_shard.hpp"

namespace tetrad::bench {

namespace {

double micros(duration d) { return std::chrono::duration<double, std::micro>(d).count(); }

duration median_of(std::vector<duration>& times) {
    must(!times.empty(), "no round trip was timed");
    const auto middle = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2);
    std::nth_element(times.begin(), middle, times.end());
    return *middle;
}

// ---- bare ----

void wake(int fd) {
    const std::uint64_t once = 1;
    must(::write(fd, &once, sizeof once) == sizeof once, "write");
}
void sleep_on(int fd) {
    std::uint64_t rung = 0;
    must(::read(fd, &rung, sizeof rung) == sizeof rung, "read");
}

sample two_wakes(const place& where) {
    const std::array<int, 2> bells{::eventfd(0, EFD_CLOEXEC), ::eventfd(0, EFD_CLOEXEC)};
    must(bells[0] >= 0 && bells[1] >= 0, "eventfd");
    std::atomic<bool> over{false};
    sample out;
    std::vector<duration> times;
    double waited = 0;
    std::thread asking([&] {
        pin(where.at.first);
        const meter used;
        for (const instant end = clock_now() + where.window; clock_now() < end;) {
            const instant began = clock_now();
            wake(bells[1]);
            sleep_on(bells[0]);
            times.push_back(clock_now() - began);
        }
        out.waited = used.waited();
        out.cpu_us = micros(used.cpu()) / static_cast<double>(times.size());
        over = true;
        wake(bells[1]);
    });
    std::thread answering([&] {
        pin(where.at.second);
        const meter used;
        for (sleep_on(bells[1]); !over; sleep_on(bells[1]))
            wake(bells[0]);
        waited = used.waited();
    });
    asking.join();
    answering.join();
    ::close(bells[0]);
    ::close(bells[1]);
    out.waited = std::max(out.waited, waited);
    out.values = {micros(median_of(times))};
    return out;
}

// ---- ours ----

/// Asks until the window is over. Timed in batches, so that reading the clock costs nothing beside. `Ask` is asked(n) -> n + 1.
template <class Ask>
runtime::task<void> ask(Ask& asked, duration window, std::size_t batch,
                        std::vector<duration>& times) {
    std::uint64_t n = 0;
    for (const instant end = clock_now() + window; clock_now() < end;) {
        const instant began = clock_now();
        for (std::size_t i = 0; i < batch; ++i) {
            const result<std::uint64_t> r = co_await asked(n);
            must(r.has_value() && *r == n + 1, "an answer");
            n = *r;
        }
        times.push_back((clock_now() - began) / static_cast<std::int64_t>(batch));
    }
}

runtime::task<result<std::uint64_t>> answer(std::uint64_t question) { co_return question + 1; }

// As many slots as a port of the node has: with few of them the producer often asks how far the consumer has come.
constexpr std::size_t depth = 64;

class by_call {
public:
    by_call(our_shard& client, our_shard& server) : door_({"bench", depth}, client.here, server.here) {
        door_.serve(server.tasks, [](std::uint64_t q) { return answer(q); });
    }
    runtime::task<result<std::uint64_t>> operator()(std::uint64_t n) { return door_.call(n); }

private:
    runtime::port<std::uint64_t, result<std::uint64_t>> door_;
};

/// A coroutine on either side; messages of 56 bytes.
class by_streams {
public:
    by_streams(our_shard& client, our_shard& server)
        : there_("there", depth, client.here, server.here),
          back_("back", depth, server.here, client.here) {
        server.tasks.spawn(serve());
    }
    runtime::task<result<std::uint64_t>> operator()(std::uint64_t n) {
        message m{};
        m[0] = n;
        if (!there_.try_send(m))
            co_return fail(errc::full, "a stream is full");
        result<std::size_t> came = co_await back_.receive(std::span(&m, 1));
        if (!came)
            co_return pass(came);
        co_return m[0];
    }

private:
    using message = std::array<std::uint64_t, 7>;
    runtime::task<void> serve() {
        for (message m{};;) {
            const result<std::size_t> came = co_await there_.receive(std::span(&m, 1));
            if (!came)
                co_return;
            ++m[0];
            must(back_.try_send(m), "room for an answer");
        }
    }
    runtime::stream<message> there_, back_;
};

template <class Ask>
result<sample> our_round_trip(const place& where, bool spins) {
    TRY(const auto client, our_shard::make(0, spins));
    TRY(const auto server, our_shard::make(1, spins));
    Ask asked(*client, *server);

    const std::size_t batch = spins ? 100 : 1;
    std::vector<duration> times;
    times.reserve(1 << 16);
    sample out;
    double waited = 0;
    runtime::scope life(server->here);  // the server runs until its client has ended
    life.spawn(runtime::until_stopped(life.stop()));
    std::thread serving([&] {
        pin(where.at.second);
        const meter used;
        server->on.run();
        waited = used.waited();
        life.request_stop();
        server->tasks.request_stop();
        while (life.running() > 0)
            server->on.turn();
        server->run();
    });
    std::thread asking([&] {
        pin(where.at.first);
        const meter used;
        client->tasks.spawn(ask(asked, where.window, batch, times));
        client->run();
        out.waited = used.waited();
        out.cpu_us = micros(used.cpu()) / static_cast<double>(times.size() * batch);
        server->on.stop();
    });
    asking.join();
    serving.join();
    out.waited = std::max(out.waited, waited);
    out.values = {micros(median_of(times))};
    return out;
}

enum class way { call, streams, call_asleep };

class round_trips final : public comparison {
public:
    round_trips(const place& where, way how) : where_(where), how_(how) {}
    std::vector<metric> metrics() const override {
        switch (how_) {
            case way::call:
                return {{"round_trip_call", "us", {aim::side::at_most, aim::of::ratio, 4}}};
            case way::streams:
                return {{"round_trip_streams", "us", {aim::side::at_most, aim::of::ratio, 4}}};
            default:
                return {{"round_trip_asleep", "us", {aim::side::at_most, aim::of::ratio, 1.3}}};
        }
    }
    result<sample> bare() override {
        if (how_ == way::call_asleep)
            return two_wakes(where_);
        sample out;
        out.values = {micros(line_round_trip(where_.at, 400))};
        return out;
    }
    result<sample> ours() override {
        return how_ == way::streams ? our_round_trip<by_streams>(where_, true)
                                    : our_round_trip<by_call>(where_, how_ == way::call);
    }

private:
    place where_;
    way how_;
};

}  // namespace

comparisons compare_round_trips(const place& where) {
    comparisons out;
    for (const way how : {way::call, way::streams, way::call_asleep})
        out.push_back(std::make_unique<round_trips>(where, how));
    return out;
}

}  // namespace tetrad::bench
