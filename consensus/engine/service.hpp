// SPDX-License-Identifier: Apache-2.0
// The shell around the consensus core, on the consensus shard: takes in what happens, writes it to the WAL, lets the core decide, and
// carries out what it asks for.
//
// Order, which safety rests on: an input is in the WAL before the core sees it; before anything is signed the WAL is synced; the
// signer's record is durable before the signature is here; our own message is in the WAL and synced before the core sees it, and only
// then do peers. The end of height H is synced in the WAL before anything is signed at H + 1.
//
// What blocks elsewhere (the application, the store, verifying a block) runs beside the loop and comes back as an input; signing runs
// inside it. The inbox is bounded: peers wait (input_port), answers of our own are as many as were asked for.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "app/abci/client.hpp"
#include "app/executor.hpp"
#include "app/ports.hpp"
#include "app/proposal.hpp"
#include "base/log.hpp"
#include "chain/part_set.hpp"
#include "consensus/core/core.hpp"
#include "consensus/engine/ports.hpp"
#include "consensus/engine/records.hpp"
#include "consensus/evidence/conflicts.hpp"
#include "consensus/privval/file.hpp"
#include "runtime/channel.hpp"
#include "runtime/scope.hpp"
#include "runtime/sync.hpp"
#include "storage/client.hpp"
#include "storage/wal.hpp"

namespace tetrad::consensus::engine {

struct service_options {
    core::options core;    // `self` is filled in from the signer
    std::string wal_path;  // <home>/data/cs.wal/wal
    duration block_time_tolerance = 60s;
    std::int64_t double_sign_check_height =
        0;  // so many past blocks must not bear our signature at a start
};

/// What it works with; all outlive it.
struct service_parts {
    app::executor& executor;
    app::abci::consensus_connection& app;
    storage::client blocks;
    app::reap_port& reap;
    news_port& news;
    privval::signer* signer = nullptr;  // null: only follows
};

class service {
public:
    using halt_function = std::function<void(error)>;
    service(runtime::shard& here, service_options, service_parts, halt_function, logger);
    ~service();

    /// Opens the WAL, replays what it holds of the height under way, and begins. Once, before run().
    runtime::task<result<void>> start();
    /// Until the task is stopped.
    runtime::task<void> run();
    void serve(input_port&, txs_port&, runtime::scope&);

    const core::round_state& state() const { return core_->state(); }
    /// What peers gave that had no consequence; each is in the log too (level debug).
    struct counts {
        std::uint64_t refused = 0;
        std::uint64_t conflicts = 0;  // two votes of one validator
    };
    const counts& counted() const { return counted_; }

private:
    /// A block of which all parts are here.
    struct held_block {
        std::shared_ptr<const chain::block> block;
        chain::part_set parts;
        slice encoded;
        chain::block_id id() const { return {block->hash(), parts.header()}; }
    };
    struct own_proposal {
        core::make_proposal asked;
        held_block block;
    };
    using entry = std::variant<peer_input, core::input, own_proposal>;

    // service.cpp
    runtime::task<result<void>> loop();
    runtime::task<result<void>> take(entry);
    runtime::task<result<void>> take_peer(peer_input);
    runtime::task<result<void>> take_part(part_received);
    runtime::task<result<bool>> is_welcome(const chain::vote&);
    static result<held_block> held(chain::part_set, std::int64_t bytes_max);
    runtime::task<result<void>> step(core::input);
    runtime::task<void> run_timer();
    runtime::task<result<void>> receive(entry);
    void answer(entry);
    void forget_blocks();
    core::height_start next_start() const;
    timestamp now();
    bool is_at(height_t h, round_t r) const { return state().height == h && state().round == r; }

    // carry.cpp: one function per output
    runtime::task<result<void>> carry(core::output);
    runtime::task<result<void>> carry(core::step_entered);
    runtime::task<result<void>> carry(core::schedule_timeout);
    runtime::task<result<void>> carry(core::sign_vote);
    runtime::task<result<void>> carry(core::collect_parts);
    runtime::task<result<void>> carry(core::valid_block_known);
    runtime::task<result<void>> carry(core::proposal_accepted);
    runtime::task<result<void>> carry(core::vote_added);
    runtime::task<result<void>> carry(core::votes_conflict);
    runtime::task<result<void>> carry(core::input_refused);
    runtime::task<result<void>> carry(core::halt);
    runtime::task<result<void>> tell(news);
    runtime::task<result<void>> tell_height();
    runtime::task<result<void>> extend(chain::vote&);
    runtime::task<result<void>> end_height(height_t);
    runtime::task<result<void>> refuse(std::string why);
    bool extensions_at(height_t) const;

    // carry_blocks.cpp: those about whole blocks
    runtime::task<result<void>> carry(core::make_proposal);
    runtime::task<result<void>> carry(core::validate_block);
    runtime::task<result<void>> carry(core::apply_block);
    runtime::task<void> propose(core::make_proposal);
    runtime::task<result<held_block>> make_block(core::make_proposal);
    runtime::task<result<void>> take_proposal(own_proposal);
    runtime::task<void> validate(core::validate_block, std::shared_ptr<const chain::block>);
    runtime::task<result<core::verdict>> verdict_on(core::validate_block,
                                                    std::shared_ptr<const chain::block>);
    runtime::task<void> apply(core::apply_block);
    runtime::task<result<void>> apply_now(core::apply_block);
    bool is_last_commit_seen(const chain::commit&) const;

    // replay.cpp
    runtime::task<result<void>> check_past_signatures();
    runtime::task<result<std::optional<core::vote_set>>> last_commit();
    runtime::task<result<void>> replay();
    runtime::task<result<void>> replay_record(const slice& payload);
    runtime::task<result<void>> replay_message(const wal_message&);
    runtime::task<result<void>> after_replay();

    runtime::shard& here_;
    service_options options_;
    service_parts parts_;
    halt_function halt_;
    logger log_;
    std::unique_ptr<storage::wal> wal_;
    std::unique_ptr<core::machine> core_;
    std::deque<entry> answers_;      // to what was asked for, taken first; as many as that
    runtime::channel<entry> inbox_;  // of others; where it is full they wait
    runtime::event arrived_;         // in either
    runtime::scope tasks_;
    struct armed_timeout {
        instant at;
        core::schedule_timeout what;
    };
    std::optional<armed_timeout> armed_;
    runtime::event rearmed_;
    runtime::semaphore app_{1};  // one request to the application at a time
    std::optional<chain::part_set> collecting_;
    std::map<chain::hash, held_block> blocks_;  // that the round state names, and nothing else

    counts counted_;
    evidence::conflicts conflicts_;
    bool evidence_changed_ = false;  // with the last block
    bool proof_needed_ = true;  // the last block changed the application's hash

    // While the WAL is replayed nothing speaks; what was asked for last is carried out afterwards.
    bool replaying_ = false;
    std::optional<core::output> unanswered_;  // sign_vote or make_proposal
    std::optional<core::schedule_timeout> unarmed_;
};

}  // namespace tetrad::consensus::engine
