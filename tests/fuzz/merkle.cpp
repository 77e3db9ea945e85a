// SPDX-License-Identifier: Apache-2.0
// Merkle trees and proofs, against RFC 6962 written as it defines them: by recursion. A proof made here verifies; whatever is
// changed in one, it verifies exactly where the definition leads to the root, and then the leaf is one of the tree's.
// An input: number of leaves, index, change, place of the change, and the bytes that the leaves are cut from.
#include "base/crypto/hash.hpp"
#include "base/crypto/merkle.hpp"
#include "base/wire/protobuf.hpp"
#include "tests/fuzz/support.hpp"

#include <algorithm>
#include <bit>
#include <optional>

namespace tetrad::fuzz {

namespace {

using crypto::merkle_proof;

hash256 hash_of(std::uint8_t prefix, byte_view a, byte_view b = {}) {
    bytes all{prefix};
    append(all, a);
    append(all, b);
    return crypto::sha256(all);
}

std::int64_t split_of(std::int64_t count) {  // the largest power of two below it
    return static_cast<std::int64_t>(std::bit_floor(static_cast<std::uint64_t>(count) - 1));
}

hash256 root_by_definition(std::span<const byte_view> leaves) {
    if (leaves.empty())
        return crypto::sha256({});
    if (leaves.size() == 1)
        return hash_of(0, leaves[0]);
    const auto split = static_cast<std::size_t>(split_of(static_cast<std::int64_t>(leaves.size())));
    return hash_of(1, root_by_definition(leaves.first(split)), root_by_definition(leaves.subspan(split)));
}

// Where `aunts`, the last of them the child of the root, lead to from a leaf.
std::optional<hash256> walk(std::int64_t index, std::int64_t total, const hash256& leaf, std::span<const hash256> aunts) {
    if (total <= 0 || index < 0 || index >= total)
        return {};
    if (total == 1)
        return aunts.empty() ? std::optional(leaf) : std::nullopt;
    if (aunts.empty())
        return {};
    const auto split = split_of(total);
    const auto rest = aunts.first(aunts.size() - 1);
    if (index < split) {
        const auto left = walk(index, split, leaf, rest);
        return left ? std::optional(hash_of(1, *left, aunts.back())) : std::nullopt;
    }
    const auto right = walk(index - split, total - split, leaf, rest);
    return right ? std::optional(hash_of(1, aunts.back(), *right)) : std::nullopt;
}

bool holds(const merkle_proof& p, byte_view root, byte_view leaf) {
    const auto hash = hash_of(0, leaf);
    const auto led_to = walk(p.index, p.total, hash, p.aunts);
    return p.aunts.size() <= merkle_proof::aunts_max && equal(p.leaf_hash, hash) && led_to && equal(*led_to, root);
}

enum change { none, leaf, own_hash, aunt, fewer, more, swapped, index_only, total_only, root_only, changes };

void change_proof(merkle_proof& p, bytes& data, hash256& root, std::size_t what, input& in) {
    const auto bit = static_cast<std::uint8_t>(1u << in.below(8));
    const auto place = in.byte();
    switch (what) {
        case leaf:
            if (!data.empty())
                data[place % data.size()] ^= bit;
            else
                data.push_back(place);
            break;
        case own_hash: {
            auto h = hash256::from(p.leaf_hash);
            h.data[place % 32] ^= bit;
            p.leaf_hash = h;
            break;
        }
        case aunt:
            if (!p.aunts.empty())
                p.aunts[place % p.aunts.size()].data[place / 8] ^= bit;
            break;
        case fewer:
            if (!p.aunts.empty())
                p.aunts.erase(p.aunts.begin() + place % static_cast<int>(p.aunts.size()));
            break;
        case more: p.aunts.insert(p.aunts.begin() + place % static_cast<int>(p.aunts.size() + 1), root); break;
        case swapped:
            if (p.aunts.size() > 1)
                std::swap(p.aunts.front(), p.aunts[place % p.aunts.size()]);
            break;
        case index_only: p.index = static_cast<std::int64_t>(in.number()); break;
        case total_only: p.total = static_cast<std::int64_t>(in.number()); break;
        case root_only: root.data[place % 32] ^= bit; break;
        default: break;
    }
}

void run(input in) {
    const auto count = in.below(40), which = in.below(std::max<std::size_t>(count, 1)), what = in.below(changes);
    input choices = in;
    std::vector<byte_view> leaves;
    for (std::size_t i = 0; i < count; ++i)
        leaves.push_back(in.take(in.below(5) * 7));

    auto root = root_by_definition(leaves);
    CHECK(crypto::merkle_root(leaves) == root);
    const auto made = crypto::prove(leaves);
    CHECK(made.root == root && made.proofs.size() == count);
    for (std::size_t i = 0; i < count; ++i) {
        CHECK(check_shape(made.proofs[i]) && crypto::verify(made.proofs[i], root, leaves[i]) && holds(made.proofs[i], root, leaves[i]));
        CHECK(crypto::root_of(made.proofs[i]) == root);
    }
    if (count == 0)
        return;

    auto proof = made.proofs[which];
    auto data = to_bytes(leaves[which]);
    change_proof(proof, data, root, what, choices);
    const bool verified = crypto::verify(proof, root, data).has_value();
    CHECK(verified == holds(proof, root, data));
    const bool same = proof == made.proofs[which] && root == made.root && equal(data, leaves[which]);
    if (same)
        CHECK(verified);
    else if (what != index_only && what != total_only)  // a path may have the same form in a tree of another size
        CHECK(!verified);
    if (verified)
        CHECK(std::ranges::any_of(leaves, [&](byte_view l) { return equal(l, data); }));
}

// As it comes from a peer: any proof at all.
void run_received(byte_view raw) {
    const auto proof = wire::decode<merkle_proof>(raw);
    if (!proof)
        return;
    const auto root = walk(proof->index, proof->total, hash_of(0, raw), proof->aunts).value_or(hash256{});
    CHECK(crypto::verify(*proof, root, raw).has_value() == holds(*proof, root, raw));
    static_cast<void>(check_shape(*proof));
}

}  // namespace

}  // namespace tetrad::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    tetrad::fuzz::run({data, size});
    tetrad::fuzz::run_received({data, size});
    return 0;
}
