// SPDX-License-Identifier: Apache-2.0
// Everything of the chain that survives a crash: blocks, commits, states, validators and parameters by height, the application's
// answers, the transaction index, the genesis document. One object on the storage shard (or its helper thread); others reach it
// through storage/client.hpp. Synchronous: its calls may block on the disk.
//
// A block enters in one atomic, synced batch together with everything that follows from it (apply), so the store is always at one
// height. What a read does not find is std::nullopt; errc::corrupt or errc::io means the node has to stop.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "base/strong.hpp"
#include "chain/block.hpp"
#include "chain/commit.hpp"
#include "chain/params.hpp"
#include "chain/state.hpp"
#include "chain/validator_set.hpp"
#include "runtime/port.hpp"
#include "storage/evidence_rows.hpp"
#include "storage/kv.hpp"

namespace tetrad::storage {

/// What was read here decodes, or it is damaged: errc::corrupt, with its name.
template <class M>
result<M> undamaged(result<M> decoded, std::string_view what) {
    if (!decoded)
        return fail(errc::corrupt, "stored " + std::string(what) + ": " + decoded.error().text);
    return decoded;
}

/// tendermint.types.BlockMeta.
struct block_meta {
    chain::block_id id;
    std::int64_t block_size = 0;
    chain::header header;
    std::int64_t num_txs = 0;
    static constexpr auto schema = wire::fields(
        wire::field<1>("block_id", &block_meta::id), wire::field<2>("block_size", &block_meta::block_size),
        wire::field<3>("header", &block_meta::header), wire::field<4>("num_txs", &block_meta::num_txs));
};

/// One attribute of an event that the application asked to be indexed: "type.key" and its value.
struct index_entry {
    std::string key;
    std::string value;
    std::uint32_t event = 0;      // the event it came from, counted within the transaction or block
};

struct indexed_tx {
    hash256 id;
    slice record;                 // abci.TxResult, encoded
    std::vector<index_entry> entries;
};

/// All that one block changes, written at once (consensus shard -> storage shard).
struct block_commit {
    struct stored_block {
        slice encoded;            // canonical bytes of the block
        block_meta meta;
        chain::commit last_commit;              // canonical commit of height - 1 (empty at the initial height)
        chain::commit seen_commit;              // +2/3 for this block, as we saw it
        std::optional<chain::extended_commit> extended_commit;
    };
    std::optional<stored_block> block;          // absent where the block is stored already (replay of a stored block)
    chain::state next;                          // the state after the block
    slice response;                             // abci.ResponseFinalizeBlock, encoded; empty: do not touch
    std::vector<indexed_tx> txs;                // the index; empty where it is off
    std::vector<index_entry> block_entries;
    evidence_changes evidence;
    bool keep_responses = true;                 // false (discard_abci_responses): only the last one is kept
};
using commit_port = runtime::port<block_commit, result<void>>;

/// A built-in application's own durable state (consensus shard -> storage shard): keys of a table apart from the chain's.
struct app_write {
    std::vector<std::pair<bytes, bytes>> puts;
    std::vector<bytes> erases;
};
using app_write_port = runtime::port<app_write, result<void>>;

/// Lowers what is kept to `retain` and above (Commit's retain_height); in bounded steps.
struct prune_request {
    height_t retain;
};
using prune_port = runtime::port<prune_request, result<height_t>>;  // the new base

class store {
public:
    /// Opens what is in `db`; an empty one is fine.
    static result<std::unique_ptr<store>> open(std::unique_ptr<kv> db);
    ~store();

    // ---- writes ----
    result<void> apply(const block_commit&);
    /// State outside a block: after InitChain, or when the application's version changed at the handshake.
    result<void> save_state(const chain::state&);
    result<void> save_genesis(byte_view json);
    result<void> write_app(const app_write&);
    result<height_t> prune(height_t retain);
    /// Everything written is durable when it returns.
    result<void> sync();

    // ---- the store's range ----
    height_t base() const;      // lowest block; 0 where there is none
    height_t height() const;    // highest block

    // ---- reads ----
    result<std::optional<bytes>> genesis();
    result<std::optional<chain::state>> state();
    result<std::optional<slice>> block(height_t);                     // encoded
    result<std::optional<block_meta>> meta(height_t);
    result<std::optional<height_t>> height_of(byte_view block_hash);
    /// The canonical commit of a height (it stands in the next block).
    result<std::optional<chain::commit>> commit(height_t);
    result<std::optional<chain::commit>> seen_commit(height_t);
    result<std::optional<chain::extended_commit>> extended_commit(height_t);
    /// With exact proposer priorities.
    result<std::optional<chain::validator_set>> validators(height_t);
    /// The same members with the same powers; whose turn it is is not worked out.
    result<std::optional<chain::validator_set>> members(height_t);
    result<std::optional<chain::consensus_params>> params(height_t);
    /// abci.ResponseFinalizeBlock, encoded.
    result<std::optional<slice>> response(height_t);
    struct last_response_record { height_t height; slice response; };
    result<std::optional<last_response_record>> last_response();
    /// abci.TxResult, encoded.
    result<std::optional<slice>> tx(const hash256& id);
    /// All of the application's table, in key order (at start).
    result<std::vector<std::pair<bytes, bytes>>> app_table();

    // ---- evidence of misbehaviour (storage/evidence_rows.hpp) ----
    bool is_evidence_pending(const chain::evidence&) const;
    result<bool> is_evidence_committed(const chain::evidence&) const;
    result<std::vector<chain::evidence>> pending_evidence(std::int64_t bytes_max) const;
    result<void> add_evidence(const chain::evidence&);

private:
    struct impl;
    explicit store(std::unique_ptr<impl>);
    struct stored_set {
        chain::validator_set set;
        height_t stands_at;  // as many turns behind
    };
    result<std::optional<stored_set>> set_of(height_t);
    std::unique_ptr<impl> impl_;
};

}  // namespace tetrad::storage
