// SPDX-License-Identifier: Apache-2.0
#include "consensus/core/core.hpp"

#include "base/check.hpp"

namespace tetrad::consensus::core {

machine::machine(options o, height_start first, timestamp now, outputs& out)
    : options_(std::move(o)), now_(now), out_(&out) {
    CHECK(first.is_initial != first.last_commit.has_value());
    rs_.last_commit = std::move(first.last_commit);
    start_height(first);
    check_invariants(rs_);
    out_ = nullptr;
}

void machine::step(const input& in, timestamp now, outputs& out) {
    now_ = now;
    out_ = &out;
    std::visit([this](const auto& what) { on(what); }, in);
    check_invariants(rs_);
    out_ = nullptr;
}

void machine::start_height(const height_start& s) {
    const timestamp from = rs_.commit_round.v >= 0 ? rs_.commit_time : now_;
    round_state next;
    next.height = s.height;
    next.start_time = from + options_.timeouts.commit;
    next.last_commit = rs_.commit_round.v >= 0 ? rs_.votes.take_precommits(rs_.commit_round)
                                               : std::move(rs_.last_commit);
    next.last_validators = s.last_validators;
    next.validators = s.validators;
    next.votes = height_votes(s.height, s.validators);
    next.votes.enter_round(next.round);
    rs_ = std::move(next);
    start_ = {s.height, {}, {}, {}, s.is_initial, s.needs_proof_block, s.block_bytes_max};
    txs_available_ = false;
    scheduled_ = {};
    set_step(round_t(0), step_t::new_height);
    if (options_.skip_timeout_commit && rs_.last_commit && rs_.last_commit->has_all())
        enter_new_round(round_t(0));
    else
        schedule(rs_.start_time - now_, round_t(0), step_t::new_height);
}

void machine::set_step(round_t r, step_t s) {
    rs_.round = r;
    rs_.step = s;
    emit(step_entered{rs_.height, r, s});
}

void machine::schedule(duration after, round_t r, step_t s) {
    if (r < scheduled_.round || (r == scheduled_.round && s <= scheduled_.step))
        return;
    scheduled_ = {r, s};
    emit(schedule_timeout{after, rs_.height, r, s});
}

bool machine::is_validator() const { return options_.self && rs_.validators.has(*options_.self); }

void machine::sign(chain::vote_type type, const chain::block_id& id) {
    if (!is_validator())
        return;
    // BFT time: a vote is later than the block it may decide.
    timestamp not_before;
    if (rs_.locked_block)
        not_before = rs_.locked_block->time + 1ms;
    else if (rs_.proposal_block)
        not_before = rs_.proposal_block->time + 1ms;
    emit(sign_vote{type, rs_.height, rs_.round, id, not_before});
}

}  // namespace tetrad::consensus::core
