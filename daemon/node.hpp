// SPDX-License-Identifier: Apache-2.0
// A whole node over any backend: builds the object graph on four shards and runs it. The daemon gives it shards on io_uring
// executors, tests give it shards in the simulated world; nothing here knows which.
//
//   start:  storage serves; consensus shakes hands with the application (replays what it lacks), then tells network and api to begin
//   stop:   consensus finishes the block it is at; then network and api end; then storage, which everyone else needs
//
// Made and destroyed while the executors do not run. request_stop() and the questions may come from one other thread.
#pragma once

#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "app/executor.hpp"
#include "app/mempool/mempool.hpp"
#include "base/log.hpp"
#include "chain/genesis.hpp"
#include "consensus/catchup/applier.hpp"
#include "consensus/catchup/blocksync.hpp"
#include "consensus/engine/service.hpp"
#include "consensus/evidence/gossip.hpp"
#include "consensus/gossip/service.hpp"
#include "consensus/privval/file.hpp"
#include "daemon/shard_plan.hpp"
#include "daemon/start.hpp"
#include "p2p/hub.hpp"
#include "rpc/service.hpp"
#include "runtime/offload.hpp"
#include "storage/service.hpp"

namespace tetrad::daemon {

struct node_parts {
    shard_set shards;
    std::unique_ptr<storage::store> store;
    bool storage_has_own_thread = false;      // then RocksDB may block it
    std::array<logger, runtime::roles> logs;  // by role; each of its shard's thread
    /// Told, on any shard's thread, that one of the is_...() or failure() changed.
    std::function<void()> on_change;
};

class node {
public:
    node(const node_options& options, node_parts parts);
    ~node();

    /// Starts the shards' work; the executors run afterwards.
    void start();
    /// Asks for a clean stop. Idempotent.
    void request_stop();

    bool is_ready() const { return ready_.load(); }
    /// A height was committed since the start.
    bool is_moving() const { return moving_.load(); }
    bool is_stopped() const { return running_.load() == 0; }
    /// Why it stopped, where it was not asked to. Look once it is stopped.
    const std::optional<error>& failure() const { return failure_; }

    // For tests, on the thread that runs the executors or when they do not run.
    height_t height() const;
    runtime::endpoint p2p_endpoint() const { return p2p_endpoint_; }
    const std::vector<runtime::endpoint>& rpc_endpoints() const { return rpc_endpoints_; }
    p2p::hub* hub() { return hub_.get(); }
    // nullptr before it is there.
    const consensus::gossip::service* gossip() const { return gossip_.get(); }
    const consensus::engine::service* engine() const { return engine_ ? &*engine_ : nullptr; }

private:
    /// What a shard has of the node: the task that is its life, that task's children, and the one letter that ends it. The letter
    /// comes from outside (consensus) or from the role that ended before, once: so its ring has one producer.
    struct life {
        explicit life(runtime::shard& s)
            : here(s), mail(1), root(s), tasks(s), bulk(s.queue(bulk_queue())) {
            here.add_inbound(mail);
        }
        ~life() { here.remove_inbound(mail); }
        void end();
        struct stop_letter : runtime::letter {
            life* whose = nullptr;
        };
        runtime::shard& here;
        runtime::ring mail;
        stop_letter stop;
        runtime::scope root;   // run_<role>() only
        runtime::scope tasks;  // everything that role runs
        runtime::scope bulk;   // but what may wait behind it
    };

    runtime::task<void> run_consensus();
    runtime::task<void> run_network();
    runtime::task<void> run_api();
    runtime::task<void> run_storage();
    runtime::task<result<void>> boot();
    runtime::task<result<chain::state>> load_state();
    runtime::task<result<runtime::endpoint>> begin_network(consensus::chain_tip tip);
    runtime::task<result<std::vector<runtime::endpoint>>> begin_api();
    runtime::task<result<p2p::network_status>> network_status();
    runtime::task<result<void>> on_block(std::shared_ptr<const app::block_committed> e);
    runtime::task<result<void>> on_caught_up();
    runtime::task<result<void>> begin_consensus();
    runtime::task<void> switch_to_consensus();
    void make_engine();
    runtime::task<result<void>> on_news(consensus::engine::news n);
    runtime::task<void> refresh_evidence();
    runtime::task<void> until_told(runtime::role r);
    void ended(runtime::role r);
    void halt(error why);
    life& of(runtime::role r) { return *lives_[static_cast<std::size_t>(r)]; }
    runtime::scope& tasks(runtime::role r) { return of(r).tasks; }
    runtime::scope& bulk(runtime::role r) { return of(r).bulk; }
    const logger& log(runtime::role r) const { return logs_[static_cast<std::size_t>(r)]; }

    node_options options_;
    std::array<logger, runtime::roles> logs_;
    std::function<void()> on_change_;
    shard_plan plan_;
    std::array<std::unique_ptr<life>, runtime::roles> lives_;
    std::optional<error> app_error_;

    // storage shard
    runtime::offload disk_;
    storage::service storage_;

    // the application's connections, each its shard's
    app::abci::connections app_;

    // consensus shard
    std::optional<app::executor> executor_;
    std::optional<consensus::applier> applier_;
    std::optional<consensus::privval::file_signer> signer_;
    std::optional<consensus::engine::service> engine_;

    // network shard
    runtime::offload resolver_, verifier_;
    std::unique_ptr<app::mempool> mempool_;
    std::unique_ptr<consensus::blocksync> blocksync_;
    std::unique_ptr<consensus::gossip::service> gossip_;
    std::unique_ptr<consensus::evidence::gossip> evidence_;
    std::unique_ptr<p2p::hub> hub_;
    runtime::endpoint p2p_endpoint_;

    // api shard
    std::unique_ptr<rpc::service> rpc_;
    std::vector<runtime::endpoint> rpc_endpoints_;

    std::atomic<int> running_{0};  // roles that have not ended
    std::atomic<bool> ready_{false}, moving_{false}, stop_asked_{false}, failed_{false};
    std::optional<error> failure_;  // written once, by whoever set failed_
};

}  // namespace tetrad::daemon
