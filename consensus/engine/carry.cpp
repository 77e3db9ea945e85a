// SPDX-License-Identifier: Apache-2.0
// One function for each output of the core; those about whole blocks are in carry_blocks.cpp.
#include <utility>

#include "base/text.hpp"
#include "base/wire/protobuf.hpp"
#include "chain/messages.hpp"
#include "consensus/engine/service.hpp"
#include "runtime/timer.hpp"

namespace tetrad::consensus::engine {

using runtime::ok;
using runtime::task;
namespace messages = chain::messages;

task<result<void>> service::carry(core::output o) {
    return std::visit([this](auto&& what) { return carry(std::move(what)); }, std::move(o));
}

// ---- news ----

task<result<void>> service::tell(news n) { return parts_.news.post(std::move(n)); }

task<result<void>> service::tell_height() {
    const auto& rs = state();
    const auto& params = parts_.executor.state().params;
    height_begun begun{rs.height,
                       rs.validators,
                       rs.last_validators,
                       rs.last_commit,
                       parts_.executor.base(),
                       params.block.max_bytes,
                       params.abci,
                       std::exchange(evidence_changed_, false)};
    return tell(news(std::move(begun)));
}

task<result<void>> service::carry(core::step_entered what) {
    if (!replaying_)
        wal_->append(encode_wal(
            now(), {wal_step{what.height, what.round, std::string(wal_name(what.step))}}));
    step_begun begun{what.height, what.round, what.step, state().start_time,
                     state().last_commit_round()};
    return tell(news(begun));
}

task<result<void>> service::carry(core::collect_parts what) {
    // The core checked that a block may have so many parts.
    auto fresh = chain::part_set::waiting_for(what.parts);
    if (!fresh)
        return refuse(fresh.error().text);
    collecting_ = std::move(*fresh);
    return tell(news(collecting{what.height, what.parts}));
}

task<result<void>> service::carry(core::valid_block_known what) {
    return tell(news(valid_block_news{what.height, what.round, what.parts}));
}

task<result<void>> service::carry(core::proposal_accepted what) {
    proposal_news n{what.proposal,
                    slice(messages::encode_consensus({messages::proposal_message{what.proposal}}))};
    return tell(news(std::move(n)));
}

task<result<void>> service::carry(core::vote_added what) {
    const chain::vote& v = *what.vote;
    const auto& rs = state();
    const core::vote_set* set = v.height == rs.height ? rs.votes.find(v.round, v.type)
                                : rs.last_commit      ? &*rs.last_commit
                                                      : nullptr;
    vote_news n{what.vote, slice(messages::encode_consensus({messages::vote_message{v}})),
                what.from, set ? set->majority() : std::nullopt};
    return tell(news(std::move(n)));
}

task<result<void>> service::carry(core::votes_conflict what) {
    ++counted_.conflicts;
    if (conflicts_.report(what.first, what.second))
        log_.info("a validator signed two votes for one step", "one", to_string(*what.first),
                  "other", to_string(*what.second));
    return refuse("two votes of one validator conflict: " + to_string(*what.first) + " and " +
                  to_string(*what.second));
}

task<result<void>> service::carry(core::input_refused what) {
    ++counted_.refused;
    return refuse(std::move(what.why));
}

task<result<void>> service::refuse(std::string why) {
    log_.debug("refused", "height", state().height.v, "round", state().round.v, "why", why);
    co_return result<void>{};
}

task<result<void>> service::carry(core::halt what) {
    co_return fail(errc::fatal, "CONSENSUS FAILURE: " + what.why);
}

// ---- time ----

task<result<void>> service::carry(core::schedule_timeout what) {
    if (replaying_) {
        unarmed_ = what;
        co_return result<void>{};
    }
    armed_ = armed_timeout{runtime::now_of(here_) + std::max(what.after, duration{0}), what};
    rearmed_.notify();
    co_return result<void>{};
}

// ---- voting ----

task<result<void>> service::carry(core::sign_vote what) {
    if (replaying_) {
        unanswered_ = core::output(what);
        co_return result<void>{};
    }
    const auto index = state().validators.index_of(*options_.core.self);
    if (!index)
        co_return result<void>{};
    chain::vote v{what.type,
                  what.height,
                  what.round,
                  what.block,
                  std::max(now(), what.not_before),
                  *options_.core.self,
                  static_cast<std::int32_t>(*index),
                  {},
                  {},
                  {}};
    const bool extended = extensions_at(v.height);
    if (extended && v.type == chain::vote_type::precommit && !v.is_nil())
        co_await ok(extend(v));
    co_await ok(wal_->sync());
    result<void> signed_ = co_await parts_.signer->sign(v, extended);
    if (!signed_ && signed_.error().code == errc::invalid) {
        log_.error("a vote is not signed", "vote", to_string(v), "why", signed_.error().text);
        co_return result<void>{};
    }
    if (!signed_)
        co_return pass(signed_, "signing a vote");
    wal_->append(encode_wal(
        now(), {wal_message{slice(messages::encode_consensus({messages::vote_message{v}})), ""}}));
    co_await ok(wal_->sync());
    answer(core::input(core::vote_received{std::make_shared<const chain::vote>(std::move(v)), {}}));
    co_return result<void>{};
}

task<result<void>> service::extend(chain::vote& v) {
    const auto known = blocks_.find(v.block.hash);
    CHECK(known != blocks_.end());
    auto request = app::extend_request(*known->second.block, parts_.executor.state());
    if (!request)
        co_return pass(request);
    auto unit = co_await app_.acquire();
    if (!unit)
        co_return pass(unit);
    auto answer = co_await parts_.app.extend_vote(std::move(*request));
    if (!answer)
        co_return pass(answer, "ExtendVote");
    if (answer->vote_extension.size() > chain::extension_bytes_max)
        co_return fail(errc::fatal, "ExtendVote: the application's extension is too large");
    v.extension = slice(std::move(answer->vote_extension));
    // What others would refuse would hold up the chain with no word about why.
    auto verified = co_await parts_.app.verify_vote_extension(app::verify_extension_request(v));
    if (!verified)
        co_return pass(verified, "VerifyVoteExtension");
    if (verified->status != app::abci::proposal_status::accept)
        co_return fail(errc::fatal,
                       "VerifyVoteExtension: the application rejects what its own "
                       "ExtendVote has just made");
    co_return result<void>{};
}

/// The block is in the store: what follows in the WAL belongs to the next height.
task<result<void>> service::end_height(height_t h) {
    wal_->append(encode_wal(now(), {wal_end_height{h}}));
    return wal_->sync();
}

}  // namespace tetrad::consensus::engine
