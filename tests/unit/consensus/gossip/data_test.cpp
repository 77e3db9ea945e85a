// SPDX-License-Identifier: Apache-2.0
#include "consensus/gossip/data.hpp"

#include "tests/unit/consensus/gossip/support.hpp"

using namespace tetrad;
using namespace tetrad::consensus::gossip;
using namespace tetrad::consensus::gossip::test;

namespace {

messages::new_valid_block collects(const chain::part_set_header& header, std::string_view have,
                                   std::int64_t h, std::int32_t r) {
    return {height_t(h), round_t(r), header, bits(have), false};
}

/// We have a block of three parts, but for part 1.
struct with_block : our_side {
    chain::part_set whole = block_in_parts(3);
    with_block() {
        auto some = chain::part_set::waiting_for(whole.header());
        REQUIRE(some);
        REQUIRE(some->add(*whole.at(0)) == result<bool>(true));
        REQUIRE(some->add(*whole.at(2)) == result<bool>(true));
        parts = *some;
    }
};

/// What is picked and sent until there is nothing more.
std::vector<data_choice> all(const our_view& v, peer_state& peer, std::uint64_t seed = 1) {
    seeded_random random(seed);
    std::vector<data_choice> out;
    while (const auto choice = pick_data(v, peer, random)) {
        out.push_back(*choice);
        mark_sent(peer, *choice, v);
        if (std::holds_alternative<ask_parts_header>(*choice) || out.size() > 100)
            break;
    }
    return out;
}

std::vector<std::size_t> indices(const std::vector<data_choice>& choices) {
    std::vector<std::size_t> out;
    for (const auto& c : choices) {
        if (const auto* own = std::get_if<send_own_part>(&c))
            out.push_back(own->index);
        if (const auto* stored = std::get_if<send_stored_part>(&c))
            out.push_back(stored->index);
    }
    std::sort(out.begin(), out.end());
    return out;
}

}  // namespace

TEST_CASE("a peer that collects our block gets the parts that we have and it lacks, each once") {
    struct row {
        std::string have;
        std::vector<std::size_t> sent;
    };
    for (const auto& [have, sent] :
         {row{"___", {0, 2}}, row{"x__", {2}}, row{"_x_", {0, 2}}, row{"x_x", {}}}) {
        const with_block us;
        peer_at peer(10, 3);
        peer.on(collects(us.whole.header(), have, 10, 3));
        peer.mark_proposal(proposal_of(10, 3, -1));
        INFO(have);
        const auto choices = all(us, peer);
        CHECK(indices(choices) == sent);
        CHECK(choices.size() == sent.size());
    }
}

TEST_CASE("the block is what counts, not the height or round of the peer that collects it") {
    struct row {
        std::int64_t height;
        std::int32_t round;
    };
    for (const auto& [height, round] : {row{10, 1}, row{10, 5}, row{9, 1}, row{11, 0}}) {
        const with_block us;
        peer_at peer(height, round);
        peer.on(collects(us.whole.header(), "x__", height, round));
        seeded_random random(1);
        INFO(height << "/" << round);
        const auto choice = pick_data(us, peer, random);
        REQUIRE(choice);
        CHECK(*choice == data_choice(send_own_part{height_t(height), round_t(round), 2}));
        mark_sent(peer, *choice, us);
        CHECK(parts(peer) == "x_x");
    }
}

TEST_CASE("a part that is chosen is any of those, each about as often") {
    const with_block us;
    seeded_random random(7);
    int first = 0;
    for (int i = 0; i < 1000; ++i) {
        peer_at peer(10, 3);
        peer.on(collects(us.whole.header(), "___", 10, 3));
        const auto choice = pick_data(us, peer, random);
        REQUIRE(choice);
        first += std::get<send_own_part>(*choice).index == 0;
    }
    CHECK(first > 400);
    CHECK(first < 600);
}

TEST_CASE("a peer that says that it lacks parts which were sent gets them again") {
    const with_block us;
    peer_at peer(10, 3);
    peer.on(collects(us.whole.header(), "___", 10, 3));
    REQUIRE(indices(all(us, peer)) == std::vector<std::size_t>{0, 2});
    peer.on(collects(us.whole.header(), "_x_", 10, 3));
    CHECK(indices(all(us, peer)) == std::vector<std::size_t>{0, 2});
}

TEST_CASE("a part goes out under the height and round that it is given") {
    const auto set = block_in_parts(2);
    const auto m = messages::decode_consensus(part_message(ours, round_t(3), *set.at(1)));
    REQUIRE(m);
    CHECK(*m == messages::consensus_message{messages::block_part{ours, round_t(3), *set.at(1)}});
}

// ---- a peer that is behind ----

TEST_CASE("a peer behind gets the stored block, once the store has said what it is") {
    const with_block us;
    const auto stored = block_in_parts(2);
    peer_at peer(8, 4);
    CHECK(all(us, peer) == std::vector<data_choice>{ask_parts_header{height_t(8)}});
    peer.on_stored_parts(height_t(8), stored.header());
    const auto choices = all(us, peer);
    CHECK(indices(choices) == std::vector<std::size_t>{0, 1});
    for (const auto& c : choices) {
        CHECK(std::get<send_stored_part>(c).peer_height == height_t(8));
        CHECK(std::get<send_stored_part>(c).peer_round == round_t(4));
    }
    // In another round of that height the parts count as not sent, and need no question.
    REQUIRE(peer.goes_to(8, 5));
    CHECK(indices(all(us, peer)) == std::vector<std::size_t>{0, 1});
}

TEST_CASE("which heights are served from the store") {
    struct row {
        std::int64_t peer_height;
        std::int64_t store_base;
        bool served;
    };
    for (const auto& [height, base, served] :
         {row{9, 5, true}, row{5, 5, true}, row{4, 5, false}, row{10, 5, false}, row{11, 5, false},
          row{9, 0, false}, row{1, 1, true}}) {
        our_side us;
        us.store_base = height_t(base);
        peer_at peer(height, 0);
        INFO(height << " of a store from " << base);
        CHECK(all(us, peer).empty() == !served);
    }
    // One that did not say where it is.
    our_side us;
    peer_state peer;
    CHECK(all(us, peer).empty());
}

TEST_CASE("a peer behind that collects another block than the stored one gets nothing") {
    const our_side us;
    peer_at peer(8, 4);
    peer.on(collects({2, hash_of("another")}, "__", 8, 4));
    peer.on_stored_parts(height_t(8), block_in_parts(2).header());
    CHECK(all(us, peer).empty());
}

TEST_CASE("a peer behind that has some parts of the stored block gets the others") {
    const our_side us;
    const auto stored = block_in_parts(3);
    peer_at peer(8, 4);
    peer.on(collects(stored.header(), "_x_", 8, 4));
    peer.on_stored_parts(height_t(8), stored.header());
    CHECK(indices(all(us, peer)) == std::vector<std::size_t>{0, 2});
}

TEST_CASE("a block that the store does not have is asked for once a height") {
    const our_side us;
    peer_at peer(8, 4);
    REQUIRE(all(us, peer) == std::vector<data_choice>{ask_parts_header{height_t(8)}});
    peer.on_stored_parts(height_t(8), std::nullopt);
    CHECK(all(us, peer).empty());
    REQUIRE(peer.goes_to(9, 0));
    CHECK(all(us, peer) == std::vector<data_choice>{ask_parts_header{height_t(9)}});
}

TEST_CASE("a mark that comes after the peer moved on marks nothing") {
    const our_side us;
    peer_at peer(8, 4);
    peer.on_stored_parts(height_t(8), block_in_parts(2).header());
    seeded_random random(1);
    const auto choice = pick_data(us, peer, random);
    REQUIRE(choice);
    REQUIRE(peer.goes_to(9, 0));
    peer.on(collects({2, hash_of("another")}, "__", 9, 0));
    mark_sent(peer, *choice, us);
    CHECK(parts(peer) == "__");
}

// ---- the proposal ----

TEST_CASE("a peer where we are gets our proposal once, with the prevotes that prove its lock") {
    struct row {
        std::int32_t pol_round;
        std::string pol;  // of four
    };
    for (const auto& [pol_round, pol] : {row{-1, ""}, row{1, "xx_x"}, row{2, "____"}}) {
        our_side us;
        us.prevote(1, "xx_x");
        us.proposal = proposal_of(10, 3, pol_round);
        peer_at peer(10, 3);
        send_proposal expected;
        if (pol_round >= 0)
            expected.pol = messages::proposal_pol{ours, round_t(pol_round), bits(pol)};
        INFO("proof of round " << pol_round);
        CHECK(all(us, peer) == std::vector<data_choice>{expected});
        CHECK(peer.at().proposal);
        CHECK(parts(peer) == "___");
        CHECK(peer.at().pol_round == round_t(pol_round));
    }
}

TEST_CASE(
    "a peer elsewhere, or that has a proposal, does not get ours; without one there is none") {
    our_side us;
    us.proposal = proposal_of(10, 3, -1);
    for (const auto& [height, round] :
         std::vector<std::pair<std::int64_t, std::int32_t>>{{10, 2}, {10, 4}, {11, 3}, {4, 3}}) {
        peer_at peer(height, round);
        INFO(height << "/" << round);
        CHECK(all(us, peer).empty());
    }
    peer_at has(10, 3);
    has.mark_proposal(proposal_of(10, 3, -1, 3, "B"));
    CHECK(all(us, has).empty());
    us.proposal.reset();
    peer_at peer(10, 3);
    CHECK(all(us, peer).empty());
}

TEST_CASE("parts come before the proposal, and follow it") {
    with_block us;
    us.proposal = proposal_of(10, 3, -1);
    us.proposal->block.parts = us.whole.header();
    peer_at peer(10, 3);
    auto choices = all(us, peer);
    REQUIRE(choices.size() == 3);
    CHECK(std::holds_alternative<send_proposal>(choices[0]));
    CHECK(indices(choices) == std::vector<std::size_t>{0, 2});

    peer_at collecting(10, 3);
    collecting.on(collects(us.whole.header(), "__x", 10, 3));
    choices = all(us, collecting);
    REQUIRE(choices.size() == 2);
    CHECK(std::holds_alternative<send_own_part>(choices[0]));
    CHECK(std::holds_alternative<send_proposal>(choices[1]));
}

TEST_CASE("while we take no part no data is sent") {
    our_view none;
    none.store_base = height_t(1);
    peer_state unknown;
    peer_at peer(1, 0);
    CHECK(all(none, unknown).empty());
    CHECK(all(none, peer).empty());
}
