// SPDX-License-Identifier: Apache-2.0
// The parts of a block are complete, or somebody looked at it and says whether it is valid.
#include "consensus/core/core.hpp"

namespace tetrad::consensus::core {

using chain::vote_type;

void machine::collect(const chain::part_set_header& parts) {
    rs_.proposal_parts = parts;
    emit(collect_parts{rs_.height, parts});
}

/// It is not the one; nor is a verdict on it of use.
void machine::drop_block() {
    rs_.proposal_block.reset();
    rs_.prevote_pending = rs_.precommit_pending = false;
}

void machine::on(const block_completed& in) {
    if (in.height != rs_.height || rs_.proposal_block || rs_.proposal_parts != in.id.parts)
        return;
    rs_.proposal_block = std::make_shared<candidate>(candidate{in.id, in.time, {}});
    const auto polka = rs_.votes.polka(rs_.round);
    if (polka && is_block(rs_.proposal_block, *polka) && rs_.valid_round < rs_.round) {
        rs_.valid_round = rs_.round;
        rs_.valid_block = rs_.proposal_block;
    }
    if (rs_.step == step_t::commit) {
        try_commit();
    } else if (rs_.step <= step_t::propose && rs_.is_proposal_complete()) {
        enter_prevote();
        if (polka)
            enter_precommit();
    }
}

void machine::on(const block_validated& in) {
    if (in.height != rs_.height || in.round != rs_.round || !is_block(rs_.proposal_block, in.id))
        return;
    const bool valid = in.verdict != verdict::invalid;
    rs_.proposal_block->valid = valid;
    if (rs_.prevote_pending) {
        rs_.prevote_pending = false;
        sign(vote_type::prevote,
             in.verdict == verdict::accepted ? rs_.proposal_block->id : chain::block_id{});
    }
    if (rs_.precommit_pending) {
        rs_.precommit_pending = false;
        if (!valid)
            return emit(halt{"two thirds prevoted for a block that is not valid here"});
        lock(rs_.proposal_block);
    }
}

}  // namespace tetrad::consensus::core
