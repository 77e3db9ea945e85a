// SPDX-License-Identifier: Apache-2.0
#include "rpc/handlers.hpp"

#include "base/text.hpp"
#include "base/wire/json.hpp"
#include "base/wire/protobuf.hpp"

namespace tetrad::rpc {

namespace {

constexpr std::int64_t blockchain_max = 20;

result<block_result> load_block(storage::store& s, height_t h) {
    block_result r;
    TRY(const auto meta, s.meta(h));
    TRY(const auto encoded, s.block(h));
    if (!meta || !encoded)
        return r;
    TRY(r.block, storage::undamaged(chain::decode_block(*encoded), "block"));
    r.block_id = meta->id;
    return r;
}

/// Whether a value is there or not, what was read is written.
template <class T>
result<void> written(json::writer& w, result<T>& r) {
    if (!r)
        return pass(r);
    json::write(w, *r);
    return {};
}

}  // namespace

void write_json(json::writer& w, const plain_update& u) {
    const bool ed = u.update.key.is_ed25519();
    w.begin_object();
    w.key("pub_key");
    w.begin_object();
    w.key("Sum");
    w.begin_object();
    w.key("type");
    w.string(ed ? "tendermint.crypto.PublicKey_Ed25519" : "tendermint.crypto.PublicKey_Secp256K1");
    w.key("value");
    w.begin_object();
    w.key(ed ? "ed25519" : "secp256k1");
    w.base64(u.update.key.raw());
    w.end_object();
    w.end_object();
    w.end_object();
    if (u.update.power.v != 0) {
        w.key("power");
        w.quoted(u.update.power.v);
    }
    w.end_object();
}

handlers::answer handlers::blockchain(heights_arguments a, json::writer& w) {
    auto read = [a](storage::store& s) -> result<blockchain_result> {
        if (a.min_height < 0 || a.max_height < 0)
            return fail(errc::invalid, "heights must be non-negative");
        const auto height = s.height().v;
        const auto max = std::min(height, a.max_height == 0 ? height : a.max_height);
        const auto min = std::max({s.base().v, a.min_height == 0 ? 1 : a.min_height, max - blockchain_max + 1});
        if (min > max)
            return fail(errc::invalid, format("min height {} can't be greater than max height {}", min, max));
        blockchain_result r;
        r.last_height = height;
        for (auto h = max; h >= min; --h) {
            TRY(auto meta, s.meta(height_t(h)));
            if (meta)
                r.block_metas.push_back(std::move(*meta));
        }
        return r;
    };
    result<blockchain_result> r = co_await env_.blocks.read(read);
    co_return written(w, r);
}

handlers::answer handlers::block(height_arguments a, json::writer& w) {
    auto read = [a](storage::store& s) -> result<block_result> {
        TRY(const auto h, resolve_height(s, s.height(), a.height));
        return load_block(s, h);
    };
    result<block_result> r = co_await env_.blocks.read(read);
    co_return written(w, r);
}

handlers::answer handlers::block_by_hash(hash_arguments a, json::writer& w) {
    auto read = [&a](storage::store& s) -> result<block_result> {
        TRY(const auto h, s.height_of(a.hash));
        return h ? load_block(s, *h) : block_result{};
    };
    result<block_result> r = co_await env_.blocks.read(read);
    co_return written(w, r);
}

handlers::answer handlers::header(height_arguments a, json::writer& w) {
    auto read = [a](storage::store& s) -> result<header_result> {
        TRY(const auto h, resolve_height(s, s.height(), a.height));
        TRY(auto meta, s.meta(h));
        header_result r;
        if (meta)
            r.header = std::move(meta->header);
        return r;
    };
    result<header_result> r = co_await env_.blocks.read(read);
    co_return written(w, r);
}

handlers::answer handlers::header_by_hash(hex_hash_arguments a, json::writer& w) {
    auto read = [&a](storage::store& s) -> result<header_result> {
        header_result r;
        TRY(const auto h, s.height_of(a.hash));
        if (!h)
            return r;
        TRY(auto meta, s.meta(*h));
        if (meta)
            r.header = std::move(meta->header);
        return r;
    };
    result<header_result> r = co_await env_.blocks.read(read);
    co_return written(w, r);
}

// Of the latest block only what we saw ourselves; of others what the next block says.
handlers::answer handlers::commit(height_arguments a, json::writer& w) {
    auto read = [a](storage::store& s) -> result<std::optional<commit_result>> {
        TRY(const auto h, resolve_height(s, s.height(), a.height));
        TRY(auto meta, s.meta(h));
        if (!meta)
            return std::nullopt;
        commit_result r;
        r.canonical = h != s.height();
        TRY(r.signed_header.commit, r.canonical ? s.commit(h) : s.seen_commit(h));
        r.signed_header.header = std::move(meta->header);
        return r;
    };
    result<std::optional<commit_result>> r = co_await env_.blocks.read(read);
    if (!r)
        co_return pass(r);
    if (*r)
        json::write(w, **r);
    else
        w.null();
    co_return result<void>{};
}

handlers::answer handlers::block_results(height_arguments a, json::writer& w) {
    auto read = [this, a](storage::store& s) -> result<block_results_result> {
        TRY(const auto h, resolve_height(s, s.height(), a.height));
        if (!env_.keeps_responses)  // the last one is there, for the handshake alone
            return fail(errc::unsupported, "node is not persisting finalize block responses");
        TRY(const auto encoded, s.response(h));
        if (!encoded)
            return fail(errc::not_found, format("could not find results for height #{}", h.v));
        TRY(auto stored, storage::undamaged(wire::decode_shared<app::abci::response_finalize_block>(*encoded), "response"));
        block_results_result r;
        r.height = h.v;
        r.txs_results = std::move(stored.tx_results);
        r.finalize_block_events = std::move(stored.events);
        for (auto& u : stored.validator_updates)
            r.validator_updates.push_back({std::move(u)});
        r.consensus_param_updates = std::move(stored.consensus_param_updates);
        r.app_hash = std::move(stored.app_hash);
        return r;
    };
    result<block_results_result> r = co_await env_.blocks.read(read);
    co_return written(w, r);
}

handlers::answer handlers::validators(page_arguments a, json::writer& w) {
    auto read = [this, a](storage::store& s) -> result<validators_result> {
        TRY(const auto h, resolve_height(s, uncommitted_height(s), a.height));
        TRY(const auto set, s.validators(h));
        if (!set)
            return fail(errc::not_found, format("could not find validator set for height #{}", h.v));
        const auto per_page = resolve_per_page(a.per_page);
        TRY(const auto page, resolve_page(a.page, per_page, set->size()));
        const auto first = std::min(set->size(), (page - 1) * per_page);
        const auto count = std::min(per_page, set->size() - first);
        validators_result r;
        r.block_height = h.v;
        r.validators.assign(set->begin() + static_cast<std::ptrdiff_t>(first), set->begin() + static_cast<std::ptrdiff_t>(first + count));
        r.count = static_cast<std::int64_t>(count);
        r.total = static_cast<std::int64_t>(set->size());
        return r;
    };
    result<validators_result> r = co_await env_.blocks.read(read);
    co_return written(w, r);
}

handlers::answer handlers::consensus_params(height_arguments a, json::writer& w) {
    auto read = [this, a](storage::store& s) -> result<params_result> {
        TRY(const auto h, resolve_height(s, uncommitted_height(s), a.height));
        TRY(const auto params, s.params(h));
        if (!params)
            return fail(errc::not_found, format("could not find consensus params for height #{}", h.v));
        return params_result{h.v, *params};
    };
    result<params_result> r = co_await env_.blocks.read(read);
    co_return written(w, r);
}

}  // namespace tetrad::rpc
