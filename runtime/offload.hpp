// SPDX-License-Identifier: Apache-2.0
// Work that blocks (RocksDB, getaddrinfo) or computes long (batches of signatures), kept off a shard's thread: one helper thread
// behind a pair of rings, in order. Where the backend runs blocking work inline (simulation), or where the owner asked for it
// (a storage shard with a thread of its own), it runs at once on the caller's thread. The helper sleeps in the kernel while it has
// nothing to do. Made and destroyed while the user's executor does not run, or on its thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <type_traits>

#include "runtime/shard.hpp"
#include "runtime/task.hpp"

namespace tetrad::runtime {

class offload {
public:
    enum class mode { helper_thread, inline_ };
    /// `user`: the one shard whose tasks call run(). `depth`: jobs that may wait; a further caller waits for room.
    offload(shard& user, std::string name, mode m, std::size_t depth = 256);
    ~offload();  // waits for the job that runs; there must be no callers left

    /// Runs `work` to its end elsewhere and returns what it returned. Not cancelled once it has begun. `work` must stay alive
    /// until then: name it first (rule C3), then `co_await pool.run(work)`.
    template <class F>
    task<std::invoke_result_t<F&>> run(F& work);

private:
    struct job : letter {
        void (*call)(job&) = nullptr;  // on the helper
        std::coroutine_handle<> waiter;
        task_queue* queue = nullptr;  // the waiter's
    };
    struct job_awaiter;
    task<void> run_job(job& j);
    struct impl;
    std::unique_ptr<impl> impl_;
};

template <class F>
task<std::invoke_result_t<F&>> offload::run(F& work) {
    using value = std::invoke_result_t<F&>;
    if constexpr (std::is_void_v<value>) {
        struct typed : job {
            F* work = nullptr;
        } j;
        j.work = &work;
        j.call = [](job& b) { (*static_cast<typed&>(b).work)(); };
        co_await run_job(j);
    } else {
        struct typed : job {
            F* work = nullptr;
            std::optional<value> out;
        } j;
        j.work = &work;
        j.call = [](job& b) {
            auto& me = static_cast<typed&>(b);
            me.out.emplace((*me.work)());
        };
        co_await run_job(j);
        co_return std::move(*j.out);
    }
}

}  // namespace tetrad::runtime
