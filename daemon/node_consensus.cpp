// SPDX-License-Identifier: Apache-2.0
// From block sync to consensus: when a node begins to decide blocks with the others, as a validator or as one who only follows.
#include "base/text.hpp"
#include "config/home.hpp"
#include "daemon/node.hpp"

namespace tetrad::daemon {

using runtime::role;
using runtime::task;

void node::make_engine() {
    const auto& c = options_.settings.consensus;
    consensus::engine::service_options o;
    o.core.timeouts = {c.timeout_propose,       c.timeout_propose_delta, c.timeout_prevote,
                       c.timeout_prevote_delta, c.timeout_precommit,     c.timeout_precommit_delta,
                       c.timeout_commit};
    o.core.skip_timeout_commit = c.skip_timeout_commit;
    o.core.create_empty_blocks = c.create_empty_blocks;
    o.core.create_empty_blocks_interval = c.create_empty_blocks_interval;
    o.wal_path = config::wal_file(options_.settings);
    o.block_time_tolerance = c.block_time_tolerance;
    o.double_sign_check_height = c.double_sign_check_height;
    signer_.emplace(options_.validator_key, options_.last_signed,
                    config::validator_state_file(options_.settings), options_.genesis.chain_id);
    consensus::engine::service_parts parts{
        *executor_,  *app_.consensus, storage::client(plan_.consensus_reads),
        plan_.reaps, plan_.news,      &*signer_};
    engine_.emplace(
        of(role::consensus).here, std::move(o), parts, [this](error e) { halt(std::move(e)); },
        log(role::consensus).module("consensus"));
    engine_->serve(plan_.inputs, plan_.txs, tasks(role::consensus));
}

task<result<void>> node::begin_consensus() {
    make_engine();
    co_await runtime::ok(engine_->start());
    tasks(role::consensus).spawn(engine_->run());
    co_return result<void>{};
}

/// On the network shard: from here on the engine makes what block sync fetched.
task<void> node::switch_to_consensus() {
    const go_consensus now;
    result<void> begun = co_await plan_.go_consensus_shard.call(now);
    if (begun)
        plan_.caught_up_shard.try_post({});
    else if (begun.error().code != errc::closed && begun.error().code != errc::cancelled)
        halt(begun.error());
}

task<result<void>> node::on_news(consensus::engine::news n) {
    const auto* begun = std::get_if<consensus::engine::height_begun>(&n);
    if (begun && begun->last_commit)
        blocksync_->on_decided(begun->height - 1);
    const bool may_have_changed =
        begun && (begun->evidence_changed || evidence_->has_any());
    auto told = gossip_->on_news(std::move(n));
    result<void> done = co_await told;
    if (done && may_have_changed)
        tasks(role::network).spawn(refresh_evidence());
    co_return done;
}

task<void> node::refresh_evidence() {
    result<void> read = co_await evidence_->refresh();
    if (!read && read.error().code != errc::closed && read.error().code != errc::cancelled)
        halt(read.error());
}

}  // namespace tetrad::daemon
