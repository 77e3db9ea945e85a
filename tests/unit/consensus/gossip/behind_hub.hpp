// SPDX-License-Identifier: Apache-2.0
// The gossip service behind a real hub on 10.0.0.1. The engine's news are the test's, what is given to the engine is noted, and peers
// are played by the test, message by message, over real connections. Included last of our headers: Catch's CHECK takes the place of
// ours from here on.
#pragma once

#include "consensus/gossip/service.hpp"
#include "storage/service.hpp"
#include "tests/unit/chain/growing_chain.hpp"
#include "tests/unit/consensus/gossip/support.hpp"
#include "tests/unit/p2p/hub_node.hpp"
#include "tests/unit/storage/support.hpp"

namespace tetrad::consensus::gossip::test {

using p2p::testing::far_machine;
using runtime::task;
namespace channels = p2p::channels;

inline const bytes consensus_channels{channels::state, channels::data, channels::vote,
                                      channels::vote_set_bits};

/// Four validators that can sign, at height 10 of a chain that begins at 1.
struct behind_hub {
    runtime::sim::world w;
    runtime::sim::host& host = w.add_host("node", "10.0.0.1");
    std::list<far_machine> machines;
    runtime::sim::testing::process on{host};
    runtime::shard storage{on.on, 1, "storage"}, consensus{on.on, 2, "consensus"};
    runtime::scope at_storage{storage}, at_consensus{consensus};
    memory_log lines{{}, log_levels::parse("debug").value()};
    std::shared_ptr<storage::memory_disk> disk;
    runtime::offload resolver{on.here, "resolver", runtime::offload::mode::inline_};
    runtime::offload helper{storage, "disk", runtime::offload::mode::inline_};
    storage::service store;
    storage::read_port reads{{"reads", 64, 8}, on.here, storage};
    engine::input_port inputs;
    std::vector<engine::peer_input> given;                  // to the engine
    std::vector<std::pair<std::string, height_t>> decided;  // as peers say
    gossip::service service;
    p2p::hub_options options;
    std::unique_ptr<p2p::hub> hub;
    chain::validator_set validators = chain::test::set_of({{0, 10}, {1, 10}, {2, 10}, {3, 10}});

    explicit behind_hub(
        std::shared_ptr<storage::memory_disk> d = std::make_shared<storage::memory_disk>(),
        std::size_t inputs_depth = 64)
        : w(5),
          disk(std::move(d)),
          store(storage::test::opened(disk), helper, [](error) {}),
          inputs({"inputs", inputs_depth, 1}, on.here, consensus),
          service(on.here, {"sim-chain", height_t(1)}, inputs, storage::client(reads),
                  logger(lines, "consensus")) {
        store.serve(reads, at_storage);
        service.on_peer_height = [this](const std::string& id, height_t h) {
            decided.emplace_back(id, h);
        };
        options.listen = "tcp://10.0.0.1:26656";
        options.node_key = p2p::testing::key_of(1);
        options.self = p2p::testing::info_of(1, {});
    }
    ~behind_hub() {
        serve_inputs();  // nobody waits for the engine any more
        on.run(stop_hub());
        for (auto& m : machines) {
            if (m.peer)
                m.peer->close();
            m.on.stop();
        }
        for (auto* s : {&at_consensus, &at_storage}) {
            s->request_stop();
            w.run_until([&] { return s->running() == 0; }, w.now() + 1h);
        }
        w.run_idle();
    }

    void start(bool serves_inputs = true) {
        hub = std::make_unique<p2p::hub>(on.here, options, resolver, logger(lines, "p2p"));
        hub->add(service);
        service.attach(*hub);
        REQUIRE(on.run(hub->start()).has_value());
        if (serves_inputs)
            serve_inputs();
    }
    void serve_inputs() {
        inputs.serve(at_consensus, [this](engine::peer_input in) { return take(std::move(in)); });
    }
    void tell(engine::news n) { REQUIRE(on.run(service.on_news(std::move(n))).has_value()); }

    // ---- what the engine says ----

    void begin(std::int64_t h, std::int32_t r, step_t s, std::int64_t store_base = 0) {
        engine::height_begun begun;
        begun.height = height_t(h);
        begun.validators = begun.last_validators = validators;
        begun.store_base = height_t(store_base);
        tell(std::move(begun));
        step(h, r, s);
    }
    void step(std::int64_t h, std::int32_t r, step_t s) {
        tell(engine::step_begun{height_t(h), round_t(r), s, w.wall_clock(), round_t(0)});
    }
    void count(const chain::vote& v, std::optional<chain::block_id> majority = {}) {
        tell(engine::vote_news{std::make_shared<const chain::vote>(v),
                               encoded({messages::vote_message{v}}),
                               {},
                               majority});
    }

    // ---- peers ----

    far_machine& connect(std::uint8_t n) {
        auto& m = machines.emplace_back(w, n);
        auto up = m.on.run(p2p::testing::dial_and_upgrade(
            host.at(p2p::testing::p2p_port), p2p::testing::key_of(n),
            p2p::testing::info_of(n, consensus_channels), p2p::testing::id_of(1)));
        REQUIRE(up.has_value());
        m.adopt(std::move(*up));
        REQUIRE(until([&] { return hub->find(p2p::testing::id_of(n)) != nullptr; }));
        return m;
    }
    static void send(far_machine& m, p2p::channel_id c, messages::consensus_message what) {
        m.peer->send_message(c, encode_consensus(what));
    }
    bool until(const std::function<bool()>& held, duration limit = 1min) {
        return w.run_until(held, w.now() + limit);
    }
    const refusal_counts& refused_of(std::uint8_t n) {
        const auto* counts = service.refused_of(p2p::testing::id_of(n));
        REQUIRE(counts);
        return *counts;
    }

    // ---- signed by validator `who` of the set ----

    chain::vote signed_vote(std::size_t who, vote_type t, std::int32_t r,
                            std::string_view block = "A") const {
        auto v = vote_of(validators, who, t, ours, round_t(r), block_of(block));
        v.sig = chain::test::sign(chain::test::key_of(v.validator), sign_bytes(v, "sim-chain"));
        return v;
    }
    chain::proposal signed_proposal(const chain::block_id& id) const {
        chain::proposal p{vote_type::proposal, ours, round_t(0), round_t(-1), id, now, {}};
        p.sig = chain::test::sign(chain::test::key_of(validators.proposer().address),
                                  sign_bytes(p, "sim-chain"));
        return p;
    }

private:
    task<result<void>> take(engine::peer_input in) {
        given.push_back(std::move(in));
        co_return result<void>{};
    }
    task<bool> stop_hub() {
        co_await hub->stop();
        co_return true;
    }
};

/// What came to this peer of one kind.
template <class M>
std::vector<M> heard(const far_machine& m) {
    std::vector<M> out;
    for (const auto& a : m.peer->messages) {
        auto read = messages::decode_consensus(slice(bytes(a.message)));
        REQUIRE(read);
        if (auto* one = std::get_if<M>(&read->what))
            out.push_back(std::move(*one));
    }
    return out;
}

}  // namespace tetrad::consensus::gossip::test
