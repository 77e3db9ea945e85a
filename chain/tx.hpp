// SPDX-License-Identifier: Apache-2.0
// Transactions as consensus sees them: opaque bytes with a hash, a size in the block and a proof of inclusion. A `slice`, so
// that the pool, the block and all peers that get it share one buffer. Pure: any shard.
#pragma once

#include <span>

#include "base/bytes.hpp"
#include "base/crypto/merkle.hpp"
#include "base/result.hpp"
#include "chain/ids.hpp"

namespace tetrad::chain {

using tx = slice;

/// SHA-256: the transaction's id and its key in the pool.
hash256 tx_hash(byte_view);

/// Merkle root over the transactions' hashes: the header's data_hash.
hash256 txs_hash(std::span<const tx>);

/// What the transaction takes in a block: tag, length and bytes.
std::int64_t tx_block_size(std::size_t tx_bytes);
std::int64_t txs_block_size(std::span<const tx>);
/// "transaction data size exceeds maximum 100".
result<void> check_txs_size(std::span<const tx>, std::int64_t bytes_max);

/// tendermint.types.TxProof.
struct tx_proof {
    chain::hash root;
    slice data;
    crypto::merkle_proof proof;
    static constexpr auto schema =
        fields(field<1>("root_hash", &tx_proof::root), field<2>("data", &tx_proof::data),
               field<3>("proof", &tx_proof::proof));
    bool operator==(const tx_proof&) const = default;
};

/// Of transaction `index`, which exists.
tx_proof prove_tx(std::span<const tx>, std::size_t index);
/// Does the proof lead to the data_hash of a header?
result<void> check_proof(const tx_proof&, byte_view data_hash);

}  // namespace tetrad::chain
