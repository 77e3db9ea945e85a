// SPDX-License-Identifier: Apache-2.0
// The mempool as a service: what it asks the application and when, how it stands still around a commit, and what peers are sent,
// over connections of the simulated network.
#include "app/mempool/mempool.hpp"

#include "tests/unit/app/mempool/support.hpp"

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::app;
using namespace tetrad::app::test;

namespace {

using bench = mempool_bench;

constexpr duration a_while = 5s;

}  // namespace

TEST_CASE("mempool: what the application accepts is pooled, and its answer comes back") {
    bench b;
    b.asks.refused = {"bad=1"};
    CHECK(b.submit("a=1") == "code 0");
    CHECK(b.submit("bad=1") == "code 5");
    CHECK(b.submit("a=1") == "tx already exists in cache");
    CHECK(b.content() == words{"a=1"});
    CHECK(b.asks.asked == words{"a=1", "bad=1"});
    const auto one = b.m.run(b.m.at_api, b.submits.call({tx_of("b=1")}));
    REQUIRE(one);
    CHECK(one->id == chain::tx_hash(view("b=1")));

    const auto listed = b.m.run(b.m.at_api, b.lists.call({1}));
    REQUIRE(listed);
    CHECK(listed->total == 2);
    CHECK(listed->total_bytes == 6);
    CHECK(listed->txs == std::vector<slice>{tx_of("a=1")});
}

TEST_CASE(
    "mempool: one without a pool refuses everything, and peers' transactions are not looked at") {
    mempool_options o;
    o.accepts = false;
    bench b(o);
    CHECK(b.submit("a=1") == "not allowed with `nop` mempool");
    linked_peer p(b, "p", "10.0.0.2");
    p.send({"b=1"});
    b.m.world.run_for(a_while);
    CHECK(b.asks.asked.empty());
    CHECK_FALSE(p.is_dropped());
}

TEST_CASE(
    "mempool: an application that cannot be asked stops the node, and the transaction is "
    "forgotten") {
    bench b;
    b.asks.broken = error(errc::io, "connection reset");
    CHECK(b.submit("a=1") == "appConn mempool: connection reset");
    REQUIRE(b.halted);
    CHECK(*b.halted == error(errc::fatal, "CheckTx: connection reset"));
    b.asks.broken.reset();
    CHECK(b.submit("a=1") == "code 0");
}

TEST_CASE(
    "mempool: the pool is locked when every check is answered, and checks nothing until it is "
    "updated") {
    bench b;
    words answers;
    b.asks.waits = true;
    b.submit("a=1", answers);
    b.submit("b=1", answers);
    std::optional<result<void>> locked;
    b.m.at_consensus.spawn(store<result<void>>(b.locks.call({}), locked));
    b.m.world.run_for(a_while);
    CHECK_FALSE(locked);
    CHECK(b.asks.flushes == 0);

    b.submit("c=1", answers);  // while it waits for those before
    b.asks.waits = false;
    b.asks.go.notify();
    b.m.world.run_for(a_while);
    REQUIRE(locked);
    CHECK(locked->has_value());
    CHECK(b.asks.flushes == 1);
    CHECK(answers == words{"a=1: code 0", "b=1: code 0"});
    CHECK(b.asks.asked == words{"a=1", "b=1"});  // c waits

    b.submit("d=1", answers);
    CHECK(b.asks.asked == words{"a=1", "b=1"});
    REQUIRE(b.update({"a=1"}));
    b.m.world.run_for(a_while);
    CHECK(b.asks.asked == words{"a=1", "b=1", "recheck b=1", "c=1", "d=1"});
    CHECK(answers == words{"a=1: code 0", "b=1: code 0", "c=1: code 0", "d=1: code 0"});
    CHECK(b.content() == words{"b=1", "c=1", "d=1"});
}

TEST_CASE("mempool: what stays after a block is rechecked in order, unless that is off") {
    for (const bool on : {true, false}) {
        mempool_options o;
        o.recheck = on;
        bench b(o);
        for (const char* t : {"a=1", "b=1", "c=1", "d=1"})
            REQUIRE(b.submit(t) == "code 0");
        b.asks.asked.clear();
        b.asks.refused = {"c=1"};
        REQUIRE(b.lock());
        REQUIRE(b.update({"a=1"}));
        CHECK(b.asks.asked == (on ? words{"recheck b=1", "recheck c=1", "recheck d=1"} : words{}));
        CHECK(b.content() == (on ? words{"b=1", "d=1"} : words{"b=1", "c=1", "d=1"}));
        b.asks.refused.clear();
        CHECK(b.submit("c=1") == (on ? "code 0" : "tx already exists in cache"));
    }
}

TEST_CASE("mempool: an application slow to recheck holds the chain up no longer than the timeout") {
    mempool_options o;
    o.recheck_timeout = 2s;
    bench b(o);
    REQUIRE(b.submit("a=1") == "code 0");
    REQUIRE(b.submit("b=1") == "code 0");
    b.asks.waits = true;
    REQUIRE(b.lock());
    const auto before = b.m.world.now();
    REQUIRE(b.update());
    CHECK(b.m.world.now() - before >= 2s);
    CHECK(b.m.world.now() - before < 3s);
    CHECK(b.log.contains("timed out waiting for recheck responses"));
    CHECK(b.content() == words{"a=1", "b=1"});
    b.asks.waits = false;
    CHECK(b.submit("c=1") == "code 0");
}

TEST_CASE("mempool: a recheck that the application cannot answer ends the block") {
    bench b;
    REQUIRE(b.submit("a=1") == "code 0");
    REQUIRE(b.lock());
    b.asks.broken = error(errc::io, "connection reset");
    const auto updated = b.update();
    REQUIRE_FALSE(updated);
    CHECK(updated.error().text == "recheck: connection reset");
}

TEST_CASE(
    "mempool: a peer is sent each transaction once, in order, alone in its message, as soon as its "
    "height is known") {
    bench b;
    linked_peer p(b, "p", "10.0.0.2");
    for (const char* t : {"a=1", "b=1", "c=1"})
        REQUIRE(b.submit(t) == "code 0");
    b.m.world.run_for(a_while);
    CHECK(p.received.empty());  // nothing is known of it yet
    b.pool.on_peer_height(p.id(), height_t(1));
    b.m.world.run_for(a_while);
    CHECK(p.received == words{"a=1", "b=1", "c=1"});
    REQUIRE(b.submit("d=1") == "code 0");
    b.m.world.run_for(a_while);
    CHECK(p.received == words{"a=1", "b=1", "c=1", "d=1"});
}

TEST_CASE("mempool: a peer is sent the first at once, and what comes in soon after it together") {
    bench b;
    linked_peer p(b, "p", "10.0.0.2");
    b.pool.on_peer_height(p.id(), height_t(1));
    for (const char* t : {"a=1", "b=1", "c=1", "d=1"}) {
        REQUIRE(b.submit(t) == "code 0");
        b.m.world.run_for(1ms);
    }
    CHECK(p.received == words{"a=1"});
    b.m.world.run_for(a_while);
    CHECK(p.received == words{"a=1", "b=1", "c=1", "d=1"});
}

TEST_CASE("mempool: a peer is never sent back what it sent, also where we knew it already") {
    bench b;
    linked_peer p(b, "p", "10.0.0.2"), q(b, "q", "10.0.0.3");
    p.send({"a=1"});
    b.m.world.run_for(a_while);
    q.send({"a=1"});
    b.m.world.run_for(a_while);
    q.send({"b=1"});
    b.m.world.run_for(a_while);
    REQUIRE(b.submit("c=1") == "code 0");
    for (auto* peer : {&p, &q})
        b.pool.on_peer_height(peer->id(), height_t(1));
    b.m.world.run_for(a_while);
    CHECK(p.received == words{"b=1", "c=1"});
    CHECK(q.received == words{"c=1"});
    CHECK(b.asks.asked == words{"a=1", "b=1", "c=1"});
}

TEST_CASE(
    "mempool: a peer more than a block behind a transaction is not sent it until it has come "
    "closer") {
    bench b;
    linked_peer p(b, "p", "10.0.0.2");
    b.pool.on_peer_height(p.id(), height_t(1));
    REQUIRE(b.submit("at 1=1") == "code 0");
    for (int i = 0; i < 2; ++i) {
        REQUIRE(b.lock());
        REQUIRE(b.update());
    }
    REQUIRE(b.submit("at 3=1") == "code 0");
    b.m.world.run_for(a_while);
    CHECK(p.received == words{"at 1=1"});
    b.pool.on_peer_height(p.id(), height_t(2));  // a lag of one block is allowed
    b.m.world.run_for(a_while);
    CHECK(p.received == words{"at 1=1", "at 3=1"});
}

TEST_CASE("mempool: what a block took is not sent any more") {
    bench b;
    linked_peer p(b, "p", "10.0.0.2");
    for (const char* t : {"a=1", "b=1", "c=1"})
        REQUIRE(b.submit(t) == "code 0");
    REQUIRE(b.lock());
    REQUIRE(b.update({"a=1", "b=1"}));
    b.pool.on_peer_height(p.id(), height_t(2));
    b.m.world.run_for(a_while);
    CHECK(p.received == words{"c=1"});
}

TEST_CASE(
    "mempool: nobody is sent anything where gossip is off, and a peer without the channel "
    "neither") {
    for (const bool on : {true, false}) {
        mempool_options o;
        o.gossip = on;
        bench b(o);
        linked_peer p(b, "p", "10.0.0.2",
                      on ? std::vector<p2p::channel_id>{p2p::channels::blocksync}
                         : std::vector{p2p::channels::mempool});
        b.pool.on_peer_height(p.id(), height_t(1));
        REQUIRE(b.submit("a=1") == "code 0");
        b.m.world.run_for(a_while);
        CHECK(p.received.empty());
        CHECK_FALSE(p.is_dropped());
    }
}

TEST_CASE(
    "mempool: several transactions of one message are checked in their order, also past one that "
    "is refused") {
    bench b;
    b.asks.refused = {"bad=1"};
    linked_peer p(b, "p", "10.0.0.2");
    p.send({"a=1", "bad=1", "a=1", "b=1"});
    b.m.world.run_for(a_while);
    CHECK(b.asks.asked == words{"a=1", "bad=1", "b=1"});
    CHECK(b.content() == words{"a=1", "b=1"});
    CHECK_FALSE(p.is_dropped());
}

TEST_CASE("mempool: a message that is none drops its peer") {
    mempool_options o;
    o.limits.tx_bytes = 10;
    o.batch_bytes = 20;
    const std::pair<bytes, const char*> cases[] = {
        {{0xff}, "mempool"},
        {message_of({}), "mempool: mempool message contains no transactions"},
        {message_of({"a=1", ""}), "mempool: mempool batch contains an empty transaction"},
        {message_of({"12345678901"}), "message on channel 48 is longer than 14 bytes"},
    };
    for (const auto& [raw, text] : cases) {
        INFO(to_hex(raw));
        bench b(o);
        linked_peer p(b, "p", "10.0.0.2");
        p.send(raw);
        b.m.world.run_for(a_while);
        REQUIRE(p.is_dropped());
        CAPTURE(p.why());
        CHECK(p.why().find(text) != std::string::npos);
        CHECK(b.asks.asked.empty());
    }
}

TEST_CASE("mempool: a peer that comes back is a new one") {
    bench b;
    {
        linked_peer p(b, "p", "10.0.0.2");
        p.send({"a=1"});
        b.m.world.run_for(a_while);
        REQUIRE(b.content() == words{"a=1"});
        p.leave();
    }
    linked_peer again(b, "p", "10.0.0.3");
    b.m.world.run_for(a_while);
    CHECK(again.received.empty());  // its height is not known any more
    b.pool.on_peer_height("p", height_t(1));
    b.m.world.run_for(a_while);
    CHECK(again.received == words{"a=1"});
}
