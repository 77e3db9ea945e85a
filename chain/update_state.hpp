// SPDX-License-Identifier: Apache-2.0
// What a block, once executed, makes of the state (state/execution.go). Pure. An error here means that the application asked
// for what the protocol does not allow: the node cannot go on.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "chain/header.hpp"
#include "chain/ids.hpp"
#include "chain/params.hpp"
#include "chain/results.hpp"
#include "chain/state.hpp"
#include "chain/validator.hpp"

namespace tetrad::chain {

/// What of FinalizeBlock's response enters the state.
struct finalize_outcome {
    hash256 results_hash;
    std::vector<validator_update> validator_updates;
    std::optional<consensus_params_update> params_update;
    bytes app_hash;
};

/// The state after the block. Validator updates take effect two heights on, parameters at the next.
result<state> update_state(const state&, const block_id&, const header&, const finalize_outcome&);

/// No negative power, and only keys of the kinds that the parameters allow.
result<void> check_updates(std::span<const validator_update>, const validator_params&);
/// Updates as members (or removals) of a set. Fails where one has no key.
result<std::vector<validator>> members_of(std::span<const validator_update>);

/// What of InitChain's response enters the state.
struct init_chain_outcome {
    std::vector<validator_update> validators;
    std::optional<consensus_params_update> params_update;
    bytes app_hash;
};

/// The genesis state after InitChain. Fails where neither the document nor the application names validators.
result<state> after_init_chain(state, const init_chain_outcome&);

}  // namespace tetrad::chain
