// SPDX-License-Identifier: Apache-2.0
// Block sync from peers that send what they were not asked for, or what is no block of the chain.
#include "consensus/catchup/blocksync.hpp"

#include "tests/unit/consensus/catchup/blocksync/syncing.hpp"

#include <functional>

using namespace tetrad;
using namespace tetrad::consensus;
using namespace tetrad::consensus::testing;
using p2p::testing::id_of;

namespace {

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
