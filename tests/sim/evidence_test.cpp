// SPDX-License-Identifier: Apache-2.0
// Evidence against a validator that signs two votes for one step: it is in a block soon, once, and every application is told. Evidence
// that is untrue is not prevoted, and costs its sender the connection.
#include "base/wire/protobuf.hpp"
#include "tests/sim/liar.hpp"

using namespace tetrad;
using namespace tetrad::sim_test;

namespace {

constexpr auto prevote = vote_type::prevote;

/// Heights of the blocks that hold evidence, once for each piece of it.
std::vector<height_t> heights_of_evidence(const validators& net, std::size_t i) {
    const auto s = net.stored(i);
    std::vector<height_t> out;
    for (height_t h(1); h <= s->height(); ++h) {
        const auto encoded = s->block(h).value();
        REQUIRE(encoded);
        const auto block = chain::decode_block(*encoded);
        REQUIRE(block);
        out.insert(out.end(), block->evidence.evidence.size(), h);
    }
    return out;
}

/// What the built-in application makes of a double vote: a power of one less.
std::int64_t power_of_liar(const validators& net, std::size_t i) {
    const auto state = net.stored(i)->state().value().value();
    const auto* who =
        state.next_validators.find(validator_key(liars_number).public_key().address());
    REQUIRE(who);
    return who->power.v;
}

/// Two prevotes of the liar for the height before the last one of node 0, with the time of its block.
chain::evidence true_evidence(const validators& net, std::string_view one = "A",
                              std::string_view other = "B") {
    const auto store = net.stored(0);
    const height_t h = store->height() - 1;
    const auto set = store->validators(h).value().value();
    const auto signed_for = [&](std::string_view block) {
        return signed_vote(liars_number, set, prevote, h, round_t(0), block_named(block));
    };
    auto made = make_duplicate_vote(signed_for(one), signed_for(other),
                                    store->meta(h).value()->header.time, set);
    REQUIRE(made);
    return {*made};
}

void send(liar& l, std::size_t to, chain::evidence e) {
    const chain::evidence_list list{{std::move(e)}};
    l.peer(to).send_message(channels::evidence, wire::encode(list));
}

chain::evidence spoilt(chain::evidence e) {
    auto& d = std::get<chain::duplicate_vote>(e.what);
    d.b->sig = d.a->sig;
    return e;
}

/// Once in the chain, a few heights after `h`, and all agree.
void check_once(validators& net, height_t h) {
    for (std::size_t i = 0; i < net.nodes.size(); ++i) {
        const auto found = heights_of_evidence(net, i);
        REQUIRE(found.size() == 1);
        CHECK(found[0] > h);
        CHECK(found[0] <= h + 6);
        CHECK(power_of_liar(net, i) == 9);
    }
    net.check_agreement();
}

}  // namespace

TEST_CASE("two votes that one node saw are in a block within six heights, once, and all are told") {
    const auto seed = static_cast<std::uint64_t>(GENERATE(1, 2, 3));
    INFO("seed " << seed);
    validators net(seed, 3);
    net.start();
    liar l(net, liars_number);
    const height_t h = net.next_height(0);
    vote(net, l, 0, prevote, h, round_t(0), block_named("A"));
    vote(net, l, 0, prevote, h, round_t(0), block_named("B"));
    const bool went_on = net.reach(h + 12);
    INFO(net.logs());
    REQUIRE(went_on);
    CHECK(net.node(0).engine()->counted().conflicts == 1);
    check_once(net, h);
}

TEST_CASE("two votes that all nodes saw are in one block only") {
    const auto seed = static_cast<std::uint64_t>(GENERATE(4, 5));
    INFO("seed " << seed);
    validators net(seed, 3);
    net.start();
    liar l(net, liars_number);
    const height_t h = net.next_height(0);
    for (std::size_t i = 0; i < 3; ++i) {
        vote(net, l, i, prevote, h, round_t(0), block_named(i == 1 ? "A" : "B"));
        vote(net, l, i, prevote, h, round_t(0), block_named(i == 1 ? "B" : "A"));
    }
    const bool went_on = net.reach(h + 12);
    INFO(net.logs());
    REQUIRE(went_on);
    check_once(net, h);
}

TEST_CASE("evidence of a peer is taken, passed on and proposed where it is true") {
    validators net(6, 3);
    net.start();
    liar l(net, liars_number);
    REQUIRE(net.goes_on());
    const auto e = true_evidence(net);
    const height_t h = net.top();
    send(l, 2, e);
    send(l, 2, e);  // known: of no consequence
    const bool went_on = net.reach(h + 10);
    INFO(net.logs());
    REQUIRE(went_on);
    check_once(net, h);
    send(l, 1, e);  // in a block: of no consequence
    REQUIRE(net.goes_on(2));
    for (std::size_t i = 0; i < 3; ++i)
        CHECK(l.is_connected(i));
    CHECK(heights_of_evidence(net, 0).size() == 1);
}

TEST_CASE("whoever sends untrue or malformed evidence is dropped, and it is in no block") {
    validators net(7, 3);
    net.start();
    liar l(net, liars_number);
    REQUIRE(net.goes_on());
    const auto e = true_evidence(net);
    send(l, 0, spoilt(e));
    auto swapped = std::get<chain::duplicate_vote>(e.what);
    std::swap(swapped.a, swapped.b);
    send(l, 1, {swapped});
    l.peer(2).send_message(channels::evidence, to_bytes("no evidence"));
    REQUIRE(
        net.until([&] { return !l.is_connected(0) && !l.is_connected(1) && !l.is_connected(2); }));
    REQUIRE(net.goes_on(4));
    CHECK(net.nodes[0]->lines.contains("verifying VoteB: invalid signature"));
    for (std::size_t i = 0; i < 3; ++i)
        CHECK(heights_of_evidence(net, i).empty());
    net.check_agreement();
}

TEST_CASE("a proposed block is prevoted where its evidence is true, and only there") {
    const bool is_true = GENERATE(true, false);
    INFO((is_true ? "true" : "untrue"));
    validators net(8, 3);
    net.start();
    liar l(net, liars_number);
    const height_t h = await_turn(net, l);
    auto e = true_evidence(net);
    if (!is_true)
        e = spoilt(std::move(e));
    const auto block = block_with(net, "a=1", {{e}});
    for (std::size_t i = 0; i < 3; ++i)
        propose(l, i, h, round_t(0), block);
    const bool went_on = net.reach(h + 8);
    INFO(net.logs());
    REQUIRE(went_on);
    net.check_agreement();
    for (std::size_t i = 0; i < 3; ++i) {
        CHECK(net.stored(i)->seen_commit(h).value()->round == round_t(is_true ? 0 : 1));
        CHECK(heights_of_evidence(net, i) ==
              (is_true ? std::vector<height_t>{h} : std::vector<height_t>{}));
        CHECK(net.nodes[i]->lines.contains("a proposed block is not valid") == !is_true);
    }
}

TEST_CASE("the same evidence is not prevoted a second time, nor twice in one block") {
    validators net(9, 3);
    net.start();
    liar l(net, liars_number);
    height_t h = await_turn(net, l);
    const auto e = true_evidence(net);
    const auto twice = block_with(net, "a=1", {{e, e}});
    for (std::size_t i = 0; i < 3; ++i)
        propose(l, i, h, round_t(0), twice);
    REQUIRE(net.reach(h));
    CHECK(net.nodes[0]->lines.contains("duplicate evidence"));
    CHECK(net.stored(0)->seen_commit(h).value()->round == round_t(1));

    // What was true of it was kept, so it is in a block by now or will be.
    REQUIRE(net.goes_on(6));
    REQUIRE(heights_of_evidence(net, 0).size() == 1);
    h = await_turn(net, l);
    const auto again = block_with(net, "b=1", {{e}});
    for (std::size_t i = 0; i < 3; ++i)
        propose(l, i, h, round_t(0), again);
    REQUIRE(net.reach(h + 2));
    CHECK(net.nodes[0]->lines.contains("evidence was already committed"));
    CHECK(heights_of_evidence(net, 0).size() == 1);
    net.check_agreement();
}

TEST_CASE("what waits for a block is there again after a restart") {
    validators net(10, 3);
    net.start();
    liar l(net, liars_number);
    REQUIRE(net.goes_on(2));
    net.stop(1);
    net.stop(2);  // nothing is decided from here on
    const auto e = true_evidence(net);
    send(l, 0, e);
    REQUIRE(net.until([&] { return net.nodes[0]->lines.contains("verified new evidence"); }));
    const height_t h = net.node(0).height();
    net.stop(0);
    REQUIRE(net.stored(0)->is_evidence_pending(e));
    for (auto& n : net.nodes)
        n->start();
    const bool went_on = net.reach(h + 12);
    INFO(net.logs());
    REQUIRE(went_on);
    check_once(net, h);
}
