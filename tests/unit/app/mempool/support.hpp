// SPDX-License-Identifier: Apache-2.0
// A mempool between its ports and peers, whose other ends stand on hosts of the simulated network. Included last of our headers.
#pragma once

#include "app/mempool/mempool.hpp"
#include "chain/messages.hpp"
#include "p2p/peer.hpp"
#include "runtime/tcp.hpp"
#include "tests/unit/app/support.hpp"

#include <set>

#include <catch2/catch.hpp>

namespace tetrad::app::test {

using words = std::vector<std::string>;

constexpr std::uint32_t refusal = 5;

inline slice tx_of(std::string_view t) { return slice(to_bytes(t)); }
inline bytes message_of(const words& txs) {
    chain::messages::txs m;
    for (const auto& t : txs)
        m.items.push_back(tx_of(t));
    return chain::messages::encode_mempool(std::move(m));
}

/// Answers at once, or when it is let go; what is in `refused` gets code 5.
class checking_app final : public abci::mempool_connection {
public:
    words asked;  // "recheck " before those that were pooled
    std::set<std::string> refused;
    bool waits = false;
    runtime::event go;
    std::optional<error> broken;
    int flushes = 0;

    task<result<abci::response_check_tx>> check_tx(abci::request_check_tx q) override {
        const std::string t(text(q.tx));
        asked.push_back((q.type == abci::check_tx_type::recheck ? "recheck " : "") + t);
        while (waits) {
            result<void> woken = co_await go.wait();
            if (!woken)
                co_return pass(woken);
        }
        if (broken)
            co_return std::unexpected<error>(*broken);
        abci::response_check_tx r;
        r.code = refused.contains(t) ? refusal : abci::code_ok;
        r.gas_wanted = 1;
        co_return r;
    }
    task<result<void>> flush() override {
        ++flushes;
        co_return result<void>{};
    }
};

struct mempool_bench {
    four_shards m;
    checking_app asks;
    memory_log log;
    std::optional<error> halted;
    submit_port submits{{"submits", 16, 16}, m.api, m.network};
    list_port lists{{"lists", 4, 1}, m.api, m.network};
    pool_lock_port locks{{"lock", 1, 1}, m.consensus, m.network};
    pool_update_port updates{{"update", 1, 1}, m.consensus, m.network};
    mempool pool;

    explicit mempool_bench(mempool_options o = {})
        : pool(
              m.network, asks, o, height_t(1), [this](error e) { halted = std::move(e); },
              logger(log, "mempool")) {
        pool.serve(submits, lists, m.at_network);
        pool.serve(locks, updates, m.at_network);
    }
    ~mempool_bench() { m.stop(); }

    std::string submit(std::string_view t) {
        auto r = m.run(m.at_api, submits.call({tx_of(t)}));
        return r ? format("code {}", r->check.code) : r.error().text;
    }
    /// Does not wait for the answer, which comes into `to`.
    void submit(std::string_view t, words& to) {
        m.at_api.spawn(submit_into(submits, tx_of(t), to));
        m.world.run_idle();
    }
    static task<void> submit_into(submit_port& p, slice t, words& to) {
        submit_tx q{t};
        result<submitted_tx> r = co_await p.call(std::move(q));
        to.push_back(std::string(text(t)) +
                     (r ? format(": code {}", r->check.code) : ": " + r.error().text));
    }
    result<void> lock() { return m.run(m.at_consensus, locks.call({})); }
    result<void> update(const words& txs = {}) {
        pool_update u;
        u.height = pool.pool().height() + 1;
        for (const auto& t : txs) {
            u.txs.push_back(tx_of(t));
            u.codes.push_back(abci::code_ok);
        }
        return m.run(m.at_consensus, updates.call(std::move(u)));
    }
    words content() {
        words out;
        for (const auto& t : pool.pool().first(SIZE_MAX))
            out.emplace_back(text(t));
        return out;
    }
};

/// A peer of the mempool, and its other end on another host, which notes what it is sent.
class linked_peer {
public:
    linked_peer(mempool_bench& b, const std::string& name, const std::string& ip,
                std::vector<p2p::channel_id> channels = {p2p::channels::mempool})
        : bench_(b),
          on_(b.m.world.add_host(ip, ip).make_backend()),
          there_(on_, 0, name),
          tasks_(there_) {
        auto& world = b.m.world;
        world.add(on_);
        auto listener =
            runtime::tcp_listener::listen(b.m.network.io(), b.m.world.find_host("node").at(0));
        REQUIRE(error_of(listener) == "");
        std::optional<result<runtime::tcp_stream>> ours, theirs;
        b.m.at_network.spawn(store<result<runtime::tcp_stream>>(listener->accept(), ours));
        tasks_.spawn(
            store<result<runtime::tcp_stream>>(runtime::tcp_connect(listener->bound()), theirs));
        REQUIRE(world.run_until([&] { return ours && theirs; }, world.now() + 10s));
        REQUIRE((*ours && *theirs));

        p2p::peer::facts facts;
        facts.info.id = name;
        facts.info.channels = channels;
        near_ = std::make_unique<p2p::peer>(b.m.network, facts,
                                            connection(b.m.network, std::move(**ours), 1, 2));
        far_ = connection(there_, std::move(**theirs), 2, 1);
        near_->tasks().spawn(run_near());
        tasks_.spawn(run_far());
        b.pool.peer_up(*near_);
    }
    ~linked_peer() {
        if (near_)
            leave();
        bench_.m.world.remove(on_);
    }

    const std::string& id() const { return near_->id(); }
    /// As the hub does: its tasks end, then the reactor hears of it.
    void leave() {
        near_->drop(error(errc::closed, "left"));
        far_->end(error(errc::closed, "left"));
        near_->tasks().request_stop();
        tasks_.request_stop();
        auto& world = bench_.m.world;
        REQUIRE(world.run_until([&] { return near_->tasks().running() + tasks_.running() == 0; },
                                world.now() + 10s));
        world.run_idle();
        bench_.pool.peer_down(*near_, error(errc::closed, "left"));
        near_.reset();
    }
    /// What the far end sends arrives at the pool.
    void send(const words& txs) {
        REQUIRE(far_->try_send(p2p::channels::mempool, slice(message_of(txs))));
    }
    void send(bytes raw) { REQUIRE(far_->try_send(p2p::channels::mempool, slice(std::move(raw)))); }
    bool is_dropped() const { return ended_.has_value(); }
    const std::string& why() const { return ended_->text; }

    words received;  // the transactions of each message, joined

private:
    std::unique_ptr<p2p::multiplexed_connection> connection(runtime::shard& here,
                                                            runtime::tcp_stream s,
                                                            std::uint8_t send,
                                                            std::uint8_t receive) {
        const auto key = [](std::uint8_t n) {
            fixed<32> k;
            k.data.fill(n);
            return p2p::frame_key(k);
        };
        return std::make_unique<p2p::multiplexed_connection>(
            here, std::move(s), key(send), key(receive), bytes{}, bench_.pool.channels(),
            p2p::connection_options{});
    }
    task<void> run_near() {
        auto receive = [this](p2p::channel_id c, slice m) {
            return bench_.pool.receive(*near_, c, std::move(m));
        };
        auto expects = [this](p2p::channel_id c) { return bench_.pool.expects(*near_, c); };
        error why = co_await near_->connection().run(receive, expects);
        ended_ = std::move(why);
    }
    task<void> run_far() {
        auto receive = [this](p2p::channel_id, slice m) { return note(std::move(m)); };
        auto expects = [](p2p::channel_id) { return true; };
        (void)co_await far_->run(receive, expects);
    }
    task<result<void>> note(slice m) {
        auto txs = chain::messages::decode_mempool(m, {});
        if (!txs)
            co_return pass(txs);
        std::string all;
        for (const auto& t : txs->items)
            all += (all.empty() ? "" : " ") + std::string(text(t));
        received.push_back(std::move(all));
        co_return result<void>{};
    }

    mempool_bench& bench_;
    runtime::executor on_;
    runtime::shard there_;
    runtime::scope tasks_;
    std::unique_ptr<p2p::peer> near_;
    std::unique_ptr<p2p::multiplexed_connection> far_;
    std::optional<error> ended_;
};

}  // namespace tetrad::app::test
