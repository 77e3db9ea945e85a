// SPDX-License-Identifier: Apache-2.0
// What the engine of consensus and the network shard say to each other. Rings and depths are on daemon/shard_plan.
#pragma once

#include <memory>
#include <optional>
#include <variant>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "base/strong.hpp"
#include "base/time.hpp"
#include "chain/params.hpp"
#include "chain/part_set.hpp"
#include "chain/proposal.hpp"
#include "chain/validator_set.hpp"
#include "consensus/core/input.hpp"
#include "consensus/core/round_state.hpp"
#include "runtime/port.hpp"

namespace tetrad::consensus::engine {

// ---- network -> consensus ----

/// A part of the block that is being collected; its proof holds.
struct part_received {
    height_t height;
    round_t round;
    chain::part part;
};
/// Something of a peer, well-formed and verified.
struct peer_input {
    std::variant<core::proposal_received, part_received, core::vote_received,
                 core::majority_claimed>
        what;
    slice message;  // as it came, for the WAL
    core::source from;
};
using input_port = runtime::port<peer_input, result<void>>;

/// The mempool has transactions, the first time at a height.
using txs_port = runtime::port<core::txs_available, result<void>>;

// ---- consensus -> network: news, in order ----

/// A height begins. Votes and proposals of it can be verified from now on, and peers be told of it.
struct height_begun {
    height_t height;
    chain::validator_set validators;
    chain::validator_set last_validators;
    std::optional<core::vote_set> last_commit;
    height_t store_base;                // the lowest block that can be served; 0: none
    std::int64_t block_bytes_max = -1;  // the parameter
    chain::abci_params abci;            // at which heights precommits carry extensions
    bool evidence_changed = false;      // more or less of it waits for a block
};
struct step_begun {
    height_t height;
    round_t round;
    core::step_t step{};
    timestamp start_time;
    round_t last_commit_round;
};
/// Taken as the round's proposal.
struct proposal_news {
    chain::proposal proposal;
    slice message;  // encoded
};
/// Parts under this header are collected from now on.
struct collecting {
    height_t height;
    chain::part_set_header parts;
};
/// A part that is here now; the same ones as collected.
struct part_news {
    height_t height;
    chain::part part;
};
struct vote_news {
    core::vote_ptr vote;
    slice message;  // encoded
    core::source from;
    std::optional<chain::block_id> majority;  // of all votes of its kind and round, with it
};
struct valid_block_news {
    height_t height;
    round_t round;
    chain::part_set_header parts;
};

using news = std::variant<height_begun, step_begun, proposal_news, collecting, part_news, vote_news,
                          valid_block_news>;
using news_port = runtime::port<news, result<void>>;

}  // namespace tetrad::consensus::engine
