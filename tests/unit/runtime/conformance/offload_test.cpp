// SPDX-License-Identifier: Apache-2.0
// Blocking work beside a backend's own: on a helper thread over io_uring, at once in the simulation, and the same for who asks.
#include "runtime/offload.hpp"

#include "tests/unit/runtime/conformance/suite.hpp"

#include <algorithm>
#include <atomic>
#include <memory>

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::runtime;
using namespace tetrad::runtime::conformance;

namespace {

constexpr auto helper = offload::mode::helper_thread;

task<int> job(offload& pool, int n, std::vector<int>& began) {
    auto work = [n, &began] {  // jobs run one at a time: only they touch it until all have ended
        began.push_back(n);
        return n * 2;
    };
    const int doubled = co_await pool.run(work);
    co_return doubled;
}
task<int> jobs_one_by_one(offload& pool, int count, std::vector<int>& began) {
    for (int i = 0; i < count; ++i) {
        const int doubled = co_await job(pool, i, began);
        if (doubled != i * 2)
            co_return i;
    }
    co_return count;
}

SCRIPT("a job's value comes back to who asked, many times over") {
    offload pool(s.here, "helper", helper);
    std::vector<int> began;
    const int right = co_await jobs_one_by_one(pool, 300, began);
    s.is("right", right, 300);
    s.is("each once", began.size(), 300);
}

SCRIPT("jobs run in the order they were asked for, those that find no room too") {
    offload pool(s.here, "helper", helper, 2);
    std::vector<int> began;
    std::vector<std::optional<int>> values(100);
    scope tasks(s.here);
    for (std::size_t i = 0; i < values.size(); ++i)
        tasks.spawn(note(job(pool, static_cast<int>(i), began), values[i]));
    co_await tasks.join();
    bool right = began.size() == values.size();
    for (std::size_t i = 0; right && i < values.size(); ++i)
        right = began[i] == static_cast<int>(i) && values[i] == static_cast<int>(i) * 2;
    s.is("in order, each with its own value", right);
}

SCRIPT("a stop does not cut a job off, nor one that waits for room") {
    offload pool(s.here, "helper", helper, 1);
    std::vector<int> began;
    std::vector<std::optional<int>> values(20);
    scope tasks(s.here);
    for (std::size_t i = 0; i < values.size(); ++i)
        tasks.spawn(note(job(pool, static_cast<int>(i), began), values[i]));
    co_await yield();
    tasks.request_stop();
    co_await tasks.join();
    s.is("all began", began.size(), values.size());
    for (std::size_t i = 0; i < values.size(); ++i)
        s.is("its value", values[i].value_or(-1), static_cast<int>(i) * 2);
}

task<int> job_between_reads(stage& s, offload& pool, descriptor fd, int times) {
    int right = 0;
    for (int i = 0; i < times; ++i) {
        bytes one(1);
        const int r = co_await transfer_once(s, op_code::read, fd, one);
        auto work = [&one] { return one[0] == 'x'; };
        const bool is_right = co_await pool.run(work);
        right += r == 1 && is_right;
    }
    co_return right;
}

SCRIPT("jobs and reads of many tasks go on side by side") {
    co_await make_file(s, s.path("f"), "x");
    const int fd = co_await open(s, s.path("f"), open_flags::read);
    offload pool(s.here, "helper", helper, 3);
    std::vector<std::unique_ptr<beside<int>>> all;
    for (int i = 0; i < 10; ++i)
        all.push_back(std::make_unique<beside<int>>(s, job_between_reads(s, pool, fd, 10)));
    for (auto& b : all) {
        const int right = co_await b->end();
        s.is("right", right, 10);
    }
    s.io.close(fd);
}

SCRIPT("a helper may end and another begin, with work or without") {
    for (int i = 0; i < 10; ++i) {
        offload pool(s.here, "helper", helper, 4);
        std::vector<int> began;
        const int right = co_await jobs_one_by_one(pool, i % 3, began);
        s.is("jobs", right, i % 3);
    }
}

// A job that ends only once the task that reads has come to its end: over a helper thread the shard goes on meanwhile. Where jobs run
// at once there is nothing to wait for.
task<int> hold_until(offload& pool, std::atomic<bool>& read) {
    auto work = [&read] {
        read.wait(false);
        return 1;
    };
    const int one = co_await pool.run(work);
    co_return one;
}

SCRIPT("while a job blocks, reads and timers of its shard go on") {
    co_await make_file(s, s.path("f"), "x");
    const int fd = co_await open(s, s.path("f"), open_flags::read);
    offload pool(s.here, "helper", helper);
    std::atomic<bool> read{s.io.runs_blocking_inline()};
    beside<int> holding(s, hold_until(pool, read));
    bytes one(1);
    for (int i = 0; i < 5; ++i) {
        const int r = co_await transfer_once(s, op_code::read, fd, one);
        s.is("read", r, 1);
        co_await a_turn();
    }
    s.is("it blocks still", holding.has_ended(), s.io.runs_blocking_inline());
    read.store(true);
    read.notify_all();
    const int held = co_await holding.end();
    s.is("ended", held, 1);
    s.io.close(fd);
}

}  // namespace
