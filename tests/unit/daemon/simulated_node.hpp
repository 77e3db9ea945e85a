// SPDX-License-Identifier: Apache-2.0
// Whole nodes in the simulated world: the code of the daemon, four shards each, under a virtual clock and one seed. Included last of our
// headers: Catch's CHECK takes the place of ours from here on.
#pragma once

#include "base/wire/json.hpp"
#include "daemon/node.hpp"
#include "runtime/executor.hpp"
#include "runtime/shard.hpp"
#include "runtime/sim/host.hpp"
#include "runtime/sim/world.hpp"
#include "runtime/tcp.hpp"
#include "tests/unit/runtime/sim/support.hpp"
#include "tests/unit/storage/stored_chain.hpp"

#include <memory>

#include <catch2/catch.hpp>

namespace tetrad::daemon::test {

inline crypto::private_key key_of(std::uint8_t n) {
    fixed<32> seed;
    seed.data.fill(n);
    return crypto::private_key::from_seed(seed);
}

/// Of a chain that these keys begin, with a power of ten each.
inline chain::genesis_doc genesis_of(std::initializer_list<std::uint8_t> keys) {
    chain::genesis_doc genesis;
    genesis.chain_id = "simulated";
    genesis.time = {1704067200, 0};
    for (const auto k : keys)
        genesis.validators.push_back({{}, key_of(k).public_key(), power_t(10), format("v{}", k)});
    REQUIRE(chain::validate_and_complete(genesis, genesis.time));
    return genesis;
}

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

inline runtime::task<result<std::string>> fetch(runtime::endpoint from, std::string path) {
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

inline std::string escaped(std::string_view what) {
    std::string all;
    for (const char c : what)
        all += format("%{:02X}", static_cast<unsigned char>(c));
    return all;
}

/// As its RPC says it to somebody on another host.
inline bool is_catching_up(runtime::sim::testing::process& reader, const node& of) {
    const auto status = reader.run(fetch(of.rpc_endpoints().at(0), "/status"));
    REQUIRE(status);
    INFO(*status);
    const bool yes = status->find("\"catching_up\":true") != std::string::npos;
    REQUIRE(yes != (status->find("\"catching_up\":false") != std::string::npos));
    return yes;
}

inline void stop(runtime::sim::world& world, std::initializer_list<simulated_node*> nodes) {
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

}  // namespace tetrad::daemon::test
