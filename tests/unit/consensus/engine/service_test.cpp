// SPDX-License-Identifier: Apache-2.0
#include "consensus/engine/service.hpp"

#include "tests/unit/consensus/engine/solo.hpp"

using namespace tetrad;
using namespace tetrad::consensus;
using namespace tetrad::consensus::engine;
using namespace tetrad::consensus::engine::test;

namespace {

/// Every stored block follows on the one before and is decided by its validators.
void check_chain(solo_home& home, height_t to) {
    const auto store = home.stored();
    REQUIRE(store->height() >= to);
    for (height_t h = home.genesis.state.initial_height; h <= to; ++h) {
        INFO("height " << h.v);
        const auto meta = store->meta(h).value();
        const auto seen = store->seen_commit(h).value();
        const auto validators = store->validators(h).value();
        REQUIRE(meta);
        REQUIRE(seen);
        REQUIRE(validators);
        CHECK(error_of(chain::verify_commit(home.genesis.state.chain_id, *validators, meta->id, h,
                                            *seen)) == "");
        if (h > home.genesis.state.initial_height)
            CHECK(meta->header.last_block == store->meta(h - 1).value()->id);
    }
}

/// Nobody who heard all that was ever said can prove that the key signed two different things at one place.
void check_signatures(const solo_home& home) {
    std::map<std::tuple<height_t, round_t, chain::vote_type>, chain::block_id> votes;
    for (const auto& v : home.votes) {
        const auto [known, fresh] = votes.try_emplace({v.height, v.round, v.type}, v.block);
        INFO(to_string(v));
        CHECK(known->second == v.block);
    }
    std::map<std::pair<height_t, round_t>, chain::block_id> proposals;
    for (const auto& p : home.proposals) {
        const auto [known, fresh] = proposals.try_emplace({p.height, p.round}, p.block);
        CHECK(known->second == p.block);
    }
}

}  // namespace

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
