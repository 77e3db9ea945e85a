// SPDX-License-Identifier: Apache-2.0
#include "app/mempool/mempool.hpp"

#include "chain/messages.hpp"
#include "chain/tx.hpp"
#include "p2p/peer.hpp"
#include "runtime/timer.hpp"

namespace tetrad::app {

using runtime::ok;
using runtime::task;

namespace {

// Transactions that wait for a peer: as many as go out with one system call.
constexpr std::size_t send_queue = 256, send_queue_bytes = 64 * 1024;
constexpr duration gossip_pause = 5ms;

}  // namespace

mempool::mempool(runtime::shard& network, abci::mempool_connection& app, mempool_options options,
                 height_t height, std::function<void(error)> halt, logger log)
    : here_(network),
      app_(app),
      options_(options),
      halt_(std::move(halt)),
      log_(log),
      pool_(options.limits, height, network.io().random().uint64()) {}

void mempool::serve(submit_port& submits, list_port& lists, runtime::scope& tasks) {
    submits.serve(tasks, [this](submit_tx q) { return check(std::move(q.tx), {}); });
    lists.serve(tasks, [this](list_txs q) { return list(q); });
}

void mempool::serve(pool_lock_port& locks, pool_update_port& updates, runtime::scope& tasks) {
    locks.serve(tasks, [this](pool_lock) { return lock(); });
    updates.serve(tasks, [this](pool_update u) { return update(std::move(u)); });
}

void mempool::serve(reap_port& reaps, runtime::scope& tasks) {
    reaps.serve(tasks, [this](reap_txs q) { return reap(q); });
}

task<result<std::vector<slice>>> mempool::reap(reap_txs q) {
    while (locked_)
        co_await ok(runtime::wait_for(unlocked_));
    co_return pool_.reap(q.bytes_max, q.gas_max);
}

void mempool::tell_available() {
    if (pool_.size() == 0 || std::exchange(told_available_, true))
        return;
    if (on_txs_available)
        on_txs_available();
}

task<result<listed_txs>> mempool::list(list_txs q) {
    co_return listed_txs{pool_.size(), pool_.bytes(), pool_.first(q.limit)};
}

// ---- checking ----

task<result<submitted_tx>> mempool::check(slice tx, std::string sender) {
    if (!options_.accepts)
        co_return fail(errc::unsupported, "not allowed with `nop` mempool");
    while (locked_)
        co_await ok(runtime::wait_for(unlocked_));
    const hash256 id = chain::tx_hash(tx);
    co_await ok(pool_.admit(tx, id, sender));
    ++checking_;
    auto asking = ask_app(std::move(tx), id, std::move(sender));
    result<submitted_tx> checked = co_await asking;
    if (--checking_ == 0)
        idle_.notify();
    co_return checked;
}

task<result<submitted_tx>> mempool::ask_app(slice tx, hash256 id, std::string sender) {
    abci::request_check_tx q{tx, abci::check_tx_type::fresh};
    result<abci::response_check_tx> r = co_await app_.check_tx(std::move(q));
    if (!r) {
        pool_.forget(id);
        if (r.error().code != errc::cancelled && r.error().code != errc::closed)
            halt_(error(errc::fatal, "CheckTx: " + r.error().text));
        co_return pass(r, "appConn mempool");
    }
    if (pool_.on_checked(std::move(tx), id, sender, *r)) {
        changed_.notify();
        tell_available();
    }
    submitted_tx done{id, std::move(*r)};
    co_return done;
}

// ---- around a commit ----

task<result<void>> mempool::lock() {
    locked_ = true;
    while (checking_ > 0)
        co_await ok(runtime::wait_for(idle_));
    result<void> flushed = co_await app_.flush();
    co_return flushed;
}

task<result<void>> mempool::update(pool_update u) {
    pool_.on_committed(u);
    if (options_.recheck && pool_.size() > 0) {
        auto rechecking = recheck();
        result<void> done = co_await runtime::with_deadline(here_.now() + options_.recheck_timeout,
                                                            std::move(rechecking));
        if (!done && done.error().code == errc::timed_out)
            log_.error("timed out waiting for recheck responses", "txs", pool_.size());
        else if (!done)
            co_return pass(done);
    }
    locked_ = false;
    unlocked_.notify();
    changed_.notify();
    told_available_ = false;
    tell_available();
    co_return result<void>{};
}

task<result<void>> mempool::recheck() {
    const auto positions = pool_.positions();
    for (const auto p : positions) {
        const tx_pool::entry* e = pool_.at(p);
        if (!e)
            continue;
        abci::request_check_tx q{e->tx, abci::check_tx_type::recheck};
        result<abci::response_check_tx> r = co_await app_.check_tx(std::move(q));
        if (!r)
            co_return pass(r, "recheck");
        pool_.on_rechecked(p, *r);
    }
    co_return result<void>{};
}

// ---- peers ----

std::vector<p2p::channel_descriptor> mempool::channels() const {
    return {{p2p::channels::mempool, 5, send_queue,
             chain::messages::mempool_bytes_max(options_.limits.tx_bytes), send_queue_bytes}};
}

void mempool::peer_up(p2p::peer& p) {
    if (options_.accepts && options_.gossip)
        p.tasks().spawn(gossip_to(p));
}

void mempool::peer_down(p2p::peer& p, const error&) {
    peer_heights_.erase(p.id());
    pool_.forget_sender(p.id());
}

void mempool::on_peer_height(const std::string& peer, height_t h) {
    height_t& known = peer_heights_[peer];
    if (known < h) {
        known = h;
        if (pool_.size() > 0)
            changed_.notify();
    }
}

task<result<void>> mempool::receive(p2p::peer& from, p2p::channel_id, slice message) {
    auto txs = chain::messages::decode_mempool(
        message, {static_cast<std::int64_t>(options_.limits.tx_bytes), options_.batch_bytes});
    if (!txs)
        co_return pass(txs, "mempool");
    if (!options_.accepts)
        co_return result<void>{};
    for (const auto& tx : txs->items) {
        // A copy: one transaction must not keep the whole message alive.
        auto checking = check(txs->items.size() == 1 ? tx : slice(to_bytes(tx.view())), from.id());
        result<submitted_tx> checked = co_await checking;
        if (!checked && checked.error().code == errc::cancelled)
            co_return pass(checked);
        if (!checked)
            log_.debug("a peer's transaction was not checked", "peer", from.id(), "why",
                       checked.error().text);
    }
    co_return result<void>{};
}

// Walks the pool in order, one transaction a message (as 0.38 does: a peer's limit is for its own largest transaction); what the peer
// sent us it is not sent. The first goes at once, what comes in within gossip_pause goes together then: frames, a system call and a
// wake-up of the peer for each are most of what a transaction costs.
task<void> mempool::gossip_to(p2p::peer& to) {
    tx_pool::position next = 0;
    bool has_sent = false;
    for (;;) {
        const auto* found = pool_.at_or_after(next);
        const auto height = peer_heights_.find(to.id());
        if (!found || height == peer_heights_.end() || height->second < found->second.height - 1) {
            result<void> woken;
            if (std::exchange(has_sent, false))
                woken = co_await runtime::sleep_for(gossip_pause);
            else
                woken = co_await changed_.wait();
            if (!woken)
                co_return;
            continue;
        }
        next = found->first;
        if (!found->second.senders.contains(to.id())) {
            chain::messages::txs message;
            message.items.push_back(found->second.tx);
            slice encoded(chain::messages::encode_mempool(message));
            result<void> sent = co_await to.send(p2p::channels::mempool, std::move(encoded));
            if (!sent && sent.error().code != errc::timed_out)
                co_return;
            if (!sent)
                continue;
            has_sent = true;
        }
        ++next;
    }
}

}  // namespace tetrad::app
