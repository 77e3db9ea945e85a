// SPDX-License-Identifier: Apache-2.0
#include "chain/tx.hpp"

#include <bit>
#include <vector>

#include "base/text.hpp"
#include "base/wire/varint.hpp"

namespace tetrad::chain {

namespace {

/// The root over these transactions. `aunts` gets what the proof of one of them needs, from below: its way alone, since all proofs
/// together take as much again for each level of the tree.
hash256 climb(std::span<const tx> txs, std::size_t index, std::vector<hash256>& aunts) {
    if (txs.size() == 1)
        return crypto::merkle_leaf(tx_hash(txs[0]));
    const auto half = std::bit_floor(txs.size() - 1);
    const auto left = txs.first(half), right = txs.subspan(half);
    if (index < half) {
        const auto mine = climb(left, index, aunts);
        return crypto::merkle_inner(mine, aunts.emplace_back(txs_hash(right)));
    }
    const auto mine = climb(right, index - half, aunts);
    return crypto::merkle_inner(aunts.emplace_back(txs_hash(left)), mine);
}

}  // namespace

hash256 tx_hash(byte_view t) { return crypto::sha256(t); }

hash256 txs_hash(std::span<const tx> txs) {
    crypto::merkle_builder tree;
    for (const auto& t : txs)
        tree.add(tx_hash(t));
    return tree.root();
}

std::int64_t tx_block_size(std::size_t tx_bytes) {
    return static_cast<std::int64_t>(1 + wire::uvarint_size(tx_bytes) + tx_bytes);
}

std::int64_t txs_block_size(std::span<const tx> txs) {
    std::int64_t total = 0;
    for (const auto& t : txs)
        total += tx_block_size(t.size());
    return total;
}

result<void> check_txs_size(std::span<const tx> txs, std::int64_t bytes_max) {
    std::int64_t total = 0;
    for (const auto& t : txs)
        if ((total += tx_block_size(t.size())) > bytes_max)
            return fail(errc::too_large,
                        format("transaction data size exceeds maximum {}", bytes_max));
    return {};
}

tx_proof prove_tx(std::span<const tx> txs, std::size_t index) {
    CHECK(index < txs.size());
    crypto::merkle_proof p;
    p.total = static_cast<std::int64_t>(txs.size());
    p.index = static_cast<std::int64_t>(index);
    p.leaf_hash = crypto::merkle_leaf(tx_hash(txs[index]));
    const auto root = climb(txs, index, p.aunts);
    return {root, txs[index], std::move(p)};
}

result<void> check_proof(const tx_proof& p, byte_view data_hash) {
    if (!equal(data_hash, p.root))
        return fail(errc::invalid, "proof matches different data hash");
    if (p.proof.index < 0)
        return fail(errc::invalid, "proof index cannot be negative");
    if (p.proof.total <= 0)
        return fail(errc::invalid, "proof total must be positive");
    if (!crypto::verify(p.proof, p.root, tx_hash(p.data)))
        return fail(errc::invalid, "proof is not internally consistent");
    return {};
}

}  // namespace tetrad::chain
