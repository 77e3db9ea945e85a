// SPDX-License-Identifier: Apache-2.0
// What the application is asked about blocks that are not decided: when we propose one, when somebody proposed one, and about vote
// extensions. Pure; the engine of consensus carries it out.
#pragma once

#include <vector>

#include "app/abci/messages.hpp"
#include "base/result.hpp"
#include "chain/block.hpp"
#include "chain/commit.hpp"
#include "chain/state.hpp"
#include "chain/vote.hpp"

namespace tetrad::app {

/// How much may go into the next block.
struct proposal_room {
    std::int64_t tx_bytes_max = 0;    // for the application
    std::int64_t reap_bytes_max = 0;  // for the mempool; -1: as much as there is
    std::int64_t gas_max = -1;
};
/// Fails where evidence and signatures alone are too large for the parameters.
result<proposal_room> room_for(const chain::state&, const chain::evidence_list&);

/// PrepareProposal, of a draft by chain::make_block that holds what the mempool gave. `last` is the commit in it, with extensions where
/// they were enabled at its height.
result<abci::request_prepare_proposal> prepare_request(const chain::block& draft,
                                                       const chain::state&,
                                                       const chain::extended_commit& last,
                                                       const proposal_room&);
/// The draft with the application's transactions instead. Fails where they do not fit.
result<chain::block> with_txs(const chain::state&, const chain::block& draft,
                              std::vector<slice> txs, const proposal_room&);

/// ProcessProposal, of a block that is valid on the state.
result<abci::request_process_proposal> process_request(const chain::block&, const chain::state&);

/// ExtendVote, of the block that is precommitted.
result<abci::request_extend_vote> extend_request(const chain::block&, const chain::state&);
abci::request_verify_vote_extension verify_extension_request(const chain::vote&);

}  // namespace tetrad::app
