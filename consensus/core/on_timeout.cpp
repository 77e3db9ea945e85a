// SPDX-License-Identifier: Apache-2.0
// A step took as long as it may.
#include "consensus/core/core.hpp"

namespace tetrad::consensus::core {

void machine::on(const timeout_fired& in) {
    // Only of where we are was one asked for: of a later round it is no more than a record that nobody wrote.
    if (in.height != rs_.height || in.round != rs_.round || in.step < rs_.step)
        return;
    switch (in.step) {
        case step_t::new_height: return enter_new_round(round_t(0));
        case step_t::new_round: return enter_propose(in.round);
        case step_t::propose: return enter_prevote();
        case step_t::prevote_wait: return enter_precommit();
        case step_t::precommit_wait: enter_precommit(); return enter_new_round(in.round + 1);
        default: return;
    }
}

}  // namespace tetrad::consensus::core
