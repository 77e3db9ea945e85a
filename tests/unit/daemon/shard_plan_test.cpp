// SPDX-License-Identifier: Apache-2.0
// The four shards of a node on any number of cores, and every door between them, under the load that it promises to bear.
#include "daemon/shard_plan.hpp"

#include "runtime/executor.hpp"
#include "runtime/scope.hpp"
#include "runtime/shard.hpp"
#include "runtime/sim/host.hpp"
#include "runtime/sim/world.hpp"
#include "runtime/sync.hpp"

#include <algorithm>
#include <functional>
#include <memory>
#include <set>
#include <thread>

#include <sched.h>

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::daemon;
using runtime::placement;
using runtime::role;
using runtime::task;

namespace {

constexpr std::array<role, runtime::roles> all_roles = {role::consensus, role::network, role::storage, role::api};

placement placed(const std::vector<int>& cores, std::size_t rotate = 0) {
    const auto p = runtime::place_shards(cores, rotate, "");
    REQUIRE(p);
    return *p;
}

std::vector<std::set<role>> threads_of(const placement& p) {
    std::vector<std::set<role>> out;
    for (const auto& t : p.threads)
        out.emplace_back(t.shards.begin(), t.shards.end());
    return out;
}

/// What a process sees that may use these cores only.
std::vector<int> usable_with(const std::vector<int>& mask) {
    std::vector<int> seen;
    std::thread restricted([&] {
        cpu_set_t set;
        CPU_ZERO(&set);
        for (const int c : mask)
            CPU_SET(c, &set);
        if (::sched_setaffinity(0, sizeof set, &set) == 0)  // of this thread alone
            seen = runtime::usable_cores();
    });
    restricted.join();
    return seen;
}

/// The shards of a placement as the daemon makes them, with their plan, in the simulated world.
struct machine {
    runtime::sim::world world{1};
    runtime::sim::host& host = world.add_host("node", "10.0.0.1");
    std::vector<std::unique_ptr<runtime::executor>> loops;
    std::array<std::unique_ptr<runtime::shard>, runtime::roles> shards;
    std::unique_ptr<shard_plan> plan;
    std::array<std::unique_ptr<runtime::scope>, runtime::roles> scopes;

    explicit machine(const placement& p) {
        for (const auto& thread : p.threads) {
            loops.push_back(std::make_unique<runtime::executor>(host.make_backend()));
            world.add(*loops.back());
            for (const role r : thread.shards)
                shards[static_cast<std::size_t>(r)] =
                    std::make_unique<runtime::shard>(*loops.back(), static_cast<std::size_t>(r), std::string(name(r)));
        }
        plan = std::make_unique<shard_plan>(shard_set{*shards[0], *shards[1], *shards[2], *shards[3]});
        for (std::size_t i = 0; i < runtime::roles; ++i)
            scopes[i] = std::make_unique<runtime::scope>(*shards[i]);
    }
    ~machine() {
        world.run_idle();
        for (auto& s : scopes)
            s.reset();
        plan.reset();  // before the shards, whose rings it uses
    }
    runtime::scope& scope_of(const runtime::shard& s) { return *scopes[s.index()]; }
};

template <class F>
void for_each_port(shard_plan& p, F&& f) {
    const auto each = [&](auto&... ports) { (f(ports), ...); };
    each(p.commits, p.app_writes, p.prunes, p.consensus_reads, p.network_reads, p.api_reads, p.apply, p.pool_lock, p.pool_update,
         p.go_network, p.submits, p.lists, p.network_status, p.events, p.caught_up_shard, p.info, p.publish, p.go_api_shard);
}

/// Holds every request until `gate` opens, and says then through which door it came.
template <class Port>
struct held_service {
    Port& door;
    runtime::event gate;
    bool open = false;
    std::size_t served_now = 0, served_most = 0;
    std::size_t answered = 0;
};
template <class Response, class Port, class Request>
task<Response> hold(held_service<Port>& s, Request) {
    s.served_most = std::max(s.served_most, ++s.served_now);
    while (!s.open)
        (void)co_await s.gate.wait();
    --s.served_now;
    co_return fail(errc::not_found, std::string(s.door.spec.name));
}
template <class Port, class Request>
task<void> call_once(held_service<Port>& s, Request request) {
    auto response = co_await s.door.call(std::move(request));
    if (!response && response.error().code == errc::not_found && response.error().text == s.door.spec.name)
        ++s.answered;
}

/// Every credit of the door is taken at once, and one caller more waits.
template <class Request, class Response>
std::shared_ptr<void> fill(machine& m, runtime::port<Request, Response>& door, std::vector<std::function<void()>>& open,
                           std::vector<std::function<void()>>& check) {
    using port = runtime::port<Request, Response>;
    auto s = std::make_shared<held_service<port>>(door);
    auto& service = *s;
    door.serve(m.scope_of(door.server()), [&service](Request q) { return hold<Response, port, Request>(service, std::move(q)); });
    for (std::size_t i = 0; i <= door.spec.depth; ++i)
        m.scope_of(door.client()).spawn(call_once<port, Request>(service, Request{}));
    open.push_back([&service] {
        service.open = true;
        service.gate.notify();
    });
    check.push_back([&service] {
        INFO(service.door.spec.name);
        CHECK(service.served_most == service.door.spec.handlers);
        CHECK(service.answered == service.door.spec.depth + 1);
    });
    return s;
}

}  // namespace

TEST_CASE("only the ring of the consensus shard's thread may open files, only those of network and api sockets") {
    const auto may = [](std::vector<role> shards) {
        const runtime::operation_groups g = ring_operations(shards);
        return std::pair(g.files, g.sockets);
    };
    CHECK(may({role::consensus}) == std::pair(true, false));
    CHECK(may({role::network}) == std::pair(false, true));
    CHECK(may({role::storage}) == std::pair(false, false));
    CHECK(may({role::api}) == std::pair(false, true));
    CHECK(may({role::consensus, role::network}) == std::pair(true, true));
    CHECK(may({role::storage, role::api}) == std::pair(false, true));
    CHECK(may({role::consensus, role::storage}) == std::pair(true, false));
}

TEST_CASE("four shards share one, two, three or four threads, each on a core of its own") {
    using enum role;
    CHECK(threads_of(placed({0})) == std::vector<std::set<role>>{{consensus, network, storage, api}});
    CHECK(threads_of(placed({0, 1})) == std::vector<std::set<role>>{{consensus, network}, {storage, api}});
    CHECK(threads_of(placed({0, 1, 2})) == std::vector<std::set<role>>{{consensus}, {network}, {storage, api}});
    const std::vector<std::set<role>> alone{{consensus}, {network}, {storage}, {api}};
    for (const int cores : {4, 5, 8, 64, 1000}) {
        std::vector<int> list;
        for (int c = 0; c < cores; ++c)
            list.push_back(c);
        CHECK(threads_of(placed(list)) == alone);
    }
}

TEST_CASE("whatever cores a process may use, each shard has one thread and no core has two") {
    const std::vector<std::vector<int>> masks{{7},       {1, 3},       {0, 63},           {2, 4, 6},        {9, 8, 1},
                                              {0, 1, 2, 3}, {4, 5, 6, 7}, {1, 3, 5, 7, 9, 11}, {0, 200, 300, 1000}};
    for (const auto& mask : masks)
        for (std::size_t rotate = 0; rotate <= mask.size(); ++rotate) {
            const auto p = placed(mask, rotate);
            INFO(mask.size() << " cores, rotated by " << rotate << ": " << p.text());
            CHECK(p.threads.size() == std::min(mask.size(), runtime::roles));
            std::multiset<role> seen;
            std::set<int> cores;
            for (const auto& t : p.threads) {
                CHECK(std::ranges::find(mask, t.core) != mask.end());
                CHECK(cores.insert(t.core).second);
                seen.insert(t.shards.begin(), t.shards.end());
            }
            for (const role r : all_roles)
                CHECK(seen.count(r) == 1);
            CHECK(p.threads[0].core == mask[rotate % mask.size()]);  // consensus first
            CHECK(p.thread_of(role::consensus) == 0);
            CHECK((mask.size() == 1) == (p.thread_of(role::storage) == 0));
        }
}

TEST_CASE("an affinity mask is where the shards stay") {
    const auto mine = runtime::usable_cores();
    REQUIRE_FALSE(mine.empty());
    const auto one = usable_with({mine.back()});
    CHECK(one == std::vector<int>{mine.back()});
    CHECK(placed(one, 3).text() == "core " + std::to_string(mine.back()) + ": consensus network storage api");
    if (mine.size() >= 2) {
        const auto two = usable_with({mine[0], mine[1]});
        CHECK(two == std::vector<int>{mine[0], mine[1]});
        CHECK(placed(two).threads.size() == 2);
    }
}

TEST_CASE("storage asks nobody, and consensus is asked for nothing but to apply a block") {
    machine m(placed({0, 1}));
    for_each_port(*m.plan, [&](const runtime::port_base& p) {
        INFO(p.spec.name << ": " << p.client().name() << " -> " << p.server().name());
        CHECK(&p.client() != &p.server());
        CHECK(p.client().name() != "storage");
        CHECK((p.server().name() != "consensus" || p.spec.name == "apply"));
        CHECK(p.spec.handlers <= p.spec.depth);
    });
}

TEST_CASE("what has an order is served one at a time") {
    machine m(placed({0}));
    auto& p = *m.plan;
    const auto serial = [](const auto&... doors) { return ((doors.spec.handlers == 1) && ...); };
    CHECK(serial(p.commits, p.app_writes, p.prunes, p.apply, p.pool_lock, p.pool_update, p.events, p.caught_up_shard, p.publish));
}

TEST_CASE("the rings bear every door full at the same time, on one thread and on four") {
    for (const std::size_t cores : {1u, 2u, 3u, 4u}) {
        INFO(cores << " cores");
        std::vector<int> list;
        for (std::size_t c = 0; c < cores; ++c)
            list.push_back(static_cast<int>(c));
        machine m(placed(list));
        std::vector<std::shared_ptr<void>> services;
        std::vector<std::function<void()>> open, check;
        for_each_port(*m.plan, [&](auto& door) { services.push_back(fill(m, door, open, check)); });
        m.world.run_idle();
        for (auto& o : open)
            o();
        m.world.run_for(1s);
        for (auto& c : check)
            c();
    }
}
