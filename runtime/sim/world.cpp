// SPDX-License-Identifier: Apache-2.0
#include "runtime/sim/world.hpp"

#include <algorithm>
#include <utility>

#include "base/check.hpp"
#include "runtime/executor.hpp"
#include "runtime/sim/backend.hpp"
#include "runtime/sim/host.hpp"

namespace tetrad::runtime::sim {

namespace {

constexpr std::uint64_t passes_max = 200'000;  // at one instant

world_options with_seed(std::uint64_t seed) {
    world_options o;
    o.seed = seed;
    return o;
}

/// splitmix64's finish: neighbouring seeds give unrelated streams.
std::uint64_t spread(std::uint64_t z) {
    z += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

}  // namespace

std::string_view name(run_end e) {
    switch (e) {
        case run_end::held: return "held";
        case run_end::deadline: return "deadline";
        case run_end::deadlock: return "deadlock";
        case run_end::livelock: return "livelock";
    }
    UNREACHABLE();
}

world::world(std::uint64_t seed) : world(with_seed(seed)) {}
world::world(world_options o)
    : options_(std::move(o)), choices_(spread(options_.seed)), net_(*this, options_.net, spread(options_.seed + 1)) {}
world::~world() = default;

std::uint64_t world::seed_for(std::size_t host_index, std::uint64_t part) const {
    return spread(spread(options_.seed ^ spread(host_index + 1)) + part);
}

void world::note(std::string_view what, std::size_t host_index, std::uint64_t backend, std::initializer_list<std::int64_t> numbers,
                 byte_view content) {
    trace_.add(now_, host_index, backend, what, numbers, content);
}

// ---- hosts and executors ----

host& world::add_host(std::string host_name, std::string_view ip) {
    const std::string literal(ip);
    const bool is_v6 = literal.find(':') != std::string::npos;
    const auto address = parse_endpoint(is_v6 ? "[" + literal + "]:0" : literal + ":0");
    CHECK(address.has_value());
    for (const auto& h : hosts_)
        CHECK(h->name() != host_name && h->at(0) != *address);
    hosts_.push_back(std::make_unique<host>(*this, hosts_.size(), std::move(host_name), *address));
    return *hosts_.back();
}

host& world::find_host(std::string_view wanted) {
    const auto there = std::find_if(hosts_.begin(), hosts_.end(), [&](const auto& h) { return h->name() == wanted; });
    CHECK(there != hosts_.end());
    return **there;
}

void world::add(executor& e) {
    auto* const io = dynamic_cast<sim_backend*>(&e.io());
    CHECK(io && &io->on().in() == this);
    for (const member& m : members_)
        CHECK(m.runs != &e);
    members_.push_back({&e, io});
}

void world::remove(executor& e) {
    std::erase_if(members_, [&](const member& m) { return m.runs == &e; });
}

void world::backend_gone(sim_backend& b) {
    std::erase_if(members_, [&](const member& m) { return m.io == &b; });
}

void world::at(instant when, std::function<void()> act) { events_.plan(std::max(when, now_), std::move(act)); }

// ---- time ----

bool world::turn_all() {
    std::vector<executor*> order;
    for (const member& m : members_)
        order.push_back(m.runs);
    choices_.shuffle(order);
    bool any = false;
    for (executor* e : order) {
        const bool is_member = std::any_of(members_.begin(), members_.end(), [&](const member& m) { return m.runs == e; });
        if (is_member)
            any |= e->turn();
    }
    return any;
}

instant world::next_time() const {
    instant next = events_.next();
    for (const member& m : members_)
        next = std::min(next, m.runs->next_deadline());
    return next;
}

void world::advance_to(instant t) {
    now_ = std::max(now_, t);
    while (events_.next() <= now_)
        events_.run_first();
}

run_end world::run(const std::function<bool()>* held, instant deadline, bool past_deadlock) {
    CHECK(!running_);
    running_ = true;
    auto end = [this](run_end e) {
        running_ = false;
        return last_end_ = e;
    };
    std::uint64_t passes = 0;
    for (;;) {
        if (held && (*held)())
            return end(run_end::held);
        if (++passes > passes_max)
            return end(run_end::livelock);
        if (turn_all())
            continue;
        const instant next = next_time();
        const bool nothing_left = next == instant::never();
        if (nothing_left && !past_deadlock)
            return end(run_end::deadlock);
        if (nothing_left || next > deadline) {
            if (deadline != instant::never())
                now_ = std::max(now_, deadline);
            return end(run_end::deadline);
        }
        if (next > now_)
            passes = 0;
        advance_to(next);
    }
}

bool world::run_until(const std::function<bool()>& held, instant deadline) {
    return run(&held, deadline, false) == run_end::held;
}

void world::run_for(duration d) { run(nullptr, now_ + d, true); }

void world::run_idle() { run(nullptr, now_, true); }

void world::block(sim_backend& io, instant deadline) {
    CHECK(!running_ && members_.empty());
    while (!io.has_news() && now_ < deadline) {
        const instant next = std::min(events_.next(), deadline);
        CHECK(next != instant::never());  // a deadlock: it would sleep for ever
        advance_to(next);
    }
}

}  // namespace tetrad::runtime::sim
