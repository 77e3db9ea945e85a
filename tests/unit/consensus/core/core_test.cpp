// SPDX-License-Identifier: Apache-2.0
// Every row of the table in consensus/core/core.hpp: what was said before, the input, and all that is asked for then.
#include "consensus/core/core.hpp"

#include "tests/unit/consensus/core/spoken.hpp"

using namespace tetrad;
using namespace tetrad::consensus::core;
using namespace tetrad::consensus::core::test;

namespace {

struct row {
    std::string claim, before, in, out;
};

void check(const std::vector<row>& rows, const options& o = {}, std::size_t self = 3) {
    for (const auto& r : rows) {
        spoken core(o, self);
        core.say(r.before);
        INFO(r.claim << ": after \"" << r.before << "\" comes \"" << r.in << "\"");
        CHECK(core.say(r.in) == r.out);
    }
}

// Ways to get somewhere.
const std::string proposed = "t:new_height p:A b:A ";  // in step prevote, asked for a verdict
const std::string prevoted = proposed + "ok:A v3=A ";
const std::string locked = prevoted + "v01=A c3=A ";  // on A, in round 0, step precommit
const std::string round1 = locked + "c012=nil t:precommit_wait ";  // locked on A, in round 1
const std::string decided = locked + "c01=A ";                     // being applied

}  // namespace

TEST_CASE("a height begins with its timer, and a round when that fires") {
    spoken core;
    CHECK(core.heard() == "step:new_height timer:new_height");
    CHECK(core.state().start_time == core.now() + 1s);
    CHECK(core.say("t:new_height") == "timer:propose step:propose");
    CHECK(core.say("t:new_height") == "");
}

TEST_CASE("the proposer proposes, a new block or the valid one with its proof of lock") {
    check({{"round 0 is number 0's", "", "t:new_height", "timer:propose make step:propose"}}, {},
          0);
    check({{"another round is another's", locked, "c012=nil t:precommit_wait",
            "timer:propose@1 make:A/0 step:propose@1"}},
          {}, 1);
    check({{"nothing valid", "t:new_height v012=nil", "c012=nil t:precommit_wait",
            "timer:propose@1 make step:propose@1"}},
          {}, 1);
}

TEST_CASE("blocks that wait for transactions") {
    options o;
    o.create_empty_blocks = false;
    check({{"none: the round waits", "", "t:new_height", ""},
           {"they come", "t:new_height", "txs", "timer:propose step:propose"},
           {"they came before", "txs", "t:new_height", "timer:propose step:propose"},
           {"they come again", "t:new_height txs", "txs", ""},
           {"a proposal makes no step where we wait", "t:new_height p:A", "b:A",
            "check:A+app step:prevote"},
           {"a later round does not wait", "t:new_height", "v012@1=nil",
            "timer:propose@1 step:propose@1"},
           {"the next height waits again", "txs " + decided + "applied", "t:new_height", ""}},
          o);
    o.create_empty_blocks_interval = 5s;
    check({{"only so long", "", "t:new_height", "timer:new_round"},
           {"then it is empty", "t:new_height", "t:new_round", "timer:propose step:propose"},
           {"they come before that", "t:new_height", "txs", "timer:propose step:propose"}},
          o);
}

TEST_CASE("a proposal") {
    check({{"is accepted in any step of its round", "t:new_height", "p:A", "accepted:A collect:A"},
           {"also before the round begins", "", "p:A", "accepted:A collect:A"},
           {"the first one counts", "t:new_height p:A", "p:B", ""},
           {"its proof of lock is of an earlier round", "t:new_height", "p:A/0", "refused"},
           {"where parts are collected already these are kept", "t:new_height v012=B", "p:A",
            "accepted:A"},
           {"complete before the round begins: no more waiting", "p:A", "b:A",
            "check:A+app step:prevote"},
           {"and the timer comes too late", "p:A b:A", "t:new_height", ""}});
}

TEST_CASE("a proposal of more parts than a block may have is refused") {
    spoken core;
    core.say("t:new_height");
    outputs out;
    auto id = block_of("A");
    id.parts.total = 1602;
    machine copy = core.core();
    copy.step(
        proposal_received{
            {chain::vote_type::proposal, spoken::first, round_t(0), round_t(-1), id, {}, {}}},
        core.now(), out);
    REQUIRE(out.size() == 1);
    REQUIRE(std::holds_alternative<input_refused>(out[0]));
}

TEST_CASE("prevote") {
    check(
        {{"no proposal in time: nil", "t:new_height", "t:propose", "sign:prevote=nil step:prevote"},
         {"a proposal without its block: nil", "t:new_height p:A", "t:propose",
          "sign:prevote=nil step:prevote"},
         {"a complete one is looked at first", "t:new_height p:A", "b:A",
          "check:A+app step:prevote"},
         {"valid and accepted", proposed, "ok:A", "sign:prevote=A"},
         {"the application refuses it: nil", proposed, "no:A", "sign:prevote=nil"},
         {"invalid: nil", proposed, "bad:A", "sign:prevote=nil"},
         {"a second verdict", proposed + "ok:A", "ok:A", ""},
         {"a verdict on another block", proposed, "ok:B", ""},
         {"locked: that block, whatever is proposed", round1 + "p:B", "b:B",
          "sign:prevote=A step:prevote@1"},
         {"locked, nothing proposed", round1, "t:propose", "sign:prevote=A step:prevote@1"},
         {"a proof of lock that is not here is waited for",
          "t:new_height c012=nil t:precommit_wait p:A/0", "b:A", ""},
         {"and then it is here", "t:new_height v01=A c012=nil t:precommit_wait p:A/0 b:A", "v2@0=A",
          "check:A+app step:prevote@1"}});
}

TEST_CASE("a verdict that comes after the precommit gives no prevote") {
    check({{"too late", proposed + "v012=nil", "ok:A", ""},
           {"of a round that has passed", proposed + "c012@1=nil", "ok:A", ""}});
}

TEST_CASE("prevotes move on") {
    check({{"two thirds disagree: wait", prevoted + "v0=B", "v1=nil",
            "timer:prevote_wait step:prevote_wait"},
           {"then precommit nil", prevoted + "v0=B v1=nil", "t:prevote_wait",
            "sign:precommit=nil step:precommit"},
           {"two thirds for nil", prevoted + "v01=nil", "v2=nil",
            "sign:precommit=nil step:precommit"},
           {"a polka for the proposal locks it", prevoted + "v0=A", "v1=A",
            "news:A sign:precommit=A step:precommit"},
           {"a polka while we wait", prevoted + "v0=B v1=A", "v2=A",
            "news:A sign:precommit=A step:precommit"},
           {"before our own prevote: nothing yet", "t:new_height v01=nil", "v2=nil", ""},
           {"a polka for a block that is not here yet: wait for it",
            "t:new_height t:propose v0=B v1=B", "v2=B",
            "collect:B news:B timer:prevote_wait step:prevote_wait"},
           {"it stays away: precommit nil", prevoted + "v012=B", "t:prevote_wait",
            "sign:precommit=nil step:precommit"},
           {"two thirds are a round ahead", proposed + "v01@1=nil", "v2@1=B",
            "timer:propose@1 step:propose@1"},
           {"one third is not enough", proposed, "v0@1=nil", ""}});
}

TEST_CASE("the verdict is waited for before a lock") {
    const std::string pending = proposed + "v01=A ";
    check({{"unknown: ask", pending, "v2=A", "news:A check:A step:precommit"},
           {"valid: lock", pending + "v2=A", "ok:A", "sign:precommit=A"},
           {"valid but refused by the application: two thirds outweigh it", pending + "v2=A",
            "no:A", "sign:precommit=A"},
           {"invalid: more than a third lies, stop", pending + "v2=A", "bad:A", "halt"},
           {"too late, the round has passed", pending + "v2=A c012=nil t:precommit_wait", "ok:A",
            ""}});
}

TEST_CASE("locks") {
    spoken core;
    core.say(locked);
    CHECK(core.state().locked_round == round_t(0));
    CHECK(core.state().valid_round == round_t(0));
    check({{"a polka for the locked block locks it again", round1 + "t:propose v01=A", "v3=A",
            "collect:A news:A timer:prevote_wait@1 step:prevote_wait@1"},
           {"and precommits it", round1 + "t:propose v013=A", "t:prevote_wait",
            "sign:precommit=A step:precommit@1"},
           {"a polka for nil unlocks", round1 + "t:propose v01=nil", "v2=nil",
            "sign:precommit=nil step:precommit@1"},
           {"no polka keeps the lock", round1 + "t:propose v0=A v1=B v2=nil", "t:prevote_wait",
            "sign:precommit=nil step:precommit@1"},
           {"a polka for another block unlocks and locks that", round1 + "p:B b:B v3=A v01=B",
            "v2=B", "news:B check:B step:precommit@1"}});
    spoken unlocked;
    unlocked.say(round1 + "t:propose v012=nil");
    CHECK_FALSE(unlocked.state().locked_block);
    CHECK(unlocked.state().valid_round == round_t(0));
    spoken kept;
    kept.say(round1 + "t:propose v0=A v1=B v2=nil t:prevote_wait");
    CHECK(kept.state().locked_round == round_t(0));
    spoken moved;
    moved.say(round1 + "p:B b:B v3=A v012=B ok:B");
    CHECK(moved.state().locked_round == round_t(1));
    CHECK(moved.state().locked_block->id == block_of("B"));
    spoken again;
    again.say(round1 + "t:propose v013=A t:prevote_wait");
    CHECK(again.state().locked_round == round_t(1));
}

TEST_CASE("a late polka above the lock frees of it, one below does not") {
    // Locked on A in round 1; the polka for B of round 0 and of round 2 come later.
    const std::string in1 =
        "t:new_height t:propose v3=nil c012=nil t:precommit_wait p:A b:A ok:A v013=A ";
    spoken below;
    below.say(in1);
    REQUIRE(below.state().locked_round == round_t(1));
    below.say("v012@0=B");
    CHECK(below.state().locked_block);
    spoken above;
    above.say(in1 + "c012=nil t:precommit_wait c012=nil t:precommit_wait");
    REQUIRE(above.state().round == round_t(3));
    REQUIRE(above.state().locked_block);
    above.say("v012@2=B");
    CHECK_FALSE(above.state().locked_block);
}

TEST_CASE("precommits move on") {
    check({{"two thirds disagree: wait", locked + "c0=B", "c1=nil",
            "timer:precommit_wait step:precommit"},
           {"once a round", locked + "c0=B c1=nil", "c2=nil", ""},
           {"then the next round", locked + "c0=B c1=nil", "t:precommit_wait",
            "timer:propose@1 step:propose@1"},
           {"from an earlier step: precommit first", prevoted + "c01=nil c2=B", "t:precommit_wait",
            "sign:precommit=nil step:precommit timer:propose@1 step:propose@1"},
           {"two thirds for nil", "t:new_height t:propose v3=nil c01=nil", "c2=nil",
            "sign:precommit=nil step:precommit timer:precommit_wait step:precommit"},
           {"two thirds are rounds ahead", proposed + "c01@5=nil", "c2@5=B",
            "timer:propose@5 step:propose@5 timer:precommit_wait@5 step:propose@5"},
           {"a majority of a later round, for nil", proposed + "c01@1=nil", "c2@1=nil",
            "timer:propose@1 step:propose@1 sign:precommit=nil step:precommit@1 "
            "timer:precommit_wait@1 step:precommit@1"},
           {"of an earlier round, for nil: nothing", round1 + "c01@0=nil", "c2@0=nil", ""}});
}

TEST_CASE("a decision") {
    check({{"with its block is applied", locked + "c0=A", "c1=A", "step:commit apply:A"},
           {"whose parts are coming: what was dropped before has to come again",
            "t:new_height p:A c0=A c1=A", "c2=A",
            "sign:precommit=nil step:precommit news:A step:commit"},
           {"without its block fetches it", "t:new_height c01=B", "c2=B",
            "sign:precommit=nil step:precommit collect:B news:B step:commit"},
           {"and then applies it", "t:new_height c012=B", "b:B", "apply:B"},
           {"another block that comes is not it", "t:new_height c012=B", "b:A", ""},
           {"of a later round", proposed + "c01@2=A", "c2@2=A",
            "timer:propose@2 step:propose@2 sign:precommit=nil step:precommit@2 collect:A news:A "
            "step:commit@2"},
           {"once", decided, "c2=A", ""},
           {"while it is applied no other round begins", decided + "v01@3=B", "v2@3=B", ""},
           {"nor by precommits", decided + "c01@3=nil", "c2@3=nil", ""},
           {"nor by timeouts", decided, "t:precommit_wait", ""},
           {"applied: the next height", decided, "applied", "step:new_height timer:new_height"},
           {"applied when nothing is", locked, "applied", ""}});
    check({{"of an earlier round, by validators who did not say nil first",
            "t:new_height c012@1=nil c01@0=A", "c2@0=A", "collect:A news:A step:commit@1"}});
}

TEST_CASE("a timeout of another round than ours does nothing") {
    check({{"of a later one, which was not asked for", proposed, "t:new_round@5", ""},
           {"at its end", proposed, "t:precommit_wait@5", ""},
           {"of an earlier one", "t:new_height c012@1=nil", "t:precommit_wait@0", ""}});
}

TEST_CASE(
    "the next height starts with the precommits of the last, and with the time of the decision") {
    spoken core;
    core.say(decided);
    const auto at = core.now();
    core.say("c2=A applied");
    const auto& rs = core.state();
    CHECK(rs.height == spoken::first + 1);
    CHECK(rs.start_time == at + 1s);
    REQUIRE(rs.last_commit);
    CHECK(rs.last_commit->has_all());
    CHECK(rs.last_commit_round() == round_t(0));
    CHECK_FALSE(rs.locked_block);
    CHECK_FALSE(rs.valid_block);
    CHECK_FALSE(rs.proposal);
}

TEST_CASE("late precommits of the last height") {
    options skip;
    skip.skip_timeout_commit = true;
    check({{"count until the round begins", "", "l3=Z", ""},
           {"and not after", "t:new_height", "l3=Z", ""}});
    spoken core;
    core.say("l3=Z");
    CHECK(core.state().last_commit->has_all());
    spoken after;
    after.say("t:new_height l3=Z");
    CHECK_FALSE(after.state().last_commit->has_all());
    check({{"all are here: no need to wait", "", "l3=Z", "timer:propose step:propose"},
           {"all were here when it was applied", decided + "c2=A", "applied",
            "step:new_height timer:propose step:propose"},
           {"not all", decided, "applied", "step:new_height timer:new_height"}},
          skip);
}

TEST_CASE("votes that do not count") {
    check({{"of another validator's conflict", prevoted + "v0=A", "v0=B", "conflict"},
           {"of our own key", prevoted, "v3=B", "refused"},
           {"again", prevoted + "v0=A", "v0=A", ""},
           {"a late precommit for another block", "", "l0=A", "conflict"},
           {"a claim makes a conflicting vote count", prevoted + "v0=A m:B v0=B", "v0=B", ""},
           {"a peer's second claim", prevoted + "m:A", "m:B", "refused"}});
}

TEST_CASE("who has no vote follows without signing") {
    options o;
    auto set = validators_of({10, 10, 10, 10});
    outputs out;
    machine core(o, {height_t(1), set, set, {}, true, true, -1}, {1700000000, 0}, out);
    const auto step = [&](const input& in) {
        out.clear();
        core.step(in, {1700000001, 0}, out);
        for (const auto& asked : out) {
            CHECK_FALSE(std::holds_alternative<sign_vote>(asked));
            CHECK_FALSE(std::holds_alternative<make_proposal>(asked));
        }
    };
    step(timeout_fired{height_t(1), round_t(0), step_t::new_height});
    step(timeout_fired{height_t(1), round_t(0), step_t::propose});
    for (std::size_t i = 0; i < 3; ++i)
        step(vote_received{
            shared_vote(set, i, chain::vote_type::prevote, height_t(1), round_t(0), block_of("A")),
            peer(1)});
    for (std::size_t i = 0; i < 3; ++i)
        step(vote_received{shared_vote(set, i, chain::vote_type::precommit, height_t(1), round_t(0),
                                       block_of("A")),
                           peer(1)});
    CHECK(core.state().step == step_t::commit);
    step(block_completed{height_t(1), block_of("A"), {}});
    REQUIRE(out.size() == 1);
    CHECK(std::get<apply_block>(out[0]).id == block_of("A"));
}

TEST_CASE("a vote is later than the block it may decide") {
    spoken core;
    core.say(proposed);
    core.say("ok:A");
    REQUIRE(core.raw().size() == 1);
    const auto asked = std::get<sign_vote>(core.raw()[0]);
    CHECK(asked.not_before == core.state().proposal_block->time + 1ms);
}

TEST_CASE("a later round waits longer") {
    spoken core;
    core.say("t:new_height c012@4=nil t:precommit_wait");
    REQUIRE(core.state().round == round_t(5));
    for (const auto& o : core.raw())
        if (const auto* t = std::get_if<schedule_timeout>(&o))
            CHECK(t->after == 3s + 5 * 500ms);
}

TEST_CASE("a polka of a round that was not reached yet unlocks when the round begins") {
    spoken core;
    core.say("t:new_height p:A b:A ok:A v012=A");
    REQUIRE(core.state().locked_round == round_t(0));
    core.say("v012@1=B");
    REQUIRE(core.state().round == round_t(1));
    CHECK(core.state().locked_round == round_t(-1));
}
