// SPDX-License-Identifier: Apache-2.0
#include "p2p/hub.hpp"

#include <algorithm>
#include <cmath>

#include "runtime/timer.hpp"

namespace tetrad::p2p {

using runtime::ok;
using runtime::task;

namespace {

// A persistent peer is dialed at once, then twenty times every 5 s, then after 3^i s; each with up to 3 s of jitter (CometBFT's
// reconnectToPeer). Unlike there, the last pause repeats: a persistent peer is never given up.
constexpr int steady_attempts = 20;
constexpr int growing_attempts = 10;
constexpr duration steady_pause = 5s;
constexpr duration jitter_max = 3s;

duration pause_after(int attempt, duration cap) {
    duration pause = steady_pause;
    if (attempt >= steady_attempts)
        pause = std::chrono::seconds(
            static_cast<std::int64_t>(std::pow(3, std::min(attempt - steady_attempts + 1, growing_attempts))));
    return cap > 0ns ? std::min(pause, cap) : pause;
}

}  // namespace

hub::hub(runtime::shard& network, hub_options options, runtime::offload& resolver, logger log)
    : here_(network), options_(std::move(options)), resolver_(resolver), log_(log), tasks_(network) {}

hub::~hub() { CHECK(peers_.empty()); }

void hub::add(reactor& r) {
    reactors_.push_back(&r);
    for (const auto& c : r.channels()) {
        CHECK(!by_channel_[c.id]);
        by_channel_[c.id] = &r;
        channels_.push_back(c);
        options_.self.channels.push_back(c.id);
    }
}

task<result<runtime::endpoint>> hub::start() {
    auto at = runtime::parse_listen_address(options_.listen);
    if (!at)
        co_return pass(at, "p2p.laddr");
    const peer_address ours{options_.self.id, at->host.empty() ? "0.0.0.0" : at->host, at->port};
    result<runtime::endpoint> where = co_await resolve(ours);
    if (!where)
        co_return pass(where, "p2p.laddr");
    auto listening = runtime::tcp_listener::listen(here_.io(), *where);
    if (!listening)
        co_return pass(listening, "cannot listen on " + options_.listen);
    listener_ = std::make_unique<runtime::tcp_listener>(std::move(*listening));
    tasks_.spawn(accept_loop());
    for (const auto& to : options_.persistent_peers)
        if (to.id != options_.self.id)
            tasks_.spawn(keep_dialing(to));
    co_return listener_->bound();
}

task<void> hub::stop() {
    tasks_.request_stop();
    for (auto& [id, p] : peers_)
        p->drop(error(errc::cancelled, "this node is stopping"));
    co_await tasks_.join();
    listener_.reset();
}

// ---- inbound ----

task<void> hub::accept_loop() {
    for (;;) {
        result<runtime::tcp_stream> accepted = co_await listener_->accept();
        if (!accepted)
            co_return;  // stopping
        if (welcoming_ >= options_.inbound_max + options_.unconditional_ids.size()) {
            log_.debug("too many connections in their handshake; closing one", "remote", to_string(accepted->remote()));
            continue;
        }
        ++welcoming_;
        tasks_.spawn(welcome(std::move(*accepted)));
    }
}

task<void> hub::welcome(runtime::tcp_stream stream) {
    const std::string remote = to_string(stream.remote());
    result<upgraded> up = co_await upgrade(std::move(stream), options_.node_key, options_.self, "");
    --welcoming_;
    if (!up) {
        if (!tasks_.stopping())
            log_.info("inbound peer refused", "remote", remote, "why", up.error().text);
        co_return;
    }
    auto running = run_peer(std::move(*up), /*is_outbound=*/false, /*is_persistent=*/false);
    co_await running;
}

// ---- outbound ----

task<result<runtime::endpoint>> hub::resolve(const peer_address& to) {
    runtime::backend& io = here_.io();
    auto look_up = [&io, &to] { return io.resolve(to.host, to.port); };
    result<std::vector<runtime::endpoint>> found = co_await resolver_.run(look_up);
    if (!found)
        co_return pass(found);
    if (found->empty())
        co_return fail(errc::not_found, "\"" + to.host + "\" has no address");
    co_return found->front();
}

task<result<void>> hub::dial_once(const peer_address& to) {
    result<runtime::endpoint> where = co_await resolve(to);
    if (!where)
        co_return pass(where);
    auto connecting = runtime::tcp_connect(*where);
    result<runtime::tcp_stream> stream = co_await runtime::with_deadline(here_.now() + dial_timeout, std::move(connecting));
    if (!stream)
        co_return pass(stream, "dial");
    result<upgraded> up = co_await upgrade(std::move(*stream), options_.node_key, options_.self, to.id);
    if (!up)
        co_return pass(up);
    auto running = run_peer(std::move(*up), /*is_outbound=*/true, /*is_persistent=*/true);
    error why = co_await running;
    if (why.code == errc::exists)  // never became a peer
        co_return std::unexpected<error>(std::move(why));
    co_return result<void>{};
}

task<void> hub::keep_dialing(peer_address to) {
    result<void> slept = co_await runtime::sleep_for(jitter(jitter_max));
    for (int attempt = 0; slept && !tasks_.stopping();) {
        if (peers_.contains(to.id)) {  // it dialed us
            result<void> changed = co_await peers_changed_.wait();
            if (!changed)
                co_return;
            attempt = 0;
            continue;
        }
        if (!is_banned(to.id)) {
            const instant began = here_.now();
            result<void> lived = co_await dial_once(to);
            if (tasks_.stopping())
                co_return;
            if (!lived)
                log_.info("dialing persistent peer failed", "peer", to_string(to), "why", lived.error().text, "attempt", attempt);
            else if (here_.now() - began > steady_pause) {
                attempt = 0;
                continue;  // it worked for a while: at once again
            }
        }
        slept = co_await runtime::sleep_for(pause_after(attempt++, options_.dial_period_max) + jitter(jitter_max));
    }
}

// ---- peers ----

result<void> hub::may_add(const node_info& info, const runtime::endpoint& remote, bool is_outbound) {
    if (is_banned(info.id))
        return fail(errc::exists, "banned for now");
    if (peers_.contains(info.id))
        return fail(errc::exists, "already connected");
    if (!is_outbound && !options_.unconditional_ids.contains(info.id) && inbound_count() >= options_.inbound_max)
        return fail(errc::exists, "enough inbound peers (" + std::to_string(options_.inbound_max) + ")");
    if (!options_.allow_duplicate_ip)
        for (const auto& [id, p] : peers_)
            if (p->what().remote.ip == remote.ip && p->what().remote.kind == remote.kind)
                return fail(errc::exists, "another peer has this address (p2p.allow_duplicate_ip is false)");
    return {};
}

// Owns the peer from here to its end. Returns why it ended; errc::exists where it was not added at all.
task<error> hub::run_peer(upgraded up, bool is_outbound, bool is_persistent) {
    const runtime::endpoint remote = up.stream.remote();
    if (auto allowed = may_add(up.info, remote, is_outbound); !allowed) {
        log_.debug("peer not added", "peer", up.info.id, "remote", to_string(remote), "why", allowed.error().text);
        co_return allowed.error();
    }
    auto connection = std::make_unique<multiplexed_connection>(here_, std::move(up.stream), up.send, up.receive,
                                                               std::move(up.surplus), channels_, options_.connection);
    peer::facts facts{std::move(up.info), remote, is_outbound, is_persistent, here_.io().wall_clock()};
    auto owned = std::make_unique<peer>(here_, std::move(facts), std::move(connection));
    peer& p = *owned;
    peers_.emplace(p.id(), std::move(owned));
    log_.info("peer added", "peer", p.id(), "remote", to_string(remote), "outbound", is_outbound, "peers", peers_.size());
    if (tasks_.stopping())
        p.drop(error(errc::cancelled, "this node is stopping"));
    for (reactor* r : reactors_)
        r->peer_up(p);

    auto handler = [this, &p](channel_id c, slice message) { return receive(p, c, std::move(message)); };
    auto expects = [this, &p](channel_id c) { return by_channel_[c]->expects(p, c); };
    error why = co_await p.connection().run(handler, expects);

    p.tasks().request_stop();
    co_await p.tasks().join();
    for (reactor* r : reactors_)
        r->peer_down(p, why);
    if (!tasks_.stopping())
        log_.info("peer gone", "peer", p.id(), "why", why.text, "peers", peers_.size() - 1);
    const std::string id = p.id();
    peers_.erase(id);
    peers_changed_.notify();
    if (why.code == errc::exists)
        why.code = errc::closed;
    co_return why;
}

task<result<void>> hub::receive(peer& from, channel_id c, slice message) {
    result<void> handled = co_await by_channel_[c]->receive(from, c, std::move(message));
    co_return handled;
}

void hub::for_each_peer(const std::function<void(peer&)>& f) {
    for (auto& [id, p] : peers_)
        f(*p);
}

peer* hub::find(const std::string& id) {
    const auto at = peers_.find(id);
    return at == peers_.end() ? nullptr : at->second.get();
}

void hub::broadcast(channel_id c, const slice& message) {
    for (auto& [id, p] : peers_)
        p->try_send(c, message);
}

std::size_t hub::inbound_count() const {
    return static_cast<std::size_t>(std::ranges::count_if(peers_, [&](const auto& entry) {
        return !entry.second->what().is_outbound && !options_.unconditional_ids.contains(entry.first);
    }));
}

// ---- bans ----

void hub::ban(const std::string& id, duration how_long, std::string why) {
    if (bans_.size() >= bans_max && !bans_.contains(id)) {  // the one that ends first makes room
        bans_.erase(std::ranges::min_element(bans_, {}, [](const auto& entry) { return entry.second; }));
    }
    bans_.insert_or_assign(id, here_.now() + how_long);
    if (peer* p = find(id))
        p->drop(error(errc::invalid, std::move(why)));
}

bool hub::is_banned(const std::string& id) {
    const auto at = bans_.find(id);
    if (at == bans_.end())
        return false;
    if (here_.now() < at->second)
        return true;
    bans_.erase(at);
    return false;
}

duration hub::jitter(duration max) {
    return duration(static_cast<std::int64_t>(here_.io().random().below(static_cast<std::uint64_t>(max.count()))));
}

network_status hub::status() {
    network_status s;
    s.listening = options_.self.listen_addr;
    for (auto& [id, p] : peers_)
        s.peers.push_back({p->what().info, p->what().is_outbound, p->connection().status(here_.now()), p->what().connected_at,
                           ip_to_string(p->what().remote)});
    return s;
}

}  // namespace tetrad::p2p
