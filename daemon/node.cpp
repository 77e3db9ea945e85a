// SPDX-License-Identifier: Apache-2.0
#include "daemon/node.hpp"

#include "app/handshake.hpp"
#include "base/text.hpp"
#include "base/wire/json.hpp"
#include "config/home.hpp"

namespace tetrad::daemon {

using runtime::ok;
using runtime::role;
using runtime::task;

namespace {

runtime::offload::mode mode_for(bool inline_) {
    return inline_ ? runtime::offload::mode::inline_ : runtime::offload::mode::helper_thread;
}

/// The built-in application, from what the store's table holds.
result<app::abci::connections> open_application(const node_options& o, storage::store& store,
                                                shard_plan& plan) {
    if (o.app == application::kvstore)
        return app::kvstore::connect({}, plan.publish, {});
    TRY(const auto rows, store.app_table());
    TRY(auto state, app::kvstore::state_from_table(rows));
    return app::kvstore::connect(std::move(state), plan.publish, {0, &plan.app_writes});
}

p2p::hub_options hub_options_of(const node_options& o, std::uint64_t app_version) {
    const auto& c = o.settings.p2p;
    p2p::hub_options h;
    h.listen = c.laddr;
    if (auto peers = p2p::parse_peer_addresses(c.persistent_peers))  // checked with the settings
        h.persistent_peers = std::move(*peers);
    for (const auto id : split_list(c.unconditional_peer_ids))
        h.unconditional_ids.emplace(id);
    h.inbound_max = static_cast<std::size_t>(c.max_num_inbound_peers);
    h.allow_duplicate_ip = c.allow_duplicate_ip;
    h.dial_period_max = c.persistent_peers_max_dial_period;
    h.connection.packet_data_max = static_cast<std::size_t>(c.max_packet_msg_payload_size);
    h.connection.send_rate = c.send_rate;
    h.connection.receive_rate = c.recv_rate;
    h.node_key = o.node_key;
    h.self.protocol_version.app = app_version;
    h.self.id = to_hex(o.node_key.public_key().address());
    h.self.listen_addr = c.external_address.empty() ? c.laddr : c.external_address;
    h.self.network = o.genesis.chain_id;
    h.self.version = o.version;
    h.self.moniker = o.settings.base.moniker;
    h.self.other.tx_index = o.settings.tx_index.indexer == "kv" ? "on" : "off";
    h.self.other.rpc_address = o.settings.rpc.laddr;
    return h;
}

app::mempool_options mempool_options_of(const config::mempool_section& c) {
    app::mempool_options m;
    m.limits = {static_cast<std::size_t>(c.size), static_cast<std::size_t>(c.max_txs_bytes),
                static_cast<std::size_t>(c.max_tx_bytes), static_cast<std::size_t>(c.cache_size),
                c.keep_invalid_txs_in_cache};
    m.batch_bytes = c.max_batch_bytes;
    m.accepts = c.type != "nop";
    m.recheck = c.recheck;
    m.recheck_timeout = c.recheck_timeout;
    m.gossip = c.broadcast;
    return m;
}

}  // namespace

node::node(const node_options& options, node_parts parts)
    : options_(options),
      logs_(parts.logs),
      on_change_(std::move(parts.on_change)),
      plan_(parts.shards),
      disk_(parts.shards.storage, "disk", mode_for(parts.storage_has_own_thread)),
      storage_(std::move(parts.store), disk_, [this](error e) { halt(std::move(e)); }),
      resolver_(parts.shards.network, "resolver", mode_for(false)),
      verifier_(parts.shards.network, "verify", mode_for(false)) {
    runtime::shard* const shards[] = {&parts.shards.consensus, &parts.shards.network,
                                      &parts.shards.storage, &parts.shards.api};
    for (std::size_t i = 0; i < runtime::roles; ++i)
        lives_[i] = std::make_unique<life>(*shards[i]);
    auto app = open_application(options_, storage_.get(), plan_);
    if (app)
        app_ = std::move(*app);
    else
        app_error_ = app.error();
}

node::~node() { CHECK(is_stopped()); }

void node::start() {
    running_ = runtime::roles;
    of(role::storage).root.spawn(run_storage());
    of(role::network).root.spawn(run_network());
    of(role::api).root.spawn(run_api());
    of(role::consensus).root.spawn(run_consensus());
}

// ---- stopping ----

void node::life::end() {
    stop.whose = this;
    stop.deliver = [](runtime::letter& l) {
        static_cast<stop_letter&>(l).whose->root.request_stop();
    };
    CHECK(mail.push(&stop));
    here.io().wake();
}

void node::request_stop() {
    if (!stop_asked_.exchange(true))
        of(role::consensus).end();
}

void node::halt(error why) {
    if (failed_.exchange(true))
        return;
    failure_ = std::move(why);
    on_change_();
}

// The life of a role between its beginning and its end: waits to be told, then for all it runs.
task<void> node::until_told(role r) {
    runtime::stop_state& stop = co_await runtime::current_stop();
    co_await runtime::until_stopped(stop);
    tasks(r).request_stop();
    bulk(r).request_stop();
    co_await tasks(r).join();
    co_await bulk(r).join();
}

// Who ends next: nobody's requests may be left without an answer.
void node::ended(role r) {
    const int left = running_.fetch_sub(1) - 1;
    if (r == role::consensus) {
        of(role::network).end();
        of(role::api).end();
    } else if (left == 1) {
        of(role::storage).end();
    } else if (left == 0) {
        on_change_();
    }
}

// ---- storage ----

task<void> node::run_storage() {
    auto& serving = tasks(role::storage);
    storage_.serve(plan_.commits, serving);
    storage_.serve(plan_.app_writes, serving);
    storage_.serve(plan_.prunes, serving);
    storage_.serve(plan_.consensus_reads, serving);
    storage_.serve(plan_.network_reads, bulk(role::storage));
    storage_.serve(plan_.api_reads, bulk(role::storage));
    co_await until_told(role::storage);
    result<void> closed = co_await storage_.close();
    if (!closed)
        log(role::storage).error("closing the store", "why", closed.error().text);
    ended(role::storage);
}

// ---- consensus ----

task<result<chain::state>> node::load_state() {
    auto read = [](storage::store& s) { return s.state(); };
    storage::client blocks(plan_.consensus_reads);
    result<std::optional<chain::state>> stored = co_await blocks.read(read);
    if (!stored)
        co_return pass(stored);
    if (*stored)
        co_return std::move(**stored);
    co_return chain::genesis_state(options_.genesis, options_.version);
}

task<result<void>> node::boot() {
    const auto& log = this->log(role::consensus);
    if (app_error_)
        co_return std::unexpected<error>(*app_error_);
    result<chain::state> state = co_await load_state();
    if (!state)
        co_return pass(state, "loading the state");
    app::abci::request_info q{options_.version, p2p::block_protocol, p2p::p2p_protocol,
                              std::string(app::abci::protocol_version)};
    result<app::abci::response_info> info = co_await plan_.info.call(std::move(q));
    if (!info)
        co_return pass(info, "Info");

    const bool index = options_.settings.tx_index.indexer == "kv";
    const bool keep = !options_.settings.storage.discard_abci_responses;
    app::handshake_input input{std::move(*state), options_.genesis, std::move(*info), index, keep};
    app::handshake handshake(std::move(input), *app_.consensus,
                             storage::client(plan_.consensus_reads), plan_.commits,
                             log.module("consensus"));
    state = co_await handshake.run();
    if (!state)
        co_return pass(state);
    log.info("completed the handshake with the application", "height", state->last_block_height.v,
             "hash", to_hex_upper(state->app_hash), "replayed", handshake.blocks_replayed());
    auto read = [](storage::store& s) -> result<height_t> { return s.base(); };
    storage::client blocks(plan_.consensus_reads);
    result<height_t> base = co_await blocks.read(read);
    if (!base)
        co_return pass(base);
    app::executor_options how{index, keep, options_.settings.consensus.block_time_tolerance};
    executor_.emplace(std::move(*state), *base, *app_.consensus,
                      app::executor_ports{plan_.commits, plan_.prunes, plan_.pool_lock,
                                          plan_.pool_update, plan_.events},
                      how, log.module("state"));
    applier_.emplace(*executor_, blocks, [this](error e) { halt(std::move(e)); });
    applier_->serve(plan_.apply, tasks(role::consensus));
    plan_.go_consensus_shard.serve(tasks(role::consensus),
                                   [this](go_consensus) { return begin_consensus(); });

    result<runtime::endpoint> p2p = co_await plan_.go_network.call(applier_->tip());
    if (!p2p)
        co_return pass(p2p);
    p2p_endpoint_ = *p2p;
    co_await ok(executor_->open_pool());
    const go_api begin;
    result<std::vector<runtime::endpoint>> rpc = co_await plan_.go_api_shard.call(begin);
    if (!rpc)
        co_return pass(rpc);
    rpc_endpoints_ = *rpc;
    log.info("Started node", "id", to_hex(options_.node_key.public_key().address()), "p2p",
             to_string(p2p_endpoint_), "height", executor_->state().last_block_height.v);
    co_return result<void>{};
}

task<void> node::run_consensus() {
    runtime::stop_state& stop = co_await runtime::current_stop();
    result<void> booted = co_await boot();
    if (booted) {
        ready_ = true;
        on_change_();
    } else if (!stop.requested()) {
        halt(booted.error());
    }
    co_await until_told(role::consensus);
    ended(role::consensus);
}

height_t node::height() const {
    return executor_ ? executor_->state().last_block_height : height_t(0);
}

// ---- network ----

task<result<runtime::endpoint>> node::begin_network(consensus::chain_tip tip) {
    const auto& log = this->log(role::network);
    runtime::shard& here = co_await runtime::current_shard();
    auto& mine = tasks(role::network);
    auto halting = [this](error e) { halt(std::move(e)); };
    mempool_ = std::make_unique<app::mempool>(here, *app_.mempool,
                                              mempool_options_of(options_.settings.mempool),
                                              tip.height, halting, log.module("mempool"));
    mempool_->serve(plan_.submits, plan_.lists, bulk(role::network));
    mempool_->serve(plan_.pool_lock, plan_.pool_update, mine);
    mempool_->serve(plan_.reaps, mine);
    mempool_->on_txs_available = [this] { plan_.txs.try_post({}); };
    blocksync_ = std::make_unique<consensus::blocksync>(here, std::move(tip), plan_.apply,
                                                        storage::client(plan_.network_reads),
                                                        verifier_, log.module("blocksync"));
    blocksync_->on_peer_height = [this](const std::string& peer, height_t h) {
        mempool_->on_peer_height(peer, h);
        evidence_->on_peer_height(peer, h);
    };
    blocksync_->sign_for(options_.validator_key.public_key().address());
    blocksync_->on_caught_up = [this] { tasks(role::network).spawn(switch_to_consensus()); };
    const consensus::gossip::service_options how{
        options_.genesis.chain_id, options_.genesis.initial_height,
        options_.settings.consensus.peer_query_maj23_sleep_duration};
    gossip_ = std::make_unique<consensus::gossip::service>(
        here, how, plan_.inputs, storage::client(plan_.network_reads), log.module("consensus"));
    gossip_->on_peer_height = [this](const std::string& peer, height_t h) {
        blocksync_->on_peer_reached(peer, h);
    };
    evidence_ = std::make_unique<consensus::evidence::gossip>(
        here, storage::client(plan_.network_reads), log.module("evidence"));
    evidence_->serve(plan_.evidence, bulk(role::network));
    co_await ok(evidence_->refresh());
    plan_.news.serve(mine, [this](consensus::engine::news n) { return on_news(std::move(n)); });
    hub_ = std::make_unique<p2p::hub>(here, hub_options_of(options_, app::kvstore::app_version),
                                      resolver_, log.module("p2p"));
    hub_->add(*blocksync_);
    hub_->add(*gossip_);
    hub_->add(*mempool_);
    hub_->add(*evidence_);
    blocksync_->attach(*hub_);
    gossip_->attach(*hub_);
    plan_.network_status.serve(mine, [this](p2p::ask_status) { return network_status(); });
    result<runtime::endpoint> at = co_await hub_->start();
    if (at)
        mine.spawn(blocksync_->run());
    co_return at;
}

task<result<p2p::network_status>> node::network_status() { co_return hub_->status(); }

task<void> node::run_network() {
    plan_.go_network.serve(tasks(role::network), [this](consensus::chain_tip tip) {
        return begin_network(std::move(tip));
    });
    co_await until_told(role::network);
    if (hub_)
        co_await hub_->stop();
    ended(role::network);
}

// ---- api ----

task<result<std::vector<runtime::endpoint>>> node::begin_api() {
    const auto& log = this->log(role::api);
    runtime::shard& here = co_await runtime::current_shard();
    p2p::node_info self = hub_options_of(options_, app::kvstore::app_version).self;
    using namespace p2p::channels;
    self.channels = {blocksync, state, data, vote, vote_set_bits, mempool, evidence};
    rpc::environment env{storage::client(plan_.api_reads),
                         plan_.submits,
                         plan_.lists,
                         plan_.evidence,
                         plan_.network_status,
                         *app_.query,
                         std::move(self),
                         options_.validator_key.public_key(),
                         options_.settings.p2p.external_address,
                         json::to_json(options_.genesis),
                         options_.settings.tx_index.indexer == "kv",
                         !options_.settings.storage.discard_abci_responses};
    rpc_ = std::make_unique<rpc::service>(here, options_.settings.rpc, std::move(env),
                                          log.module("rpc"));
    plan_.events.serve(tasks(role::api), [this](std::shared_ptr<const app::block_committed> e) {
        return on_block(std::move(e));
    });
    plan_.caught_up_shard.serve(tasks(role::api), [this](caught_up) { return on_caught_up(); });
    result<std::vector<runtime::endpoint>> at = co_await rpc_->start();
    co_return at;
}

task<result<void>> node::on_block(std::shared_ptr<const app::block_committed> e) {
    rpc_->on_block(e);
    if (!moving_.exchange(true))
        on_change_();
    co_return result<void>{};
}

task<result<void>> node::on_caught_up() {
    rpc_->set_catching_up(false);
    co_return result<void>{};
}

task<void> node::run_api() {
    if (app_.query)
        app::kvstore::attach_queries(*app_.query, plan_.publish, tasks(role::api));
    plan_.info.serve(tasks(role::api),
                     [this](app::abci::request_info q) { return app_.query->info(std::move(q)); });
    plan_.go_api_shard.serve(tasks(role::api), [this](go_api) { return begin_api(); });
    co_await until_told(role::api);
    if (rpc_)
        co_await rpc_->stop();
    ended(role::api);
}

}  // namespace tetrad::daemon
