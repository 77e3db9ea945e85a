// SPDX-License-Identifier: Apache-2.0
#include "app/finalize.hpp"

#include "base/text.hpp"
#include "base/wire/protobuf.hpp"
#include "chain/results.hpp"

namespace tetrad::app {

result<abci::commit_info> commit_info_of(const chain::commit& last, const chain::validator_set& signers) {
    if (last.signatures.size() != signers.size())
        return fail(errc::corrupt, format("the commit of height {} has {} signatures, its validators are {}", last.height.v,
                                          last.signatures.size(), signers.size()));
    abci::commit_info info;
    info.round = last.round.v;
    info.votes.reserve(signers.size());
    for (std::size_t i = 0; i < signers.size(); ++i)
        info.votes.push_back({{signers.at(i).address, signers.at(i).power.v},
                              static_cast<abci::block_id_flag>(last.signatures[i].flag)});
    return info;
}

std::vector<abci::misbehavior> misbehavior_of(const chain::evidence_list& list) {
    std::vector<abci::misbehavior> out;
    for (const auto& e : list.evidence) {
        if (const auto* d = std::get_if<chain::duplicate_vote>(&e.what); d && d->a)
            out.push_back({abci::misbehavior_type::duplicate_vote, {d->a->validator, d->validator_power.v}, d->a->height.v, d->time,
                           d->total_power.v});
        if (const auto* a = std::get_if<chain::light_client_attack>(&e.what))
            for (const auto& v : a->byzantine)
                out.push_back({abci::misbehavior_type::light_client_attack, {v.address, v.power.v}, a->common_height.v, a->time,
                               a->total_power.v});
    }
    return out;
}

result<abci::request_finalize_block> finalize_request(const chain::block& b, height_t initial_height,
                                                      const chain::validator_set& last_validators) {
    abci::request_finalize_block q;
    q.txs = b.data.txs;
    if (b.header.height > initial_height) {
        if (!b.last_commit)
            return fail(errc::corrupt, format("block {} has no last commit", b.header.height.v));
        TRY(q.decided_last_commit, commit_info_of(*b.last_commit, last_validators));
    }
    q.misbehavior = misbehavior_of(b.evidence);
    q.hash = to_bytes(b.hash());
    q.height = b.header.height.v;
    q.time = b.header.time;
    q.next_validators_hash = to_bytes(b.header.next_validators_hash);
    q.proposer_address = b.header.proposer;
    return q;
}

result<chain::finalize_outcome> outcome_of(const abci::response_finalize_block& r, std::size_t txs) {
    if (r.tx_results.size() != txs)
        return fail(errc::fatal, format("the application answered {} transactions with {} results", txs, r.tx_results.size()));
    return chain::finalize_outcome{chain::results_hash(r.tx_results), r.validator_updates, r.consensus_param_updates, r.app_hash};
}

namespace {

// Attributes that the application marked, of events and keys that have a name.
result<void> add_entries(const std::vector<abci::event>& events, std::initializer_list<std::string_view> reserved,
                         std::vector<storage::index_entry>& out) {
    for (std::uint32_t i = 0; i < events.size(); ++i) {
        if (events[i].type.empty())
            continue;
        for (const auto& a : events[i].attributes) {
            if (a.key.empty())
                continue;
            std::string key = events[i].type + "." + a.key;
            for (const auto r : reserved)
                if (key == r)
                    return fail(errc::invalid, "event type and attribute key \"" + key + "\" is reserved; please use a different key");
            if (a.index)
                out.push_back({std::move(key), a.value, i});
        }
    }
    return {};
}

}  // namespace

result<std::vector<storage::indexed_tx>> index_txs(const chain::block& b, const abci::response_finalize_block& r) {
    std::vector<storage::indexed_tx> rows;
    rows.reserve(b.data.txs.size());
    for (std::uint32_t i = 0; i < b.data.txs.size(); ++i) {
        const abci::tx_result record{b.header.height.v, i, b.data.txs[i], r.tx_results[i]};
        storage::indexed_tx row{chain::tx_hash(b.data.txs[i]), slice(wire::encode(record)), {}};
        TRY_VOID(add_entries(r.tx_results[i].events, {"tx.hash", "tx.height"}, row.entries));
        rows.push_back(std::move(row));
    }
    return rows;
}

result<std::vector<storage::index_entry>> index_block(const abci::response_finalize_block& r) {
    std::vector<storage::index_entry> entries;
    TRY_VOID(add_entries(r.events, {"block.height"}, entries));
    return entries;
}

}  // namespace tetrad::app
