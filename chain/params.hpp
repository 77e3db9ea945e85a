// SPDX-License-Identifier: Apache-2.0
// What a network has agreed on besides its validators, and how an application changes it: limits of blocks and evidence, kinds
// of keys, the application's version, vote extensions. Plain values: any shard.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "base/strong.hpp"
#include "base/time.hpp"
#include "chain/codec.hpp"
#include "chain/ids.hpp"

namespace tetrad::chain {

struct block_params {
    std::int64_t max_bytes = 0;  // -1: the protocol's maximum
    std::int64_t max_gas = 0;    // -1: no limit
    static constexpr auto schema = fields(field<1>("max_bytes", &block_params::max_bytes),
                                          field<2>("max_gas", &block_params::max_gas));
    /// What a block's encoding may measure.
    std::int64_t bytes_max() const {
        return max_bytes == -1 ? static_cast<std::int64_t>(block_bytes_max) : max_bytes;
    }
    bool operator==(const block_params&) const = default;
};

/// Evidence is too old when it is older than both ages.
struct evidence_params {
    std::int64_t max_age_blocks = 0;
    duration max_age{};
    std::int64_t max_bytes = 0;  // in one block
    static constexpr auto schema =
        fields(field<1>("max_age_num_blocks", &evidence_params::max_age_blocks),
               field<2>("max_age_duration", &evidence_params::max_age),
               field<3>("max_bytes", &evidence_params::max_bytes));
    bool operator==(const evidence_params&) const = default;
};

struct validator_params {
    std::vector<std::string> key_types;
    static constexpr auto schema = fields(field<1>("pub_key_types", &validator_params::key_types));
    bool allows(std::string_view key_type) const;
    bool operator==(const validator_params&) const = default;
};

struct version_params {
    std::uint64_t app = 0;
    static constexpr auto schema = fields(field<1>("app", &version_params::app));
    bool operator==(const version_params&) const = default;
};

struct abci_params {
    height_t vote_extensions_enable_height;  // 0: never
    static constexpr auto schema = fields(
        field<1>("vote_extensions_enable_height", &abci_params::vote_extensions_enable_height));
    bool vote_extensions_enabled(height_t h) const {
        return vote_extensions_enable_height.v > 0 && vote_extensions_enable_height <= h;
    }
    bool operator==(const abci_params&) const = default;
};

/// tendermint.types.ConsensusParams, all parts there. A new one is zero, as what is decoded starts from that.
struct consensus_params {
    block_params block;
    evidence_params evidence;
    validator_params validator;
    version_params version;
    abci_params abci;

    static constexpr auto schema = fields(field<1>("block", &consensus_params::block),
                                          field<2>("evidence", &consensus_params::evidence),
                                          field<3>("validator", &consensus_params::validator),
                                          field<4>("version", &consensus_params::version),
                                          field<5>("abci", &consensus_params::abci));

    /// CometBFT's: blocks of 21 MiB without a limit of gas, ed25519 keys, evidence for 48 hours or 100000 blocks.
    static consensus_params defaults();
    /// The header's consensus_hash: SHA-256 over block.max_bytes and block.max_gas only.
    hash256 hash() const;
    bool operator==(const consensus_params&) const = default;
};

/// ConsensusParams.ValidateBasic.
result<void> check_shape(const consensus_params&);

struct block_params_update {
    std::int64_t max_bytes = 0;
    std::int64_t max_gas = 0;
    static constexpr auto schema =
        fields(field<1>("max_bytes", &block_params_update::max_bytes, wire::omit_empty),
               field<2>("max_gas", &block_params_update::max_gas, wire::omit_empty));
    bool operator==(const block_params_update&) const = default;
};

struct evidence_params_update {
    std::int64_t max_age_blocks = 0;
    duration max_age{};
    std::int64_t max_bytes = 0;
    static constexpr auto schema = fields(
        field<1>("max_age_num_blocks", &evidence_params_update::max_age_blocks, wire::omit_empty),
        field<2>("max_age_duration", &evidence_params_update::max_age),
        field<3>("max_bytes", &evidence_params_update::max_bytes, wire::omit_empty));
    bool operator==(const evidence_params_update&) const = default;
};

struct validator_params_update {
    std::vector<std::string> key_types;
    static constexpr auto schema =
        fields(field<1>("pub_key_types", &validator_params_update::key_types, wire::omit_empty));
    bool operator==(const validator_params_update&) const = default;
};

struct version_params_update {
    std::uint64_t app = 0;
    static constexpr auto schema =
        fields(field<1>("app", &version_params_update::app, wire::omit_empty));
    bool operator==(const version_params_update&) const = default;
};

struct abci_params_update {
    height_t vote_extensions_enable_height;
    static constexpr auto schema =
        fields(field<1>("vote_extensions_enable_height",
                        &abci_params_update::vote_extensions_enable_height, wire::omit_empty));
    bool operator==(const abci_params_update&) const = default;
};

/// What an application changes: parts that are there replace the whole part. In JSON as CometBFT prints the protobuf struct:
/// empty members are left out.
struct consensus_params_update {
    std::optional<block_params_update> block;
    std::optional<evidence_params_update> evidence;
    std::optional<validator_params_update> validator;
    std::optional<version_params_update> version;
    std::optional<abci_params_update> abci;

    static constexpr auto schema =
        fields(field<1>("block", &consensus_params_update::block, wire::omit_empty),
               field<2>("evidence", &consensus_params_update::evidence, wire::omit_empty),
               field<3>("validator", &consensus_params_update::validator, wire::omit_empty),
               field<4>("version", &consensus_params_update::version, wire::omit_empty),
               field<5>("abci", &consensus_params_update::abci, wire::omit_empty));

    bool operator==(const consensus_params_update&) const = default;
};

/// The parameters with the update applied; nothing is checked (ConsensusParams.Update).
consensus_params updated(consensus_params, const consensus_params_update&);

/// May vote extensions be enabled as this update of `current`, returned at height `h`, says? They may be set only to a future
/// height, and not be changed once that has come (ConsensusParams.ValidateUpdate).
result<void> check_update(const consensus_params& current, const consensus_params_update&,
                          height_t h);

}  // namespace tetrad::chain
