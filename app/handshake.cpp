// SPDX-License-Identifier: Apache-2.0
#include "app/handshake.hpp"

#include "app/finalize.hpp"
#include "base/text.hpp"
#include "base/wire/protobuf.hpp"
#include "chain/validate_block.hpp"

namespace tetrad::app {

using runtime::ok;
using runtime::task;

namespace {

constexpr std::int64_t progress_every = 1000;  // blocks replayed between two lines of the log

}  // namespace

handshake::handshake(handshake_input in, abci::consensus_connection& app, storage::client blocks, storage::commit_port& commits,
                     logger log)
    : in_(std::move(in)), app_(app), blocks_(blocks), commits_(commits), log_(log), app_hash_(in_.info.last_block_app_hash) {}

result<void> handshake::check_app_hash(byte_view expected, height_t h) const {
    if (equal(app_hash_, expected))
        return {};
    return fail(errc::fatal,
                format("the application's hash after block {} is {}, the chain says {}: was one of the two reset without the other?",
                       h.v, to_hex_upper(app_hash_), to_hex_upper(expected)));
}

task<result<chain::state>> handshake::run() {
    const height_t a{in_.info.last_block_height};
    if (a.v < 0)
        co_return fail(errc::fatal, format("the application answered Info with height {}", a.v));
    auto read = [](storage::store& s) -> result<range> { return range{s.base(), s.height()}; };
    result<range> stored = co_await blocks_.read(read);
    if (!stored)
        co_return pass(stored);
    const height_t base = stored->base, s = stored->height, t = in_.state.last_block_height;
    log_.info("the application answered Info", "height", a.v, "hash", to_hex_upper(app_hash_), "app_version", in_.info.app_version,
              "store", s.v, "state", t.v);

    if (t.v == 0)
        in_.state.version.consensus.app = in_.info.app_version;
    if (a.v == 0)
        co_await ok(init_chain());

    if (s.v == 0) {
        if (a.v > 0)
            co_return fail(errc::fatal, format("the application is at height {} but the store has no blocks; restore the blocks or "
                                               "reset the application", a.v));
        co_await ok(check_app_hash(in_.state.app_hash, s));
        co_return in_.state;
    }
    if ((a.v == 0 && in_.state.initial_height < base) || (a.v > 0 && a < base - 1))
        co_return fail(errc::fatal, format("the application is at height {}, but the store begins at {}; restore the application's "
                                           "data", a.v, base.v));
    if (s < a)
        co_return fail(errc::fatal, format("the application is at height {}, the store only at {}; restore the blocks or reset the "
                                           "application", a.v, s.v));
    if (s < t || s > in_.state.next_height())
        co_return fail(errc::corrupt, format("the store is at height {}, the state at {}", s.v, t.v));

    if (s == t) {
        co_await ok(replay(a + 1, s));
    } else if (a < s) {
        co_await ok(replay(a + 1, t));
        co_await ok(apply_stored(s, /*app_has_it=*/false));
    } else {
        co_await ok(apply_stored(s, /*app_has_it=*/true));
    }
    co_await ok(check_app_hash(in_.state.app_hash, s));
    co_return in_.state;
}

task<result<void>> handshake::init_chain() {
    auto set = in_.genesis.initial_validators();
    if (!set)
        co_return pass(set, "genesis validators");
    abci::request_init_chain q;
    q.time = in_.genesis.time;
    q.chain_id = in_.genesis.chain_id;
    q.consensus_params = in_.genesis.params;
    for (const auto& v : set->members())
        q.validators.push_back({v.key, v.power});
    q.app_state_bytes = in_.genesis.app_state;
    q.initial_height = in_.genesis.initial_height.v;
    result<abci::response_init_chain> r = co_await app_.init_chain(std::move(q));
    if (!r)
        co_return pass(r, "InitChain");
    app_hash_ = r->app_hash;
    if (in_.state.last_block_height.v > 0)
        co_return result<void>{};
    auto first = chain::after_init_chain(in_.state, {std::move(r->validators), std::move(r->consensus_params), std::move(r->app_hash)});
    if (!first)
        co_return pass(first, "the application's answer to InitChain");
    in_.state = std::move(*first);
    app_hash_ = in_.state.app_hash;  // where the application gave none, genesis says it
    result<void> saved = co_await save();
    co_return saved;
}

task<result<void>> handshake::save() {
    storage::block_commit batch;
    batch.next = in_.state;
    result<void> saved = co_await commits_.call(std::move(batch));
    co_return saved;
}

task<result<std::shared_ptr<const chain::block>>> handshake::load(height_t h) {
    auto read = [h](storage::store& s) { return s.block(h); };
    result<std::optional<slice>> encoded = co_await blocks_.read(read);
    if (!encoded)
        co_return pass(encoded);
    if (!*encoded)
        co_return fail(errc::corrupt, format("block {} is not in the store", h.v));
    auto block = storage::undamaged(chain::decode_block(**encoded), "block");
    if (!block)
        co_return pass(block);
    co_return std::make_shared<const chain::block>(std::move(*block));
}

task<result<void>> handshake::replay(height_t from, height_t to) {
    if (from.v == 1)
        from = in_.state.initial_height;
    if (from > to)
        co_return result<void>{};
    log_.info("replaying stored blocks against the application", "from", from.v, "to", to.v);
    for (height_t h = from; h <= to; ++h) {
        co_await ok(replay_one(h));
        if (++replayed_ % progress_every == 0)
            log_.info("replaying", "height", h.v, "to", to.v);
    }
    co_return result<void>{};
}

task<result<void>> handshake::replay_one(height_t h) {
    result<std::shared_ptr<const chain::block>> block = co_await load(h);
    if (!block)
        co_return pass(block);
    if (!app_hash_.empty())
        co_await ok(check_app_hash((*block)->header.app_hash, h - 1));
    chain::validator_set signers;
    if (h > in_.state.initial_height) {
        auto read = [h](storage::store& s) { return s.validators(h - 1); };
        result<std::optional<chain::validator_set>> found = co_await blocks_.read(read);
        if (!found)
            co_return pass(found);
        if (!*found)
            co_return fail(errc::corrupt, format("the validators of height {} are not in the store", h.v - 1));
        signers = std::move(**found);
    }
    auto request = finalize_request(**block, in_.state.initial_height, signers);
    if (!request)
        co_return pass(request);
    result<abci::response_finalize_block> response = co_await app_.finalize_block(std::move(*request));
    if (!response)
        co_return pass(response, "FinalizeBlock");
    auto outcome = outcome_of(*response, (*block)->data.txs.size());
    if (!outcome)
        co_return pass(outcome);
    result<abci::response_commit> committed = co_await app_.commit();
    if (!committed)
        co_return pass(committed, "Commit");
    app_hash_ = std::move(response->app_hash);
    co_return result<void>{};
}

// Block S is stored, the state is one behind.
task<result<void>> handshake::apply_stored(height_t h, bool app_has_it) {
    result<std::shared_ptr<const chain::block>> block = co_await load(h);
    if (!block)
        co_return pass(block);
    auto read = [h](storage::store& s) { return s.meta(h); };
    result<std::optional<storage::block_meta>> meta = co_await blocks_.read(read);
    if (!meta)
        co_return pass(meta);
    if (!*meta)
        co_return fail(errc::corrupt, format("the meta of block {} is not in the store", h.v));
    co_await ok(chain::validate_block(in_.state, **block));

    abci::response_finalize_block response;
    if (app_has_it) {
        auto read_last = [](storage::store& s) { return s.last_response(); };
        result<std::optional<storage::store::last_response_record>> last = co_await blocks_.read(read_last);
        if (!last)
            co_return pass(last);
        if (!*last || (*last)->height != h)
            co_return fail(errc::fatal, format("the application has block {}, but its answer to it is not in the store", h.v));
        auto decoded = storage::undamaged(wire::decode_shared<abci::response_finalize_block>((*last)->response), "response");
        if (!decoded)
            co_return pass(decoded);
        response = std::move(*decoded);
        if (response.app_hash.empty())
            response.app_hash = in_.info.last_block_app_hash;
    } else {
        auto request = finalize_request(**block, in_.state.initial_height, in_.state.last_validators);
        if (!request)
            co_return pass(request);
        result<abci::response_finalize_block> answered = co_await app_.finalize_block(std::move(*request));
        if (!answered)
            co_return pass(answered, "FinalizeBlock");
        response = std::move(*answered);
    }
    auto outcome = outcome_of(response, (*block)->data.txs.size());
    if (!outcome)
        co_return pass(outcome);
    auto next = chain::update_state(in_.state, (*meta)->id, (*block)->header, *outcome);
    if (!next)
        co_return pass(next);
    storage::block_commit batch;
    batch.next = *next;
    batch.response = slice(wire::encode(response));
    batch.keep_responses = in_.keep_responses;
    if (in_.index_txs) {
        auto rows = index_txs(**block, response);
        if (rows)
            batch.txs = std::move(*rows);
        auto entries = index_block(response);
        if (entries)
            batch.block_entries = std::move(*entries);
    }
    result<void> stored = co_await commits_.call(std::move(batch));
    if (!stored)
        co_return pass(stored);
    in_.state = std::move(*next);
    if (!app_has_it) {
        result<abci::response_commit> committed = co_await app_.commit();
        if (!committed)
            co_return pass(committed, "Commit");
    }
    app_hash_ = response.app_hash;
    ++replayed_;
    co_return result<void>{};
}

}  // namespace tetrad::app
