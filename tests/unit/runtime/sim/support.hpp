// SPDX-License-Identifier: Apache-2.0
// A simulated process for tests: one executor, one shard and one scope on a host of a world, turned by that world. Included last
// of our headers: Catch's CHECK takes the place of ours from here on.
#pragma once

#include "runtime/executor.hpp"
#include "runtime/scope.hpp"
#include "runtime/shard.hpp"
#include "runtime/sim/host.hpp"
#include "runtime/sim/world.hpp"
#include "runtime/task.hpp"

#include <optional>
#include <utility>

#include <catch2/catch.hpp>

namespace tetrad::runtime::sim::testing {

template <class T>
task<void> store(task<T> work, std::optional<T>& out) {
    T value = co_await work;
    out.emplace(std::move(value));
}

/// Where nothing says otherwise, a run ends after this much virtual time.
constexpr duration patience = 1h;

class process {
public:
    executor on;
    shard here{on, 0, "test"};
    scope tasks{here};

    explicit process(host& h) : on(h.make_backend()), world_(h.in()) { world_.add(on); }
    ~process() {
        if (tasks.running() > 0)
            stop();
    }

    backend& io() { return on.io(); }
    /// Runs the world until `work`, a task of this process, has ended.
    template <class T>
    T run(task<T> work) {
        std::optional<T> out;
        tasks.spawn(store<T>(std::move(work), out));
        const bool ended = world_.run_until([&] { return out.has_value(); }, world_.now() + patience);
        INFO("the run ended: " << name(world_.last_end()));
        REQUIRE(ended);
        return std::move(*out);
    }
    /// As a process that stops: what runs is cancelled and ends.
    void stop() {
        tasks.request_stop();
        world_.run_until([&] { return tasks.running() == 0; }, world_.now() + patience);
        world_.run_idle();  // frames are gone
    }

private:
    world& world_;
};

}  // namespace tetrad::runtime::sim::testing
