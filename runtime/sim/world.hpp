// SPDX-License-Identifier: Apache-2.0
// The simulated world: any number of hosts with networks and disks, in one thread, under one virtual clock and one seed. Whole
// nodes run in it unchanged: each executor gets its backend from a host, and the world turns all executors.
//
//     sim::world w(seed);
//     sim::host& a = w.add_host("a", "10.0.0.1");
//     runtime::executor on_a(a.make_backend());
//     w.add(on_a);                                       // until on_a is destroyed
//     ... shards, scopes, tasks ...
//     bool held = w.run_until([&] { return done; }, w.now() + 10s);
//
// Time passes only in run_until, run_for and run_idle: executors are turned in an order drawn from the seed until none has
// anything to do, then the clock jumps to the next event or timer. The same seed and the same calls give the same trace_hash().
// Everything is destroyed in the usual order: shards and executors before the world.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.hpp"
#include "base/time.hpp"
#include "runtime/sim/events.hpp"
#include "runtime/sim/network.hpp"
#include "runtime/sim/plan.hpp"
#include "runtime/sim/trace.hpp"

namespace tetrad::runtime {
class executor;
}

namespace tetrad::runtime::sim {

class host;
class sim_backend;

struct world_options {
    std::uint64_t seed = 1;
    timestamp start{1704067200, 0};  // wall clock at instant{0}: 2024-01-01T00:00:00Z
    net_plan net;
    disk_plan disk;                  // of hosts added later
};

/// Why a run ended.
enum class run_end : std::uint8_t {
    held,      // the predicate is true
    deadline,  // virtual time is up
    deadlock,  // nothing is runnable, no event and no timer is left
    livelock,  // 200,000 passes at one instant: tasks wake each other without end
};
std::string_view name(run_end);

class world {
public:
    explicit world(std::uint64_t seed);
    explicit world(world_options);
    ~world();
    world(const world&) = delete;
    world& operator=(const world&) = delete;

    /// The name is what resolve() finds. An IPv4 or IPv6 literal that no other host has.
    host& add_host(std::string name, std::string_view ip);
    host& find_host(std::string_view name);
    const std::vector<std::unique_ptr<host>>& hosts() const { return hosts_; }
    network& net() { return net_; }

    /// From now on runs turn it, until it is removed or destroyed. Its backend came from a host of this world.
    void add(executor&);
    void remove(executor&);

    /// Runs until `held` is true (looked at after each pass over the executors), or one of the other ends. True where it held.
    bool run_until(const std::function<bool()>& held, instant deadline);
    /// The reason the last run ended.
    run_end last_end() const { return last_end_; }
    /// Runs for a span of virtual time, also past a deadlock.
    void run_for(duration);
    /// Runs what is runnable now, without letting time pass.
    void run_idle();

    /// Calls `act` at a virtual time, between turns: how a test plans faults. It must not run the world itself.
    void at(instant, std::function<void()> act);

    instant now() const { return now_; }
    event_queue& events() { return events_; }
    timestamp wall_clock() const { return options_.start + (now_ - instant{}); }
    std::uint64_t seed() const { return options_.seed; }
    const world_options& options() const { return options_; }

    /// Over every backend call, its arguments and its result, in order.
    std::uint64_t trace_hash() const { return trace_.hash(); }
    /// Each line that enters the hash, for finding where two runs part.
    void set_trace_sink(std::function<void(std::string_view)> sink) { trace_.set_sink(std::move(sink)); }

    // ---- for hosts and backends ----
    /// Independent streams of one seed: of a host's disk (part 0) and of its backends.
    std::uint64_t seed_for(std::size_t host_index, std::uint64_t part) const;
    void note(std::string_view what, std::size_t host_index, std::uint64_t backend, std::initializer_list<std::int64_t> numbers,
              byte_view content);
    void backend_gone(sim_backend&);
    /// For an executor that runs itself (executor::run) in a world without others: time passes until it has something to do.
    void block(sim_backend&, instant deadline);

private:
    struct member {
        executor* runs;
        sim_backend* io;
    };

    bool turn_all();  // one pass; true where anything ran
    instant next_time() const;
    void advance_to(instant);
    run_end run(const std::function<bool()>* held, instant deadline, bool past_deadlock);

    world_options options_;
    seeded_random choices_;  // order of executors
    instant now_{};
    event_queue events_;
    trace trace_;
    network net_;
    std::vector<std::unique_ptr<host>> hosts_;
    std::vector<member> members_;
    bool running_ = false;
    run_end last_end_ = run_end::held;
};

}  // namespace tetrad::runtime::sim
