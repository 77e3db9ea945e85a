// SPDX-License-Identifier: Apache-2.0
// What the runtime's tests stand on: a backend without I/O whose clock is the test's, and a small machine (one executor, one shard,
// one scope) on it or on the real backend, driven by the test's own thread. Included last of our headers: Catch's CHECK takes the
// place of ours from here on.
#pragma once

#include "base/random.hpp"
#include "runtime/executor.hpp"
#include "runtime/scope.hpp"
#include "runtime/shard.hpp"
#include "runtime/task.hpp"
#include "runtime/uring/backend.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <catch2/catch.hpp>

namespace tetrad::runtime::testing {

/// Time moves when the test says so. Operations complete when the test says so, in the order of submission.
class manual_backend final : public backend {
public:
    instant clock{};
    std::uint64_t cycle = 0;  // an executor takes 2.5 of them for a nanosecond before it knows better
    std::vector<op*> submitted;
    int cancels = 0;
    int wakes = 0;
    bool listens = false;
    bool cancels_at_once = true;

    void finish(op& o, std::int32_t result) {
        std::erase(submitted, &o);
        o.result = result;
        o.in_flight = false;
        o.complete(o);
    }

    void submit(op& o) override {
        o.in_flight = true;
        o.cancelled = false;
        submitted.push_back(&o);
    }
    void cancel(op& o) override {
        o.cancelled = true;
        ++cancels;
    }
    void turn(instant) override {
        for (std::size_t i = 0; i < submitted.size();)
            if (submitted[i]->cancelled && cancels_at_once)
                finish(*submitted[i], -ECANCELED);
            else
                ++i;
    }
    void wake() override { ++wakes; }
    result<listening> listen(const endpoint& at, int) override {
        if (!listens)
            return fail(errc::unsupported, "no sockets here");
        return listening{3, at};
    }
    void shutdown(descriptor) override {}
    void shutdown_send(descriptor) override {}
    void give_back(void*) override {}
    operation_counts counts() const override { return {}; }
    void close(descriptor) override {}
    result<endpoint> local_endpoint(descriptor) override { return fail(errc::unsupported, "no sockets here"); }
    result<std::uint64_t> file_size(descriptor) override { return fail(errc::unsupported, "no files here"); }
    result<std::vector<std::string>> list_directory(const std::string&) override {
        return fail(errc::unsupported, "no files here");
    }
    result<std::vector<endpoint>> resolve(const std::string&, std::uint16_t) override {
        return fail(errc::unsupported, "no names here");
    }
    instant now() override { return clock; }
    std::uint64_t cycles() override { return cycle; }
    timestamp wall_clock() override { return {}; }
    random_source& random() override { return random_; }
    bool runs_blocking_inline() const override { return true; }

private:
    seeded_random random_{1};
};

/// One executor, one shard and one scope over a manual_backend. Nothing runs but in settle() and advance().
class still_machine {
public:
    manual_backend& io = *new manual_backend;
    executor on{std::unique_ptr<backend>(&io)};
    shard here{on, 0, "test"};
    scope tasks{here};

    ~still_machine() {
        tasks.request_stop();
        settle();
    }
    /// Turns until nothing is left to run now.
    void settle() {
        while (on.turn()) {}
    }
    /// Moves the clock, stopping at each deadline on the way.
    void advance(duration d) {
        settle();
        const instant end = io.clock + d;
        while (on.next_deadline() <= end) {
            io.clock = std::max(io.clock, on.next_deadline());
            settle();
        }
        io.clock = end;
        settle();
    }
};

inline std::unique_ptr<backend> real_backend(uring_options options = {}) {
    auto made = uring_backend::open(options);
    if (!made)
        FAIL(made.error().text);
    return std::move(*made);
}

template <class T>
task<void> store_and_stop(executor& on, task<T> work, std::optional<T>& out) {
    T value = co_await work;
    out.emplace(std::move(value));
    on.stop();
}

/// One executor with one shard and one scope on io_uring.
class real_machine {
public:
    executor on;
    shard here{on, 0, "test"};
    scope tasks{here};

    explicit real_machine(uring_options options = {}) : on(real_backend(options)) {}
    ~real_machine() {
        tasks.request_stop();
        join();
    }
    /// Runs the executor on this thread until `work` has ended.
    template <class T>
    T run(task<T> work) {
        std::optional<T> out;
        tasks.spawn(store_and_stop<T>(on, std::move(work), out));
        on.run();
        REQUIRE(out.has_value());
        return std::move(*out);
    }
    /// Runs until every task of the scope has ended.
    void join() {
        if (tasks.running() == 0)
            return;
        scope joining(here);
        joining.spawn(join_and_stop());
        on.run();
        on.turn();
    }

private:
    task<void> join_and_stop() {
        co_await tasks.join();
        on.stop();
    }
};

}  // namespace tetrad::runtime::testing
