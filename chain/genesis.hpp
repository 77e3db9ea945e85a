// SPDX-License-Identifier: Apache-2.0
// The genesis document: where a chain begins. Reads CometBFT's form, and the one that Cosmos SDK applications write (AppGenesis:
// a bare number for the height, parameters and validators under "consensus"). Plain values: read at start, on no shard.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/crypto/keys.hpp"
#include "base/result.hpp"
#include "base/strong.hpp"
#include "base/time.hpp"
#include "chain/ids.hpp"
#include "chain/params.hpp"
#include "chain/validator_set.hpp"

namespace tetrad::chain {

struct genesis_validator {
    chain::address address;
    crypto::public_key key;
    power_t power;
    std::string name;
    static constexpr auto schema = fields(wire::json_field("address", &genesis_validator::address),
                                          wire::json_field("pub_key", &genesis_validator::key),
                                          wire::json_field("power", &genesis_validator::power),
                                          wire::json_field("name", &genesis_validator::name));
    bool operator==(const genesis_validator&) const = default;
};

struct genesis_doc {
    timestamp time;
    std::string chain_id;
    height_t initial_height;
    std::optional<consensus_params> params;
    std::vector<genesis_validator> validators;
    bytes app_hash;
    bytes app_state;  // JSON text, byte for byte as it stood in the document

    static constexpr auto schema = fields(
        wire::json_field("genesis_time", &genesis_doc::time),
        wire::json_field("chain_id", &genesis_doc::chain_id),
        wire::json_field("initial_height", &genesis_doc::initial_height),
        wire::json_field("consensus_params", &genesis_doc::params, wire::omit_empty),
        wire::json_field("validators", &genesis_doc::validators, wire::omit_empty),
        wire::json_field("app_hash", &genesis_doc::app_hash, wire::hex),
        wire::json_field("app_state", &genesis_doc::app_state, wire::omit_empty | wire::raw_json));
    bool operator==(const genesis_doc&) const = default;

    /// The members of the initial set; empty where the application is to name them at InitChain. Fails where they make no set
    /// (the same key twice, a negative power).
    result<validator_set> initial_validators() const;
};

/// Parses only. Either form.
result<genesis_doc> genesis_from_json(std::string_view json);
/// As CometBFT writes the file: indented by two spaces.
std::string genesis_to_json(const genesis_doc&);

/// Refuses what cannot be started from and fills in what may be left out: initial height 1, the default parameters, addresses,
/// and `now` where there is no time (GenesisDoc.ValidateAndComplete).
result<void> validate_and_complete(genesis_doc&, timestamp now);

/// "PubKeyEd25519{...}" and the rest, as CometBFT prints one in its errors.
std::string to_string(const genesis_validator&);

}  // namespace tetrad::chain
