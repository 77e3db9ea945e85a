// SPDX-License-Identifier: Apache-2.0
// What we prevote: the block we are locked on; else the proposed one where it is valid and the application accepts it; else nil.
#include "consensus/core/core.hpp"

namespace tetrad::consensus::core {

using chain::vote_type;

void machine::enter_prevote() {
    if (has_passed(rs_.round, step_t::prevote))
        return;
    if (rs_.locked_block) {
        // Also where the proposal carries a newer proof of lock: seeing that proof unlocks, in on_prevote.
        sign(vote_type::prevote, rs_.locked_block->id);
    } else if (!rs_.proposal_block) {
        sign(vote_type::prevote, {});
    } else {
        // Also where we have no vote: applications use the call to execute ahead.
        rs_.prevote_pending = true;
        emit(validate_block{rs_.height, rs_.round, rs_.proposal_block->id, true});
    }
    set_step(rs_.round, step_t::prevote);
}

void machine::enter_prevote_wait() {
    if (has_passed(rs_.round, step_t::prevote_wait))
        return;
    schedule(options_.timeouts.of_prevote(rs_.round), rs_.round, step_t::prevote_wait);
    set_step(rs_.round, step_t::prevote_wait);
}

}  // namespace tetrad::consensus::core
