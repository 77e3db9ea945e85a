// SPDX-License-Identifier: Apache-2.0
// One executor of ours with one shard on io_uring, to be run by a pinned thread.
#pragma once

#include <memory>
#include <thread>

#include "base/result.hpp"
#include "runtime/executor.hpp"
#include "runtime/scope.hpp"
#include "runtime/shard.hpp"
#include "runtime/uring/backend.hpp"
#include "tests/bench/machine.hpp"

namespace tetrad::bench {

class our_shard {
public:
    /// One that spins never sleeps while it is measured.
    static result<std::unique_ptr<our_shard>> make(std::size_t index = 0, bool spins = false) {
        TRY(auto io, runtime::uring_backend::open());
        runtime::executor_options options;
        options.spin = spins ? duration(1min) : duration::zero();
        return std::unique_ptr<our_shard>(new our_shard(std::move(io), index, options));
    }
    runtime::executor on;
    runtime::shard here;
    runtime::scope tasks;

    /// Until every task has ended. On one thread, always the same.
    void run() {
        runtime::scope joining(here);
        joining.spawn(stop_after_all());
        on.run();
        while (joining.running() > 0)
            on.turn();
    }

private:
    our_shard(std::unique_ptr<runtime::backend> io, std::size_t index,
              runtime::executor_options options)
        : on(std::move(io), options), here(on, index, "bench"), tasks(here) {}
    runtime::task<void> stop_after_all() {
        co_await tasks.join();
        on.stop();
    }
};

/// Runs the tasks of a shard on a thread pinned to that core until they have ended.
inline void run_pinned(our_shard& s, int core) {
    std::thread([&] {
        pin(core);
        s.run();
    }).join();
}

}  // namespace tetrad::bench
