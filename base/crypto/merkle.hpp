// SPDX-License-Identifier: Apache-2.0
// The hash tree of RFC 6962: leaf = SHA256(00 || data), inner = SHA256(01 || left || right), no
// leaves = SHA256(""), and a list is split at the largest power of two below its length. Roots are
// made leaf by leaf: a stack of at most 64 hashes stands for all of the tree that is finished, so
// nothing is allocated and leaves need not exist at the same time. Pure functions and plain values:
// any shard.
#pragma once

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "base/wire/schema.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace tetrad::crypto {

hash256 merkle_leaf(byte_view data);
hash256 merkle_inner(const hash256& left, const hash256& right);

/// Leaves in, in order; root out.
class merkle_builder {
public:
    void add(byte_view leaf) { add_hash(merkle_leaf(leaf)); }
    /// A leaf that is hashed already.
    void add_hash(const hash256& leaf_hash);
    std::uint64_t size() const { return count_; }
    /// The root of the leaves so far; more may follow.
    hash256 root() const;

private:
    // Bit i of count_ says that a full subtree of 2^i leaves waits for its right sibling; higher
    // ones stand to the left.
    std::array<hash256, 64> full_;
    std::uint64_t count_ = 0;
};

hash256 merkle_root(std::span<const byte_view> leaves);

/// `leaf(i)` gives the data of leaf i as something that converts to byte_view and lives until the
/// next call.
template <class Leaf>
requires requires(Leaf& leaf, std::size_t i) {
    { leaf(i) } -> std::convertible_to<byte_view>;
}
hash256 merkle_root(std::size_t count, Leaf&& leaf) {
    merkle_builder tree;
    for (std::size_t i = 0; i < count; ++i) {
        decltype(auto) data = leaf(i);
        tree.add(byte_view(data));
    }
    return tree.root();
}

/// That one leaf stands at `index` among `total` below a root (tendermint.crypto.Proof). As it came
/// from a peer: check_shape first.
struct merkle_proof {
    static constexpr std::size_t aunts_max = 100;

    std::int64_t total = 0;
    std::int64_t index = 0;
    inline_bytes<32> leaf_hash;
    std::vector<hash256> aunts;  // the leaf's sibling first, the root's child last

    static constexpr auto schema =
        wire::fields(wire::field<1>("total", &merkle_proof::total),
                     wire::field<2>("index", &merkle_proof::index),
                     wire::field<3>("leaf_hash", &merkle_proof::leaf_hash, wire::base64),
                     wire::field<4>("aunts", &merkle_proof::aunts, wire::base64, aunts_max));
    bool operator==(const merkle_proof&) const = default;
};

/// What needs nothing but the proof itself: signs, lengths, at most aunts_max aunts. (An aunt of
/// another length does not decode.)
result<void> check_shape(const merkle_proof&);

/// The root that the proof leads to from its own leaf_hash. Fails where index, total and the number
/// of aunts do not fit.
result<hash256> root_of(const merkle_proof&);

/// Does `leaf` stand under `root` where the proof says? Safe on any proof.
result<void> verify(const merkle_proof&, byte_view root, byte_view leaf);

/// The largest power of two below n, for n > 1: how many leaves stand to the left.
constexpr std::size_t merkle_split(std::size_t n) { return std::bit_floor(n - 1); }

/// The proof of one leaf among `count`, index < count. Makes no other: takes as much memory as the proof. `leaf` as for merkle_root.
template <class Leaf>
merkle_proof prove_leaf(std::size_t count, std::size_t index, Leaf&& leaf) {
    merkle_proof p{static_cast<std::int64_t>(count), static_cast<std::int64_t>(index),
                   merkle_leaf(byte_view(leaf(index))), {}};
    const auto root_over = [&](std::size_t first, std::size_t n) {
        return merkle_root(n, [&](std::size_t i) { return leaf(first + i); });
    };
    for (std::size_t first = 0, n = count; n > 1;) {  // the subtree with the leaf in it, from the root down
        const std::size_t left = merkle_split(n);
        const bool is_left = index - first < left;
        p.aunts.push_back(is_left ? root_over(first + left, n - left) : root_over(first, left));
        first += is_left ? 0 : left;
        n = is_left ? left : n - left;
    }
    std::ranges::reverse(p.aunts);
    return p;
}

struct merkle_proofs {
    hash256 root;
    std::vector<merkle_proof> proofs;  // one a leaf, in order
};

/// All proofs at once; in memory total * log2(total) hashes.
merkle_proofs prove(std::span<const byte_view> leaves);
/// Of leaves that are hashed already.
merkle_proofs prove_hashes(std::span<const hash256> leaf_hashes);

}  // namespace tetrad::crypto
