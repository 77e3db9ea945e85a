// SPDX-License-Identifier: Apache-2.0
// What the stores hold besides the chain's own types.
#pragma once

#include <optional>

#include "base/wire/schema.hpp"
#include "chain/params.hpp"
#include "chain/validator.hpp"

namespace tetrad::storage {

/// Which heights are here. Metas and commits may reach further down than blocks: evidence of old heights needs them.
struct store_range {
    height_t base;
    height_t height;
    height_t meta_base;
    static constexpr auto schema = wire::fields(wire::field<1>("", &store_range::base), wire::field<2>("", &store_range::height),
                                                wire::field<3>("", &store_range::meta_base));
};

/// tendermint.state.ValidatorsInfo: the set is there at heights where it changed and at every checkpoint.
struct validators_info {
    std::optional<chain::validator_set_record> set;
    height_t last_changed;
    static constexpr auto schema =
        wire::fields(wire::field<1>("", &validators_info::set), wire::field<2>("", &validators_info::last_changed));
};

/// tendermint.state.ConsensusParamsInfo: all zero where nothing changed since last_changed.
struct params_info {
    chain::consensus_params params;
    height_t last_changed;
    static constexpr auto schema =
        wire::fields(wire::field<1>("", &params_info::params), wire::field<2>("", &params_info::last_changed));
};

}  // namespace tetrad::storage
