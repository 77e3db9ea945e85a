// SPDX-License-Identifier: Apache-2.0
// The api shard's JSON-RPC service: listens on rpc.laddr, answers, and keeps what follows from the events of the consensus shard
// (the height, whether we are catching up, who waits for a transaction to be committed).
#pragma once

#include <memory>
#include <vector>

#include "app/ports.hpp"
#include "base/log.hpp"
#include "config/sections.hpp"
#include "rpc/environment.hpp"
#include "runtime/offload.hpp"
#include "runtime/scope.hpp"

namespace tetrad::rpc {

class service {
public:
    service(runtime::shard& api, config::rpc_section config, environment env, logger log);
    ~service();

    /// Listens on all of rpc.laddr (several may be listed, separated by commas; "" for none).
    runtime::task<result<std::vector<runtime::endpoint>>> start();
    /// Ends all connections and waits for their tasks.
    runtime::task<void> stop();
    /// A block was committed.
    void on_block(const std::shared_ptr<const app::block_committed>&);
    /// Peers are further ahead than block sync has to stay behind, or not any more. True until it is told.
    void set_catching_up(bool on);

private:
    struct impl;
    std::unique_ptr<impl> impl_;
};

}  // namespace tetrad::rpc
