// SPDX-License-Identifier: Apache-2.0
// What we precommit: a block with a polka in this round, on which we are locked from then on; else nil. A polka for nil or for a block
// that we do not have unlocks.
#include "consensus/core/core.hpp"

namespace tetrad::consensus::core {

using chain::vote_type;

void machine::lock(const candidate_ptr& c) {
    rs_.locked_round = rs_.round;
    rs_.locked_block = c;
    sign(vote_type::precommit, c->id);
}

void machine::unlock() {
    rs_.locked_round = round_t(-1);
    rs_.locked_block.reset();
}

void machine::enter_precommit() {
    if (has_passed(rs_.round, step_t::precommit))
        return;
    rs_.prevote_pending = false;  // a prevote after a precommit is never signed
    const auto polka = rs_.votes.polka(rs_.round);
    if (!polka) {
        sign(vote_type::precommit, {});
    } else if (polka->is_zero()) {
        unlock();
        sign(vote_type::precommit, {});
    } else if (is_block(rs_.locked_block, *polka)) {
        lock(rs_.locked_block);
    } else if (is_block(rs_.proposal_block, *polka)) {
        if (rs_.proposal_block->valid == true) {
            lock(rs_.proposal_block);
        } else {
            rs_.precommit_pending = true;
            emit(validate_block{rs_.height, rs_.round, rs_.proposal_block->id, false});
        }
    } else {
        unlock();
        if (rs_.proposal_parts != polka->parts) {
            drop_block();
            collect(polka->parts);
        }
        sign(vote_type::precommit, {});
    }
    set_step(rs_.round, step_t::precommit);
}

void machine::enter_precommit_wait() {
    if (rs_.precommit_wait_begun || rs_.step == step_t::commit)
        return;
    rs_.precommit_wait_begun = true;
    schedule(options_.timeouts.of_precommit(rs_.round), rs_.round, step_t::precommit_wait);
    emit(step_entered{rs_.height, rs_.round, rs_.step});
}

}  // namespace tetrad::consensus::core
