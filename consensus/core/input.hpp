// SPDX-License-Identifier: Apache-2.0
// Everything that can happen to the consensus core. Inputs carry verdicts, never bytes of a peer: signatures, proofs and shapes were
// checked by whoever made them. An answer to something the core asked for carries the height and round it was asked in; where those
// have passed it is stale, and nothing happens.
#pragma once

#include <optional>
#include <variant>

#include "base/strong.hpp"
#include "base/time.hpp"
#include "chain/ids.hpp"
#include "chain/proposal.hpp"
#include "chain/validator_set.hpp"
#include "consensus/core/round_state.hpp"
#include "consensus/core/vote_set.hpp"

namespace tetrad::consensus::core {

/// What the state says of the height that comes next.
struct height_start {
    height_t height;
    chain::validator_set validators;
    chain::validator_set last_validators;
    /// The precommits of the last block, where the core cannot have them itself: at a start, but for the initial height.
    std::optional<vote_set> last_commit;
    bool is_initial = false;
    /// The last block changed the application's hash (or there was none): the next one proves it, even where it is empty.
    bool needs_proof_block = true;
    std::int64_t block_bytes_max = -1;  // the parameter; -1: the protocol's maximum
};

/// Of the proposer of its round, signature verified. Ours too.
struct proposal_received {
    chain::proposal proposal;
};
/// All parts under this header are here and make a well-formed block.
struct block_completed {
    height_t height;
    chain::block_id id;
    timestamp time;
};
enum class verdict : std::uint8_t {
    invalid,   // it does not follow on the state
    rejected,  // it does, but the application refuses it
    accepted,
};
/// The answer to validate_block.
struct block_validated {
    height_t height;
    round_t round;
    chain::block_id id;
    core::verdict verdict{};
};
/// Signature verified; with extensions, these too, and the application accepts them. Ours too (source is empty).
struct vote_received {
    vote_ptr vote;
    source from;
};
struct majority_claimed {
    height_t height;
    round_t round;
    chain::vote_type type{};
    chain::block_id id;
    source from;
};
struct timeout_fired {
    height_t height;
    round_t round;
    step_t step{};
};
/// The mempool has transactions, where blocks wait for them.
struct txs_available {};
/// The decided block is applied and durable.
struct block_applied {
    height_start next;
};

using input = std::variant<proposal_received, block_completed, block_validated, vote_received,
                           majority_claimed, timeout_fired, txs_available, block_applied>;

}  // namespace tetrad::consensus::core
