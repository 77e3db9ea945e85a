// SPDX-License-Identifier: Apache-2.0
// The built-in example application, of the same behaviour, events and hashes as CometBFT's kvstore: transactions "key=value" (or
// "key:value"), and "val=type!base64key!power", which changes a validator. `kvstore` lives in memory; `persistent_kvstore` keeps
// its table in the node's store.
//
// Four connection objects, one a shard. The consensus one owns the state; at each commit it publishes an immutable copy to the
// query one, through a port. Checks look at the transaction alone.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/abci/client.hpp"
#include "app/kvstore/persistent_map.hpp"
#include "runtime/port.hpp"
#include "storage/store.hpp"

namespace tetrad::app::kvstore {

constexpr std::uint32_t code_invalid_format = 2;
constexpr std::uint64_t app_version = 1;

/// All the application knows. Copies share what they have in common.
struct state {
    std::int64_t size = 0;     // transactions executed
    std::int64_t height = 0;
    persistent_map table;      // "kvPairKey:" + key, and "val=" + raw public key
    persistent_map validators; // address: the encoded key; follows from the table

    bytes app_hash() const;
};

/// consensus -> api: what queries see from now on.
using publish_port = runtime::port<std::shared_ptr<const state>, result<void>>;

/// Code 0 with gas 1, or code 2.
abci::response_check_tx check(byte_view tx);

/// The state as a table of the store has it (persistent_kvstore, at start).
result<state> state_from_table(const std::vector<std::pair<bytes, bytes>>& rows);

struct options {
    std::int64_t retain_blocks = 0;                   // > 0: Commit asks that only so many blocks be kept
    storage::app_write_port* durable = nullptr;       // null: in memory only
};

/// The four connections. `start` is what a table held (or nothing); `publish` is the door from the consensus to the api shard,
/// served by this call's query connection once attach_queries() was called on the api shard.
abci::connections connect(state start, publish_port& publish, options);
/// On the api shard, before blocks are executed.
void attach_queries(abci::query_connection& queries, publish_port& publish, runtime::scope& tasks);

}  // namespace tetrad::app::kvstore
