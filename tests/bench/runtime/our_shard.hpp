// SPDX-License-Identifier: Apache-2.0
// One executor of ours with one shard on io_uring, to be run by a pinned thread.
#pragma once

#include <memory>

#include "base/result.hpp"
#include "runtime/executor.hpp"
#include "runtime/scope.hpp"
#include "runtime/shard.hpp"
#include "runtime/uring/backend.hpp"
#include "tests/bench/machine.hpp"

namespace tetrad::bench {

class our_shard {
public:
    static result<std::unique_ptr<our_shard>> make(std::size_t index = 0) {
        TRY(auto io, runtime::uring_backend::open());
        return std::unique_ptr<our_shard>(new our_shard(std::move(io), index));
    }
    runtime::executor on;
    runtime::shard here;
    runtime::scope tasks;

    /// Until every task has ended. On one thread, always the same.
    void run(bool spins = false) {
        runtime::scope joining(here);
        joining.spawn(stop_after_all());
        if (!spins)
            on.run();
        while (joining.running() > 0)
            on.turn();
    }

private:
    our_shard(std::unique_ptr<runtime::backend> io, std::size_t index)
        : on(std::move(io)), here(on, index, "bench"), tasks(here) {}
    runtime::task<void> stop_after_all() {
        co_await tasks.join();
        on.stop();
    }
};

/// Runs what is in flight to its end on a pinned thread of its own.
inline void run_pinned(our_shard& s, int core, bool spins = false) {
    std::thread([&] {
        pin(core);
        s.run(spins);
    }).join();
}

}  // namespace tetrad::bench
