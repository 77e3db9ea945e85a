// SPDX-License-Identifier: Apache-2.0
// Whole nodes that decide blocks.
#include "daemon/node.hpp"

#include "tests/unit/daemon/simulated_node.hpp"

using namespace tetrad;
using namespace tetrad::daemon;
using namespace tetrad::daemon::test;

TEST_CASE("the only validator of a chain makes its blocks, and others follow it") {
    const auto genesis = genesis_of({111});
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
    const auto genesis = genesis_of({101, 102, 103, 104});
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

TEST_CASE(
    "a full node joins the validators, changes its power and leaves by transactions, while it "
    "runs") {
    const auto [seed, kind] =
        GENERATE(table<int, application>({{1, application::persistent_kvstore},
                                          {2, application::kvstore},
                                          {3, application::kvstore}}));
    INFO("seed " << seed);
    const auto genesis = genesis_of({101});
    runtime::sim::world world(static_cast<std::uint64_t>(seed));
    runtime::sim::testing::process user(world.add_host("user", "10.0.0.9"));
    simulated_node first(world, "first", "10.0.0.1", 1, genesis,
                         std::make_shared<storage::memory_disk>());
    simulated_node second(world, "second", "10.0.0.2", 2, genesis,
                          std::make_shared<storage::memory_disk>());
    second.options.settings.p2p.persistent_peers = first.address("10.0.0.1");
    for (auto* n : {&first, &second}) {
        n->options.app = kind;
        n->start();
    }
    const auto key = second.options.validator_key.public_key();
    const auto height = [&] { return second.running->height(); };
    const auto wait_for = [&](height_t h) {
        const bool reached = world.run_until([&] { return height() >= h; }, world.now() + 120s);
        INFO("first:\n" << first.log() << "second:\n" << second.log());
        REQUIRE(reached);
    };
    // Who signed which height, as the block after it has it: ours is there, or not.
    const auto signatures_at = [&](height_t h) {
        wait_for(h + 1);
        const auto answer = user.run(
            fetch(second.running->rpc_endpoints().at(0), format("/commit?height={}", h.v)));
        REQUIRE(answer);
        return answer->find(to_hex_upper(key.address())) != std::string::npos;
    };
    // The change is in force two heights after the block that holds it.
    const auto set_power = [&](int power) {
        const auto tx = format("val=ed25519!{}!{}", to_base64(key.raw()), power);
        const auto answer = user.run(fetch(first.running->rpc_endpoints().at(0),
                                           "/broadcast_tx_commit?tx=%22" + escaped(tx) + "%22"));
        REQUIRE(answer);
        INFO(*answer);
        REQUIRE(answer->find("\"height\":\"0\"") == std::string::npos);  // it is in a block
        return first.running->height() + 4;
    };
    wait_for(height_t(4));
    CHECK_FALSE(signatures_at(height_t(3)));
    auto from =
        set_power(5);  // with a third of the power: from here on nothing is decided without it
    CHECK(signatures_at(from));
    from = set_power(40);  // and now it can decide alone
    CHECK(signatures_at(from));
    from = set_power(0);
    wait_for(from);
    CHECK_FALSE(signatures_at(from + 1));
    stop(world, {&first, &second});
}
