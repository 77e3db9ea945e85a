// SPDX-License-Identifier: Apache-2.0
#include "chain/tx.hpp"

#include <vector>

#include "base/text.hpp"
#include "base/wire/varint.hpp"

namespace tetrad::chain {

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
    auto p = crypto::prove_leaf(txs.size(), index, [&](std::size_t i) { return tx_hash(txs[i]); });
    const auto root = *crypto::root_of(p);
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
