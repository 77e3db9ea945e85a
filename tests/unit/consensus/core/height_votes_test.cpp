// SPDX-License-Identifier: Apache-2.0
#include "consensus/core/height_votes.hpp"

#include "tests/unit/consensus/core/support.hpp"

using namespace tetrad;
using namespace tetrad::consensus::core;
using namespace tetrad::consensus::core::test;
using chain::vote_type;

namespace {

struct votes_of_height {
    chain::validator_set set = validators_of({10, 10, 10, 10});
    height_votes votes{height_t(5), set};

    result<vote_set::added> add(std::size_t who, int round, int from,
                                std::string_view block = "A") {
        return votes.add(
            shared_vote(set, who, vote_type::prevote, height_t(5), round_t(round), block_of(block)),
            peer(from));
    }
};

}  // namespace

TEST_CASE("rounds up to one past the current are tracked") {
    votes_of_height h;
    REQUIRE(h.votes.prevotes(round_t(0)));
    REQUIRE_FALSE(h.votes.prevotes(round_t(1)));
    h.votes.enter_round(round_t(0));
    REQUIRE(h.votes.precommits(round_t(1)));
    REQUIRE_FALSE(h.votes.prevotes(round_t(2)));
    h.votes.enter_round(round_t(5));
    for (int r = 0; r <= 6; ++r)
        REQUIRE(h.votes.prevotes(round_t(r)));
    REQUIRE_FALSE(h.votes.prevotes(round_t(7)));
}

TEST_CASE("a peer brings votes of two rounds beyond, and not of a third") {
    votes_of_height h;
    REQUIRE(h.add(0, 7, 1));
    REQUIRE(h.add(1, 7, 1));
    REQUIRE(h.add(0, 9, 1));
    REQUIRE_FALSE(h.add(0, 11, 1));
    REQUIRE(h.add(2, 9, 1));   // a round that is tracked already costs nothing
    REQUIRE(h.add(0, 11, 2));  // another peer has two of its own
    REQUIRE(h.add(1, 11, 1));
    h.votes.enter_round(round_t(10));  // what was brought before is kept
    REQUIRE(h.votes.prevotes(round_t(9))->at(2));
    REQUIRE(h.votes.prevotes(round_t(8)));
}

TEST_CASE("all peers together bring votes of a bounded number of rounds") {
    votes_of_height h;
    int taken = 0;
    for (int i = 0; i < 1000; ++i)
        taken += h.add(0, 100 + i, i) ? 1 : 0;
    REQUIRE(taken == 256);
}

TEST_CASE("a flood of votes of far rounds leaves no more behind than the first two") {
    votes_of_height h;
    constexpr int flood = 100'000;
    auto vote = vote_of(h.set, 0, vote_type::prevote, height_t(5), round_t(0), block_of("A"));
    int taken = 0, tracked = 0;
    for (int r = 10; r < 10 + flood; ++r) {
        vote.round = round_t(r);
        taken += h.votes.add(std::make_shared<const chain::vote>(vote), peer(1)) ? 1 : 0;
    }
    for (int r = 0; r < 10 + flood; ++r)
        tracked += h.votes.prevotes(round_t(r)) ? 1 : 0;
    REQUIRE(taken == 2);
    REQUIRE(tracked == 1 + 2);
}

TEST_CASE("a claim for a round that is not tracked is not noted") {
    votes_of_height h;
    REQUIRE(h.votes.claim(peer(1), round_t(3), vote_type::prevote, block_of("A")));
    REQUIRE_FALSE(h.votes.prevotes(round_t(3)));
    REQUIRE(h.votes.claim(peer(1), round_t(0), vote_type::prevote, block_of("A")));
    REQUIRE_FALSE(h.votes.claim(peer(1), round_t(0), vote_type::prevote, block_of("B")));
    REQUIRE(h.votes.claim(peer(1), round_t(0), vote_type::precommit, block_of("B")));
}

TEST_CASE("a polka is found by its round") {
    votes_of_height h;
    h.votes.enter_round(round_t(1));
    for (std::size_t i = 0; i < 3; ++i) {
        REQUIRE(h.add(i, 0, 1, "A"));
        REQUIRE(h.add(i, 1, 1, "nil"));
    }
    REQUIRE(h.votes.polka(round_t(0)) == block_of("A"));
    REQUIRE(h.votes.polka(round_t(1)) == chain::block_id{});
    REQUIRE_FALSE(h.votes.polka(round_t(2)));
    REQUIRE_FALSE(h.votes.polka(round_t(9)));
}
