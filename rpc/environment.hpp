// SPDX-License-Identifier: Apache-2.0
// What the handlers of the api shard can reach: doors to the other shards, the application's query connection, and what does not
// change while the node runs. Filled in by daemon/node.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "app/abci/client.hpp"
#include "app/ports.hpp"
#include "base/crypto/keys.hpp"
#include "consensus/evidence/gossip.hpp"
#include "p2p/node_info.hpp"
#include "p2p/status.hpp"
#include "storage/client.hpp"

namespace tetrad::rpc {

struct environment {
    storage::client blocks;                       // reads of the stores
    app::submit_port& submit;                     // a transaction to the mempool
    app::list_port& list;                         // what waits there
    consensus::evidence::submit_port& evidence;   // of misbehaviour
    p2p::status_port& network;                    // net_info
    app::abci::query_connection& app;             // abci_info, abci_query

    p2p::node_info self;                          // as peers see us
    std::optional<crypto::public_key> validator;  // the key in priv_validator_key.json
    std::string external_address;                 // p2p.external_address
    std::string genesis_json;                     // the document as CometBFT marshals it, compact
    bool indexes_txs = true;                      // tx_index.indexer is not null
    bool keeps_responses = true;                  // not storage.discard_abci_responses
};

}  // namespace tetrad::rpc
