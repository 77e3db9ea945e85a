// SPDX-License-Identifier: Apache-2.0
#include "base/crypto/merkle.hpp"

#include "base/crypto/hash.hpp"

#include <bit>
#include <string>

namespace tetrad::crypto {

hash256 merkle_leaf(byte_view data) {
    static constexpr std::uint8_t prefix = 0;
    return sha256({byte_view(&prefix, 1), data});
}

hash256 merkle_inner(const hash256& left, const hash256& right) {
    std::uint8_t joined[65];
    joined[0] = 1;
    std::memcpy(joined + 1, left.data.data(), 32);
    std::memcpy(joined + 33, right.data.data(), 32);
    return sha256(joined);
}

void merkle_builder::add_hash(const hash256& leaf_hash) {
    // As adding one to a binary number: each carry joins two full subtrees of one size.
    auto carry = leaf_hash;
    std::size_t level = 0;
    for (; count_ >> level & 1; ++level)
        carry = merkle_inner(full_[level], carry);
    full_[level] = carry;
    ++count_;
}

hash256 merkle_builder::root() const {
    if (count_ == 0)
        return sha256(byte_view());
    // The smallest subtree is the right end; each larger one stands to its left.
    auto level = static_cast<std::size_t>(std::countr_zero(count_));
    auto right = full_[level];
    for (++level; level < full_.size() && count_ >> level != 0; ++level)
        if (count_ >> level & 1)
            right = merkle_inner(full_[level], right);
    return right;
}

hash256 merkle_root(std::span<const byte_view> leaves) {
    merkle_builder tree;
    for (const auto& leaf : leaves)
        tree.add(leaf);
    return tree.root();
}

result<void> check_shape(const merkle_proof& p) {
    if (p.total < 0)
        return fail(errc::invalid, "negative Total");
    if (p.index < 0)
        return fail(errc::invalid, "negative Index");
    if (p.leaf_hash.size() != 32)
        return fail(errc::invalid,
                    "expected LeafHash size to be 32, got " + std::to_string(p.leaf_hash.size()));
    if (p.aunts.size() > merkle_proof::aunts_max)
        return fail(errc::invalid,
                    "expected no more than 100 aunts, got " + std::to_string(p.aunts.size()));
    return {};
}

result<hash256> root_of(const merkle_proof& p) {
    if (p.index >= p.total || p.index < 0 || p.total <= 0)
        return fail(errc::invalid, "invalid index " + std::to_string(p.index) + " and/or total " +
                                       std::to_string(p.total));
    if (p.leaf_hash.size() != 32)
        return fail(errc::invalid, "leaf hash is not 32 bytes");
    // Down from the root to learn on which side the path goes, at most 63 turns; the aunts are used
    // upward from the leaf.
    std::uint64_t goes_right = 0;
    std::size_t depth = 0;
    for (auto total = static_cast<std::uint64_t>(p.total),
              index = static_cast<std::uint64_t>(p.index);
         total > 1; ++depth) {
        const auto left = merkle_split(total);
        goes_right = goes_right << 1 | (index >= left ? 1 : 0);
        if (index >= left) {
            index -= left;
            total -= left;
        } else {
            total = left;
        }
    }
    if (p.aunts.size() != depth)
        return fail(errc::invalid, p.aunts.size() > depth ? "unexpected inner hashes"
                                                          : "expected at least one inner hash");
    auto hash = hash256::from(p.leaf_hash);
    for (const auto& aunt : p.aunts) {
        hash = goes_right & 1 ? merkle_inner(aunt, hash) : merkle_inner(hash, aunt);
        goes_right >>= 1;
    }
    return hash;
}

result<void> verify(const merkle_proof& p, byte_view root, byte_view leaf) {
    if (p.total < 0)
        return fail(errc::invalid, "proof total must be positive");
    if (p.index < 0)
        return fail(errc::invalid, "proof index cannot be negative");
    if (!equal(merkle_leaf(leaf), p.leaf_hash))
        return fail(errc::invalid, "invalid leaf hash");
    auto computed = root_of(p);
    if (!computed)
        return pass(computed, "compute root hash");
    if (!equal(*computed, root))
        return fail(errc::invalid, "invalid root hash");
    return {};
}

namespace {

// Hashes the tree over [first, first + count) and, on the way up, appends to each leaf's proof the
// root of the sibling subtree. Depth is log2(count).
hash256 collect(std::span<const hash256> leaf_hashes, std::vector<merkle_proof>& proofs,
                std::size_t first) {
    const auto count = leaf_hashes.size();
    if (count == 1)
        return leaf_hashes[0];
    const auto left_count = static_cast<std::size_t>(merkle_split(count));
    const auto left = collect(leaf_hashes.first(left_count), proofs, first);
    const auto right = collect(leaf_hashes.subspan(left_count), proofs, first + left_count);
    for (std::size_t i = 0; i < count; ++i)
        proofs[first + i].aunts.push_back(i < left_count ? right : left);
    return merkle_inner(left, right);
}

}  // namespace

merkle_proofs prove_hashes(std::span<const hash256> leaf_hashes) {
    merkle_proofs out;
    if (leaf_hashes.empty()) {
        out.root = merkle_builder().root();
        return out;
    }
    const auto depth = static_cast<std::size_t>(std::bit_width(leaf_hashes.size() - 1));
    out.proofs.resize(leaf_hashes.size());
    for (std::size_t i = 0; i < leaf_hashes.size(); ++i) {
        auto& p = out.proofs[i];
        p.total = static_cast<std::int64_t>(leaf_hashes.size());
        p.index = static_cast<std::int64_t>(i);
        p.leaf_hash = leaf_hashes[i];
        p.aunts.reserve(depth);
    }
    out.root = collect(leaf_hashes, out.proofs, 0);
    return out;
}

merkle_proofs prove(std::span<const byte_view> leaves) {
    std::vector<hash256> hashes;
    hashes.reserve(leaves.size());
    for (const auto& leaf : leaves)
        hashes.push_back(merkle_leaf(leaf));
    return prove_hashes(hashes);
}

}  // namespace tetrad::crypto
