// SPDX-License-Identifier: Apache-2.0
#include "consensus/core/vote_set.hpp"

#include "tests/unit/consensus/core/support.hpp"

using namespace tetrad;
using namespace tetrad::consensus::core;
using namespace tetrad::consensus::core::test;
using chain::vote_type;

namespace {

constexpr height_t height(5);
constexpr round_t round0(0);

struct prevotes {
    explicit prevotes(std::vector<std::int64_t> powers = {10, 10, 10, 10})
        : set(validators_of(powers)), votes(height, round0, vote_type::prevote, set) {}

    result<vote_set::added> add(std::size_t who, std::string_view block) {
        return votes.add(
            shared_vote(set, who, vote_type::prevote, height, round0, block_of(block)));
    }
    bool counts(std::size_t who, std::string_view block) {
        const auto made = add(who, block);
        REQUIRE(made);
        return made->counted;
    }
    std::string bits() const { return bits_text(votes.voters()); }

    chain::validator_set set;
    vote_set votes;
};

}  // namespace

TEST_CASE("two thirds are more than two thirds of the power, in integers") {
    struct row {
        std::vector<std::int64_t> powers;
        std::size_t enough;
    };
    for (const auto& [powers, enough] : std::vector<row>{{{1}, 1},
                                                         {{1, 1}, 2},
                                                         {{1, 1, 1}, 3},
                                                         {{1, 1, 1, 1}, 3},
                                                         {{2, 2, 2}, 3},
                                                         {{7, 2}, 1},
                                                         {{6, 3}, 2},
                                                         {{5, 1, 1, 1}, 2}}) {
        prevotes p(powers);
        for (std::size_t i = 0; i < powers.size(); ++i) {
            INFO("of " << powers.size() << " validators " << i << " voted");
            REQUIRE(p.votes.has_majority() == (i >= enough));
            REQUIRE(p.votes.has_two_thirds_any() == (i >= enough));
            REQUIRE(p.counts(i, "A"));
        }
        REQUIRE(p.votes.majority() == block_of("A"));
        REQUIRE(p.votes.has_all());
    }
}

TEST_CASE("votes for different blocks make two thirds of any and no majority") {
    prevotes p;
    REQUIRE(p.counts(0, "A"));
    REQUIRE(p.counts(1, "B"));
    REQUIRE(p.counts(2, "nil"));
    REQUIRE(p.votes.has_two_thirds_any());
    REQUIRE_FALSE(p.votes.has_majority());
    REQUIRE_FALSE(p.votes.has_all());
    REQUIRE(p.bits() == "xxx_");
    REQUIRE(bits_text(p.votes.voters_for(block_of("B"))) == "_x__");
    REQUIRE(p.votes.voters_for(block_of("C")).size() == 0);
}

TEST_CASE("a majority for nil is a majority") {
    prevotes p;
    for (std::size_t i = 0; i < 3; ++i)
        REQUIRE(p.counts(i, "nil"));
    REQUIRE(p.votes.majority() == chain::block_id{});
}

TEST_CASE("a vote of another height, round, type, place or validator is refused") {
    prevotes p;
    const auto refuse = [&](auto change, std::string_view why) {
        auto v = vote_of(p.set, 1, vote_type::prevote, height, round0, block_of("A"));
        change(v);
        const auto made = p.votes.add(std::make_shared<const chain::vote>(v));
        REQUIRE_FALSE(made);
        INFO(made.error().text);
        REQUIRE(made.error().text.find(why) == 0);
    };
    refuse([](auto& v) { v.height = height_t(6); }, "unexpected step");
    refuse([](auto& v) { v.round = round_t(1); }, "unexpected step");
    refuse([](auto& v) { v.type = vote_type::precommit; }, "unexpected step");
    refuse([](auto& v) { v.validator_index = 4; }, "invalid validator index");
    refuse([](auto& v) { v.validator_index = -1; }, "invalid validator index");
    refuse([](auto& v) { v.validator_index = 2; }, "invalid validator address");
    REQUIRE(p.bits() == "____");
}

TEST_CASE("the same vote again is not counted, and one with another signature is refused") {
    prevotes p;
    REQUIRE(p.counts(1, "A"));
    REQUIRE_FALSE(p.counts(1, "A"));
    auto v = vote_of(p.set, 1, vote_type::prevote, height, round0, block_of("A"));
    v.sig = chain::signature(hash_of("another"));
    const auto made = p.votes.add(std::make_shared<const chain::vote>(v));
    REQUIRE_FALSE(made);
    REQUIRE(made.error().text.find("non-deterministic signature") == 0);
}

TEST_CASE(
    "a second vote of a validator conflicts, and counts only where a peer claims a majority for "
    "its block") {
    prevotes p;
    REQUIRE(p.counts(0, "A"));
    auto second = p.add(0, "B");
    REQUIRE(second);
    REQUIRE_FALSE(second->counted);
    REQUIRE(second->conflicting->block == block_of("A"));

    REQUIRE(p.votes.claim(peer(1), block_of("B")));
    second = p.add(0, "B");
    REQUIRE(second);
    REQUIRE(second->counted);
    REQUIRE(second->conflicting->block == block_of("A"));
    REQUIRE_FALSE(p.counts(0, "B"));  // now it is known
    REQUIRE(bits_text(p.votes.voters_for(block_of("B"))) == "x___");

    // Its power counts once for all, and for each of its blocks.
    REQUIRE(p.counts(1, "B"));
    REQUIRE_FALSE(p.votes.has_two_thirds_any());
    REQUIRE(p.counts(2, "B"));
    REQUIRE(p.votes.majority() == block_of("B"));
    REQUIRE(p.votes.at(0)->block == block_of("B"));  // the majority's vote is the one that is shown
}

TEST_CASE("after a majority a conflicting vote for it takes the place of the other") {
    prevotes p({10, 10, 10, 10});
    REQUIRE(p.votes.claim(peer(1), block_of("B")));
    REQUIRE(p.counts(3, "A"));
    for (std::size_t i = 0; i < 3; ++i)
        REQUIRE(p.counts(i, "B"));
    REQUIRE(p.votes.at(3)->block == block_of("A"));
    const auto second = p.add(3, "B");
    REQUIRE(second);
    REQUIRE(second->counted);
    REQUIRE(p.votes.at(3)->block == block_of("B"));
}

TEST_CASE("a majority once found does not change") {
    prevotes p;
    for (std::size_t i = 0; i < 3; ++i)
        REQUIRE(p.counts(i, "A"));
    REQUIRE(p.votes.claim(peer(1), block_of("B")));
    for (std::size_t i = 0; i < 4; ++i)
        REQUIRE(p.add(i, "B"));
    REQUIRE(p.votes.majority() == block_of("A"));
    REQUIRE(p.votes.at(0)->block == block_of("A"));
}

TEST_CASE("a peer claims one majority, and only so many peers are heard") {
    prevotes p;
    REQUIRE(p.votes.claim(peer(0), block_of("A")));
    REQUIRE(p.votes.claim(peer(0), block_of("A")));
    REQUIRE_FALSE(p.votes.claim(peer(0), block_of("B")));
    for (int i = 1; i < 1000; ++i)
        REQUIRE(p.votes.claim(peer(i), block_of(format("C{}", i))));
    REQUIRE(p.votes.voters_for(block_of("C255")).size() == 4);
    REQUIRE(p.votes.voters_for(block_of("C256")).size() == 0);
}

TEST_CASE("a commit holds the precommits for its block and for nil, and the others as absent") {
    const auto set = validators_of({10, 10, 10, 10, 10, 10, 10});
    vote_set votes(height, round_t(2), vote_type::precommit, set);
    const auto add = [&](std::size_t who, std::string_view block) {
        auto v = vote_of(set, who, vote_type::precommit, height, round_t(2), block_of(block));
        if (block == "A")
            v.extension = slice(to_bytes("extension")),
            v.extension_sig = chain::signature(hash_of("e"));
        REQUIRE(votes.add(std::make_shared<const chain::vote>(v)));
    };
    for (std::size_t i = 0; i < 5; ++i)
        add(i, "A");
    add(5, "nil");
    add(6, "B");
    const auto c = votes.make_commit();
    REQUIRE(c.height == height);
    REQUIRE(c.round == round_t(2));
    REQUIRE(c.block == block_of("A"));
    REQUIRE(c.signatures.size() == 7);
    for (std::size_t i = 0; i < 5; ++i) {
        REQUIRE(c.signatures[i].flag == chain::block_id_flag::commit);
        REQUIRE(c.vote_at(i) == *votes.at(i));
    }
    REQUIRE(c.signatures[5].flag == chain::block_id_flag::nil);
    REQUIRE(c.signatures[5].validator == set.at(5).address);
    REQUIRE(c.signatures[6] ==
            chain::extended_commit_sig{chain::block_id_flag::absent, {}, {}, {}, {}, {}});
}
