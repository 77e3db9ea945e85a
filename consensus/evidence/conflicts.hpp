// SPDX-License-Identifier: Apache-2.0
// Pairs of votes that validators should not have signed, until their height is decided: only then is it known at what time that was,
// and every node that saw the same two votes makes the same evidence of them (ReportConflictingVotes, processConsensusBuffer). Consensus
// shard; owned by the engine. After a crash the WAL's votes bring them back.
//
//   bounds: one pair for each validator, height, round and kind of vote; conflicts_max of them. Further ones are not kept: the block
//   of this height makes room, and other nodes saw them as well.
#pragma once

#include <map>
#include <tuple>
#include <vector>

#include "chain/evidence.hpp"
#include "chain/header.hpp"
#include "chain/state.hpp"
#include "consensus/core/vote_set.hpp"

namespace tetrad::consensus::evidence {

class conflicts {
public:
    static constexpr std::size_t conflicts_max = 1000;

    /// Verified, of one validator, height, round and kind, for two blocks. False: nothing new, or full.
    bool report(core::vote_ptr first, core::vote_ptr second);

    /// A block follows on `before`: evidence of what was reported of its height, and of the one before it (late precommits). Nothing
    /// of these heights is left.
    std::vector<chain::evidence> settle(const chain::state& before, const chain::header& decided);

    std::size_t size() const { return pairs_.size(); }

private:
    using key = std::tuple<height_t, round_t, chain::vote_type, chain::address>;
    std::map<key, std::pair<core::vote_ptr, core::vote_ptr>> pairs_;
};

}  // namespace tetrad::consensus::evidence
