// SPDX-License-Identifier: Apache-2.0
// Block sync over the simulated network: downloading and verifying against peers that have the chain or lie about it, and serving.
#include "consensus/catchup/blocksync.hpp"

#include "tests/unit/consensus/catchup/syncing.hpp"

#include <functional>

using namespace tetrad;
using namespace tetrad::consensus;
using namespace tetrad::consensus::testing;
using p2p::testing::id_of;

namespace {

const made_chain& forty() {
    static const made_chain chain(40);
    return chain;
}

slice answer(slice block, std::optional<slice> extended = {}) {
    return slice(m::encode_blocksync({m::block_response{std::move(block), std::move(extended)}}));
}
/// The block at h, as a peer that does not keep the rules would have it.
slice changed(std::int64_t h, const std::function<void(chain::block&)>& change) {
    auto b = forty().blocks.at(static_cast<std::size_t>(h));
    change(b);
    return answer(slice(wire::encode(b)));
}

chain::extended_commit crowded() {
    chain::extended_commit c{height_t(1)};
    c.signatures.resize(chain::votes_max + 1);
    return c;
}

}  // namespace

// ---- downloading ----

TEST_CASE(
    "every block but the last is downloaded, verified and executed in order, whatever the seed and "
    "the number of peers") {
    const auto seed = GENERATE(1, 2, 3, 4, 5);
    const auto peers = GENERATE(1, 3);
    syncing t(forty(), static_cast<std::uint64_t>(seed));
    t.start();
    for (int i = 0; i < peers; ++i)
        t.connect(static_cast<std::uint8_t>(2 + i));
    REQUIRE(t.reaches(39));
    CHECK(t.applied == heights(1, 39));
    t.run_for(5s);
    CHECK(t.height == 39);  // 40 is verified by 41
    CHECK(t.sync->tip().height == height_t(39));
    CHECK(t.hub->peer_count() == static_cast<std::size_t>(peers));
}

TEST_CASE("a node that has blocks goes on with the next") {
    syncing t(forty());
    t.start(17);
    auto& p = t.connect(2);
    REQUIRE(t.reaches(39));
    CHECK(t.applied == heights(18, 39));
    CHECK(std::ranges::min(p.asked) == 18);
}

TEST_CASE(
    "the tip is followed one block behind: a round step at h lets h - 2 be applied, with no status "
    "and no timer") {
    syncing t(forty());
    t.start();
    auto& p = t.peer(2);
    p.height = 10;
    t.connect(p);
    REQUIRE(t.reaches(9));
    for (std::int64_t decided = 11; decided <= 20; ++decided) {
        p.height = decided;
        t.tell_decided(p, decided);
        CHECK(t.reaches(decided - 1, 1s));
    }
    CHECK(t.heights_told[id_of(2)] == 20);
    CHECK(t.sync->peer_height_max() == height_t(20));
}

TEST_CASE("an unsolicited status that rises is news as well") {
    syncing t(forty());
    t.start();
    auto& p = t.peer(2);
    p.height = 10;
    t.connect(p);
    REQUIRE(t.reaches(9));
    p.height = 12;
    p.tell_status();
    CHECK(t.reaches(11, 1s));
}

// ---- where block sync ends ----

TEST_CASE(
    "consensus may begin a second after the last block but one was applied, and is told so once") {
    syncing t(forty());
    t.switches = true;
    t.start();
    t.run_for(20s);
    CHECK(t.begun == 0);  // without peers nothing is known
    auto& p = t.connect(2);
    REQUIRE(t.reaches(39));
    t.run_for(900ms);
    CHECK(t.begun == 0);
    t.run_for(200ms);
    CHECK(t.begun == 1);
    p.asked.clear();
    t.tell_decided(p, 50);
    t.run_for(20s);
    CHECK(t.begun == 1);
    CHECK(p.asked.empty());
}

TEST_CASE("a peer that turns out to be ahead within the second keeps block sync going") {
    syncing t(forty());
    t.switches = true;
    t.start();
    auto& p = t.peer(2);
    p.height = 10;
    t.connect(p);
    REQUIRE(t.reaches(9));
    t.run_for(500ms);
    p.height = 40;
    p.tell_status();
    REQUIRE(t.reaches(39));
    CHECK(t.begun == 0);
    t.run_for(2s);
    CHECK(t.begun == 1);
}

TEST_CASE(
    "who holds a third of the power waits for nobody: the chain cannot be further, whatever peers "
    "claim") {
    const auto [key, holds] =
        GENERATE(table<int, bool>({{1, true}, {2, true}, {3, false}, {9, false}}));
    INFO("key " << key);  // the powers are 10, 7 and 5
    syncing t(forty());
    t.switches = true;
    t.signs_for = chain::test::public_key(key).address();
    t.start();
    auto& p = t.peer(2);
    t.connect(p, false);
    p.answers = false;
    p.tell_status();
    t.run_for(2s);
    CHECK(t.begun == (holds ? 1 : 0));
}

TEST_CASE("the only validator there is waits for nothing") {
    const made_chain chain(0, {{1, 10}});
    const int key = GENERATE(1, 2);
    syncing t(chain);
    t.switches = true;
    t.signs_for = chain::test::public_key(key).address();
    t.start();
    t.run_for(0s);
    CHECK(t.begun == (key == 1));
}

TEST_CASE("what is being executed when block sync ends is executed before consensus begins") {
    syncing t(forty());
    t.switches = true;
    t.signs_for = chain::test::public_key(1).address();
    t.execution_time = 3s;
    t.start();
    t.connect(2);
    REQUIRE(t.until([&] { return t.begun == 1; }));
    const auto done = t.applied;
    CHECK_FALSE(done.empty());
    t.run_for(30s);
    CHECK(t.applied == done);
}

// ---- downloading, in bad conditions ----

TEST_CASE("a slow execution loses nothing, and a fast download waits for it within bounds") {
    syncing t(forty());
    t.execution_time = 1s;
    t.start();
    t.connect(2);
    t.run_for(10s);
    CHECK(t.height >= 8);
    CHECK(t.height <= 11);
    REQUIRE(t.reaches(39));
    CHECK(t.applied == heights(1, 39));
}

TEST_CASE("a peer that has not got a block is passed over") {
    syncing t(forty());
    t.start();
    auto& poor = t.peer(2);
    poor.lacks = {1, 2, 3, 20};
    t.connect(poor);
    t.run_for(1s);
    CHECK(t.height == 0);
    t.connect(3);
    REQUIRE(t.reaches(39));
    CHECK(poor.is_connected());
}

TEST_CASE("a peer that pruned the blocks we need is asked for none of them") {
    syncing t(forty());
    t.start();
    auto& pruned = t.peer(2);
    pruned.base = 30;
    t.connect(pruned);
    t.run_for(5s);
    CHECK(t.height == 0);
    t.connect(3);
    REQUIRE(t.reaches(39));
    CHECK(std::ranges::min(pruned.asked) >= 30);
}

TEST_CASE(
    "a peer that does not answer holds the node up for two seconds, not for each of its blocks") {
    syncing t(forty());
    t.start();
    auto& silent = t.peer(2);
    silent.answers = false;
    t.connect(silent);
    t.connect(3);
    CHECK(t.reaches(39, 3s));
}

TEST_CASE("a peer that does not answer, and is all there is, is dropped after fifteen seconds") {
    syncing t(forty());
    t.start();
    auto& silent = t.peer(2);
    silent.answers = false;
    t.connect(silent);
    t.run_for(14s);
    CHECK(silent.is_connected());
    CHECK(silent.asked.size() == 20);
    t.run_for(4s);
    CHECK_FALSE(silent.is_connected());
    CHECK(t.lines.contains("sent no block for 15 s"));
    t.connect(3);
    CHECK(t.reaches(39));
}

TEST_CASE("a peer that leaves in the middle is replaced") {
    syncing t(forty());
    t.execution_time = 100ms;
    t.start();
    auto& leaving = t.connect(2);
    t.connect(3);
    REQUIRE(t.until([&] { return t.height >= 5; }));
    leaving.machine.peer->close();
    REQUIRE(t.reaches(39));
}

TEST_CASE("statuses are asked for every ten seconds") {
    syncing t(forty());
    t.start();
    auto& p = t.connect(2);
    t.run_for(61s);
    CHECK(p.heard_of<m::status_request>() == 6);
}

// ---- liars ----

TEST_CASE("a block that is none, not asked for, or malformed costs its sender the connection") {
    const auto& [what, why] = GENERATE(table<slice, std::string>({
        {slice(bytes{0xff, 0xff}), "block sync"},
        {slice(bytes{}), "block sync"},
        {slice(*from_hex("6200")), "block sync"},  // an alternative of a later version
        {slice(*from_hex("1a00")), "without a block"},
        {answer(slice(bytes(100, 0xff))), "block response"},
        {answer(forty().encoded(33)), "block 33 was not asked of this peer"},
        {answer(forty().encoded(1), slice(bytes(10, 0xff))), "extended commit"},
        {answer(forty().encoded(1), slice(wire::encode(chain::extended_commit{height_t(2)}))),
         "of another height"},
        {answer(forty().encoded(1), slice(wire::encode(crowded()))), "too many elements"},
        {slice(m::encode_blocksync({m::status_response{height_t(30), height_t(1)}})),
         "status: 1..30 after 1..40"},
        {slice(m::encode_blocksync({m::status_response{height_t(50), height_t(51)}})),
         "base 51 cannot be greater than height"},
        {slice(m::encode_blocksync({m::block_request{height_t(-1)}})), "block sync"},
    }));
    INFO(why);
    syncing t(forty());
    t.start();
    auto& liar = t.peer(2);
    liar.lies[1] = what;
    t.connect(liar);
    REQUIRE(t.until([&] { return !liar.is_connected(); }, 5s));
    CHECK(t.lines.contains(why));
    t.connect(3);
    CHECK(t.reaches(39));
}

TEST_CASE("a block that nobody asked for is refused before it is opened") {
    syncing t(forty());
    t.start();
    auto& p = t.peer(2);
    t.connect(p, /*with_status=*/false);
    p.send_block(1);
    REQUIRE(t.until([&] { return !p.is_connected(); }, 5s));
    CHECK(t.lines.contains("a block that was not asked for"));
}

TEST_CASE("a long message that nobody asked for is refused while it arrives") {
    const bool asked_of = GENERATE(false, true);
    syncing t(forty());
    t.start();
    auto& p = t.peer(2);
    p.answers = false;
    t.connect(p, asked_of);
    t.run_for(100ms);
    for (int i = 0; i < 4; ++i)
        p.machine.peer->send(
            p2p::testing::data_packet(p2p::channels::blocksync, false, bytes(1000, 1)));
    t.run_for(100ms);
    CHECK(p.is_connected() == asked_of);
    CHECK(t.lines.contains("that was not asked for is longer than 1024 bytes") == !asked_of);
}

TEST_CASE("a block is not opened before its commit is verified") {
    syncing t(forty());
    t.start();
    auto& liar = t.peer(2);
    auto rest = forty().blocks[5];
    bytes hollow = wire::encode(chain::block_outline{rest.header, rest.last_commit});
    append(hollow, bytes{0x12, 0x02, 0xff, 0xff});  // transactions that are none
    liar.lies[5] = answer(slice(hollow));
    t.connect(liar);
    REQUIRE(t.until([&] { return !liar.is_connected(); }, 5s));
    CHECK(t.lines.contains("wrong block ID"));
    CHECK_FALSE(t.lines.contains("malformed"));
    t.connect(3);
    CHECK(t.reaches(39));
}

TEST_CASE("a block of another encoding than every node's is refused even where it was committed") {
    const auto& chain = forty();
    growing_chain then(std::vector<chain::test::key_power>{{1, 10}, {2, 7}, {3, 5}});
    for (std::int64_t h = 1; h < 5; ++h)
        then.apply(chain.blocks[static_cast<std::size_t>(h)]);
    bytes other = wire::encode(chain.blocks[5]);
    append(other, bytes{0x7a, 0x00});  // a field that is not known
    auto next = chain.blocks[6];
    next.last_commit = chain::test::signed_commit(
        then.state.validators, then.state.chain_id, height_t(5), round_t(0),
        {chain.blocks[5].hash(), chain::part_set_header_of(other)}, chain.blocks[5].header.time,
        std::string(then.state.validators.size(), 'c'));
    syncing t(chain);
    t.start();
    auto& liar = t.peer(2);
    liar.lies[5] = answer(slice(other));
    liar.lies[6] = answer(slice(wire::encode(next)));
    t.connect(liar);
    REQUIRE(t.until([&] { return !liar.is_connected(); }, 5s));
    CHECK(t.lines.contains("encoded as no node encodes it"));
    CHECK(t.height < 5);
    t.connect(3);
    CHECK(t.reaches(39));
}

TEST_CASE("a block that is sent twice costs its sender the connection") {
    syncing t(forty());
    t.start();
    auto& p = t.connect(2);
    REQUIRE(t.reaches(39));
    p.send_block(40);
    CHECK(t.until([&] { return !p.is_connected(); }, 5s));
}

TEST_CASE(
    "a lie in a block drops its sender and that of the next one, and the chain arrives from "
    "others") {
    const auto lie = GENERATE(range(0, 8));
    const std::function<void(chain::block&)> changes[] = {
        [](auto& b) { b.data.txs.push_back(slice(to_bytes("a transaction more"))); },
        [](auto& b) { b.header.app_hash = to_bytes("another"); },
        [](auto& b) { b.header.time = b.header.time + 1s; },
        [](auto& b) { b.header.chain_id = "another"; },
        [](auto& b) { b.header.validators_hash = chain::test::hash_of("other validators"); },
        [](auto& b) {
            b.last_commit->signatures[0].sig = chain::test::sign(1, view("something else"));
        },
        [](auto& b) { b.last_commit->signatures.pop_back(); },
        [](auto& b) { b.last_commit.reset(); },
    };
    INFO("lie " << lie);
    syncing t(forty());
    t.start();
    auto& liar = t.peer(2);
    for (std::int64_t h = 2; h <= 40; ++h)
        liar.lies[h] = changed(h, changes[lie]);
    t.connect(liar);
    t.connect(3);
    t.run_for(3s);
    CHECK_FALSE(liar.is_connected());
    t.connect(4);
    CHECK(t.reaches(39));
    CHECK(t.applied == heights(1, 39));
    CHECK((t.lines.contains("sent an invalid block") || t.lines.contains("block response")));
}

TEST_CASE("an extended commit goes with its block, and a lie in it drops the senders of the pair") {
    const auto lie = GENERATE(range(0, 4));
    const std::function<void(chain::extended_commit&)> changes[] = {
        [](auto&) {},
        [](auto& c) { c.signatures[0].extension = slice(to_bytes("another")); },
        [](auto& c) { c.signatures[1].extension_sig = {}; },
        [](auto& c) { c.block = chain::test::id_of("another"); },
    };
    INFO("lie " << lie);
    syncing t(forty());
    t.start();
    auto& p = t.peer(2);
    for (std::int64_t h = 1; h <= 40; ++h) {
        auto commit = forty().extended(h);
        if (h == 9)
            changes[lie](commit);
        p.lies[h] = answer(forty().encoded(h), slice(wire::encode(commit)));
    }
    t.connect(p);
    if (lie == 0) {
        CHECK(t.reaches(39));
        CHECK(t.with_extended == 39);
    } else {
        CHECK(t.until([&] { return !p.is_connected(); }));
        CHECK(t.height < 9);
        CHECK(t.lines.contains("sent an invalid block (height 9 or 10)"));
        t.connect(3);
        CHECK(t.reaches(39));
    }
}

TEST_CASE(
    "both senders of a bad pair are dropped, since it cannot be told who lied; they may come back "
    "after sixty seconds") {
    syncing t(forty());
    t.start();
    auto& liar = t.peer(2);
    auto& innocent = t.peer(3);
    liar.height = innocent.height = 2;
    t.connect(liar, false);
    t.connect(innocent, false);
    liar.lies[1] = changed(1, [](auto& b) { b.header.app_hash = to_bytes("another"); });
    liar.tell_status();
    t.run_for(100ms);  // 1 and 2 are asked of the liar
    REQUIRE(liar.asked == heights(1, 2));
    CHECK_FALSE(liar.is_connected());
    CHECK(innocent.is_connected());

    auto& second = t.peer(4);
    second.height = 1;
    second.lies = liar.lies;
    t.connect(second);
    t.run_for(100ms);
    innocent.base = 2;
    innocent.tell_status();
    REQUIRE(t.until([&] { return !second.is_connected() && !innocent.is_connected(); }, 5s));
    CHECK(t.height == 0);

    auto& back = t.peer(5);
    back.machine.number = 3;  // the innocent one's identity
    t.connect(back);
    t.run_for(30s);
    CHECK(back.asked.empty());
    t.run_for(31s);
    back.tell_status();
    CHECK(t.reaches(39));
}

TEST_CASE("a block that the state refuses drops its senders and is asked for again") {
    syncing t(forty());
    t.refusals[7] = 1;
    t.start();
    auto& p = t.connect(2);
    REQUIRE(t.until([&] { return !p.is_connected(); }));
    CHECK(t.applied == heights(1, 6));
    t.connect(3);
    REQUIRE(t.reaches(39));
    CHECK(t.applied == heights(1, 39));
    CHECK(t.lines.contains("against the state"));
}

// ---- serving ----

TEST_CASE(
    "a peer is told our range when it arrives and when it asks, and gets blocks as they are "
    "stored") {
    syncing t(forty());
    t.start(12);
    auto& p = t.peer(2);
    t.connect(p, false);
    REQUIRE(t.until([&] { return p.last_status().has_value(); }, 1s));
    CHECK(*p.last_status() == m::status_response{height_t(12), height_t(1)});
    p.send({m::status_request{}});
    REQUIRE(t.until([&] { return p.heard_of<m::status_response>() == 2; }, 1s));

    for (const std::int64_t h : {12, 1, 13, 0})
        p.send({m::block_request{height_t(h)}});
    REQUIRE(t.until([&] { return p.heard.size() == 6; }, 1s));
    const auto* first = std::get_if<m::block_response>(&p.heard[2].what);
    const auto* second = std::get_if<m::block_response>(&p.heard[3].what);
    REQUIRE((first && second && first->block && second->block));
    CHECK(*first->block == forty().encoded(12));
    CHECK(*second->block == forty().encoded(1));
    CHECK_FALSE(first->extended_commit.has_value());
    CHECK(std::get<m::no_block_response>(p.heard[4].what).height == height_t(13));
    CHECK(std::get<m::no_block_response>(p.heard[5].what).height == height_t(0));
}

TEST_CASE("peers are told of each new block, and of few while there is a lot to catch up with") {
    syncing t(forty());
    t.start();
    auto& p = t.connect(2);
    REQUIRE(t.reaches(39));
    REQUIRE(t.until([&] { return p.last_status()->height == height_t(39); }, 1s));
    CHECK(p.heard_of<m::status_response>() <= 1 + 32);
    std::int64_t last = -1;
    for (const auto& what : p.heard)
        if (const auto* s = std::get_if<m::status_response>(&what.what)) {
            CHECK(s->height.v > last);  // never lower: that would be a lie
            last = s->height.v;
        }
}

TEST_CASE(
    "a peer that claims a height it does not have is found out by time, and the rest goes on") {
    syncing t(forty());
    t.start();
    auto& boaster = t.peer(2);
    t.connect(boaster, false);
    boaster.answers = false;
    boaster.send({m::status_response{height_t(INT64_MAX), height_t(1)}});
    t.tell_decided(boaster, INT64_MAX - 1);
    t.run_for(1s);
    t.connect(3);
    REQUIRE(t.reaches(39));
    t.run_for(30s);
    CHECK_FALSE(boaster.is_connected());
    CHECK(t.sync->peer_height_max() == height_t(40));
}
