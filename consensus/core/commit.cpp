// SPDX-License-Identifier: Apache-2.0
// More than two thirds precommitted a block: it is decided. Get it, have it applied, go on to the next height.
#include "base/check.hpp"
#include "consensus/core/core.hpp"

namespace tetrad::consensus::core {

void machine::enter_commit(round_t r) {
    if (rs_.step == step_t::commit)
        return;
    const auto decided = rs_.votes.precommits(r)->majority();
    CHECK(decided && !decided->is_zero());
    if (is_block(rs_.locked_block, *decided)) {
        rs_.proposal_block = rs_.locked_block;
        rs_.proposal_parts = rs_.locked_block->id.parts;
    }
    rs_.prevote_pending = rs_.precommit_pending = false;
    if (!is_block(rs_.proposal_block, *decided)) {
        if (rs_.proposal_parts != decided->parts) {
            drop_block();
            collect(decided->parts);
        }
        // Also where they are being collected: a part that came before we knew its header is lost, and its sender counts it as ours.
        emit(valid_block_known{rs_.height, rs_.round, decided->parts});
    }
    rs_.commit_round = r;
    rs_.commit_time = now_;
    set_step(rs_.round, step_t::commit);
    try_commit();
}

void machine::try_commit() {
    const vote_set& precommits = *rs_.votes.precommits(rs_.commit_round);
    const chain::block_id& decided = *precommits.majority();
    if (rs_.applying || !is_block(rs_.proposal_block, decided))
        return;
    if (rs_.proposal_block->id.parts != decided.parts)
        return emit(
            halt{"two thirds decided a block under a header of parts that it does not have"});
    rs_.applying = true;
    emit(apply_block{decided, precommits.make_commit()});
}

void machine::on(const block_applied& in) {
    if (!rs_.applying || in.next.height != rs_.height + 1)
        return;
    start_height(in.next);
}

}  // namespace tetrad::consensus::core
