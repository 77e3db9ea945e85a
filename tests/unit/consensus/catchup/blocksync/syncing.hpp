// SPDX-License-Identifier: Apache-2.0
// For the tests of block sync: a chain, a node that downloads it on virtual time and "executes" it as the test says, and peers that
// have it, or lie. Included last of our headers: Catch's CHECK takes the place of ours from here on.
#pragma once

#include "chain/messages.hpp"
#include "consensus/catchup/blocksync.hpp"
#include "storage/memory.hpp"
#include "storage/store.hpp"
#include "tests/unit/chain/growing_chain.hpp"
#include "tests/unit/p2p/hub_node.hpp"

#include <list>
#include <map>
#include <numeric>
#include <set>

namespace tetrad::consensus::testing {

namespace m = chain::messages;
namespace sim = runtime::sim;
using chain::test::growing_chain;
using p2p::testing::far_machine;
using p2p::testing::process;
using runtime::ok;
using runtime::task;

/// Blocks 1 to `length` and what the state was after each; a new validator joins in the middle.
struct made_chain {
    growing_chain growing;
    std::vector<chain::block> blocks{{}};  // by height
    std::vector<chain_tip> tips;
    std::vector<storage::block_commit> commits{{}};  // as a node that executed them stores them

    explicit made_chain(int length, std::vector<chain::test::key_power> genesis = {{1, 10}, {2, 7}, {3, 5}})
        : growing(std::move(genesis)) {
        tips.push_back(tip());
        for (int h = 1; h <= length; ++h) {
            blocks.push_back(growing.make({slice(to_bytes(format("tx {}", h)))}));
            chain::finalize_outcome outcome;
            if (h == length / 2)
                outcome.validator_updates.push_back({chain::test::public_key(4), power_t(20)});
            const auto last_commit = growing.last_commit;
            growing.apply(blocks.back(), outcome);
            tips.push_back(tip());
            commits.push_back(stored(blocks.back(), last_commit));
        }
    }
    std::int64_t length() const { return static_cast<std::int64_t>(blocks.size()) - 1; }
    /// As +2/3 signed block h where extensions are enabled: each with one of its own.
    chain::extended_commit extended(std::int64_t h) const {
        const auto& seen = commits.at(static_cast<std::size_t>(h)).block->seen_commit;
        chain::extended_commit c{seen.height, seen.round, seen.block, {}};
        for (const auto& s : seen.signatures)
            c.signatures.push_back(
                {s.flag, s.validator, s.time, s.sig, slice(to_bytes(s.validator)), {}});
        for (std::size_t i = 0; i < c.signatures.size(); ++i)
            c.signatures[i].extension_sig = chain::test::sign(
                chain::test::key_of(c.signatures[i].validator),
                chain::extension_sign_bytes(c.vote_at(i), growing.state.chain_id));
        return c;
    }
    slice encoded(std::int64_t h) const {
        return slice(wire::encode(blocks.at(static_cast<std::size_t>(h))));
    }

private:
    storage::block_commit stored(const chain::block& b, const chain::commit& last_commit) const {
        storage::block_commit c;
        c.block.emplace();
        c.block->encoded = slice(wire::encode(b));
        c.block->meta = {growing_chain::id_of(b),
                         static_cast<std::int64_t>(c.block->encoded.size()), b.header, 1};
        c.block->last_commit = last_commit;
        c.block->seen_commit = growing.last_commit;
        c.next = growing.state;
        return c;
    }
    chain_tip tip() const {
        const auto& s = growing.state;
        return {s.last_block_height, height_t(s.last_block_height.v > 0 ? 1 : 0),
                s.chain_id,          s.initial_height,
                s.validators,        s.next_validators};
    }
};

inline std::vector<std::int64_t> heights(std::int64_t first, std::int64_t last) {
    std::vector<std::int64_t> all(static_cast<std::size_t>(last - first + 1));
    std::iota(all.begin(), all.end(), first);
    return all;
}

/// A peer with blocks `base` to `height` that answers every request, but for what the test takes out.
struct chain_peer {
    far_machine machine;
    const made_chain& chain;
    std::int64_t base = 1, height;
    bool answers = true;
    std::map<std::int64_t, slice> lies;  // the whole message that answers a request for this height
    std::set<std::int64_t> lacks;
    std::vector<std::int64_t> asked;
    std::vector<m::blocksync_message> heard;  // what was no request for a block

    chain_peer(sim::world& w, std::uint8_t n, const made_chain& c)
        : machine(w, n), chain(c), height(c.length()) {
        machine.channels = {p2p::channels::blocksync};
    }
    bool is_connected() const { return machine.is_connected(); }
    void send(const m::blocksync_message& what) {
        machine.peer->send_message(p2p::channels::blocksync, m::encode_blocksync(what));
    }
    void tell_status() { send({m::status_response{height_t(height), height_t(base)}}); }
    void send_block(std::int64_t h) { send({m::block_response{chain.encoded(h), std::nullopt}}); }
    void on_message(const p2p::testing::wire_peer::arrival& a) {
        const auto what = m::decode_blocksync(slice(a.message));
        REQUIRE(what.has_value());
        const auto* request = std::get_if<m::block_request>(&what->what);
        if (!request) {
            heard.push_back(*what);
            return;
        }
        const auto h = request->height.v;
        asked.push_back(h);
        if (!answers)
            return;
        if (const auto lie = lies.find(h); lie != lies.end())
            machine.peer->send_message(p2p::channels::blocksync, lie->second);
        else if (lacks.contains(h) || h > height)
            send({m::no_block_response{height_t(h)}});
        else
            send_block(h);
    }
    /// The last status it heard of the node.
    std::optional<m::status_response> last_status() const {
        for (auto at = heard.rbegin(); at != heard.rend(); ++at)
            if (const auto* s = std::get_if<m::status_response>(&at->what))
                return *s;
        return std::nullopt;
    }
    template <class T>
    std::size_t heard_of() const {
        return static_cast<std::size_t>(std::ranges::count_if(
            heard, [](const auto& what) { return std::holds_alternative<T>(what.what); }));
    }
};

inline const made_chain& forty() {
    static const made_chain chain(40);
    return chain;
}

/// Node 1 from the hub down to the port behind which blocks are executed.
struct syncing {
    sim::world w;
    sim::host& host = w.add_host("node", "10.0.0.1");
    const made_chain& chain;
    std::list<chain_peer> peers;
    process on{host};
    runtime::shard consensus_shard{on.on, 1, "consensus"}, storage_shard{on.on, 2, "storage"};
    runtime::scope consensus_tasks{consensus_shard}, storage_tasks{storage_shard};
    memory_log lines;
    std::unique_ptr<storage::store> store;
    apply_port apply{{"apply", 16, 1}, on.here, consensus_shard};
    storage::read_port reads{{"reads", 64, 8}, on.here, storage_shard};
    runtime::offload workers{on.here, "verifier", runtime::offload::mode::inline_};
    runtime::offload resolver{on.here, "resolver", runtime::offload::mode::inline_};
    std::unique_ptr<consensus::blocksync> sync;
    std::unique_ptr<p2p::hub> hub;
    std::map<std::string, std::int64_t> heights_told;
    int begun = 0;  // how often it was told that consensus may begin

    bool switches = false;  // leaves block sync when it has caught up
    std::optional<crypto::address> signs_for;

    // What executes:
    std::int64_t height = 0;
    std::vector<std::int64_t> applied;
    std::size_t with_extended = 0;         // of them
    std::map<std::int64_t, int> refusals;  // how often a height is still refused
    duration execution_time{0};

    explicit syncing(const made_chain& c, std::uint64_t seed = 3) : w(seed), chain(c) {
        auto opened = storage::store::open(
            storage::memory_kv::open(std::make_shared<storage::memory_disk>()));
        REQUIRE(opened.has_value());
        store = std::move(*opened);
    }
    /// With the first `have` blocks here already.
    void start(std::int64_t have = 0) {
        height = have;
        for (std::int64_t h = 1; h <= have; ++h)
            REQUIRE(store->apply(chain.commits.at(static_cast<std::size_t>(h))));
        apply.serve(consensus_tasks, [this](synced_block b) { return execute(std::move(b)); });
        reads.serve(storage_tasks, [this](storage::read_job j) { return read(j); });
        p2p::hub_options o;
        o.listen = "tcp://10.0.0.1:26656";
        o.node_key = p2p::testing::key_of(1);
        o.self = p2p::testing::info_of(1, {});
        sync = std::make_unique<consensus::blocksync>(
            on.here, chain.tips.at(static_cast<std::size_t>(have)), apply, storage::client(reads),
            workers, logger(lines, "blocksync"));
        sync->on_peer_height = [this](const std::string& id, height_t h) {
            heights_told[id] = h.v;
        };
        if (signs_for)
            sync->sign_for(*signs_for);
        if (switches)
            sync->on_caught_up = [this] { ++begun; };
        hub = std::make_unique<p2p::hub>(on.here, o, resolver, logger(lines, "p2p"));
        hub->add(*sync);
        sync->attach(*hub);
        REQUIRE(on.run(hub->start()).has_value());
        on.tasks.spawn(sync->run());
    }
    ~syncing() {
        if (hub)
            on.run(stop_hub());
        on.stop();
        for (auto* s : {&consensus_tasks, &storage_tasks})
            s->request_stop();
        w.run_until([&] { return consensus_tasks.running() + storage_tasks.running() == 0; },
                    w.now() + 1min);
        w.run_idle();
        hub.reset();
        for (auto& p : peers) {
            if (p.machine.peer)
                p.machine.peer->close();
            p.machine.on.stop();
        }
    }

    chain_peer& peer(std::uint8_t n) { return peers.emplace_back(w, n, chain); }
    void connect(chain_peer& p, bool with_status = true) {
        const auto n = p.machine.number;
        auto up = p.machine.on.run(p2p::testing::dial_and_upgrade(
            host.at(p2p::testing::p2p_port), p2p::testing::key_of(n),
            p2p::testing::info_of(n, p.machine.channels), p2p::testing::id_of(1)));
        REQUIRE(up.has_value());
        p.machine.peer = std::make_unique<p2p::testing::wire_peer>(p.machine.on, std::move(*up));
        p.machine.peer->on_message = [&p](const auto& a) { p.on_message(a); };
        p.machine.peer->start_reading();
        REQUIRE(until([&] { return hub->find(p2p::testing::id_of(n)) != nullptr; }));
        if (with_status)
            p.tell_status();
    }
    chain_peer& connect(std::uint8_t n) {
        auto& p = peer(n);
        connect(p);
        return p;
    }
    /// What its round step says to who reads channel 0x20.
    void tell_decided(chain_peer& p, std::int64_t h) {
        sync->on_peer_reached(p2p::testing::id_of(p.machine.number), height_t(h));
    }
    bool until(const std::function<bool()>& held, duration limit = 1min) {
        const bool did = w.run_until(held, w.now() + limit);
        CHECK(w.last_end() != sim::run_end::livelock);
        return did;
    }
    void run_for(duration d) {
        until([] { return false; }, d);
    }
    bool reaches(std::int64_t h, duration limit = 1min) {
        return until([&] { return height == h; }, limit);
    }

private:
    task<result<chain_tip>> execute(synced_block b) {
        const auto h = b.block->header.height.v;
        if (execution_time > 0ns)
            (void)co_await runtime::sleep_for(execution_time);
        if (h != height + 1)
            co_return fail(errc::closed, "not the next one");
        if (auto left = refusals.find(h); left != refusals.end() && left->second-- > 0)
            co_return fail(errc::invalid, "against the state");
        CHECK(b.id == growing_chain::id_of(chain.blocks.at(static_cast<std::size_t>(h))));
        CHECK(b.commit->height == height_t(h));
        applied.push_back(h);
        with_extended += b.extended_commit != nullptr;
        height = h;
        co_return chain.tips.at(static_cast<std::size_t>(h));
    }
    task<result<void>> read(storage::read_job j) {
        co_return j.call(j.work, *store);
    }
    task<bool> stop_hub() {
        co_await hub->stop();
        co_return true;
    }
};

}  // namespace tetrad::consensus::testing
