// SPDX-License-Identifier: Apache-2.0
// A network of whole nodes in the simulated world, of which each is a validator of equal power, and machines that are no node: they
// connect to nodes with our own p2p stack and send what the test says. Included last of our headers: Catch's CHECK takes the place of
// ours from here on.
#pragma once

#include "chain/messages.hpp"
#include "p2p/connection.hpp"
#include "p2p/hub.hpp"
#include "p2p/secret_connection.hpp"
#include "p2p/upgrade.hpp"
#include "storage/store.hpp"
#include "tests/unit/daemon/simulated_node.hpp"
#include "tests/unit/p2p/hub_node.hpp"

#include <algorithm>
#include <list>
#include <memory>
#include <string>
#include <vector>

namespace tetrad::sim_test {

namespace messages = chain::messages;
namespace channels = p2p::channels;
using chain::vote_type;
using consensus::core::step_t;
using daemon::test::key_of;
using daemon::test::simulated_node;
using p2p::testing::wire_peer;

constexpr std::string_view chain_id = "simulated";

/// Of validator `n`, from 1 on.
inline crypto::private_key validator_key(std::uint8_t n) {
    return key_of(static_cast<std::uint8_t>(n + 100));
}

/// Of `count` validators the first `running` are nodes; the keys of the others are the test's.
class validators {
public:
    explicit validators(std::uint64_t seed, std::uint8_t running = 4, std::uint8_t count = 4)
        : world(seed) {
        genesis.chain_id = chain_id;
        genesis.time = {1704067200, 0};
        for (std::uint8_t n = 1; n <= count; ++n)
            genesis.validators.push_back(
                {{}, validator_key(n).public_key(), power_t(10), format("v{}", n)});
        REQUIRE(chain::validate_and_complete(genesis, genesis.time));
        std::string peers;
        for (std::uint8_t n = 1; n <= running; ++n) {
            const auto ip = format("10.0.0.{}", n);
            nodes.push_back(
                std::make_unique<simulated_node>(world, format("node{}", n), ip, n, genesis,
                                                 std::make_shared<storage::memory_disk>()));
            nodes.back()->options.settings.p2p.persistent_peers = peers;
            peers += (peers.empty() ? "" : ",") + nodes.back()->address(ip);
        }
    }
    ~validators() {
        for (auto& m : machines) {
            for (auto& [n, peer] : m.peers)
                peer->close();
            m.on.stop();
        }
        for (auto& n : nodes)
            if (n->running)
                n->running->request_stop();
        world.run_until(
            [&] {
                return std::ranges::all_of(
                    nodes, [](auto& n) { return !n->running || n->running->is_stopped(); });
            },
            world.now() + 5min);
    }

    /// Stops a node; it can be started again, with what it had signed.
    void stop(std::size_t i) {
        daemon::test::stop(world, {nodes[i].get()});
        auto read = json::from_json<consensus::privval::sign_record>(
            text(*nodes[i]->host.disk().get_file("/node/data/priv_validator_state.json")));
        REQUIRE(read);
        nodes[i]->options.last_signed = *read;
    }
    void start() {
        for (auto& n : nodes)
            n->start();
        INFO(logs());
        REQUIRE(reach(height_t(2)));
    }
    const daemon::node& node(std::size_t i) const { return *nodes[i]->running; }
    const consensus::gossip::view& view(std::size_t i) const {
        return node(i).gossip()->what_we_have();
    }
    height_t top() const {
        height_t h;
        for (std::size_t i = 0; i < nodes.size(); ++i)
            h = std::max(h, node(i).height());
        return h;
    }
    bool until(const std::function<bool()>& held, duration limit = 2min) {
        return world.run_until(held, world.now() + limit);
    }
    bool reach(height_t h, duration limit = 2min) {
        return until(
            [&] {
                return std::ranges::all_of(nodes,
                                           [&](auto& n) { return n->running->height() >= h; });
            },
            limit);
    }
    /// Every node decides more blocks than any has now.
    bool goes_on(int more = 1, duration limit = 2min) { return reach(top() + more, limit); }
    /// Until node `i` has just begun a height: for a second it does not propose.
    height_t next_height(std::size_t i) {
        const height_t before = view(i).height;
        REQUIRE(
            until([&] { return view(i).height > before && view(i).step == step_t::new_height; }));
        return view(i).height;
    }
    std::unique_ptr<storage::store> stored(std::size_t i) const {
        auto opened = storage::store::open(storage::memory_kv::open(nodes[i]->disk));
        REQUIRE(opened);
        return std::move(*opened);
    }
    /// Up to the lowest height of all nodes.
    void check_agreement() const {
        height_t lowest = top();
        for (std::size_t i = 0; i < nodes.size(); ++i)
            lowest = std::min(lowest, node(i).height());
        const auto first = stored(0);
        for (std::size_t i = 1; i < nodes.size(); ++i) {
            const auto other = stored(i);
            for (height_t h(1); h <= lowest; ++h) {
                INFO("height " << h.v << " of node " << i + 1);
                const auto a = first->meta(h), b = other->meta(h);
                REQUIRE((a && *a && b && *b));
                CHECK((*a)->id == (*b)->id);
            }
        }
    }
    std::string logs() const {
        std::string all;
        for (const auto& n : nodes)
            all += n->options.settings.base.moniker + ":\n" + n->log();
        return all;
    }

    // ---- machines that are no node ----

    struct machine {
        machine(runtime::sim::world& w, std::uint8_t n)
            : number(n),
              host(w.add_host(format("machine{}", n), format("10.0.1.{}", n))),
              on(host) {}
        std::uint8_t number;
        runtime::sim::host& host;
        runtime::sim::testing::process on;
        std::map<std::size_t, std::unique_ptr<wire_peer>> peers;  // by node
        std::string id() const {
            return p2p::testing::id_of(static_cast<std::uint8_t>(number + 200));
        }
        bool is_connected(std::size_t i) const {
            const auto found = peers.find(i);
            return found != peers.end() && !found->second->closed;
        }
    };
    machine& add_machine() {
        return machines.emplace_back(world, static_cast<std::uint8_t>(machines.size() + 1));
    }
    /// The machine dials node `i`, as somebody who takes part in consensus.
    void connect(machine& m, std::size_t i) {
        if (auto& before = m.peers[i])
            REQUIRE(until([&] { return before->closed && before->has_sent_all(); }));
        const auto as = static_cast<std::uint8_t>(m.number + 200);
        auto info = p2p::testing::info_of(
            as, {channels::blocksync, channels::state, channels::data, channels::vote,
                 channels::vote_set_bits, channels::mempool, channels::evidence});
        info.network = chain_id;
        auto up = m.on.run(p2p::testing::dial_and_upgrade(
            nodes[i]->host.at(p2p::testing::p2p_port), p2p::testing::key_of(as), std::move(info),
            to_hex(nodes[i]->options.node_key.public_key().address())));
        INFO((up ? "" : up.error().text));
        REQUIRE(up.has_value());
        m.peers[i] = std::make_unique<wire_peer>(m.on, std::move(*up));
        m.peers[i]->start_reading();
        REQUIRE(until([&] { return nodes[i]->running->hub()->find(m.id()) != nullptr; }));
    }
    static void send(machine& m, std::size_t i, p2p::channel_id c,
                     const messages::consensus_message& what) {
        m.peers.at(i)->send_message(c, messages::encode_consensus(what));
    }

    runtime::sim::world world;
    chain::genesis_doc genesis;
    std::vector<std::unique_ptr<simulated_node>> nodes;
    std::list<machine> machines;
};

/// What a node wrote into its log since this was made.
class log_tail {
public:
    explicit log_tail(const simulated_node& n) : lines_(n.lines), begin_(n.lines.lines().size()) {}
    bool contains(std::string_view a, std::string_view b = {}) const {
        const auto& all = lines_.lines();
        for (std::size_t i = begin_; i < all.size(); ++i)
            if (all[i].find(a) != all[i].npos && all[i].find(b) != all[i].npos)
                return true;
        return false;
    }
    std::string text() const {
        std::string all;
        for (std::size_t i = begin_; i < lines_.lines().size(); ++i)
            all += lines_.lines()[i] + "\n";
        return all;
    }

private:
    const memory_log& lines_;
    std::size_t begin_;
};

}  // namespace tetrad::sim_test
