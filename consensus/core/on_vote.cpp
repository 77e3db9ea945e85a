// SPDX-License-Identifier: Apache-2.0
// A vote arrived. It is counted, and the first two thirds that agree, or that voted at all, move the machine.
#include "consensus/core/core.hpp"

namespace tetrad::consensus::core {

using chain::vote_type;

void machine::on(const vote_received& in) {
    const chain::vote& v = *in.vote;
    if (v.height + 1 == rs_.height && v.type == vote_type::precommit)
        return on_late_precommit(in);
    if (v.height != rs_.height || !chain::is_vote(v.type) ||
        !report(in, rs_.votes.add(in.vote, in.from)))
        return;
    if (v.type == vote_type::prevote)
        on_prevote(v.round);
    else
        on_precommit(v.round);
}

void machine::on_late_precommit(const vote_received& in) {
    if (rs_.step != step_t::new_height || !rs_.last_commit ||
        !report(in, rs_.last_commit->add(in.vote)))
        return;
    if (options_.skip_timeout_commit && rs_.last_commit->has_all())
        enter_new_round(round_t(0));
}

/// Says what became of a vote; true where it was counted.
bool machine::report(const vote_received& in, const result<vote_set::added>& added) {
    if (!added) {
        emit(input_refused{added.error().text});
        return false;
    }
    if (added->conflicting) {
        if (in.vote->validator == options_.self)
            emit(input_refused{
                "a vote of our own key that is not ours: another node signs with it"});
        else
            emit(votes_conflict{added->conflicting, in.vote});
    }
    if (added->counted)
        emit(vote_added{in.vote, in.from});
    return added->counted;
}

void machine::on(const majority_claimed& in) {
    if (in.height != rs_.height)
        return;
    if (auto noted = rs_.votes.claim(in.from, in.round, in.type, in.id); !noted)
        emit(input_refused{noted.error().text});
}

void machine::on_prevote(round_t r) {
    if (const auto polka = rs_.votes.polka(r))
        note_polka(r, *polka);
    if (rs_.step == step_t::commit)
        return;
    const vote_set& prevotes = *rs_.votes.prevotes(r);
    if (r > rs_.round) {
        if (prevotes.has_two_thirds_any())
            enter_new_round(r);
    } else if (r == rs_.round && rs_.step >= step_t::prevote) {
        const auto& majority = prevotes.majority();
        if (majority && (majority->is_zero() || rs_.is_proposal_complete()))
            enter_precommit();
        else if (prevotes.has_two_thirds_any())
            enter_prevote_wait();
    } else if (rs_.proposal && rs_.proposal->pol_round == r && rs_.is_proposal_complete()) {
        enter_prevote();
    }
}

/// A proof of lock: it frees us of an older lock, and in this round it names the block to propose again.
void machine::note_polka(round_t r, const chain::block_id& polka) {
    if (rs_.locked_block && rs_.locked_round < r && r <= rs_.round &&
        !is_block(rs_.locked_block, polka))
        unlock();
    if (polka.is_zero() || r != rs_.round || rs_.valid_round >= r || rs_.step == step_t::commit)
        return;
    if (is_block(rs_.proposal_block, polka)) {
        rs_.valid_round = r;
        rs_.valid_block = rs_.proposal_block;
    } else {
        drop_block();
    }
    if (rs_.proposal_parts != polka.parts)
        collect(polka.parts);
    emit(valid_block_known{rs_.height, rs_.round, polka.parts});
}

void machine::on_precommit(round_t r) {
    const vote_set& precommits = *rs_.votes.precommits(r);
    if (const auto& majority = precommits.majority()) {
        enter_new_round(r);
        if (r == rs_.round)
            enter_precommit();
        if (!majority->is_zero())
            enter_commit(r);
        else if (r == rs_.round)
            enter_precommit_wait();
    } else if (r >= rs_.round && precommits.has_two_thirds_any()) {
        enter_new_round(r);
        enter_precommit_wait();
    }
}

}  // namespace tetrad::consensus::core
