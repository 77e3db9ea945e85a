// SPDX-License-Identifier: Apache-2.0
// What names a block: its hash and the header of its part set. Also the words that every file of this folder uses for hashes,
// addresses and signatures. Plain values: any shard.
//
// A hash, address or signature may be empty (absent), and one of a peer may have any length up to its maximum: check_shape of
// the message that holds it decides.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/bytes.hpp"
#include "base/crypto/hash.hpp"
#include "base/result.hpp"
#include "base/strong.hpp"
#include "base/wire/schema.hpp"

namespace tetrad::chain {

using wire::field;
using wire::fields;

using hash = inline_bytes<32>;
using crypto::address;
using crypto::signature;

constexpr std::size_t hash_size = 32;
constexpr std::size_t address_size = 20;
constexpr std::size_t chain_id_size_max = 50;
constexpr std::size_t votes_max = 10000;            // entries of a commit, bits of a vote set
constexpr std::size_t block_bytes_max = 104857600;  // 100 MiB
constexpr std::size_t part_bytes_max = 65536;
constexpr std::size_t parts_max = block_bytes_max / part_bytes_max + 1;
constexpr std::size_t extension_bytes_max = 1024 * 1024;

/// Empty or exactly 32 bytes: "expected size to be 32 bytes, got 3 bytes".
result<void> check_hash(byte_view);

/// How many parts a block has, and the merkle root over them (tendermint.types.PartSetHeader).
struct part_set_header {
    std::uint32_t total = 0;
    chain::hash hash;

    static constexpr auto schema = fields(field<1>("total", &part_set_header::total),
                                          field<2>("hash", &part_set_header::hash));

    bool is_zero() const { return total == 0 && hash.empty(); }
    bool operator==(const part_set_header&) const = default;
};

result<void> check_shape(const part_set_header&);
/// "1:0102030405AB": the total and the first six bytes of the hash.
std::string to_string(const part_set_header&);

/// The whole name of a block (tendermint.types.BlockID). Zero means nil: no block.
struct block_id {
    chain::hash hash;
    part_set_header parts;

    static constexpr auto schema =
        fields(field<1>("hash", &block_id::hash), field<2>("parts", &block_id::parts));

    bool is_zero() const { return hash.empty() && parts.is_zero(); }
    bool is_complete() const {
        return hash.size() == hash_size && parts.total > 0 && parts.hash.size() == hash_size;
    }

    /// Hash, then the part set header's encoding: unique, and ordered as the votes of evidence are (BlockID.Key).
    using key_type = inline_bytes<hash_size + 6 + 2 + hash_size>;
    key_type key() const;

    bool operator==(const block_id&) const = default;
};

result<void> check_shape(const block_id&);
/// "<hash>:1:0102030405AB".
std::string to_string(const block_id&);

}  // namespace tetrad::chain
