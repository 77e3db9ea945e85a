// SPDX-License-Identifier: Apache-2.0
// The core's outputs about whole blocks: propose one, validate one, apply the decided one.
#include "base/text.hpp"
#include "base/wire/protobuf.hpp"
#include "chain/messages.hpp"
#include "chain/validate_block.hpp"
#include "consensus/engine/service.hpp"
#include "consensus/evidence/pool.hpp"

namespace tetrad::consensus::engine {

using runtime::ok;
using runtime::task;
namespace messages = chain::messages;

// ---- proposing ----

task<result<void>> service::carry(core::make_proposal what) {
    if (replaying_) {
        unanswered_ = core::output(what);
        co_return result<void>{};
    }
    tasks_.spawn(propose(what));
    co_return result<void>{};
}

task<void> service::propose(core::make_proposal asked) {
    if (asked.block && !blocks_.contains(asked.block->hash))
        co_return;  // the round went on before this task began
    result<held_block> made = co_await make_block(asked);
    if (made)
        answer(own_proposal{asked, std::move(*made)});
    else if (!tasks_.stopping())
        halt_(made.error());
}

task<result<service::held_block>> service::make_block(core::make_proposal asked) {
    if (asked.block)
        co_return blocks_.at(asked.block->hash);
    // Named values: the state may not change while this height is undecided.
    const chain::state state = parts_.executor.state();
    chain::extended_commit last;
    if (this->state().last_commit)
        last = this->state().last_commit->make_commit();
    auto room = app::room_for(state, {});
    if (!room)
        co_return pass(room);
    // What is in the pool may be as much as evidence.max_bytes, and a block may have less room than that.
    chain::evidence_list proven;
    auto waiting = evidence::pending(parts_.blocks,
                                     std::min(state.params.evidence.max_bytes, room->tx_bytes_max));
    result<std::vector<chain::evidence>> found = co_await waiting;
    if (!found)
        co_return pass(found, "reading evidence");
    proven.evidence = std::move(*found);
    room = app::room_for(state, proven);
    if (!room)
        co_return pass(room);
    const app::reap_txs wanted{room->reap_bytes_max, room->gas_max};
    result<std::vector<slice>> txs = co_await parts_.reap.call(wanted);
    if (!txs)
        co_return pass(txs, "reaping transactions");
    auto draft = chain::make_block(state, std::move(*txs), last.to_commit(), std::move(proven),
                                   *options_.core.self);
    if (!draft)
        co_return pass(draft);
    auto request = app::prepare_request(*draft, state, last, *room);
    if (!request)
        co_return pass(request);
    auto unit = co_await app_.acquire();
    if (!unit)
        co_return pass(unit);
    auto prepared = co_await parts_.app.prepare_proposal(std::move(*request));
    if (!prepared)
        co_return pass(prepared, "PrepareProposal");
    auto block = app::with_txs(state, *draft, std::move(prepared->txs), *room);
    if (!block)
        co_return pass(block);
    slice encoded(wire::encode(*block));
    auto parts = chain::part_set::of(encoded);
    co_return held_block{std::make_shared<const chain::block>(std::move(*block)), std::move(parts),
                         std::move(encoded)};
}

/// Signs it, unless the round has passed, and gives it to the core as if it had come: the proposal, then its parts.
task<result<void>> service::take_proposal(own_proposal mine) {
    const auto& asked = mine.asked;
    if (!is_at(asked.height, asked.round) || state().proposal ||
        state().step > core::step_t::propose)
        co_return result<void>{};
    chain::proposal p{chain::vote_type::proposal,
                      asked.height,
                      asked.round,
                      asked.pol_round,
                      mine.block.id(),
                      now(),
                      {}};
    co_await ok(wal_->sync());
    result<void> signed_ = co_await parts_.signer->sign(p);
    if (!signed_ && signed_.error().code == errc::invalid) {
        log_.error("a proposal is not signed", "height", p.height.v, "round", p.round.v, "why",
                   signed_.error().text);
        co_return result<void>{};
    }
    if (!signed_)
        co_return pass(signed_, "signing a proposal");
    wal_->append(encode_wal(
        now(),
        {wal_message{slice(messages::encode_consensus({messages::proposal_message{p}})), ""}}));
    for (std::size_t i = 0; i < mine.block.parts.total(); ++i) {
        messages::block_part part{p.height, p.round, *mine.block.parts.at(i)};
        wal_->append(encode_wal(
            now(), {wal_message{slice(messages::encode_consensus({std::move(part)})), ""}}));
    }
    co_await ok(wal_->sync());
    core::proposal_received received{p};
    co_await ok(step(core::input(std::move(received))));
    for (std::size_t i = 0; i < mine.block.parts.total() && collecting_; ++i) {
        part_received part{p.height, p.round, *mine.block.parts.at(i)};
        co_await ok(take_part(std::move(part)));
    }
    co_return result<void>{};
}

// ---- validating ----

task<result<void>> service::carry(core::validate_block what) {
    const auto known = blocks_.find(what.id.hash);
    if (known == blocks_.end())
        co_return result<void>{};  // the step that asked dropped it again
    const auto block = known->second.block;
    if (replaying_) {
        result<core::verdict> said = co_await verdict_on(what, block);
        if (!said)
            co_return pass(said);
        answers_.push_front(
            core::input(core::block_validated{what.height, what.round, what.id, *said}));
        co_return result<void>{};
    }
    tasks_.spawn(validate(what, block));
    co_return result<void>{};
}

task<void> service::validate(core::validate_block what, std::shared_ptr<const chain::block> block) {
    result<core::verdict> said = co_await verdict_on(what, std::move(block));
    if (said)
        answer(core::input(core::block_validated{what.height, what.round, what.id, *said}));
    else if (!tasks_.stopping())
        halt_(said.error());
}

task<result<core::verdict>> service::verdict_on(core::validate_block what,
                                                std::shared_ptr<const chain::block> block) {
    const chain::state state = parts_.executor.state();
    chain::block_validation checks;
    checks.now = now();
    checks.time_tolerance = options_.block_time_tolerance;
    checks.shape_checked = true;
    checks.skip_last_commit = is_last_commit_seen(*block->last_commit);
    result<void> valid = chain::validate_block(state, *block, checks);
    if (valid)
        valid = co_await evidence::check(parts_.blocks, block);
    if (!valid && valid.error().code != errc::invalid)
        co_return pass(valid);
    if (!valid) {
        log_.error("a proposed block is not valid", "height", what.height.v, "round", what.round.v,
                   "why", valid.error().text);
        co_return core::verdict::invalid;
    }
    if (!what.ask_application)
        co_return core::verdict::accepted;
    auto request = app::process_request(*block, state);
    if (!request)
        co_return pass(request);
    auto unit = co_await app_.acquire();
    if (!unit)
        co_return pass(unit);
    auto answer = co_await parts_.app.process_proposal(std::move(*request));
    if (!answer)
        co_return pass(answer, "ProcessProposal");
    if (answer->status == app::abci::proposal_status::unknown)
        co_return fail(errc::fatal,
                       "ProcessProposal: the application answers with an unknown status");
    if (answer->status == app::abci::proposal_status::accept)
        co_return core::verdict::accepted;
    log_.error("the application rejects a proposed block", "height", what.height.v, "round",
               what.round.v);
    co_return core::verdict::rejected;
}

/// Every signature in it is one that we counted as a precommit, and so verified.
bool service::is_last_commit_seen(const chain::commit& c) const {
    const auto& seen = state().last_commit;
    if (!seen || seen->height() != c.height || seen->round() != c.round ||
        seen->size() != c.signatures.size() || seen->majority() != c.block)
        return false;
    for (std::size_t i = 0; i < c.signatures.size(); ++i)
        if (!c.signatures[i].is_absent() &&
            (!seen->at(i) || commit_sig_of(*seen->at(i)) != c.signatures[i]))
            return false;
    return true;
}

// ---- deciding ----

task<result<void>> service::carry(core::apply_block what) {
    if (replaying_) {
        co_await ok(apply_now(std::move(what)));
        co_return result<void>{};
    }
    tasks_.spawn(apply(std::move(what)));
    co_return result<void>{};
}

task<void> service::apply(core::apply_block what) {
    result<void> applied = co_await apply_now(std::move(what));
    if (!applied && !tasks_.stopping())
        halt_(applied.error());
}

task<result<void>> service::apply_now(core::apply_block what) {
    const auto known = blocks_.find(what.id.hash);
    CHECK(known != blocks_.end());
    app::executor::decided d;
    d.block = known->second.block;
    d.encoded = known->second.encoded;
    d.id = what.id;
    d.seen_commit = what.commit.to_commit();
    if (extensions_at(what.commit.height))
        d.extended_commit = std::make_shared<const chain::extended_commit>(what.commit);
    d.skip_last_commit = is_last_commit_seen(*d.block->last_commit);
    result<void> valid = parts_.executor.validate(d, now());
    if (valid)
        valid = co_await evidence::check(parts_.blocks, d.block);
    if (!valid && valid.error().code == errc::invalid)
        co_return fail(errc::fatal, "CONSENSUS FAILURE: two thirds decided an invalid block: " +
                                        valid.error().text);
    if (!valid)
        co_return pass(valid);
    d.found = conflicts_.settle(parts_.executor.state(), d.block->header);
    for (const auto& e : d.found)
        log_.info("verified new evidence of byzantine behavior", "evidence",
                  evidence::to_string(e));
    evidence_changed_ = !d.found.empty() || !d.block->evidence.evidence.empty();
    auto unit = co_await app_.acquire();
    if (!unit)
        co_return pass(unit);
    co_await ok(parts_.executor.apply(d));
    proof_needed_ = parts_.executor.state().app_hash != d.block->header.app_hash;
    answer(core::input(core::block_applied{next_start()}));
    co_return result<void>{};
}

}  // namespace tetrad::consensus::engine
