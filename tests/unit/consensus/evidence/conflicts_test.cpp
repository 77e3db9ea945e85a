// SPDX-License-Identifier: Apache-2.0
#include "consensus/evidence/conflicts.hpp"

#include "consensus/evidence/verify.hpp"
#include "tests/unit/consensus/evidence/support.hpp"

using namespace tetrad;
using namespace tetrad::consensus;
using namespace tetrad::consensus::evidence;
using namespace tetrad::consensus::evidence::test;

namespace {

core::vote_ptr vote_of(const chain::validator_set& set, std::size_t who, std::int64_t h,
                       std::int32_t r, std::string_view block) {
    return std::make_shared<const chain::vote>(
        vote_by(set, who, height_t(h), round_t(r), id_of(std::string(block))));
}

struct seen_by_us {
    chain::test::growing_chain c{{{0, 10}, {1, 20}, {2, 30}}};
    conflicts reported;

    seen_by_us() { c.grow(4); }
    bool report(std::int64_t h, std::size_t who, std::int32_t r = 0, bool other_way_round = false) {
        const auto a = vote_of(c.state.validators, who, h, r, "x"),
                   b = vote_of(c.state.validators, who, h, r, "y");
        return other_way_round ? reported.report(b, a) : reported.report(a, b);
    }
    std::vector<chain::evidence> settle() { return reported.settle(c.state, c.make().header); }
};

}  // namespace

TEST_CASE("two votes are evidence when their height is decided, with the time of its block") {
    seen_by_us t;
    CHECK(t.report(5, 1));
    const auto made = t.settle();
    REQUIRE(made.size() == 1);
    CHECK(made[0].time() == t.c.make().header.time);
    const auto& d = std::get<chain::duplicate_vote>(made[0].what);
    CHECK(error_of(check_shape(d)) == "");
    CHECK(error_of(verify(d, chain_id, t.c.state.validators)) == "");
    CHECK(t.reported.size() == 0);
    CHECK(t.settle().empty());
}

TEST_CASE("late precommits of the block before have that block's time") {
    seen_by_us t;
    CHECK(t.report(4, 1));
    const auto made = t.settle();
    REQUIRE(made.size() == 1);
    CHECK(made[0].height() == height_t(4));
    CHECK(made[0].time() == t.c.state.last_block_time);
}

TEST_CASE("who saw the votes the other way round makes the same evidence") {
    seen_by_us one, other;
    one.report(5, 2);
    other.report(5, 2, 0, true);
    CHECK(one.settle() == other.settle());
}

TEST_CASE("one pair is kept for each validator, round and kind of vote, and so many in all") {
    seen_by_us t;
    CHECK(t.report(5, 1));
    CHECK(!t.report(5, 1));
    CHECK(!t.report(5, 1, 0, true));
    CHECK(t.report(5, 1, 1));
    CHECK(t.report(5, 2));
    CHECK(t.report(6, 2));  // not of the block that comes next: it waits
    CHECK(t.settle().size() == 3);
    CHECK(t.reported.size() == 1);

    const auto a = vote_of(t.c.state.validators, 0, 5, 0, "x");
    for (std::int32_t r = 0; t.reported.size() < conflicts::conflicts_max; ++r) {
        auto in_round = *a;
        in_round.round = round_t(r);
        REQUIRE(t.reported.report(std::make_shared<const chain::vote>(in_round), a));
    }
    CHECK(!t.report(5, 1));
    (void)t.settle();
    CHECK(t.report(5, 1));
}
