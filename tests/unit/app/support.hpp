// SPDX-License-Identifier: Apache-2.0
// What the tests of app/ share: four shards of one simulated process, an application that answers by script and remembers what it
// was asked, and a chain whose blocks that application executed, stored as a node stores them. Included last of our headers:
// Catch's CHECK takes the place of ours from here on.
#pragma once

#include "app/abci/client.hpp"
#include "app/finalize.hpp"
#include "base/wire/protobuf.hpp"
#include "runtime/executor.hpp"
#include "runtime/port.hpp"
#include "runtime/sim/host.hpp"
#include "runtime/sim/world.hpp"
#include "storage/memory.hpp"
#include "storage/service.hpp"
#include "tests/unit/storage/support.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

namespace tetrad::app::test {

using chain::test::error_of;
using chain::test::growing_chain;
using journal = std::vector<std::string>;
using runtime::task;

template <class T>
task<void> store(task<T> work, std::optional<T>& out) {
    T value = co_await work;
    out.emplace(std::move(value));
}

/// A process of four shards on one executor; what runs under its scopes ends before it does.
class four_shards {
public:
    runtime::sim::world world{1};
    runtime::executor on{world.add_host("node", "10.0.0.1").make_backend()};
    runtime::shard consensus{on, 0, "consensus"}, network{on, 1, "network"},
        storage{on, 2, "storage"}, api{on, 3, "api"};
    runtime::scope at_consensus{consensus}, at_network{network}, at_storage{storage}, at_api{api};

    four_shards() { world.add(on); }
    ~four_shards() { stop(); }

    void stop() {
        for (auto* s : scopes())
            s->request_stop();
        const auto ended = [this] {
            return std::ranges::all_of(scopes(), [](auto* s) { return s->running() == 0; });
        };
        world.run_until(ended, world.now() + 1h);
        world.run_idle();  // frames are gone
    }
    /// Runs the world until `work`, a task of that scope, has ended.
    template <class T>
    T run(runtime::scope& in, task<T> work) {
        std::optional<T> out;
        in.spawn(store<T>(std::move(work), out));
        const bool ended = world.run_until([&] { return out.has_value(); }, world.now() + 1h);
        INFO("the run ended: " << name(world.last_end()));
        REQUIRE(ended);
        return std::move(*out);
    }

private:
    std::array<runtime::scope*, 4> scopes() {
        return {&at_consensus, &at_network, &at_storage, &at_api};
    }
};

inline bytes hash_after(std::int64_t height) { return to_bytes(format("app {}", height)); }

/// Answers block h with one good result a transaction and the hash "app h"; `change` has the last word. Each call is a line of
/// the journal.
class scripted_app final : public abci::consensus_connection {
public:
    explicit scripted_app(journal& lines) : lines_(lines) {}

    std::function<void(std::int64_t height, abci::response_finalize_block&)> change;
    abci::response_init_chain first;  // the answer to InitChain
    std::int64_t retain_height = 0;   // the answer to Commit
    std::optional<error> broken;      // what every later call fails with
    std::vector<abci::request_init_chain> inits;
    std::vector<abci::request_finalize_block> finalized;

    abci::response_finalize_block answer(std::int64_t height, std::size_t txs) const {
        abci::response_finalize_block r;
        r.tx_results.resize(txs);
        r.app_hash = hash_after(height);
        if (change)
            change(height, r);
        return r;
    }

    task<result<abci::response_init_chain>> init_chain(abci::request_init_chain q) override {
        lines_.push_back("InitChain");
        if (broken)
            co_return std::unexpected<error>(*broken);
        inits.push_back(std::move(q));
        co_return first;
    }
    task<result<abci::response_prepare_proposal>> prepare_proposal(
        abci::request_prepare_proposal) override {
        return no<abci::response_prepare_proposal>();
    }
    task<result<abci::response_process_proposal>> process_proposal(
        abci::request_process_proposal) override {
        return no<abci::response_process_proposal>();
    }
    task<result<abci::response_extend_vote>> extend_vote(abci::request_extend_vote) override {
        return no<abci::response_extend_vote>();
    }
    task<result<abci::response_verify_vote_extension>> verify_vote_extension(
        abci::request_verify_vote_extension) override {
        return no<abci::response_verify_vote_extension>();
    }
    task<result<abci::response_finalize_block>> finalize_block(
        abci::request_finalize_block q) override {
        lines_.push_back(format("FinalizeBlock {}", q.height));
        if (broken)
            co_return std::unexpected<error>(*broken);
        finalized.push_back(std::move(q));
        co_return answer(finalized.back().height, finalized.back().txs.size());
    }
    task<result<abci::response_commit>> commit() override {
        lines_.push_back("Commit");
        if (broken)
            co_return std::unexpected<error>(*broken);
        co_return abci::response_commit{retain_height};
    }

private:
    template <class T>
    static task<result<T>> no() {
        co_return fail(errc::unsupported, "not in this test");
    }
    journal& lines_;
};

/// A chain of blocks with one transaction each, as `app` answered them; states[h] is the state after h blocks of them.
struct executed_chain {
    growing_chain chain;
    std::vector<chain::state> states;
    std::vector<storage::block_commit> commits;  // what enters the store, block by block

    explicit executed_chain(const scripted_app& app, int blocks, height_t initial = height_t(1))
        : chain({{1, 10}, {2, 7}}, initial) {
        auto first = chain::after_init_chain(
            chain.state, {app.first.validators, app.first.consensus_params, app.first.app_hash});
        REQUIRE(error_of(first) == "");
        chain.state = *first;
        states.push_back(chain.state);
        for (int i = 0; i < blocks; ++i)
            add(app, {slice(to_bytes(format("tx {}", i)))});
    }

    void add(const scripted_app& app, std::vector<chain::tx> txs,
             chain::evidence_list evidence = {}) {
        const chain::block b = chain.make(std::move(txs), std::move(evidence));
        const auto response = app.answer(b.header.height.v, b.data.txs.size());
        auto outcome = outcome_of(response, b.data.txs.size());
        REQUIRE(error_of(outcome) == "");
        commits.push_back(storage::test::grow(chain, b, *outcome, slice(wire::encode(response))));
        states.push_back(chain.state);
    }

    /// A store of the first `blocks` blocks.
    std::shared_ptr<storage::memory_disk> stored(std::size_t blocks) const {
        auto disk = std::make_shared<storage::memory_disk>();
        auto s = storage::test::opened(disk);
        REQUIRE(error_of(s->save_state(states.front())) == "");
        for (std::size_t i = 0; i < blocks; ++i)
            REQUIRE(error_of(s->apply(commits.at(i))) == "");
        return disk;
    }
};

/// The storage shard on a disk in memory, with the doors from the consensus shard.
struct storage_side {
    four_shards& m;
    runtime::offload helper{m.storage, "disk", runtime::offload::mode::inline_};
    std::optional<error> halted;
    storage::service service;
    storage::read_port reads{{"reads", 8, 8}, m.consensus, m.storage};
    storage::commit_port commits{{"commits", 4, 1}, m.consensus, m.storage};
    storage::prune_port prunes{{"prunes", 2, 1}, m.consensus, m.storage};

    storage_side(four_shards& shards, std::shared_ptr<storage::memory_disk> disk)
        : m(shards), service(storage::test::opened(std::move(disk)), helper, [this](error e) {
              halted = std::move(e);
          }) {
        service.serve(reads, m.at_storage);
        service.serve(commits, m.at_storage);
        service.serve(prunes, m.at_storage);
    }
    ~storage_side() { m.stop(); }

    storage::store& store() { return service.get(); }
};

}  // namespace tetrad::app::test
