// SPDX-License-Identifier: Apache-2.0
// The evidence pool (evidence/pool.go): the store holds it (storage/evidence_rows.hpp has its bounds), these are its rules. There is no
// other state, so what waits for a block is there again after a crash, and each call is atomic: it runs on the storage side, where
// nothing else happens meanwhile. Signatures are verified there too: evidence is rare, and neither voting nor gossip may wait for it.
//
//   a validator signs two votes  -> conflicts, until their height is decided -> the block's batch      -+
//   a peer, an RPC client        -> gossip -> add: verified                                             +-> waits -> a proposal of ours
//   a proposed or synced block   -> check: verified before it is prevoted, precommitted or executed    -+
//   a decided block              -> its batch: marks of what it holds; what waits and is in it, or is too old by now, goes
//
// Errors: errc::invalid: it is untrue (or known to be in a block, of a block's); errc::full: it is true and there is no room.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "chain/block.hpp"
#include "chain/evidence.hpp"
#include "storage/client.hpp"
#include "storage/store.hpp"

namespace tetrad::consensus::evidence {

// ---- on the storage side ----

/// Well-formed evidence of a peer or of a client. True: it waits from now on; false: it waits already, or it is in a block.
result<bool> add(storage::store&, const chain::evidence&);

/// What a block holds: all of it is true, none is twice in it, none is in a block already. What is new waits from now on. Only where
/// it waits already it is not verified again; an attack always is, for another may have the same hash.
result<void> check(storage::store&, const std::vector<chain::evidence>&);

// ---- from other shards ----

runtime::task<result<void>> check(storage::client, std::shared_ptr<const chain::block>);
/// For a proposal: oldest first, so much of it.
runtime::task<result<std::vector<chain::evidence>>> pending(storage::client,
                                                            std::int64_t bytes_max);

/// As CometBFT prints it.
std::string to_string(const chain::evidence&);

}  // namespace tetrad::consensus::evidence
