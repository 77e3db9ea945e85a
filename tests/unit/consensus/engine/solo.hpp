// SPDX-License-Identifier: Apache-2.0
// Validators whose peers are played by the test: the engine with a real executor, store, WAL and signer on a simulated host each, whose power may go at any
// moment. The application says yes to everything, or what the test tells it to. Included last of our headers.
#pragma once

#include "base/wire/json.hpp"
#include "chain/verify_commit.hpp"
#include "consensus/engine/service.hpp"
#include "tests/unit/app/support.hpp"

#include <catch2/catch.hpp>

namespace tetrad::consensus::engine::test {

namespace abci = app::abci;
namespace sim = runtime::sim;
using chain::test::error_of;
using runtime::task;

/// Its hash is that of the height, so that a restart needs no replay.
class yes_app final : public abci::consensus_connection {
public:
    std::function<abci::proposal_status(const abci::request_process_proposal&)> process;
    abci::proposal_status extensions_are = abci::proposal_status::accept;
    std::vector<abci::request_prepare_proposal> prepared;
    std::vector<abci::request_process_proposal> processed;
    std::vector<std::int64_t> finalized;

    task<result<abci::response_init_chain>> init_chain(abci::request_init_chain) override {
        co_return abci::response_init_chain{};
    }
    task<result<abci::response_prepare_proposal>> prepare_proposal(
        abci::request_prepare_proposal q) override {
        prepared.push_back(q);
        abci::response_prepare_proposal r;
        r.txs = std::move(q.txs);
        co_return r;
    }
    task<result<abci::response_process_proposal>> process_proposal(
        abci::request_process_proposal q) override {
        abci::response_process_proposal r;
        r.status = process ? process(q) : abci::proposal_status::accept;
        processed.push_back(std::move(q));
        co_return r;
    }
    task<result<abci::response_extend_vote>> extend_vote(abci::request_extend_vote q) override {
        abci::response_extend_vote r;
        r.vote_extension = to_bytes(format("extension {}", q.height));
        co_return r;
    }
    task<result<abci::response_verify_vote_extension>> verify_vote_extension(
        abci::request_verify_vote_extension) override {
        abci::response_verify_vote_extension r;
        r.status = extensions_are;
        co_return r;
    }
    task<result<abci::response_finalize_block>> finalize_block(
        abci::request_finalize_block q) override {
        finalized.push_back(q.height);
        abci::response_finalize_block r;
        r.tx_results.resize(q.txs.size());
        r.app_hash = app::test::hash_after(q.height);
        co_return r;
    }
    task<result<abci::response_commit>> commit() override { co_return abci::response_commit{}; }
};

/// What of a validator survives: its host's disk and the store's.
struct validator_home {
    const std::string wal_path = "/node/data/cs.wal/wal",
                      state_path = "/node/data/priv_validator_state.json";

    sim::world& world;
    sim::host& host;
    const int key;  // of chain/support.hpp's
    std::shared_ptr<storage::memory_disk> store_disk = std::make_shared<storage::memory_disk>();
    chain::test::growing_chain genesis;
    yes_app app;
    service_options options;
    std::vector<slice> pool;         // what the mempool gives
    std::vector<chain::vote> votes;  // all that were ever told to peers
    std::vector<chain::proposal> proposals;
    std::vector<height_t> begun;  // heights that peers were told of
    std::function<void(const news&)> on_news;

    validator_home(sim::world& w, std::string name, std::string_view ip, int k,
                   const std::vector<chain::test::key_power>& all,
                   const std::function<void(chain::test::growing_chain&)>& change = {})
        : world(w), host(w.add_host(std::move(name), ip)), key(k), genesis(all) {
        if (change)
            change(genesis);
        host.disk().make_directories("/node/data");
        REQUIRE(error_of(storage::test::opened(store_disk)->save_state(genesis.state)) == "");
        options.wal_path = wal_path;
        options.core.timeouts.commit = 100ms;
    }
    privval::sign_record record() {
        const auto saved = host.disk().get_file(state_path);
        if (!saved)
            return {};
        auto read = json::from_json<privval::sign_record>(text(*saved));
        REQUIRE(error_of(read) == "");
        return *read;
    }
    std::unique_ptr<storage::store> stored() { return storage::test::opened(store_disk); }
};

/// A chain of one.
struct solo_world {
    explicit solo_world(std::uint64_t seed) : alone(seed) {}
    sim::world alone;
};
struct solo_home : solo_world, validator_home {
    explicit solo_home(std::uint64_t seed = 1,
                       const std::function<void(chain::test::growing_chain&)>& change = {})
        : solo_world(seed), validator_home(alone, "node", "10.0.0.1", 1, {{1, 10}}, change) {}
};

/// One run of the process.
class solo {
public:
    explicit solo(validator_home& h)
        : home(h),
          signer(chain::test::keys().at(static_cast<std::size_t>(h.key)), h.record(), h.state_path,
                 h.genesis.state.chain_id) {
        home.world.add(on);
        service_.serve(reads, at_storage);
        service_.serve(commits, at_storage);
        service_.serve(prunes, at_storage);
        locks.serve(at_network, [](app::pool_lock) { return done(); });
        updates.serve(at_network, [](app::pool_update) { return done(); });
        reaps.serve(at_network, [this](app::reap_txs) { return reap(); });
        news_.serve(at_network, [this](news n) { return heard(std::move(n)); });
        events.serve(at_api, [](std::shared_ptr<const app::block_committed>) { return done(); });
        auto state = service_.get().state();
        REQUIRE(error_of(state) == "");
        executor.emplace(**state, service_.get().base(), home.app,
                         app::executor_ports{commits, prunes, locks, updates, events},
                         app::executor_options{}, logger(log, "state"));
        service_parts parts{*executor, home.app, storage::client(reads), reaps, news_, &signer};
        engine.emplace(
            consensus, home.options, parts, [this](error e) { halted = std::move(e); },
            logger(log, "consensus"));
        engine->serve(inputs, txs, at_consensus);
    }
    ~solo() { stop(); }

    void start() {
        REQUIRE(error_of(try_start()) == "");
        at_consensus.spawn(engine->run());
    }
    result<void> try_start() {
        std::optional<result<void>> started;
        at_consensus.spawn(app::test::store(engine->start(), started));
        home.world.run_until([&] { return started.has_value(); }, home.world.now() + 1h);
        REQUIRE(started);
        return *started;
    }
    bool run_to(height_t h, duration limit = 1h) {
        return home.world.run_until(
                   [&] { return halted || executor->state().last_block_height >= h; },
                   home.world.now() + limit) &&
               !halted;
    }
    void stop() {
        for (auto* s : {&at_consensus, &at_network, &at_storage, &at_api}) {
            s->request_stop();
            home.world.run_until([&] { return s->running() == 0; }, home.world.now() + 1h);
        }
        home.world.run_idle();
    }
    /// As a peer would.
    void hear(peer_input in) { at_network.spawn(send(std::move(in))); }
    const core::round_state& state() const { return engine->state(); }
    height_t height() const { return executor->state().last_block_height; }
    /// The machine loses its power: what runs ends without a trace.
    void lose_power(random_source& random) {
        home.host.power_off();
        home.store_disk->crash(storage::memory_disk::crash_kind::power, random);
        stop();
    }

    validator_home& home;
    std::optional<error> halted;

private:
    static task<result<void>> done() { co_return result<void>{}; }
    task<void> send(peer_input in) { (void)co_await inputs.post(std::move(in)); }
    task<result<std::vector<slice>>> reap() { co_return home.pool; }
    task<result<void>> heard(news n) {
        if (const auto* v = std::get_if<vote_news>(&n))
            home.votes.push_back(*v->vote);
        if (const auto* p = std::get_if<proposal_news>(&n))
            home.proposals.push_back(p->proposal);
        if (const auto* b = std::get_if<height_begun>(&n))
            home.begun.push_back(b->height);
        if (home.on_news)
            home.on_news(n);
        co_return result<void>{};
    }

    runtime::executor on{home.host.make_backend()};
    runtime::shard consensus{on, 0, "consensus"}, network{on, 1, "network"},
        storage{on, 2, "storage"}, api{on, 3, "api"};
    runtime::scope at_consensus{consensus}, at_network{network}, at_storage{storage}, at_api{api};
    runtime::offload helper{storage, "disk", runtime::offload::mode::inline_};
    storage::service service_{storage::test::opened(home.store_disk), helper,
                              [this](error e) { halted = std::move(e); }};
    storage::read_port reads{{"reads", 8, 8}, consensus, storage};
    storage::commit_port commits{{"commits", 4, 1}, consensus, storage};
    storage::prune_port prunes{{"prunes", 2, 1}, consensus, storage};
    app::pool_lock_port locks{{"lock", 1, 1}, consensus, network};
    app::pool_update_port updates{{"update", 1, 1}, consensus, network};
    app::reap_port reaps{{"reap", 1, 1}, consensus, network};
    news_port news_{{"news", 64, 1}, consensus, network};
    app::events_port events{{"events", 4, 1}, consensus, api};
    input_port inputs{{"inputs", 64, 1}, network, consensus};
    txs_port txs{{"txs", 4, 1}, network, consensus};
    memory_log log;
    std::optional<app::executor> executor;
    privval::file_signer signer;
    std::optional<service> engine;
};

}  // namespace tetrad::consensus::engine::test
