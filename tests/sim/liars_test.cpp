// SPDX-License-Identifier: Apache-2.0
// Three validators that are nodes and one that lies with its real key, over real connections: the three never part, and go on.
#include "tests/sim/liar.hpp"

using namespace tetrad;
using namespace tetrad::sim_test;
using consensus::gossip::refusal;

namespace {

constexpr auto prevote = vote_type::prevote;
constexpr auto precommit = vote_type::precommit;

}  // namespace

TEST_CASE("a proposer that sends two proposals to different peers splits nobody") {
    const auto seed = static_cast<std::uint64_t>(GENERATE(1, 2, 3));
    const bool also_votes = GENERATE(false, true);
    INFO("seed " << seed << (also_votes ? ", votes for both" : ", does not vote"));
    validators net(seed, 3);
    net.start();
    liar l(net, liars_number);
    int splits = 0;
    for (int times = 0; times < 3; ++times) {
        const height_t h = await_turn(net, l);
        const auto a = block_with(net, format("a={}", times)),
                   b = block_with(net, format("b={}", times));
        const std::size_t alone = static_cast<std::size_t>(times);  // who hears of the other one
        for (std::size_t i = 0; i < 3; ++i)
            propose(l, i, h, round_t(0), i == alone ? a : b);
        if (also_votes)
            for (const auto type : {prevote, precommit})
                for (std::size_t i = 0; i < 3; ++i)
                    vote(net, l, i, type, h, round_t(0), i == alone ? a.id() : b.id());
        const bool went_on = net.reach(h + 1);
        INFO(net.logs());
        REQUIRE(went_on);
        net.check_agreement();
        splits += net.stored(0)->seen_commit(h).value()->round > round_t(0);
    }
    if (!also_votes)  // where each heard of the block that was meant for it first, none had a majority
        CHECK(splits > 0);
    for (std::size_t i = 0; i < 3; ++i)
        CHECK(l.is_connected(i));
}

TEST_CASE("a proposed block that is none is not prevoted, and its sender stays") {
    validators net(4, 3);
    net.start();
    liar l(net, liars_number);
    const height_t h = await_turn(net, l);
    const auto garbage = chain::part_set::of(slice(bytes(100'000, 7)));
    const auto other = chain::part_set::of(slice(bytes(100'000, 8)));
    const chain::block_id id{crypto::sha256(view("garbage")), garbage.header()};
    std::uint64_t bad_proofs = 0;
    for (std::size_t i = 0; i < 3; ++i) {
        l.say(i, channels::data, {messages::proposal_message{l.proposal(h, round_t(0), id)}});
        // Not of that block, and counted as such; then those that are.
        l.say(i, channels::data, {messages::block_part{h, round_t(0), *other.at(0)}});
        for (std::size_t part = 0; part < garbage.total(); ++part)
            l.say(i, channels::data, {messages::block_part{h, round_t(0), *garbage.at(part)}});
    }
    REQUIRE(net.reach(h));
    for (std::size_t i = 0; i < 3; ++i) {
        bad_proofs += net.node(i).gossip()->refused_of(l.id())->of(refusal::bad_proof);
        CHECK(net.nodes[i]->lines.contains("a complete block is refused"));
        CHECK(l.is_connected(i));
    }
    CHECK(bad_proofs > 0);  // where it came before the right one did from another node
    CHECK(net.stored(0)->seen_commit(h).value()->round == round_t(1));
    REQUIRE(net.goes_on(2));
    net.check_agreement();
}

TEST_CASE("a block that does not follow on the chain is not prevoted") {
    validators net(5, 3);
    net.start();
    liar l(net, liars_number);
    const height_t h = await_turn(net, l);
    auto bad = block_with(net, "a=1");
    bad.block.header.app_hash = to_bytes("another state");
    bad.parts = chain::part_set::of(slice(wire::encode(bad.block)));
    for (std::size_t i = 0; i < 3; ++i)
        propose(l, i, h, round_t(0), bad);
    REQUIRE(net.reach(h + 1));
    CHECK(net.stored(0)->seen_commit(h).value()->round == round_t(1));
    for (std::size_t i = 0; i < 3; ++i)
        CHECK(net.nodes[i]->lines.contains("a proposed block is not valid"));
    net.check_agreement();
}

TEST_CASE("a voter that signs two of everything is noticed, and all go on") {
    const auto seed = static_cast<std::uint64_t>(GENERATE(6, 7));
    validators net(seed, 3);
    net.start();
    liar l(net, liars_number);
    for (int times = 0; times < 6; ++times) {
        const height_t h = net.next_height(0);
        for (std::int32_t r = 0; r < 2; ++r)
            for (const auto type : {prevote, precommit})
                for (std::size_t i = 0; i < 3; ++i) {
                    // One kind first to the one, the other first to the others; nil among them.
                    const std::string_view first = i == 0 ? "A" : "B", second = i == 0 ? "B" : "A";
                    vote(net, l, i, type, h, round_t(r), block_named(first));
                    vote(net, l, i, type, h, round_t(r), block_named(second));
                    vote(net, l, i, type, h, round_t(r), {});
                }
        const bool went_on = net.reach(h);
        INFO(net.logs());
        REQUIRE(went_on);
    }
    net.check_agreement();
    for (std::size_t i = 0; i < 3; ++i) {
        CHECK(net.node(i).engine()->counted().conflicts >= 6);
        CHECK(l.is_connected(i));
    }
}

TEST_CASE(
    "a validator that sends each of its votes many times is counted, and its vote counts once") {
    validators net(8, 3);
    net.start();
    liar l(net, liars_number);
    const height_t h = net.next_height(0);
    for (int times = 0; times < 50; ++times) {
        for (std::size_t i = 0; i < 3; ++i)
            vote(net, l, i, prevote, h, round_t(0), {});
        net.until([] { return false; }, 1ms);  // the first ones are known by the end
    }
    REQUIRE(net.reach(h));
    for (std::size_t i = 0; i < 3; ++i) {
        CHECK(net.node(i).gossip()->refused_of(l.id())->of(refusal::known) >= 10);
        CHECK(net.node(i).engine()->counted().conflicts == 0);
    }
    REQUIRE(net.goes_on(2));
    net.check_agreement();
}
