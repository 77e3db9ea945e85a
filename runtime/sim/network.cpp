// SPDX-License-Identifier: Apache-2.0
#include "runtime/sim/network.hpp"

#include <algorithm>
#include <cerrno>

#include "base/check.hpp"
#include "runtime/sim/host.hpp"
#include "runtime/sim/local_stream.hpp"
#include "runtime/sim/world.hpp"

namespace tetrad::runtime::sim {

network::network(world& w, net_plan plan, std::uint64_t seed) : world_(w), plan_(plan), random_(seed) {}

// ---- what a test does to it ----

void network::cut(const host& a, const host& b) {
    cut_.emplace(a.index(), b.index());
    paths_changed();
}

void network::partition(const std::vector<const host*>& one, const std::vector<const host*>& other) {
    for (const host* a : one) {
        for (const host* b : other) {
            cut_.emplace(a->index(), b->index());
            cut_.emplace(b->index(), a->index());
        }
    }
    paths_changed();
}

void network::mend(const host& a, const host& b) {
    cut_.erase({a.index(), b.index()});
    cut_.erase({b.index(), a.index()});
    paths_changed();
}

void network::heal() {
    cut_.clear();
    paths_changed();
}

bool network::reaches(const host& from, const host& to) const {
    return from.is_up() && to.is_up() && (&from == &to || !cut_.contains({from.index(), to.index()}));
}

void network::reset_connections(const host& a, const host& b) {
    const auto all = streams_;  // resets forget
    for (const auto& [number, s] : all)
        if ((&s->on() == &a && &s->far() == &b) || (&s->on() == &b && &s->far() == &a))
            s->reset(ECONNRESET);
}

void network::refuse(const host& to, bool yes) {
    if (yes)
        refusing_.insert(to.index());
    else
        refusing_.erase(to.index());
}

void network::set_link(const host& from, const host& to, net_plan p) {
    links_.insert_or_assign({from.index(), to.index()}, p);
}

const net_plan& network::plan_of(const host& from, const host& to) const {
    const auto own = links_.find({from.index(), to.index()});
    return own == links_.end() ? plan_ : own->second;
}

duration network::draw_latency(const host& from, const host& to) {
    const net_plan& p = plan_of(from, to);
    auto below = [&](duration d) { return duration(static_cast<std::int64_t>(random_.below(static_cast<std::uint64_t>(d.count()) + 1))); };
    if (&from == &to)
        return p.loopback_latency / 2 + below(p.loopback_latency);
    CHECK(p.latency_min <= p.latency_mean && p.latency_mean <= p.latency_max);
    duration d = p.latency_min + below(2 * (p.latency_mean - p.latency_min));
    if (random_.below(64) == 0 && d < p.latency_max)
        d += below(p.latency_max - d);
    return d;
}

// ---- streams ----

stream* network::find(std::uint64_t number) {
    const auto there = streams_.find(number);
    return there == streams_.end() ? nullptr : there->second.get();
}

std::shared_ptr<stream> network::share(std::uint64_t number) {
    const auto there = streams_.find(number);
    return there == streams_.end() ? nullptr : there->second;
}

void network::send_reset(const host& from, const host& to, std::uint64_t number) {
    const host *const source = &from, *const target = &to;
    world_.events().plan(world_.now() + draw_latency(from, to), [this, source, target, number] {
        if (const auto s = share(number); s && reaches(*source, *target))
            s->reset(ECONNRESET);
    });
}

void network::paths_changed() {
    for (const auto& [number, s] : streams_)  // they only plan
        s->path_changed();
}

void network::vanish(host& h) {
    std::erase_if(streams_, [&](const auto& s) { return &s.second->on() == &h; });
    std::vector<std::uint64_t> mine;
    for (const auto& [number, a] : attempts_)
        if (a.from == &h)
            mine.push_back(number);
    for (std::uint64_t number : mine)
        cancel_connect(number);
    std::erase_if(listeners_, [&](const auto& l) {
        if (&l->on != &h)
            return false;
        l->is_open = false;
        return true;
    });
}

// ---- listeners ----

namespace {

/// 2: bound to this very address; 1: to all addresses of its kind; 0: not for it.
int match(const endpoint& bound, const endpoint& to) {
    if (bound.port != to.port || bound.path != to.path)
        return 0;
    if (bound.kind == to.kind && bound.ip == to.ip)
        return 2;
    const bool takes_kind = bound.kind == to.kind ||  // an IPv6 listener on all addresses takes IPv4 too, as Linux has it
                            (bound.kind == endpoint::family::ipv6 && to.kind == endpoint::family::ipv4);
    return takes_kind && bound.is_unspecified() ? 1 : 0;
}

endpoint loopback_like(const endpoint& e, std::uint16_t port) {
    endpoint l;
    l.kind = e.kind;
    if (e.kind == endpoint::family::ipv4)
        l.ip = {127, 0, 0, 1};
    else
        l.ip[15] = 1;
    l.port = port;
    return l;
}

}  // namespace

std::shared_ptr<listener> network::find_listener(const host& on, const endpoint& to) const {
    std::shared_ptr<listener> best;
    int best_match = 0;
    for (const auto& l : listeners_) {
        if (&l->on != &on || !l->is_open)
            continue;
        if (const int m = match(l->bound, to); m > best_match) {
            best_match = m;
            best = l;
        }
    }
    return best;
}

/// A path is there until its listener is closed.
bool network::is_bound(const host& on, const endpoint& at) const {
    return std::any_of(listeners_.begin(), listeners_.end(), [&](const auto& l) { return &l->on == &on && l->bound == at; });
}

std::uint16_t network::free_port(const host& on) {
    constexpr std::uint16_t first = 32768, last = 60999;  // Linux's range
    std::uint16_t& port = last_port_.try_emplace(on.index(), last).first->second;
    auto is_taken = [&](const auto& l) { return &l->on == &on && l->bound.port == port; };
    do {
        port = port == last ? first : static_cast<std::uint16_t>(port + 1);
    } while (std::any_of(listeners_.begin(), listeners_.end(), is_taken));
    return port;
}

int network::listen(host& on, endpoint at, int backlog, std::shared_ptr<listener>& out) {
    const bool is_ip = at.kind == endpoint::family::ipv4 || at.kind == endpoint::family::ipv6;
    if (at.kind == endpoint::family::none)
        return -EDESTADDRREQ;
    if (is_ip && !at.is_loopback() && !at.is_unspecified() && host_at(on, at) != &on)
        return -EADDRNOTAVAIL;
    if (is_ip && at.port == 0)
        at.port = free_port(on);
    for (const auto& l : listeners_)
        if (&l->on == &on && (l->is_open || !is_ip) && (match(l->bound, at) != 0 || match(at, l->bound) != 0))
            return -EADDRINUSE;
    out = std::make_shared<listener>(on, std::move(at), static_cast<std::size_t>(std::max(backlog, 0)));
    listeners_.push_back(out);
    return 0;
}

void network::shut(listener& l) {
    l.is_open = false;
    const auto waiting = std::exchange(l.ready, {});
    for (const auto& s : waiting)
        s->abort();
    if (const auto changed = std::exchange(l.on_change, nullptr))
        changed();
}

void network::close(listener& l) {
    shut(l);
    std::erase_if(listeners_, [&](const auto& mine) { return mine.get() == &l; });
}

// ---- connecting ----

host* network::host_at(host& from, const endpoint& to) {
    if (to.kind == endpoint::family::unix_path || to.is_loopback() || to.is_unspecified())
        return &from;
    for (const auto& h : world_.hosts())
        if (const endpoint there = h->at(0); there.kind == to.kind && there.ip == to.ip)
            return h.get();
    return nullptr;
}

std::uint64_t network::connect(host& from, const endpoint& to, connected done) {
    constexpr duration first_try = 1s, unreachable_after = 3s;
    const std::uint64_t number = ++numbers_;
    attempt& a = attempts_[number];
    a.from = &from;
    a.to = host_at(from, to);
    a.peer = to.kind != endpoint::family::unix_path && to.is_unspecified() ? loopback_like(to, to.port) : to;
    a.done = std::move(done);
    a.next_try = first_try;
    const bool exists = a.to != nullptr;
    const instant limit = world_.now() + (exists ? plan_of(from, *a.to).connect_timeout : unreachable_after);
    a.give_up = world_.events().plan(
        limit, [this, number, exists] { finish(number, exists ? ETIMEDOUT : EHOSTUNREACH, nullptr); });
    if (exists)
        send_request(number);
    return number;
}

void network::send_request(std::uint64_t number) {
    attempt& a = attempts_.at(number);
    a.retry = world_.events().plan(world_.now() + a.next_try, [this, number] { send_request(number); });
    a.next_try *= 2;
    if (reaches(*a.from, *a.to))
        world_.events().plan(world_.now() + draw_latency(*a.from, *a.to), [this, number] { request_arrives(number); });
}

void network::request_arrives(std::uint64_t number) {
    const auto there = attempts_.find(number);
    if (there == attempts_.end() || !reaches(*there->second.from, *there->second.to))
        return;
    attempt& a = there->second;
    const auto l = find_listener(*a.to, a.peer);
    if (refusing_.contains(a.to->index()) || !l) {
        const bool is_missing = a.peer.kind == endpoint::family::unix_path && !is_bound(*a.to, a.peer);
        send_answer(number, is_missing ? ENOENT : ECONNREFUSED);
        return;
    }
    if (!find(a.server)) {
        if (!l->has_room())
            return;  // dropped; it is sent again
        endpoint client;
        if (a.peer.kind == endpoint::family::unix_path)
            client.kind = endpoint::family::unix_path;
        else if (a.peer.is_loopback())
            client = loopback_like(a.peer, free_port(*a.from));
        else
            client = a.from->at(free_port(*a.from));
        const auto server = make_stream(++numbers_, *a.to, *a.from, a.peer, client);
        ++l->opening;
        server->await_open(number, l);  // the client's end takes the attempt's number
        a.server = server->number();
    }
    send_answer(number, 0);
}

void network::send_answer(std::uint64_t number, int error) {
    const attempt& a = attempts_.at(number);
    if (reaches(*a.to, *a.from))
        world_.events().plan(world_.now() + draw_latency(*a.to, *a.from),
                             [this, number, error] { answer_arrives(number, error); });
}

void network::answer_arrives(std::uint64_t number, int error) {
    const auto there = attempts_.find(number);
    if (there == attempts_.end())
        return;
    attempt& a = there->second;
    if (error != 0) {
        finish(number, error, nullptr);
        return;
    }
    endpoint local;
    if (const stream* const server = find(a.server))
        local = server->remote();
    const auto client = make_stream(number, *a.from, *a.to, local, a.peer);
    client->open(a.server);
    a.server = 0;
    finish(number, 0, client);
}

void network::finish(std::uint64_t number, int error, std::shared_ptr<stream> made) {
    auto node = attempts_.extract(number);
    CHECK(!node.empty());
    attempt& a = node.mapped();
    world_.events().cancel(a.retry);
    world_.events().cancel(a.give_up);
    drop_server_end(a.server);
    a.done(error, std::move(made));
}

void network::cancel_connect(std::uint64_t number) {
    auto node = attempts_.extract(number);
    if (node.empty())
        return;
    world_.events().cancel(node.mapped().retry);
    world_.events().cancel(node.mapped().give_up);
    drop_server_end(node.mapped().server);
}

// The attempt failed before its client's end existed: nobody will ever open it.
void network::drop_server_end(std::uint64_t number) {
    if (const auto s = share(number))
        s->reset(ECONNRESET);
}

std::shared_ptr<stream> network::make_stream(std::uint64_t number, host& on, host& far, endpoint local, endpoint remote) {
    const bool is_path = remote.kind == endpoint::family::unix_path;
    auto s = is_path ? std::make_shared<local_stream>(*this, number, on, far, std::move(local), std::move(remote))
                     : std::make_shared<stream>(*this, number, on, far, std::move(local), std::move(remote));
    streams_.emplace(number, s);
    return s;
}

}  // namespace tetrad::runtime::sim
