// SPDX-License-Identifier: Apache-2.0
#include "daemon/shard_plan.hpp"

namespace tetrad::daemon {

runtime::queue_spec main_queue(runtime::role r) {
    const bool decides = r == runtime::role::consensus || r == runtime::role::network;
    return {"main", decides ? 400U : 200U, decides};
}

runtime::queue_spec bulk_queue() { return {"bulk", 100, false}; }

runtime::operation_groups ring_operations(const std::vector<runtime::role>& shards) {
    runtime::operation_groups may{false, false};
    for (const auto r : shards) {
        may.files |= r == runtime::role::consensus;
        may.sockets |= r == runtime::role::network || r == runtime::role::api;
    }
    return may;
}

shard_plan::shard_plan(shard_set s)
    : commits({"commits", 4}, s.consensus, s.storage),
      app_writes({"app_writes", 4}, s.consensus, s.storage),
      prunes({"prunes", 2}, s.consensus, s.storage),
      consensus_reads({"consensus_reads", 8, 8}, s.consensus, s.storage),
      network_reads({"network_reads", 256, 64}, s.network, s.storage),
      api_reads({"api_reads", 256, 64}, s.api, s.storage),
      apply({"apply", 16}, s.network, s.consensus),
      go_consensus_shard({"go_consensus", 1}, s.network, s.consensus),
      inputs({"inputs", 1024}, s.network, s.consensus),
      txs({"txs", 2}, s.network, s.consensus),
      news({"news", 1024}, s.consensus, s.network),
      reaps({"reaps", 1}, s.consensus, s.network),
      pool_lock({"pool_lock", 1}, s.consensus, s.network),
      pool_update({"pool_update", 1}, s.consensus, s.network),
      go_network({"go_network", 1}, s.consensus, s.network),
      submits({"submits", 1024, 256}, s.api, s.network),
      lists({"lists", 64}, s.api, s.network),
      evidence({"evidence", 16}, s.api, s.network),
      network_status({"network_status", 64}, s.api, s.network),
      events({"events", 64}, s.consensus, s.api),
      caught_up_shard({"caught_up", 1}, s.network, s.api),
      info({"info", 1}, s.consensus, s.api),
      publish({"publish", 16}, s.consensus, s.api),
      go_api_shard({"go_api", 1}, s.consensus, s.api) {}

}  // namespace tetrad::daemon
