// SPDX-License-Identifier: Apache-2.0
#include "consensus/engine/service.hpp"

#include "tests/unit/consensus/engine/court.hpp"

using namespace tetrad;
using namespace tetrad::consensus;
using namespace tetrad::consensus::engine;
using namespace tetrad::consensus::engine::test;

TEST_CASE("a lone validator makes blocks of what the mempool has") {
    solo_home home;
    home.pool = {slice(to_bytes("a=1")), slice(to_bytes("b=2"))};
    {
        solo node(home);
        node.start();
        REQUIRE(node.run_to(height_t(5)));
    }
    check_chain(home, height_t(5));
    check_signatures(home);
    const auto block = chain::decode_block(*home.stored()->block(height_t(3)).value());
    REQUIRE(error_of(block) == "");
    CHECK(block->data.txs == home.pool);
    REQUIRE(home.app.prepared.size() >= 5);
    CHECK(home.app.prepared[4].height == 5);
    CHECK(home.app.prepared[4].local_last_commit.votes.size() == 1);
    CHECK(home.app.processed[4].height == 5);
    CHECK(home.begun[0] == height_t(1));
    CHECK(home.begun[1] == height_t(2));
}

TEST_CASE("a clean stop and a start go on where it was") {
    solo_home home;
    for (const std::int64_t to : {3, 6, 9}) {
        solo node(home);
        node.start();
        REQUIRE(node.run_to(height_t(to)));
    }
    check_chain(home, height_t(9));
    check_signatures(home);
}

TEST_CASE(
    "who is told to look for its own signature in past blocks does not start where there is one") {
    solo_home home;
    {
        solo first(home);
        first.start();
        REQUIRE(first.run_to(height_t(5)));
    }
    home.options.double_sign_check_height = 1000;
    CHECK(
        error_of(solo(home).try_start()) ==
        "block 1 bears a signature of our key: make sure that no other node signs with it, wait "
        "until 1000 blocks have passed without one, or set [consensus] double_sign_check_height = "
        "0");
    home.options.double_sign_check_height = 1;
    CHECK(error_of(solo(home).try_start()).starts_with("block 5 bears a signature"));
    home.options.double_sign_check_height = 0;
    solo last(home);
    last.start();
    CHECK(last.run_to(height_t(6)));
}

TEST_CASE("whenever the power goes, it goes on, and nothing is signed twice") {
    for (std::uint64_t seed = 1; seed <= 30; ++seed) {
        INFO("seed " << seed);
        solo_home home(seed);
        seeded_random random(seed);
        height_t reached;
        for (int times = 0; times < 12; ++times) {
            {
                solo node(home);
                node.start();
                home.world.run_for(
                    duration(static_cast<std::int64_t>(random.uint64() % 400'000'000)));
                REQUIRE_FALSE(node.halted);
                node.lose_power(random);
            }
            home.host.power_on();
            const auto height = home.stored()->height();
            REQUIRE(height >= reached);
            reached = height;
        }
        solo node(home);
        node.start();
        REQUIRE(node.run_to(reached + 3));
        node.stop();
        check_chain(home, reached + 3);
        check_signatures(home);
    }
}

TEST_CASE("a proposal that the application rejects is not decided; the next round tries again") {
    solo_home home;
    int asked = 0;
    home.app.process = [&](const abci::request_process_proposal&) {
        return ++asked <= 2 ? abci::proposal_status::reject : abci::proposal_status::accept;
    };
    solo node(home);
    node.start();
    REQUIRE(node.run_to(height_t(1)));
    node.stop();
    CHECK(home.stored()->seen_commit(height_t(1)).value()->round == round_t(2));
    check_signatures(home);
}

TEST_CASE("an application that answers nonsense stops the node with one line") {
    solo_home home;
    home.app.process = [](const abci::request_process_proposal&) {
        return abci::proposal_status::unknown;
    };
    solo node(home);
    node.start();
    CHECK_FALSE(node.run_to(height_t(1)));
    REQUIRE(node.halted);
    CHECK(node.halted->text == "ProcessProposal: the application answers with an unknown status");
}

TEST_CASE(
    "an application that would refuse its own extension stops the node before a peer gets it") {
    solo_home home(1, [](chain::test::growing_chain& c) {
        c.state.params.abci.vote_extensions_enable_height = height_t(2);
    });
    home.app.extensions_are = abci::proposal_status::reject;
    solo node(home);
    node.start();
    CHECK_FALSE(node.run_to(height_t(2)));
    REQUIRE(node.halted);
    CHECK(node.halted->text ==
          "VerifyVoteExtension: the application rejects what its own ExtendVote has just made");
    for (const auto& v : home.votes)
        CHECK((v.height == height_t(1) || v.type == chain::vote_type::prevote));
}

TEST_CASE("vote extensions are asked for, signed, stored and told to the next proposer") {
    solo_home home(1, [](chain::test::growing_chain& c) {
        c.state.params.abci.vote_extensions_enable_height = height_t(2);
    });
    {
        solo node(home);
        node.start();
        REQUIRE(node.run_to(height_t(3)));
    }
    {
        solo node(home);  // the last commit is found again with its extensions
        node.start();
        REQUIRE(node.run_to(height_t(5)));
    }
    check_chain(home, height_t(5));
    CHECK_FALSE(home.stored()->extended_commit(height_t(1)).value());
    const auto extended = home.stored()->extended_commit(height_t(3)).value();
    REQUIRE(extended);
    CHECK(extended->signatures[0].extension == slice(to_bytes("extension 3")));
    for (const auto& q : home.app.prepared)
        if (q.height > 2)
            CHECK(q.local_last_commit.votes[0].vote_extension ==
                  to_bytes(format("extension {}", q.height - 1)));
}

TEST_CASE("a home whose blocks came another way starts with the mark that a replay needs") {
    solo_home home;
    {
        solo node(home);
        node.start();
        REQUIRE(node.run_to(height_t(4)));
    }
    const auto store_height = home.stored()->height();
    for (const auto& name : home.host.disk().list("/node/data/cs.wal"))
        home.host.disk().put_file("/node/data/cs.wal/" + name, {});
    solo node(home);
    node.start();
    REQUIRE(node.run_to(store_height + 2));
    check_signatures(home);
}

TEST_CASE("four validators decide the same blocks, in the first round where all are there") {
    court c(1, 4);
    for (std::size_t i = 0; i < 4; ++i)
        c.start(i);
    REQUIRE(c.run_to(height_t(10)));
    for (std::size_t i = 0; i < 4; ++i) {
        REQUIRE_FALSE(c.nodes[i]->halted);
        c.nodes[i].reset();
        check_chain(*c.homes[i], height_t(10));
        check_signatures(*c.homes[i]);
        for (height_t h(1); h <= height_t(10); ++h) {
            CHECK(c.homes[i]->stored()->meta(h).value()->id ==
                  c.homes[0]->stored()->meta(h).value()->id);
            CHECK(c.homes[i]->stored()->seen_commit(h).value()->round == round_t(0));
        }
    }
}

TEST_CASE(
    "four validators of which any loses its power at any moment decide the same, and nobody signs "
    "twice") {
    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
        INFO("seed " << seed);
        court c(seed, 4);
        seeded_random random(seed);
        for (std::size_t i = 0; i < 4; ++i)
            c.start(i);
        for (int times = 0; times < 15; ++times) {
            c.world.run_for(duration(static_cast<std::int64_t>(random.uint64() % 300'000'000)));
            // One or two at once: with two the chain stands still.
            const std::size_t first = random.uint64() % 4, second = random.uint64() % 4;
            c.crash(first, random);
            if (second != first)
                c.crash(second, random);
            c.world.run_for(duration(static_cast<std::int64_t>(random.uint64() % 2'000'000'000)));
            c.start(first);
            if (second != first)
                c.start(second);
        }
        height_t goal;
        for (const auto& n : c.nodes)
            goal = std::max(goal, n->height() + 3);
        const bool reached = c.run_to(goal);
        for (const auto& n : c.nodes) {
            const auto& rs = n->state();
            INFO(rs.height.v << "/" << rs.round.v << "/" << static_cast<int>(rs.step));
            if (n->halted)
                FAIL(n->halted->text);
            REQUIRE(reached);
        }
        for (std::size_t i = 0; i < 4; ++i) {
            c.nodes[i].reset();
            check_signatures(*c.homes[i]);
            check_chain(*c.homes[i], goal);
            for (height_t h(1); h <= goal; ++h)
                CHECK(c.homes[i]->stored()->meta(h).value()->id ==
                      c.homes[0]->stored()->meta(h).value()->id);
        }
    }
}

TEST_CASE(
    "a block that later votes drop between the question about it and its answer does no harm") {
    const std::vector<chain::test::key_power> all{{1, 10}, {2, 10}, {3, 10}, {4, 10}};
    const chain::test::growing_chain chain(all);
    const auto& set = chain.state.validators;
    const int proposer = chain::test::key_of(set.proposer().address), self = proposer % 4 + 1;
    sim::world world(1);
    validator_home home(world, "node", "10.0.0.1", self, all);
    solo node(home);
    node.start();
    const auto at = [&] { return node.state().step; };
    REQUIRE(world.run_until([&] { return at() == core::step_t::propose; }, world.now() + 1min));

    const auto parts = chain::part_set::of(slice(wire::encode(chain.make())));
    const chain::block_id dropped = chain::test::growing_chain::id_of(chain.make());
    const auto hear = [&](auto what) {
        node.hear({std::move(what), {}, core::source(bytes(20, 9))});
    };
    chain::proposal p{
        chain::vote_type::proposal, height_t(1), round_t(0), round_t(-1), dropped, {}, {}};
    hear(core::proposal_received{p});
    hear(part_received{height_t(1), round_t(0), *parts.at(0)});
    // All at once: the block is complete and asked about, and a polka for another one drops it.
    for (int key = 1; key <= 4; ++key)
        if (key != self) {
            const auto who = chain::test::public_key(key).address();
            chain::vote v{chain::vote_type::prevote,
                          height_t(1),
                          round_t(0),
                          chain::test::id_of("B"),
                          {1700000001, 0},
                          who,
                          static_cast<std::int32_t>(*set.index_of(who)),
                          chain::signature(chain::test::hash_of("signature")),
                          {},
                          {}};
            hear(core::vote_received{std::make_shared<const chain::vote>(v), {}});
        }
    world.run_for(2s);  // the timeout of prevotes too: what the polka is for is not here
    REQUIRE_FALSE(node.halted);
    CHECK(home.app.processed.size() == 1);
    CHECK_FALSE(node.state().proposal_block);
    REQUIRE(node.state().step == core::step_t::precommit);
    for (const auto& v :
         home.votes)  // the answer came too late for a prevote, and nothing is locked
        if (v.validator == chain::test::public_key(self).address())
            CHECK((v.type == chain::vote_type::precommit && v.is_nil()));
}

TEST_CASE(
    "a proposed block of a byte more than block.max_bytes is refused, though it has no more parts "
    "than one that is not") {
    const std::int64_t over = GENERATE(0, 1);
    const std::vector<chain::test::key_power> all{{1, 10}, {2, 10}, {3, 10}, {4, 10}};
    const std::vector<chain::tx> txs{slice(bytes(5000, 1))};
    const auto size =
        static_cast<std::int64_t>(wire::encoded_size(chain::test::growing_chain(all).make(txs)));
    sim::world world(1);
    const int proposer =
        chain::test::key_of(chain::test::growing_chain(all).state.validators.proposer().address);
    validator_home home(
        world, "node", "10.0.0.1", proposer % 4 + 1, all,
        [&](chain::test::growing_chain& c) { c.state.params.block.max_bytes = size - over; });
    solo node(home);
    node.start();
    REQUIRE(world.run_until([&] { return node.state().step == core::step_t::propose; },
                            world.now() + 1min));
    const auto block = home.genesis.make(txs);
    const auto parts = chain::part_set::of(slice(wire::encode(block)));
    REQUIRE(parts.bytes() == size);
    const auto hear = [&](auto what) {
        node.hear({std::move(what), {}, core::source(bytes(20, 9))});
    };
    chain::proposal p{chain::vote_type::proposal,     height_t(1), round_t(0), round_t(-1),
                      {block.hash(), parts.header()}, {},          {}};
    hear(core::proposal_received{p});
    hear(part_received{height_t(1), round_t(0), *parts.at(0)});
    world.run_for(1s);
    REQUIRE_FALSE(node.halted);
    CHECK(home.app.processed.size() == (over == 0 ? 1 : 0));
}
