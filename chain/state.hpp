// SPDX-License-Identifier: Apache-2.0
// The chain's state after a block: all that is needed to validate the next one. A value; its validator sets share their data,
// so that copies are cheap and may cross shards.
#pragma once

#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "base/strong.hpp"
#include "base/time.hpp"
#include "chain/block.hpp"
#include "chain/codec.hpp"
#include "chain/genesis.hpp"
#include "chain/header.hpp"
#include "chain/ids.hpp"
#include "chain/params.hpp"
#include "chain/validator_set.hpp"

namespace tetrad::chain {

/// tendermint.state.Version.
struct state_version {
    consensus_version consensus;
    std::string software;
    static constexpr auto schema = fields(field<1>("consensus", &state_version::consensus),
                                          field<2>("software", &state_version::software));
    bool operator==(const state_version&) const = default;
};

struct state {
    state_version version;
    std::string chain_id;
    height_t initial_height;

    height_t last_block_height;  // 0 before the first block
    block_id last_block;
    timestamp last_block_time;  // the genesis time before the first block

    validator_set next_validators;  // of last_block_height + 2
    validator_set validators;       // of last_block_height + 1
    validator_set last_validators;  // of last_block_height; empty before the first block
    height_t last_height_validators_changed;

    consensus_params params;  // of last_block_height + 1
    height_t last_height_params_changed;

    chain::hash last_results_hash;
    bytes app_hash;

    /// The height that comes next.
    height_t next_height() const {
        return last_block_height.v == 0 ? initial_height : last_block_height + 1;
    }
    bool operator==(const state&) const = default;
};

/// tendermint.state.State, as it is stored.
struct state_record {
    state_version version;
    std::string chain_id;
    height_t last_block_height;
    block_id last_block;
    timestamp last_block_time;
    std::optional<validator_set_record> next_validators;
    std::optional<validator_set_record> validators;
    std::optional<validator_set_record> last_validators;
    height_t last_height_validators_changed;
    consensus_params params;
    height_t last_height_params_changed;
    chain::hash last_results_hash;
    bytes app_hash;
    height_t initial_height;

    static constexpr auto schema = fields(
        field<1>("", &state_record::version), field<2>("", &state_record::chain_id),
        field<3>("", &state_record::last_block_height), field<4>("", &state_record::last_block),
        field<5>("", &state_record::last_block_time), field<6>("", &state_record::next_validators),
        field<7>("", &state_record::validators), field<8>("", &state_record::last_validators),
        field<9>("", &state_record::last_height_validators_changed),
        field<10>("", &state_record::params),
        field<11>("", &state_record::last_height_params_changed),
        field<12>("", &state_record::last_results_hash), field<13>("", &state_record::app_hash),
        field<14>("", &state_record::initial_height));
};

state_record record_of(const state&);
result<state> state_from(const state_record&);
bytes encode_state(const state&);
result<state> decode_state(byte_view);

/// The state before the first block, of a document that validate_and_complete has passed (MakeGenesisState). `software` is the
/// version that state.version names.
result<state> genesis_state(const genesis_doc&, std::string software);

/// The next block on this state: make_block, its header filled in (State.MakeBlock). `last_commit` is that of the last block,
/// by last_validators; empty at the initial height.
result<block> make_block(const state&, std::vector<tx>, commit last_commit, evidence_list,
                         const address& proposer);

}  // namespace tetrad::chain

TETRAD_CODEC(extern, tetrad::chain::state_record);
