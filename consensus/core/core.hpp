// SPDX-License-Identifier: Apache-2.0
// The consensus state machine: the rules of CometBFT v0.38 (consensus/state.go), pure and synchronous. It reads no clock, no key, no
// disk; step() is total: any input in any state is fine. Owned by the engine on the consensus shard, or by a test that runs many.
//
// Transitions. A row applies where its condition holds after the input was taken; each function of the right column first decides by
// reading, then changes, and does nothing where the height, round or step has passed.
//
//   input                      condition                                             then
//   timeout new_height         -                                                     new round 0
//   timeout new_round          -                                                     propose
//   transactions available     round 0, step new_round                               propose
//   new round                  blocks wait for transactions, round 0, none so far,   wait (or timeout new_round, with an interval)
//                              no proof block needed
//                              otherwise                                             propose
//   propose                    the proposal is complete already                      prevote
//   timeout propose            -                                                     prevote
//   block complete             step <= propose and the proposal is complete          prevote, and with a polka precommit
//                              step commit                                           commit if it is the decided one
//   prevote added              polka above the lock, for another block or nil        unlock
//                              polka of this round for a block                       valid block
//                              2/3 any, of a later round                             new round there
//                              this round, step >= prevote: polka (complete or nil)  precommit
//                              this round, step >= prevote: 2/3 any                  prevote wait
//                              the proposal's proof is complete now                  prevote
//   timeout prevote_wait       -                                                     precommit
//   precommit added            majority for a block                                  new round there, precommit, commit
//                              majority for nil                                      new round there, precommit, precommit wait
//                              2/3 any, of this or a later round                     new round there, precommit wait
//   timeout precommit_wait     -                                                     precommit, then the next round
//   late precommit             all are here and waiting is not wanted                new round 0
//   block applied              -                                                     next height
//
// Deviations from CometBFT, which blocks where this machine goes on:
// - Validating a block (and asking the application) is an output and an input. Until the verdict is here the step is prevote or
//   precommit already, and our vote is missing, as if we were slow; a verdict that comes too late gives no vote, because the step of a
//   signature never goes back. Votes of others are counted meanwhile.
// - A polka above the lock that came before its round was reached unlocks when that round, or a later one, begins: the rule is the same,
//   but CometBFT looks only when the vote comes, and who then skips the round stays locked for good.
// - Once decided, no majority of a later round leads away from the commit step: all that is missing is the block.
// - Precommits that arrive while the decided block is applied still count: the last commit only grows by them.
// - With skip_timeout_commit the next height begins at once whenever the last commit is full, not only where the last precommit was
//   the one that decided.
#pragma once

#include <optional>

#include "base/time.hpp"
#include "chain/ids.hpp"
#include "consensus/core/input.hpp"
#include "consensus/core/output.hpp"
#include "consensus/core/round_state.hpp"
#include "consensus/core/timeouts.hpp"

namespace tetrad::consensus::core {

struct options {
    core::timeouts timeouts;
    bool skip_timeout_commit = false;
    bool create_empty_blocks = true;
    duration create_empty_blocks_interval{};
    /// Whose votes we sign; nothing: we only follow.
    std::optional<chain::address> self;
};

class machine {
public:
    machine(options, height_start, timestamp now, outputs&);

    /// One thing happened. `now` is the wall clock of whoever took it in. Appends to the outputs.
    void step(const input&, timestamp now, outputs&);

    const round_state& state() const { return rs_; }

private:
    // core.cpp
    void start_height(const height_start&);
    void emit(output o) { out_->push_back(std::move(o)); }
    void set_step(round_t, step_t);
    void schedule(duration after, round_t, step_t);
    void sign(chain::vote_type, const chain::block_id&);
    bool is_validator() const;
    /// Is (round, step) behind where we are, or where we are?
    bool has_passed(round_t r, step_t s) const {
        return r < rs_.round || (r == rs_.round && s <= rs_.step);
    }

    // propose.cpp
    void enter_new_round(round_t);
    void enter_propose(round_t);
    void on(const proposal_received&);
    void on(const txs_available&);
    // prevote.cpp
    void enter_prevote();
    void enter_prevote_wait();
    // precommit.cpp
    void enter_precommit();
    void enter_precommit_wait();
    void lock(const candidate_ptr&);
    void unlock();
    // commit.cpp
    void enter_commit(round_t);
    void try_commit();
    void on(const block_applied&);
    // on_block.cpp
    void on(const block_completed&);
    void on(const block_validated&);
    void collect(const chain::part_set_header&);
    void drop_block();
    // on_vote.cpp
    void on(const vote_received&);
    void on(const majority_claimed&);
    void on_late_precommit(const vote_received&);
    bool report(const vote_received&, const result<vote_set::added>&);
    void on_prevote(round_t);
    void on_precommit(round_t);
    void note_polka(round_t, const chain::block_id&);
    // on_timeout.cpp
    void on(const timeout_fired&);

    options options_;
    height_start start_;
    round_state rs_;
    bool txs_available_ = false;  // at this height
    // The last timeout asked for at this height: an older one does not replace it.
    struct {
        round_t round{-1};
        step_t step{};
    } scheduled_;
    // Of the call under way.
    timestamp now_;
    outputs* out_ = nullptr;
};

/// CHECKs what holds of a state between two steps.
void check_invariants(const round_state&);

}  // namespace tetrad::consensus::core
