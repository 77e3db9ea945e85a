// SPDX-License-Identifier: Apache-2.0
#include "app/executor.hpp"

#include "app/finalize.hpp"
#include "base/text.hpp"
#include "base/wire/protobuf.hpp"

namespace tetrad::app {

using runtime::ok;
using runtime::task;

executor::executor(chain::state state, height_t base, abci::consensus_connection& app, executor_ports ports,
                   executor_options options, logger log)
    : state_(std::move(state)), base_(base), app_(app), ports_(ports), options_(options), log_(log) {}

result<void> executor::validate(const decided& d, timestamp now) const {
    chain::block_validation checks;
    checks.now = now;
    checks.time_tolerance = options_.block_time_tolerance;
    checks.shape_checked = true;
    checks.skip_last_commit = d.skip_last_commit;
    TRY_VOID(chain::validate_block(state_, *d.block, checks));
    const bool extended = state_.params.abci.vote_extensions_enabled(d.block->header.height);
    if (extended != static_cast<bool>(d.extended_commit))
        return fail(errc::invalid, extended ? "vote extensions are enabled but the commit has none"
                                            : "vote extensions are not enabled but the commit has some");
    return {};
}

namespace {

// What fits the next block, and nothing that was in the last one.
pool_update pool_update_for(const chain::state& next) {
    pool_update u;
    u.height = next.last_block_height;
    u.tx_bytes_max = static_cast<std::size_t>(
        chain::data_bytes_max(next.params.block.bytes_max(), 0, next.validators.size()).value_or(0));
    u.block_gas_max = next.params.block.max_gas;
    return u;
}

}  // namespace

pool_update pool_update_for(const chain::block& b, const abci::response_finalize_block& r, const chain::state& next) {
    pool_update u = pool_update_for(next);
    u.txs = b.data.txs;
    u.codes.reserve(r.tx_results.size());
    for (const auto& result : r.tx_results)
        u.codes.push_back(result.code);
    return u;
}

task<result<void>> executor::open_pool() {
    result<void> told = co_await ports_.pool_update.call(pool_update_for(state_));
    co_return told;
}

task<result<void>> executor::apply(const decided& d) {
    const chain::block& block = *d.block;
    auto request = finalize_request(block, state_.initial_height, state_.last_validators);
    if (!request)
        co_return pass(request);
    result<abci::response_finalize_block> answered = co_await app_.finalize_block(std::move(*request));
    if (!answered)
        co_return pass(answered, "FinalizeBlock");
    auto response = std::make_shared<const abci::response_finalize_block>(std::move(*answered));
    auto outcome = outcome_of(*response, block.data.txs.size());
    if (!outcome)
        co_return pass(outcome);
    auto next = chain::update_state(state_, d.id, block.header, *outcome);
    if (!next)
        co_return pass(next, "the application's answer to block " + std::to_string(block.header.height.v));

    storage::block_commit batch;
    batch.block.emplace();
    batch.block->encoded = d.encoded;
    batch.block->meta = {d.id, static_cast<std::int64_t>(d.encoded.size()), block.header,
                         static_cast<std::int64_t>(block.data.txs.size())};
    batch.block->last_commit = *block.last_commit;
    batch.block->seen_commit = d.seen_commit;
    if (d.extended_commit)
        batch.block->extended_commit = *d.extended_commit;
    batch.evidence = {block.evidence.evidence, d.found};
    batch.next = *next;
    batch.response = slice(wire::encode(*response));
    batch.keep_responses = options_.keep_responses;
    if (options_.index_txs) {
        auto rows = index_txs(block, *response);
        if (rows)
            batch.txs = std::move(*rows);
        auto entries = index_block(*response);
        if (entries)
            batch.block_entries = std::move(*entries);
        if (!rows || !entries)
            log_.error("block not indexed", "height", block.header.height.v, "why", (rows ? entries.error() : rows.error()).text);
    }
    result<void> stored = co_await ports_.commits.call(std::move(batch));
    if (!stored)
        co_return pass(stored, "storing block " + std::to_string(block.header.height.v));
    state_ = std::move(*next);
    if (base_.v == 0)
        base_ = block.header.height;

    if (before_commit)
        co_await ok(before_commit(block.header.height));
    co_await ok(commit_app(d, *response));

    log_.info("executed block", "height", block.header.height.v, "txs", block.data.txs.size(), "app_hash",
              to_hex_upper(state_.app_hash));
    auto event = std::make_shared<block_committed>(block_committed{block.header.height, d.id, d.block, response});
    result<void> told = co_await ports_.events.post(std::move(event));
    co_return told;
}

task<result<void>> executor::commit_app(const decided& d, const abci::response_finalize_block& response) {
    const pool_lock lock;
    result<void> locked = co_await ports_.pool_lock.call(lock);
    if (!locked)
        co_return pass(locked, "locking the pool");
    result<abci::response_commit> committed = co_await app_.commit();
    if (!committed)
        co_return pass(committed, "Commit");
    result<void> updated = co_await ports_.pool_update.call(pool_update_for(*d.block, response, state_));
    if (!updated)
        co_return pass(updated, "updating the pool");

    if (committed->retain_height > base_.v) {
        const storage::prune_request prune{height_t(committed->retain_height)};
        result<height_t> base = co_await ports_.prunes.call(prune);
        if (base) {
            log_.debug("pruned blocks", "base", base->v, "before", base_.v);
            base_ = *base;
        } else if (base.error().code != errc::invalid) {
            co_return pass(base, "pruning");
        } else {
            log_.error("the application's retain height was refused", "retain", committed->retain_height, "why", base.error().text);
        }
    }
    co_return result<void>{};
}

}  // namespace tetrad::app
