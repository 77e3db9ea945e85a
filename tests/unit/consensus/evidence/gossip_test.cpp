// SPDX-License-Identifier: Apache-2.0
// Who is told of evidence, and when; what peers do wrong is in tests/sim/evidence_test.cpp.
#include "consensus/evidence/gossip.hpp"

#include "base/wire/protobuf.hpp"
#include "storage/service.hpp"
#include "tests/unit/consensus/evidence/support.hpp"
#include "tests/unit/p2p/hub_node.hpp"
#include "tests/unit/storage/support.hpp"

using namespace tetrad;
using namespace tetrad::consensus::evidence;
using namespace tetrad::consensus::evidence::test;
using p2p::testing::far_machine;
using p2p::testing::id_of;
using runtime::task;
using tetrad::result;

namespace {

/// The reactor behind a hub, over a chain of ten blocks; evidence may be 6 blocks old, and then an hour.
struct behind_hub {
    storage::test::growing_store chain{{{0, 10}, {1, 20}, {2, 30}, {3, 40}}};
    runtime::sim::world w{3};
    runtime::sim::host& host = w.add_host("node", "10.0.0.1");
    std::list<far_machine> machines;
    runtime::sim::testing::process on{host};
    runtime::shard storage{on.on, 1, "storage"}, api{on.on, 2, "api"};
    runtime::scope at_storage{storage}, at_api{api};
    runtime::offload resolver{on.here, "resolver", runtime::offload::mode::inline_};
    runtime::offload helper{storage, "disk", runtime::offload::mode::inline_};
    memory_log lines;
    storage::service store{std::move(chain.db), helper, [](error) {}};
    storage::read_port reads{{"reads", 64, 8}, on.here, storage};
    submit_port submits{{"evidence", 4}, api, on.here};
    gossip reactor{on.here, storage::client(reads), logger(lines, "evidence")};
    std::unique_ptr<p2p::hub> hub;

    behind_hub() {
        chain.chain.state.params.evidence = {6, 1h, 1 << 20};
        REQUIRE(db().save_state(chain.chain.state));
        for (int i = 0; i < 10; ++i)
            REQUIRE(db().apply(storage::test::grow(chain.chain, chain.chain.make())));
        store.serve(reads, at_storage);
        reactor.serve(submits, on.tasks);
        REQUIRE(on.run(reactor.refresh()).has_value());
        p2p::hub_options o;
        o.listen = "tcp://10.0.0.1:26656";
        o.node_key = p2p::testing::key_of(1);
        o.self = p2p::testing::info_of(1, {});
        hub = std::make_unique<p2p::hub>(on.here, o, resolver, logger(lines, "p2p"));
        hub->add(reactor);
        REQUIRE(on.run(hub->start()).has_value());
    }
    ~behind_hub() {
        on.run(stop_hub());
        for (auto& m : machines) {
            m.peer->close();
            m.on.stop();
        }
        for (auto* s : {&at_api, &at_storage}) {
            s->request_stop();
            w.run_until([&] { return s->running() == 0; }, w.now() + 1h);
        }
        on.stop();
        w.run_idle();
    }
    storage::store& db() { return store.get(); }

    far_machine& connect(std::uint8_t n) {
        auto& m = machines.emplace_back(w, n);
        auto up = m.on.run(p2p::testing::dial_and_upgrade(
            host.at(p2p::testing::p2p_port), p2p::testing::key_of(n),
            p2p::testing::info_of(n, {p2p::channels::evidence}), p2p::testing::id_of(1)));
        REQUIRE(up.has_value());
        m.adopt(std::move(*up));
        REQUIRE(until([&] { return hub->find(p2p::testing::id_of(n)) != nullptr; }));
        return m;
    }
    bool until(const std::function<bool()>& held) { return w.run_until(held, w.now() + 1min); }

    chain::evidence votes(std::int64_t h) {
        return {double_vote(db().validators(height_t(h)).value().value(), 0, height_t(h),
                            db().meta(height_t(h)).value()->header.time)};
    }
    chain::signed_header header(std::int64_t h) {
        return {db().meta(height_t(h)).value()->header, db().commit(height_t(h)).value().value()};
    }
    chain::evidence attack(std::int64_t h) {
        auto sibling = header(h).header.value();
        sibling.data_hash = chain::test::hash_of("other transactions");
        const auto set = db().validators(height_t(h)).value().value();
        auto a = attack_with(sibling, set, "ccca");
        blame(a, header(h), set, header(h));
        return {a};
    }
    /// As a client of the api shard.
    std::string submit(chain::evidence e) {
        std::optional<result<void>> done;
        at_api.spawn(call(std::move(e), done));
        REQUIRE(until([&] { return done.has_value(); }));
        return error_of(*done);
    }
    static std::vector<height_t> heard(const far_machine& m) {
        std::vector<height_t> out;
        for (const auto& a : m.peer->messages) {
            const auto list = wire::decode<chain::evidence_list>(a.message);
            REQUIRE(list);
            REQUIRE(list->evidence.size() == 1);
            out.push_back(list->evidence[0].height());
        }
        std::sort(out.begin(), out.end());
        return out;
    }
    void settle() {
        w.run_until([] { return false; }, w.now() + 30s);
    }

private:
    task<void> call(chain::evidence e, std::optional<result<void>>& done) {
        result<void> said = co_await submits.call(std::move(e));
        done.emplace(std::move(said));
    }
    task<bool> stop_hub() {
        co_await hub->stop();
        co_return true;
    }
};

std::vector<height_t> at(std::initializer_list<std::int64_t> list) {
    std::vector<height_t> out;
    for (const auto h : list)
        out.emplace_back(h);
    return out;
}

}  // namespace

TEST_CASE(
    "a peer is told of evidence, once, when it has decided its height and that is not too old for "
    "it") {
    behind_hub t;
    auto& peer = t.connect(2);
    for (const auto h : {4, 5, 8, 9})
        CHECK(t.submit(t.votes(h)) == "");
    t.settle();
    CHECK(t.heard(peer).empty());  // of whom nothing is known
    t.reactor.on_peer_height(id_of(2), height_t(3));
    t.settle();
    CHECK(t.heard(peer).empty());
    t.reactor.on_peer_height(id_of(2), height_t(4));
    REQUIRE(t.until([&] { return t.heard(peer) == at({4}); }));
    t.reactor.on_peer_height(id_of(2), height_t(8));
    t.settle();
    CHECK(t.heard(peer) == at({4, 5, 8}));
    CHECK(t.submit(t.votes(6)) == "");
    t.settle();
    CHECK(t.heard(peer) == at({4, 5, 6, 8}));

    // At height 11 what happened at height 4 is seven blocks old.
    auto& late = t.connect(3);
    t.reactor.on_peer_height(id_of(3), height_t(10));
    t.settle();
    CHECK(t.heard(late) == at({5, 6, 8, 9}));
}

TEST_CASE("a peer is told of an attack when it has the commit that proves it") {
    behind_hub t;
    auto& peer = t.connect(2);
    CHECK(t.submit(t.attack(8)) == "");
    t.reactor.on_peer_height(id_of(2), height_t(8));
    t.settle();
    CHECK(t.heard(peer).empty());
    t.reactor.on_peer_height(id_of(2), height_t(9));
    REQUIRE(t.until([&] { return t.heard(peer) == at({8}); }));
}

TEST_CASE("what a block took is not told of any more, and what waited before a start is") {
    behind_hub t;
    REQUIRE(t.db().add_evidence(t.votes(7)));
    REQUIRE(t.db().add_evidence(t.votes(8)));
    CHECK(!t.reactor.has_any());
    REQUIRE(t.on.run(t.reactor.refresh()).has_value());
    CHECK(t.reactor.has_any());
    auto entry = storage::test::grow(t.chain.chain, t.chain.chain.make());
    entry.evidence.committed = {t.votes(7)};
    REQUIRE(t.db().apply(entry));
    REQUIRE(t.on.run(t.reactor.refresh()).has_value());
    auto& peer = t.connect(2);
    t.reactor.on_peer_height(id_of(2), height_t(10));
    t.settle();
    CHECK(t.heard(peer) == at({8}));
}

TEST_CASE("whoever told us of evidence is not told of it") {
    behind_hub t;
    auto &one = t.connect(2), &other = t.connect(3);
    for (const std::uint8_t n : {2, 3})
        t.reactor.on_peer_height(id_of(n), height_t(10));
    one.peer->send_message(p2p::channels::evidence,
                           wire::encode(chain::evidence_list{{t.votes(8)}}));
    REQUIRE(t.until([&] { return t.heard(other) == at({8}); }));
    t.settle();
    CHECK(t.heard(one).empty());
}

TEST_CASE("a client hears why its evidence is not taken") {
    behind_hub t;
    auto e = std::get<chain::duplicate_vote>(t.votes(8).what);
    e.total_power = power_t(1);
    CHECK(t.submit({e}).starts_with(
        "Invalid evidence: total voting power from the evidence and our validator "
        "set does not match (1 != 100). Evidence: DuplicateVoteEvidence{"));
    CHECK(!t.reactor.has_any());
}
