// SPDX-License-Identifier: Apache-2.0
// Two looks at how the threads of a node are. limit_watch is an executor's own: once a second of being awake it compares what is
// counted with limits and says what crossed one. heartbeat_watch is another thread's: it finds an executor that neither sleeps nor
// comes around, which cannot say so itself.
#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"

namespace tetrad::runtime {

class executor;
class task_queue;

using report_function = std::function<void(std::string_view line)>;

struct health_limits {
    std::int64_t tasks = 20'000;              // background tasks of one queue
    std::int64_t waiting = 20'000;            // ready coroutines of one queue
    duration wait = 1s;                       // from ready to resumed
    std::int64_t mail = 2'000;                // letters and values that wait for one shard
    std::int64_t memory = 256 * 1024 * 1024;  // bytes of coroutine frames that one thread made
    std::int64_t in_flight = 20'000;          // operations of one backend
};

class limit_watch {
public:
    explicit limit_watch(health_limits limits) : limits_(limits) {}
    /// On the executor's thread. One line for each number that is over its limit and was not at the last look, one for each that has
    /// come down below half of it.
    void look(const executor&, const report_function& say);

private:
    void compare(std::string_view who, std::string_view what, std::int64_t value, std::int64_t limit, const report_function& say);

    const health_limits limits_;
    std::set<std::string> over_;  // at most one entry a queue and number
};

class heartbeat_watch {
public:
    explicit heartbeat_watch(std::vector<const executor*> threads);
    /// Any one thread. Fails where an executor has made no turn since the last look and did not sleep; the text says in which queue
    /// it is. The first look only remembers.
    result<void> look();

private:
    struct seen {
        const executor* thread;
        std::uint64_t turns = UINT64_MAX;
    };
    std::vector<seen> threads_;
};

}  // namespace tetrad::runtime
