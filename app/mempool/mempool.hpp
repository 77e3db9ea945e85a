// SPDX-License-Identifier: Apache-2.0
// The mempool as a service of the network shard: checks transactions with the application, keeps those that pass in the pool,
// gossips them on channel 0x30, and takes out what blocks hold. Owns the application's mempool connection.
//
// While the application commits, no check is under way: lock() waits for those that are, new ones wait for update().
#pragma once

#include <map>
#include <string>

#include "app/abci/client.hpp"
#include "app/mempool/pool.hpp"
#include "app/ports.hpp"
#include "base/log.hpp"
#include "p2p/reactor.hpp"
#include "runtime/scope.hpp"
#include "runtime/sync.hpp"

namespace tetrad::app {

struct mempool_options {
    pool_limits limits;
    std::int64_t batch_bytes = 0;  // of a peer's message (max_batch_bytes)
    bool accepts = true;           // false (mempool.type = "nop"): every transaction is refused
    bool recheck = true;
    duration recheck_timeout = 1s;
    bool gossip = true;
};

class mempool final : public p2p::reactor {
public:
    mempool(runtime::shard& network, abci::mempool_connection& app, mempool_options options,
            height_t height, std::function<void(error)> halt, logger log);

    void serve(submit_port&, list_port&, runtime::scope&);
    void serve(pool_lock_port&, pool_update_port&, runtime::scope&);
    void serve(reap_port&, runtime::scope&);
    /// Told once at a height that there is a transaction for the next block.
    std::function<void()> on_txs_available;

    /// A peer is at this height: it may be sent what came in at up to the next one.
    void on_peer_height(const std::string& peer, height_t);
    const tx_pool& pool() const { return pool_; }

    std::vector<p2p::channel_descriptor> channels() const override;
    void peer_up(p2p::peer&) override;
    void peer_down(p2p::peer&, const error& why) override;
    runtime::task<result<void>> receive(p2p::peer&, p2p::channel_id, slice message) override;

private:
    runtime::task<result<submitted_tx>> check(slice tx, std::string sender);
    runtime::task<result<submitted_tx>> ask_app(slice tx, hash256 id, std::string sender);
    runtime::task<result<listed_txs>> list(list_txs q);
    runtime::task<result<void>> lock();
    runtime::task<result<void>> update(pool_update u);
    runtime::task<result<void>> recheck();
    runtime::task<result<std::vector<slice>>> reap(reap_txs q);
    void tell_available();
    runtime::task<void> gossip_to(p2p::peer& peer);

    runtime::shard& here_;
    abci::mempool_connection& app_;
    mempool_options options_;
    std::function<void(error)> halt_;
    logger log_;
    tx_pool pool_;
    std::map<std::string, height_t> peer_heights_;
    bool locked_ = false;
    bool told_available_ = false;  // at this height
    std::size_t checking_ = 0;
    runtime::event unlocked_, idle_;
    runtime::event changed_;  // the pool has more, or a peer is further
};

}  // namespace tetrad::app
