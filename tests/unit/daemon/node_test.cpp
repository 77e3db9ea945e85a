// SPDX-License-Identifier: Apache-2.0
// Whole nodes in the simulated world: the code of the daemon, four shards each, under a virtual clock and one seed.
#include "daemon/node.hpp"

#include "app/kvstore/kvstore.hpp"
#include "base/wire/json.hpp"
#include "runtime/executor.hpp"
#include "runtime/shard.hpp"
#include "runtime/sim/host.hpp"
#include "runtime/sim/world.hpp"
#include "runtime/tcp.hpp"
#include "tests/unit/runtime/sim/support.hpp"
#include "tests/unit/storage/stored_chain.hpp"

#include <memory>

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::daemon;

namespace {

crypto::private_key key_of(std::uint8_t n) {
    fixed<32> seed;
    seed.data.fill(n);
    return crypto::private_key::from_seed(seed);
}

/// A chain of kvstore blocks, stored as a node would have stored them.
struct stored_chain : storage::test::stored_chain {
    explicit stored_chain(int blocks) : storage::test::stored_chain({{1, 10}, {2, 7}}) {
        app::kvstore::state app;
        chain.genesis.app_hash = app.app_hash();
        chain.state.app_hash = app.app_hash();
        chain.state.version.consensus.app = app::kvstore::app_version;  // as Info says
        chain.state.last_results_hash =
            chain::results_hash(std::vector<app::abci::exec_tx_result>{});
        begin();
        for (int h = 1; h <= blocks; ++h) {
            ++app.size;
            app::abci::response_finalize_block response;
            response.tx_results.resize(1);
            response.app_hash = app.app_hash();
            grow({slice(to_bytes(format("key{}=value{}", h, h)))}, response);
        }
        in.reset();
    }
};

/// One node on a simulated host.
struct simulated_node {
    simulated_node(runtime::sim::world& world, const std::string& name, const std::string& ip,
                   std::uint8_t key, const chain::genesis_doc& genesis,
                   std::shared_ptr<storage::memory_disk> on)
        : disk(std::move(on)), host(world.add_host(name, ip)), loop(host.make_backend()) {
        world.add(loop);
        host.disk().make_directories("/node/data");
        options.settings.home = "/node";
        for (const auto r : {runtime::role::consensus, runtime::role::network,
                             runtime::role::storage, runtime::role::api})
            shards.push_back(std::make_unique<runtime::shard>(loop, static_cast<std::size_t>(r),
                                                              std::string(runtime::name(r))));
        options.settings.p2p.laddr = "tcp://" + ip + ":26656";
        options.settings.rpc.laddr = "tcp://" + ip + ":26657";
        options.settings.base.moniker = name;
        options.genesis = genesis;
        options.node_key = key_of(key);
        options.validator_key = key_of(static_cast<std::uint8_t>(key + 100));
        options.version = "0.38.25+test";
    }
    std::string address(const std::string& ip) const {
        return to_hex(options.node_key.public_key().address()) + "@" + ip + ":26656";
    }
    void start() {
        auto store = storage::store::open(storage::memory_kv::open(disk));
        REQUIRE(store);
        std::array<logger, runtime::roles> logs;
        for (std::size_t i = 0; i < runtime::roles; ++i)
            logs[i] = logger(lines, shards[i]->name());
        node_parts parts{
            {*shards[0], *shards[1], *shards[2], *shards[3]}, std::move(*store), true, logs, [] {}};
        running = std::make_unique<node>(options, std::move(parts));
        running->start();
    }

    /// What it logged so far, for the message of a failed test.
    std::string log() const {
        std::string all;
        for (const auto& line : lines.lines())
            all += line + "\n";
        return all;
    }

    std::shared_ptr<storage::memory_disk> disk;
    runtime::sim::host& host;
    memory_log lines;
    runtime::executor loop;
    std::vector<std::unique_ptr<runtime::shard>> shards;
    node_options options;
    std::unique_ptr<node> running;
};

runtime::task<result<std::string>> fetch(runtime::endpoint from, std::string path) {
    auto to = co_await runtime::ok(runtime::tcp_connect(from));
    const std::string request = "GET " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    co_await runtime::ok(to.write_all(view(request)));
    std::string answer;
    bytes buffer(4096);
    for (;;) {
        const std::size_t got = co_await runtime::ok(to.read_some(byte_span(buffer)));
        if (got == 0)
            co_return answer;
        answer += text(byte_view(buffer).first(got));
    }
}

/// As its RPC says it to somebody on another host.
bool is_catching_up(runtime::sim::testing::process& reader, const node& of) {
    const auto status = reader.run(fetch(of.rpc_endpoints().at(0), "/status"));
    REQUIRE(status);
    INFO(*status);
    const bool yes = status->find("\"catching_up\":true") != std::string::npos;
    REQUIRE(yes != (status->find("\"catching_up\":false") != std::string::npos));
    return yes;
}

void stop(runtime::sim::world& world, std::initializer_list<simulated_node*> nodes) {
    for (auto* n : nodes)
        n->running->request_stop();
    REQUIRE(world.run_until(
        [&] {
            return std::ranges::all_of(nodes, [](auto* n) { return n->running->is_stopped(); });
        },
        world.now() + 60s));
    for (auto* n : nodes) {
        INFO((n->running->failure() ? n->running->failure()->text : "no failure"));
        CHECK(!n->running->failure());
        n->running.reset();
    }
}

}  // namespace

TEST_CASE("a node syncs the blocks of another in the simulated world, whatever the seed") {
    const auto seed = GENERATE(1, 2, 3);
    constexpr int blocks = 60;
    stored_chain chain(blocks);
    runtime::sim::world world(static_cast<std::uint64_t>(seed));
    simulated_node first(world, "first", "10.0.0.1", 11, chain.chain.genesis, chain.disk);
    simulated_node second(world, "second", "10.0.0.2", 12, chain.chain.genesis,
                          std::make_shared<storage::memory_disk>());
    second.options.settings.p2p.persistent_peers = first.address("10.0.0.1");
    first.start();
    second.start();

    INFO("seed " << seed);
    const bool synced = world.run_until(
        [&] { return second.running->height() == height_t(blocks - 1); }, world.now() + 120s);
    INFO("first:\n" << first.log() << "second:\n" << second.log());
    INFO("second is at " << second.running->height().v << ", the world ended with "
                         << name(world.last_end()));
    REQUIRE(synced);
    CHECK(first.running->height() == height_t(blocks));
    stop(world, {&first, &second});

    auto copy = storage::store::open(storage::memory_kv::open(second.disk));
    auto original = storage::store::open(storage::memory_kv::open(chain.disk));
    REQUIRE((copy && original));
    for (int h = 1; h < blocks; ++h) {
        auto a = (*original)->block(height_t(h)), b = (*copy)->block(height_t(h));
        REQUIRE((a && *a && b && *b));
        CHECK(**a == **b);
        auto ra = (*original)->response(height_t(h)), rb = (*copy)->response(height_t(h));
        REQUIRE((ra && *ra && rb && *rb));
    }
    auto state = (*copy)->state();
    REQUIRE((state && *state));
    CHECK((*state)->last_block_height == height_t(blocks - 1));
}

TEST_CASE(
    "a node that was stopped goes on where it was, and its in-memory application is replayed") {
    stored_chain chain(20);
    runtime::sim::world world(7);
    simulated_node first(world, "first", "10.0.0.1", 11, chain.chain.genesis, chain.disk);
    for (int round = 0; round < 2; ++round) {
        first.start();
        REQUIRE(world.run_until([&] { return first.running->is_ready(); }, world.now() + 60s));
        CHECK(first.running->height() == height_t(20));
        stop(world, {&first});
    }
}

TEST_CASE(
    "a node catches up until it has all but the last block of its peers, also where no block comes "
    "any more") {
    constexpr int blocks = 20;
    stored_chain chain(blocks);
    runtime::sim::world world(5);
    runtime::sim::testing::process reader(world.add_host("reader", "10.0.0.9"));
    simulated_node first(world, "first", "10.0.0.1", 11, chain.chain.genesis, chain.disk);
    simulated_node second(world, "second", "10.0.0.2", 12, chain.chain.genesis,
                          std::make_shared<storage::memory_disk>());
    second.options.settings.p2p.persistent_peers = first.address("10.0.0.1");

    second.start();
    REQUIRE(world.run_until([&] { return second.running->is_ready(); }, world.now() + 60s));
    CHECK(is_catching_up(reader, *second.running));  // who has no peers cannot know
    first.start();
    REQUIRE(world.run_until([&] { return second.running->height() == height_t(blocks - 1); },
                            world.now() + 120s));
    world.run_for(1s);
    CHECK_FALSE(is_catching_up(reader, *second.running));
    CHECK_FALSE(is_catching_up(reader, *first.running));  // its peer is behind

    stop(world, {&second});
    second.start();
    REQUIRE(world.run_until([&] { return second.running->is_ready(); }, world.now() + 60s));
    world.run_for(20s);
    CHECK_FALSE(is_catching_up(reader, *second.running));
    stop(world, {&first, &second});
}

TEST_CASE("the only validator of a chain makes its blocks, and others follow it") {
    chain::genesis_doc genesis;
    genesis.chain_id = "alone";
    genesis.time = {1704067200, 0};
    genesis.validators.push_back({{}, key_of(111).public_key(), power_t(10), "me"});
    REQUIRE(chain::validate_and_complete(genesis, genesis.time));
    runtime::sim::world world(3);
    runtime::sim::testing::process reader(world.add_host("reader", "10.0.0.9"));
    simulated_node first(world, "first", "10.0.0.1", 11, genesis,
                         std::make_shared<storage::memory_disk>());
    simulated_node second(world, "second", "10.0.0.2", 12, genesis,
                          std::make_shared<storage::memory_disk>());
    second.options.settings.p2p.persistent_peers = first.address("10.0.0.1");
    height_t reached;
    for (int round = 0; round < 3; ++round) {
        first.start();
        second.start();
        const bool followed = world.run_until(
            [&] { return second.running->height() >= reached + 5; }, world.now() + 120s);
        INFO("first:\n" << first.log() << "second:\n" << second.log());
        REQUIRE(followed);
        CHECK_FALSE(is_catching_up(reader, *first.running));
        CHECK(first.running->height() > second.running->height());
        stop(world, {&first, &second});
        auto read = json::from_json<consensus::privval::sign_record>(
            text(*first.host.disk().get_file("/node/data/priv_validator_state.json")));
        REQUIRE(read);
        first.options.last_signed = *read;
        auto store = storage::store::open(storage::memory_kv::open(second.disk));
        REQUIRE(store);
        reached = (*store)->height();
    }
    auto a = storage::store::open(storage::memory_kv::open(first.disk)),
         b = storage::store::open(storage::memory_kv::open(second.disk));
    REQUIRE((a && b));
    for (height_t h(1); h <= reached; ++h)
        CHECK((*a)->block(h).value() == (*b)->block(h).value());
}

TEST_CASE("four validators make a chain, one that was away rejoins, and a fifth node follows") {
    chain::genesis_doc genesis;
    genesis.chain_id = "four";
    genesis.time = {1704067200, 0};
    for (std::uint8_t n = 1; n <= 4; ++n)
        genesis.validators.push_back({{},
                                      key_of(static_cast<std::uint8_t>(n + 100)).public_key(),
                                      power_t(10),
                                      format("v{}", n)});
    REQUIRE(chain::validate_and_complete(genesis, genesis.time));
    const auto seed = GENERATE(1, 2, 3);
    runtime::sim::world world(static_cast<std::uint64_t>(seed));
    INFO("seed " << seed);
    std::vector<std::unique_ptr<simulated_node>> nodes;
    std::string peers;
    for (std::uint8_t n = 1; n <= 5; ++n) {
        const auto ip = format("10.0.0.{}", n);
        nodes.push_back(std::make_unique<simulated_node>(world, format("node{}", n), ip, n, genesis,
                                                         std::make_shared<storage::memory_disk>()));
        nodes.back()->options.settings.p2p.persistent_peers = peers;
        peers += (peers.empty() ? "" : ",") + nodes.back()->address(ip);
    }
    const auto logs = [&] {
        std::string all;
        for (const auto& n : nodes)
            all += n->options.settings.base.moniker + ":\n" + n->log();
        return all;
    };
    const auto reach = [&](std::initializer_list<std::size_t> who, height_t h) {
        return world.run_until(
            [&] {
                return std::ranges::all_of(
                    who, [&](auto i) { return nodes[i]->running->height() >= h; });
            },
            world.now() + 120s);
    };
    for (std::size_t i = 0; i < 4; ++i)
        nodes[i]->start();
    const bool began = reach({0, 1, 2, 3}, height_t(6));
    INFO(logs());
    REQUIRE(began);

    stop(world, {nodes[3].get()});
    auto read = json::from_json<consensus::privval::sign_record>(
        text(*nodes[3]->host.disk().get_file("/node/data/priv_validator_state.json")));
    REQUIRE(read);
    nodes[3]->options.last_signed = *read;
    REQUIRE(reach({0, 1, 2}, nodes[0]->running->height() + 4));
    nodes[3]->start();
    nodes[4]->start();
    const auto goal = nodes[0]->running->height() + 8;
    const bool rejoined = reach({0, 1, 2, 3, 4}, goal);
    INFO(logs());
    REQUIRE(rejoined);
    for (auto& n : nodes)
        stop(world, {n.get()});
    for (height_t h(1); h <= goal; ++h) {
        const auto first = storage::store::open(storage::memory_kv::open(nodes[0]->disk))
                               .value()
                               ->block(h)
                               .value();
        REQUIRE(first);
        for (const auto& n : nodes)
            CHECK(
                storage::store::open(storage::memory_kv::open(n->disk)).value()->block(h).value() ==
                first);
    }
}
