// SPDX-License-Identifier: Apache-2.0
// A block's header: what its hash covers, and so what validators sign. Plain values: any shard.
#pragma once

#include <string>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "base/strong.hpp"
#include "base/time.hpp"
#include "chain/codec.hpp"
#include "chain/ids.hpp"

namespace tetrad::chain {

/// The block protocol that this node speaks; a block of another is refused.
constexpr std::uint64_t block_protocol = 11;

/// tendermint.version.Consensus.
struct consensus_version {
    std::uint64_t block = 0;
    std::uint64_t app = 0;
    static constexpr auto schema =
        fields(field<1>("block", &consensus_version::block, wire::omit_empty),
               field<2>("app", &consensus_version::app, wire::omit_empty));
    bool operator==(const consensus_version&) const = default;
};

/// tendermint.types.Header.
struct header {
    consensus_version version;
    std::string chain_id;
    height_t height;
    timestamp time;
    block_id last_block;
    chain::hash last_commit_hash;  // of this block's last_commit
    chain::hash data_hash;
    chain::hash validators_hash;       // who decides this block
    chain::hash next_validators_hash;  // who decides the next
    chain::hash consensus_hash;        // the parameters
    bytes app_hash;                    // after the previous block; any length
    chain::hash last_results_hash;
    chain::hash evidence_hash;
    address proposer;

    static constexpr auto schema =
        fields(field<1>("version", &header::version), field<2>("chain_id", &header::chain_id),
               field<3>("height", &header::height), field<4>("time", &header::time),
               field<5>("last_block_id", &header::last_block),
               field<6>("last_commit_hash", &header::last_commit_hash),
               field<7>("data_hash", &header::data_hash),
               field<8>("validators_hash", &header::validators_hash),
               field<9>("next_validators_hash", &header::next_validators_hash),
               field<10>("consensus_hash", &header::consensus_hash),
               field<11>("app_hash", &header::app_hash, wire::hex),
               field<12>("last_results_hash", &header::last_results_hash),
               field<13>("evidence_hash", &header::evidence_hash),
               field<14>("proposer_address", &header::proposer));

    /// The merkle root over the fourteen fields; empty where validators_hash is (the header is not complete).
    chain::hash hash() const;
    bool operator==(const header&) const = default;
};

/// Checks that need nothing but the header itself (Header.ValidateBasic).
result<void> check_shape(const header&);

}  // namespace tetrad::chain

TETRAD_CODEC(extern, tetrad::chain::header);
