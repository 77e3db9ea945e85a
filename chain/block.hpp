// SPDX-License-Identifier: Apache-2.0
// A block. Its transactions are slices: a received block is one buffer that all of them share. Plain values: any shard; shared
// as std::shared_ptr<const block> where several hold it.
#pragma once

#include <optional>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "base/strong.hpp"
#include "chain/codec.hpp"
#include "chain/commit.hpp"
#include "chain/evidence.hpp"
#include "chain/header.hpp"
#include "chain/tx.hpp"

namespace tetrad::chain {

/// tendermint.types.Data.
struct block_data {
    std::vector<tx> txs;
    static constexpr auto schema = fields(field<1>("txs", &block_data::txs));
    bool operator==(const block_data&) const = default;
};

/// tendermint.types.Block.
struct block {
    chain::header header;
    block_data data;
    evidence_list evidence;
    std::optional<commit> last_commit;  // always there in a well-formed one

    static constexpr auto schema = fields(
        field<1>("header", &block::header), field<2>("data", &block::data),
        field<3>("evidence", &block::evidence), field<4>("last_commit", &block::last_commit));

    chain::hash hash() const { return header.hash(); }
    bool operator==(const block&) const = default;
};

/// What of a block says whose successor it is and who decided the one before; the rest of it is not opened. A stranger's block is
/// looked at in this form: it takes the header and at most votes_max signatures, however many transactions the encoding has.
struct block_outline {
    chain::header header;
    std::optional<commit> last_commit;

    static constexpr auto schema = fields(field<1>("header", &block_outline::header),
                                          field<4>("last_commit", &block_outline::last_commit));
    bool operator==(const block_outline&) const = default;
};

/// Checks that need nothing but the block itself: every part is well-formed and the header's hashes are those of the parts
/// (Block.ValidateBasic). Hashes all transactions.
result<void> check_shape(const block&);

/// A block whose header has its version, height and the hashes of its own parts (MakeBlock). The rest of the header follows
/// from the state: chain/state.hpp.
block make_block(height_t, std::vector<tx>, commit last_commit, evidence_list);

/// Decodes without copying transactions out of `encoded`. Only the encoding is checked. Transactions and evidence are counted first,
/// so that room for them is taken once: a transaction costs sizeof(tx), and not three times that while a list grows.
result<block> decode_block(const slice& encoded);
/// As decode_block, of the outline alone; what it skips is not looked at.
result<block_outline> decode_outline(const slice& encoded);

/// What decode_block allocates at any moment, whatever `encoded_bytes` bytes it is given: room for the lists and what stands in
/// evidence, each within the budget of decoding; a list in evidence that grows; copies of text.
constexpr std::size_t block_decoding_bytes_max(std::size_t encoded_bytes) {
    const std::size_t budget =
        encoded_bytes * wire::detail::budget_factor + wire::detail::budget_floor;
    return 2 * budget + 2 * votes_max * sizeof(commit_sig) + 3 * encoded_bytes;
}

/// The block's own encoding, which its part set and so its id are over. Where `received`, from which `b` was decoded with
/// decode_block, is exactly that encoding (found out without writing the transactions again), it is returned; otherwise a
/// new one.
slice canonical_encoding(const slice& received, const block& b);

// ---- sizes, for whoever makes a block ----

constexpr std::int64_t header_bytes_max = 626;
constexpr std::int64_t block_overhead_bytes_max = 11;
constexpr std::int64_t commit_overhead_bytes_max = 94;
constexpr std::int64_t commit_sig_bytes_max = 109;

constexpr std::int64_t commit_bytes_max(std::size_t validators) {
    return commit_overhead_bytes_max +
           (commit_sig_bytes_max + 2) * static_cast<std::int64_t>(validators);
}
/// What is left for transactions in a block of at most `block_bytes`; nothing where that is less than nothing.
std::optional<std::int64_t> data_bytes_max(std::int64_t block_bytes, std::int64_t evidence_bytes,
                                           std::size_t validators);

}  // namespace tetrad::chain

TETRAD_CODEC(extern, tetrad::chain::block);
TETRAD_CODEC(extern, tetrad::chain::block_outline);
