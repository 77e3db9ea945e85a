// SPDX-License-Identifier: Apache-2.0
// The conformance suite of backends. Each script is a claim about what a backend answers, and runs
//   on io_uring as it is,
//   on io_uring with trouble made between it and the kernel (runtime/uring/mischief.hpp), with several seeds and small rings, and
//   in the simulator, with several seeds.
// The answers are written in the script; where one differs the seed is printed. Included last of our headers: Catch's CHECK takes
// the place of ours.
//
//     SCRIPT("what is sent is received") {
//         two_ends p = co_await connect_pair(s);
//         const int n = co_await send_byte(s, p.dialed);
//         s.is("send", n, 1);
//         close_both(s, p);
//     }
#pragma once

#include "runtime/uring/backend.hpp"
#include "tests/unit/runtime/conformance/script.hpp"
#include "tests/unit/runtime/sim/support.hpp"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>

namespace tetrad::runtime::conformance {

using script_function = task<void> (*)(stage&);
enum class sockets { tcp, unix_path };

struct outcome {
    std::string where;
    std::vector<std::string> faults;
};

inline endpoint address_for(sockets kind, const std::string& directory) {
    if (kind == sockets::tcp)
        return *parse_endpoint("127.0.0.1:0");
    endpoint at;
    at.kind = endpoint::family::unix_path;
    at.path = directory + "/socket";
    return at;
}

inline task<bool> to_the_end(script_function f, stage& s) {
    co_await f(s);
    co_return true;
}
inline task<void> run_and_stop(script_function f, stage& s, executor& on) {
    constexpr duration patience =
        60s;  // then operations end with ETIMEDOUT's code, and the answers are wrong
    const bool ended = co_await with_deadline(s.io.now() + patience, to_the_end(f, s));
    s.is("the script ends", ended);
    on.stop();
}

inline void need_answers(stage& s) {
    if (s.answers == 0)
        s.faults.push_back("a script without an answer");
}

inline void reset_and_close(backend& io, descriptor fd) {
    const linger at_once{1, 0};
    static_cast<void>(::setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once));
    io.close(fd);
}

/// What a run on io_uring met.
struct uring_seen {
    mischief_counts troubles;
    operation_counts operations;
};

inline std::vector<std::string> on_uring(script_function f, sockets kind, uring_options options, uring_seen* seen = nullptr) {
    auto made = uring_backend::open(options);
    if (!made)
        return {made.error().text};
    std::string directory =
        (std::filesystem::temp_directory_path() / "tetrad-conformance-XXXXXX").string();
    if (!::mkdtemp(directory.data()))
        return {"no directory to work in"};
    std::vector<std::string> faults;
    {
        const uring_backend& io = **made;
        executor on(std::move(*made));
        shard here(on, 0, "test");
        stage s{on.io(), here, directory, address_for(kind, directory), false, 0, {}};
        s.reset = [&s](descriptor fd) { reset_and_close(s.io, fd); };
        {
            scope tasks(here);
            tasks.spawn(run_and_stop(f, s, on));
            on.run();
        }
        if (seen)
            *seen = {io.troubles(), io.counts()};
        need_answers(s);
        faults = std::move(s.faults);
    }
    std::filesystem::remove_all(directory);
    return faults;
}

/// Every third seed is mild, every third is rough, and every third has rings that everything
/// overflows, and two buffers to lend.
inline uring_options trouble(std::uint64_t seed) {
    uring_options o;
    o.mischief = {seed, 40, 10, 30, 10, 20, 5};
    if (seed % 3 == 1)
        o.mischief = {seed, 80, 40, 80, 40, 70, 20};
    if (seed % 3 == 2)
        o.entries = 2, o.completions = 4, o.lent = 2;
    return o;
}

inline std::vector<std::string> in_simulation(script_function f, sockets kind, std::uint64_t seed) {
    sim::world w(seed);
    if (seed % 2 == 1) {  // a rougher world
        w.net().plan().segment_max = 61;
        w.net().plan().short_io_percent = 60;
    }
    sim::host& h = w.add_host("host", "10.0.0.1");
    h.disk().make_directories("/t");
    std::vector<std::string> faults;
    {
        sim::testing::process p(h);
        stage s{p.io(), p.here, "/t", address_for(kind, "/t"), true, 0, {}};
        s.reset = [&](descriptor fd) {
            w.net().reset_connections(h, h);
            s.io.close(fd);
        };
        p.run(to_the_end(f, s));
        need_answers(s);
        faults = std::move(s.faults);
    }
    if (h.open_descriptors() != 0)
        faults.push_back("descriptors are left open");
    w.run_for(10s);
    if (w.net().open_ends() != 0)
        faults.push_back("connections are left");
    return faults;
}

constexpr std::uint64_t simulated_seeds = 20, troubled_seeds = 6;
/// TETRAD_SEED=n begins with seed n instead of 1.
inline std::uint64_t first_seed() {
    const char* const wanted = std::getenv("TETRAD_SEED");
    return wanted ? std::strtoull(wanted, nullptr, 10) : 1;
}

inline std::size_t descriptors_of_this_process() {
    const std::filesystem::directory_iterator all("/proc/self/fd");
    return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

/// The runs on io_uring sleep more than they compute: all at once, each on a thread of its own.
class uring_runs {
public:
    void add(std::string where, std::function<std::vector<std::string>()> wanted) {
        std::packaged_task<std::vector<std::string>()> work(std::move(wanted));
        runs_.push_back({std::move(where), work.get_future(), {}});
        runs_.back().on = std::thread(std::move(work));
    }
    std::vector<outcome> take() {
        std::vector<outcome> all;
        for (run& r : runs_) {
            if (r.ended.wait_for(std::chrono::seconds(150)) == std::future_status::timeout) {
                std::fprintf(stderr, "%s: hangs\n", r.where.c_str());
                std::abort();  // a thread in there cannot be ended otherwise
            }
            r.on.join();
            all.push_back({r.where, r.ended.get()});
        }
        return all;
    }

private:
    struct run {
        std::string where;
        std::future<std::vector<std::string>> ended;
        std::thread on;
    };
    std::vector<run> runs_;
};

inline void report(const outcome& o) {
    std::string all;
    for (const std::string& f : o.faults)
        all += "\n  " + f;
    INFO(o.where << all);
    CHECK(o.faults.empty());
}

inline void conforms(script_function f, sockets kind) {
    const std::string over = kind == sockets::tcp ? "" : ", unix sockets";
    const std::size_t open_before = descriptors_of_this_process();
    uring_runs runs;
    runs.add("io_uring" + over, [=] { return on_uring(f, kind, {}); });
    for (std::uint64_t seed = first_seed(); seed < first_seed() + troubled_seeds; ++seed)
        runs.add(format("io_uring{}, trouble of seed {}", over, seed), [=] { return on_uring(f, kind, trouble(seed)); });
    for (const outcome& o : runs.take())
        report(o);
    CHECK(descriptors_of_this_process() == open_before);
    for (std::uint64_t seed = first_seed(); seed < first_seed() + simulated_seeds; ++seed)
        report({format("simulated{}, seed {}", over, seed), in_simulation(f, kind, seed)});
}

}  // namespace tetrad::runtime::conformance

#define CONFORMANCE_SCRIPT(function, claim, ...)           \
    static ::tetrad::runtime::task<void> function(stage&); \
    TEST_CASE(claim, "[conformance]") {                    \
        for (const sockets kind : {__VA_ARGS__})           \
            conforms(function, kind);                      \
    }                                                      \
    static ::tetrad::runtime::task<void> function([[maybe_unused]] stage& s)

/// A claim, then the body of a coroutine with `stage& s`.
#define SCRIPT(claim) CONFORMANCE_SCRIPT(INTERNAL_CATCH_UNIQUE_NAME(script_), claim, sockets::tcp)
#define UNIX_SCRIPT(claim) CONFORMANCE_SCRIPT(INTERNAL_CATCH_UNIQUE_NAME(script_), claim, sockets::unix_path)
/// The same over TCP and over unix sockets.
#define STREAM_SCRIPT(claim) \
    CONFORMANCE_SCRIPT(INTERNAL_CATCH_UNIQUE_NAME(script_), claim, sockets::tcp, sockets::unix_path)
