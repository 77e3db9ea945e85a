// SPDX-License-Identifier: Apache-2.0
#include "rpc/handlers.hpp"

#include "base/text.hpp"
#include "base/wire/json.hpp"
#include "base/wire/protobuf.hpp"
#include "runtime/timer.hpp"

namespace tetrad::rpc {

using runtime::ok;

namespace {

app::submit_tx submission(bytes tx) { return app::submit_tx{slice(std::move(tx))}; }

}  // namespace

handlers::answer handlers::broadcast_tx_async(tx_arguments a, json::writer& w) {
    app::submit_tx q = submission(std::move(a.tx));
    const hash256 id = chain::tx_hash(q.tx);
    result<app::submitted_tx> r = co_await env_.submit.call(std::move(q));
    if (!r)
        co_return pass(r);
    broadcast_result accepted;
    accepted.hash = id;
    json::write(w, accepted);
    co_return result<void>{};
}

handlers::answer handlers::broadcast_tx_sync(tx_arguments a, json::writer& w) {
    app::submit_tx q = submission(std::move(a.tx));
    result<app::submitted_tx> r = co_await env_.submit.call(std::move(q));
    if (!r)
        co_return pass(r);
    json::write(w, broadcast_result{r->check.code, std::move(r->check.data), std::move(r->check.log), std::move(r->check.codespace), r->id});
    co_return result<void>{};
}

// Begins to wait before the transaction goes out, so that no block can pass unseen.
handlers::answer handlers::broadcast_tx_commit(tx_arguments a, json::writer& w) {
    // As in CometBFT the indexer counts as one of the subscribers.
    if (static_cast<std::int64_t>(waiting_.size()) + 1 >= config_.max_subscription_clients)
        co_return fail(errc::full, format("max_subscription_clients {} reached", config_.max_subscription_clients));
    app::submit_tx q = submission(std::move(a.tx));
    struct registration {
        registration(std::multimap<hash256, waiting*>& in, const hash256& id) : map(in), at(in.emplace(id, &me)) {}
        ~registration() { map.erase(at); }
        waiting me;
        std::multimap<hash256, waiting*>& map;
        std::multimap<hash256, waiting*>::iterator at;
    } wait(waiting_, chain::tx_hash(q.tx));

    result<app::submitted_tx> checked = co_await env_.submit.call(std::move(q));
    if (!checked)
        co_return pass(checked, "error on broadcastTxCommit");
    broadcast_commit_result r;
    r.hash = checked->id;
    r.check_tx = std::move(checked->check);
    if (r.check_tx.code != app::abci::code_ok) {
        json::write(w, r);
        co_return result<void>{};
    }
    const instant limit = here_.now() + config_.timeout_broadcast_tx_commit;
    while (!wait.me.block) {
        result<void> woken = co_await runtime::with_deadline(limit, runtime::wait_for(wait.me.arrived));
        if (!woken && woken.error().code == errc::timed_out)
            co_return fail(errc::timed_out, "timed out waiting for tx to be included in a block");
        if (!woken)
            co_return pass(woken);
    }
    r.height = wait.me.block->height.v;
    r.tx_result = wait.me.block->response->tx_results[wait.me.index];
    json::write(w, r);
    co_return result<void>{};
}

void handlers::on_block(const std::shared_ptr<const app::block_committed>& b) {
    if (waiting_.empty())
        return;
    for (std::size_t i = 0; i < b->block->data.txs.size(); ++i) {
        const auto [first, last] = waiting_.equal_range(chain::tx_hash(b->block->data.txs[i]));
        for (auto at = first; at != last; ++at) {
            at->second->block = b;
            at->second->index = i;
            at->second->arrived.notify();
        }
    }
}

handlers::answer handlers::tx(tx_hash_arguments a, json::writer& w) {
    if (!env_.indexes_txs)
        co_return fail(errc::unsupported, "transaction indexing is disabled");
    if (a.hash.empty())
        co_return fail(errc::invalid, "transaction hash cannot be empty");
    auto read = [&a](storage::store& s) -> result<tx_result> {
        std::optional<slice> record;
        if (a.hash.size() == hash256::size()) {
            TRY(record, s.tx(hash256::from(a.hash)));
        }
        if (!record)
            return fail(errc::not_found, format("tx ({}) not found", to_hex_upper(a.hash)));
        TRY(auto stored, storage::undamaged(wire::decode_shared<app::abci::tx_result>(*record), "transaction"));
        tx_result r;
        r.hash = a.hash;
        r.height = stored.height;
        r.index = stored.index;
        r.tx = stored.tx;
        r.result = std::move(stored.result);
        if (a.prove) {
            TRY(const auto encoded, s.block(height_t(r.height)));
            if (encoded) {
                TRY(const auto block, storage::undamaged(chain::decode_block(*encoded), "block"));
                if (r.index < block.data.txs.size())
                    r.proof = chain::prove_tx(block.data.txs, r.index);
            }
        }
        return r;
    };
    result<tx_result> r = co_await env_.blocks.read(read);
    if (!r)
        co_return pass(r);
    json::write(w, *r);
    co_return result<void>{};
}

handlers::answer handlers::broadcast_evidence(evidence_arguments a, json::writer& w) {
    if (std::holds_alternative<std::monostate>(a.evidence.what))
        co_return fail(errc::invalid, "no evidence was provided");
    if (auto good = check_shape(a.evidence); !good)
        co_return pass(good, "evidence.ValidateBasic failed");
    const hash256 id = a.evidence.hash();
    result<void> added = co_await env_.evidence.call(std::move(a.evidence));
    if (!added)
        co_return pass(added, "failed to add evidence");
    json::write(w, evidence_result{to_bytes(id)});
    co_return result<void>{};
}

handlers::answer handlers::unconfirmed_txs(limit_arguments a, json::writer& w) {
    // CometBFT's pool gives one more than it is asked for.
    const app::list_txs q{resolve_per_page(a.limit) + 1};
    result<app::listed_txs> r = co_await env_.list.call(q);
    if (!r)
        co_return pass(r);
    json::write(w, unconfirmed_result{static_cast<std::int64_t>(r->txs.size()), static_cast<std::int64_t>(r->total),
                                      static_cast<std::int64_t>(r->total_bytes), std::move(r->txs)});
    co_return result<void>{};
}

handlers::answer handlers::num_unconfirmed_txs(no_arguments, json::writer& w) {
    const app::list_txs q{0};
    result<app::listed_txs> r = co_await env_.list.call(q);
    if (!r)
        co_return pass(r);
    json::write(w, num_unconfirmed_result{static_cast<std::int64_t>(r->total), static_cast<std::int64_t>(r->total),
                                          static_cast<std::int64_t>(r->total_bytes), {}});
    co_return result<void>{};
}

handlers::answer handlers::abci_info(no_arguments, json::writer& w) {
    app::abci::request_info q{env_.self.version, p2p::block_protocol, p2p::p2p_protocol, std::string(app::abci::protocol_version)};
    result<app::abci::response_info> r = co_await env_.app.info(std::move(q));
    if (!r)
        co_return pass(r);
    json::write(w, abci_info_result{std::move(*r)});
    co_return result<void>{};
}

handlers::answer handlers::abci_query(query_arguments a, json::writer& w) {
    app::abci::request_query q{std::move(a.data), std::move(a.path), a.height, a.prove};
    result<app::abci::response_query> r = co_await env_.app.query(std::move(q));
    if (!r)
        co_return pass(r);
    json::write(w, abci_query_result{std::move(*r)});
    co_return result<void>{};
}

}  // namespace tetrad::rpc
