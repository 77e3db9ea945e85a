// SPDX-License-Identifier: Apache-2.0
#include "base/check.hpp"
#include "consensus/core/core.hpp"

namespace tetrad::consensus::core {

void check_invariants(const round_state& rs) {
    CHECK(rs.round.v >= 0);
    CHECK((rs.locked_round.v >= 0) == static_cast<bool>(rs.locked_block));
    CHECK((rs.valid_round.v >= 0) == static_cast<bool>(rs.valid_block));
    CHECK(rs.locked_round <= rs.round && rs.valid_round <= rs.round);
    CHECK(!rs.locked_block || rs.locked_block->valid == true);
    CHECK(!rs.proposal || (rs.proposal->height == rs.height && rs.proposal->round == rs.round));
    CHECK(!rs.proposal || rs.proposal_parts);
    CHECK(!rs.proposal_block || rs.proposal_parts == rs.proposal_block->id.parts);
    CHECK((rs.step == step_t::commit) == (rs.commit_round.v >= 0));
    CHECK(rs.step != step_t::precommit_wait);
    CHECK(!rs.prevote_pending || rs.step == step_t::prevote || rs.step == step_t::prevote_wait);
    CHECK(!rs.precommit_pending || rs.step == step_t::precommit);
    CHECK(!rs.applying || rs.step == step_t::commit);
    CHECK(rs.votes.prevotes(rs.round) && rs.votes.precommits(rs.round));
    if (rs.step == step_t::commit) {
        const vote_set* precommits = rs.votes.precommits(rs.commit_round);
        CHECK(precommits && precommits->majority() && !precommits->majority()->is_zero());
        CHECK(rs.proposal_parts);
    }
}

}  // namespace tetrad::consensus::core
