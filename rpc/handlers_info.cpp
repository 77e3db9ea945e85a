// SPDX-License-Identifier: Apache-2.0
#include "rpc/handlers.hpp"

#include "base/text.hpp"
#include "base/wire/json.hpp"

namespace tetrad::rpc {

namespace {

constexpr std::size_t genesis_chunk_bytes = 16 * 1024 * 1024;
constexpr std::size_t per_page_default = 30, per_page_max = 100;

flow_figures figures_of(const p2p::flow_meter::figures& f, timestamp connected_at) {
    flow_figures out;
    out.start = connected_at;
    out.bytes = f.bytes;
    out.samples = f.samples;
    out.inst_rate = f.rate;
    out.cur_rate = f.current_rate;
    out.avg_rate = f.average_rate;
    out.peak_rate = f.peak_rate;
    out.covered = f.covered;
    out.idle = f.idle;
    return out;
}

}  // namespace

result<height_t> resolve_height(const storage::store& s, height_t latest, std::optional<std::int64_t> asked) {
    if (!asked)
        return latest;
    if (*asked <= 0)
        return fail(errc::invalid, format("height must be greater than 0, but got {}", *asked));
    if (*asked > latest.v)
        return fail(errc::invalid,
                    format("height {} must be less than or equal to the current blockchain height {}", *asked, latest.v));
    if (*asked < s.base().v)
        return fail(errc::invalid, format("height {} is not available, lowest height is {}", *asked, s.base().v));
    return height_t(*asked);
}

std::size_t resolve_per_page(std::optional<std::int64_t> asked) {
    if (!asked || *asked < 1)
        return per_page_default;
    return std::min<std::size_t>(static_cast<std::size_t>(*asked), per_page_max);
}

result<std::size_t> resolve_page(std::optional<std::int64_t> asked, std::size_t per_page, std::size_t total) {
    if (!asked)
        return 1;
    const auto pages = static_cast<std::int64_t>(std::max<std::size_t>(1, (total + per_page - 1) / per_page));
    if (*asked <= 0 || *asked > pages)
        return fail(errc::invalid, format("page should be within [1, {}] range, given {}", pages, *asked));
    return static_cast<std::size_t>(*asked);
}

handlers::handlers(runtime::shard& api, config::rpc_section config, environment env)
    : here_(api), config_(std::move(config)), env_(std::move(env)) {}

void handlers::add_to(route_table& routes) {
    const auto add = [&]<class A>(const char* name, caching c, answer (handlers::*method)(A, json::writer&)) {
        add_route<A>(routes, name, c, [this, method](A arguments, json::writer& w) { return (this->*method)(std::move(arguments), w); });
    };
    add_route<no_arguments>(routes, "health", caching::never, [](no_arguments, json::writer& w) -> answer {
        json::write(w, empty_result{});
        co_return result<void>{};
    });
    add("status", caching::never, &handlers::status);
    add("net_info", caching::never, &handlers::net_info);
    add("genesis", caching::always, &handlers::genesis);
    add("genesis_chunked", caching::always, &handlers::genesis_chunked);
    add("blockchain", caching::always, &handlers::blockchain);
    add("block", caching::with_height, &handlers::block);
    add("block_by_hash", caching::always, &handlers::block_by_hash);
    add("header", caching::with_height, &handlers::header);
    add("header_by_hash", caching::always, &handlers::header_by_hash);
    add("commit", caching::with_height, &handlers::commit);
    add("block_results", caching::with_height, &handlers::block_results);
    add("validators", caching::with_height, &handlers::validators);
    add("consensus_params", caching::with_height, &handlers::consensus_params);
    add("broadcast_tx_async", caching::never, &handlers::broadcast_tx_async);
    add("broadcast_tx_sync", caching::never, &handlers::broadcast_tx_sync);
    add("broadcast_tx_commit", caching::never, &handlers::broadcast_tx_commit);
    add("broadcast_evidence", caching::never, &handlers::broadcast_evidence);
    add("tx", caching::always, &handlers::tx);
    add("unconfirmed_txs", caching::never, &handlers::unconfirmed_txs);
    add("num_unconfirmed_txs", caching::never, &handlers::num_unconfirmed_txs);
    add("abci_info", caching::always, &handlers::abci_info);
    add("abci_query", caching::never, &handlers::abci_query);
}

handlers::answer handlers::status(no_arguments, json::writer& w) {
    status_result r;
    r.node_info = env_.self;
    r.sync_info.catching_up = catching_up_;
    const auto address = env_.validator ? env_.validator->address() : crypto::address{};
    auto read = [this, &r, &address](storage::store& s) -> result<void> {
        TRY(const auto earliest, s.meta(s.base()));
        if (earliest) {
            r.sync_info.earliest_block_hash = earliest->id.hash;
            r.sync_info.earliest_app_hash = earliest->header.app_hash;
            r.sync_info.earliest_block_height = earliest->header.height.v;
            r.sync_info.earliest_block_time = earliest->header.time;
        }
        r.sync_info.latest_block_height = s.height().v;
        TRY(const auto latest, s.meta(s.height()));
        if (latest) {
            r.sync_info.latest_block_hash = latest->id.hash;
            r.sync_info.latest_app_hash = latest->header.app_hash;
            r.sync_info.latest_block_time = latest->header.time;
        }
        TRY(const auto set, s.validators(uncommitted_height(s)));
        if (const auto* me = set ? set->find(address) : nullptr)
            r.validator_info.voting_power = me->power.v;
        return {};
    };
    result<void> done = co_await env_.blocks.read(read);
    if (!done)
        co_return pass(done);
    if (env_.validator) {
        r.validator_info.address = address;
        r.validator_info.pub_key = *env_.validator;
    }
    json::write(w, r);
    co_return result<void>{};
}

handlers::answer handlers::net_info(no_arguments, json::writer& w) {
    const p2p::ask_status ask;
    result<p2p::network_status> status = co_await env_.network.call(ask);
    if (!status)
        co_return pass(status);
    net_info_result r;
    r.listeners = {"Listener(@" + env_.external_address + ")"};
    r.n_peers = static_cast<std::int64_t>(status->peers.size());
    for (const auto& p : status->peers) {
        peer_result row;
        row.node_info = p.info;
        row.is_outbound = p.is_outbound;
        row.remote_ip = p.remote_ip;
        row.connection_status.age = p.connection.age;
        row.connection_status.sent = figures_of(p.connection.sent, p.connected_at);
        row.connection_status.received = figures_of(p.connection.received, p.connected_at);
        for (const auto& c : p.connection.channels)
            row.connection_status.channels.push_back({c.id, static_cast<std::int64_t>(c.queue_capacity),
                                                      static_cast<std::int64_t>(c.queue_size), c.priority, c.recently_sent});
        r.peers.push_back(std::move(row));
    }
    json::write(w, r);
    co_return result<void>{};
}

handlers::answer handlers::genesis(no_arguments, json::writer& w) {
    if (env_.genesis_json.size() > genesis_chunk_bytes)
        co_return fail(errc::too_large, "genesis response is large, please use the genesis_chunked API instead");
    w.begin_object();
    w.key("genesis");
    w.verbatim(env_.genesis_json);
    w.end_object();
    co_return result<void>{};
}

handlers::answer handlers::genesis_chunked(chunk_arguments a, json::writer& w) {
    const std::size_t total = (env_.genesis_json.size() + genesis_chunk_bytes - 1) / genesis_chunk_bytes;
    if (a.chunk >= total)
        co_return fail(errc::invalid, format("there are {} chunks, {} is invalid", total - 1, a.chunk));
    const auto part = std::string_view(env_.genesis_json).substr(a.chunk * genesis_chunk_bytes, genesis_chunk_bytes);
    json::write(w, chunk_result{static_cast<std::int64_t>(a.chunk), static_cast<std::int64_t>(total), to_base64(view(part))});
    co_return result<void>{};
}

}  // namespace tetrad::rpc
