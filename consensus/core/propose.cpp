// SPDX-License-Identifier: Apache-2.0
// A round begins, and somebody proposes a block in it.
#include "consensus/core/core.hpp"

namespace tetrad::consensus::core {

void machine::enter_new_round(round_t r) {
    if (r < rs_.round || (r == rs_.round && rs_.step != step_t::new_height) ||
        rs_.step == step_t::commit)
        return;
    if (r > rs_.round)
        rs_.validators.increment(r - rs_.round);
    // No word to peers: they are told of the step that follows.
    rs_.round = r;
    rs_.step = step_t::new_round;
    // A polka that came before its round was reached frees us now of an older lock.
    for (round_t q = rs_.locked_round + 1; rs_.locked_block && q <= r; ++q)
        if (const auto polka = rs_.votes.polka(q); polka && !is_block(rs_.locked_block, *polka))
            unlock();
    if (r.v > 0) {  // in round 0 they may have come before it began
        rs_.proposal.reset();
        rs_.proposal_parts.reset();
        drop_block();
    }
    rs_.votes.enter_round(r);
    rs_.precommit_wait_begun = false;

    const bool waits =
        !options_.create_empty_blocks || options_.create_empty_blocks_interval.count() > 0;
    if (!waits || r.v > 0 || start_.needs_proof_block || txs_available_)
        return enter_propose(r);
    if (options_.create_empty_blocks_interval.count() > 0)
        schedule(options_.create_empty_blocks_interval, r, step_t::new_round);
}

void machine::on(const txs_available&) {
    txs_available_ = true;
    if (rs_.round.v == 0 && rs_.step == step_t::new_round)
        enter_propose(rs_.round);
}

void machine::enter_propose(round_t r) {
    if (has_passed(r, step_t::propose))
        return;
    schedule(options_.timeouts.of_propose(r), r, step_t::propose);
    if (is_validator() && rs_.validators.proposer().address == *options_.self) {
        make_proposal mine{rs_.height, r, rs_.valid_round, {}};
        if (rs_.valid_block)
            mine.block = rs_.valid_block->id;
        emit(std::move(mine));
    }
    set_step(r, step_t::propose);
    if (rs_.is_proposal_complete())
        enter_prevote();
}

void machine::on(const proposal_received& in) {
    const chain::proposal& p = in.proposal;
    if (rs_.proposal || p.height != rs_.height || p.round != rs_.round)
        return;
    if (p.pol_round.v < -1 || p.pol_round >= p.round)
        return emit(input_refused{"a proposal whose proof of lock is not of an earlier round"});
    if (auto fits = chain::check_parts(p, start_.block_bytes_max); !fits)
        return emit(input_refused{fits.error().text});
    rs_.proposal = p;
    emit(proposal_accepted{p});
    // Parts may be known from a polka or a decision already; then these are the ones we need.
    if (!rs_.proposal_parts)
        collect(p.block.parts);
}

}  // namespace tetrad::consensus::core
