// SPDX-License-Identifier: Apache-2.0
#include "consensus/gossip/peer_state.hpp"

#include "base/random.hpp"
#include "tests/unit/consensus/gossip/support.hpp"

using namespace tetrad;
using namespace tetrad::consensus::gossip;
using namespace tetrad::consensus::gossip::test;

namespace {

constexpr auto prevote = vote_type::prevote;
constexpr auto precommit = vote_type::precommit;

messages::vote_set_maj23 claim(std::int64_t h, std::int32_t r, vote_type t,
                               std::string_view block) {
    return {height_t(h), round_t(r), t, block_of(block)};
}

}  // namespace

TEST_CASE("of a new peer nothing is known") {
    const peer_state peer;
    const auto& p = peer.at();
    CHECK(p.height == height_t(0));
    CHECK(p.round == round_t(-1));
    CHECK(p.pol_round == round_t(-1));
    CHECK(p.last_commit_round == round_t(-1));
    CHECK(p.catchup_round == round_t(-1));
    CHECK_FALSE(p.proposal);
    for (const auto* a :
         {&p.parts, &p.pol, &p.prevotes, &p.precommits, &p.last_commit, &p.catchup_commit})
        CHECK(a->size() == 0);
}

// ---- NewRoundStep ----

TEST_CASE("a step that is not ahead of the last one changes nothing") {
    struct row {
        std::int64_t height;
        std::int32_t round;
        step_t step;
        bool taken;
    };
    for (const auto& [height, round, step, taken] :
         {row{10, 3, step_t::prevote, false}, row{10, 3, step_t::propose, false},
          row{10, 2, step_t::commit, false}, row{9, 5, step_t::commit, false},
          row{10, 3, step_t::precommit, true}, row{10, 4, step_t::new_round, true},
          row{11, 0, step_t::new_height, true}}) {
        peer_at peer(10, 3, step_t::prevote);
        INFO(height << "/" << round << "/" << static_cast<int>(step));
        CHECK(peer.goes_to(height, round, step) == taken);
        CHECK(peer.at().step == (taken ? step : step_t::prevote));
    }
}

TEST_CASE("the start of a peer's height is counted back from now, however far") {
    struct row {
        std::int64_t seconds;
        timestamp start;
    };
    for (const auto& [seconds, start] :
         {row{0, now}, row{7, {now.seconds - 7, 0}}, row{-3, {now.seconds + 3, 0}},
          row{INT64_MAX, {now.seconds - 9'000'000'000, 0}},
          row{INT64_MIN, {now.seconds + 9'000'000'000, 0}}}) {
        peer_state peer;
        auto m = step_message(10, 0, step_t::propose);
        m.seconds_since_start = seconds;
        REQUIRE(peer.on(m, now));
        CHECK(peer.at().start_time == start);
    }
}

TEST_CASE("another step of the same round keeps what the peer has") {
    const our_side us;
    peer_at peer(10, 3);
    peer.mark_proposal(proposal_of(10, 3, 1));
    peer.has_votes(10, 3, prevote, "x___", us);
    peer.has_votes(10, 3, precommit, "_x__", us);
    REQUIRE(peer.goes_to(10, 3, step_t::prevote));
    CHECK(peer.at().proposal);
    CHECK(parts(peer) == "___");
    CHECK(peer.at().pol_round == round_t(1));
    CHECK(prevotes(peer) == "x___");
    CHECK(precommits(peer) == "_x__");
}

TEST_CASE("a new round of the peer forgets the proposal, its parts and the votes") {
    const our_side us;
    peer_at peer(10, 2);
    peer.mark_proposal(proposal_of(10, 2, 1));
    peer.has_votes(10, 2, prevote, "x___", us);
    peer.has_votes(10, 2, precommit, "_x__", us);
    peer.has_votes(10, 1, prevote, "__x_", us);
    REQUIRE(peer.goes_to(10, 3));
    CHECK_FALSE(peer.at().proposal);
    CHECK(peer.at().parts_header.is_zero());
    CHECK(parts(peer) == "");
    CHECK(peer.at().pol_round == round_t(-1));
    CHECK(pol(peer) == "");
    CHECK(prevotes(peer) == "");
    CHECK(precommits(peer) == "");
}

TEST_CASE("precommits become the last commit of the next height if that round decided it") {
    struct row {
        std::int64_t height;
        std::int32_t last_commit_round;
        std::string last_commit;
    };
    for (const auto& [height, lcr, expected] :
         {row{11, 3, "_x__"}, row{11, 2, ""}, row{12, 3, ""}}) {
        const our_side us;
        peer_at peer(10, 3);
        peer.has_votes(10, 3, precommit, "_x__", us);
        INFO(height << ", decided in round " << lcr);
        REQUIRE(peer.goes_to(height, 0, step_t::new_height, lcr));
        CHECK(peer.at().last_commit_round == round_t(lcr));
        CHECK(last_commit(peer) == expected);
        CHECK(precommits(peer) == "");
    }
}

TEST_CASE("a new height forgets the catch-up commit and what the store said") {
    peer_at peer(8, 1);
    peer.on_stored_parts(height_t(8), block_of("A").parts);
    peer.on_stored_commit(height_t(8), nullptr);
    peer.has({height_t(8), round_t(0), precommit}, 4, true);
    REQUIRE(peer.at().catchup_round == round_t(0));
    REQUIRE(peer.goes_to(9, 0));
    CHECK(peer.at().catchup_round == round_t(-1));
    CHECK(catchup(peer) == "");
    CHECK_FALSE(peer.stored().parts);
    CHECK_FALSE(peer.stored().commit);
}

// ---- the catch-up commit ----

TEST_CASE("votes of the catch-up round are precommits once the peer is in it, and again after it") {
    peer_at peer(8, 1);
    const votes_id commit{height_t(8), round_t(2), precommit};
    peer.has(commit, 4, true);
    peer.mark_vote(commit, 0);
    CHECK(catchup(peer) == "x___");
    REQUIRE(peer.goes_to(8, 2));
    CHECK(precommits(peer) == "x___");
    peer.mark_vote(commit, 1);
    CHECK(precommits(peer) == "xx__");
    REQUIRE(peer.goes_to(8, 3));
    CHECK(precommits(peer) == "");
    CHECK(catchup(peer) == "xx__");
}

TEST_CASE("a commit of the peer's own round begins with the precommits it has") {
    peer_at peer(8, 2);
    const votes_id commit{height_t(8), round_t(2), precommit};
    peer.has(commit, 4, false);
    peer.mark_vote(commit, 3);
    CHECK(bits_text(*peer.has(commit, 4, true)) == "___x");
    CHECK(peer.at().catchup_round == round_t(2));
}

TEST_CASE("a commit of another round begins anew, the same one goes on") {
    peer_at peer(8, 5);
    peer.has({height_t(8), round_t(2), precommit}, 4, true);
    peer.mark_vote({height_t(8), round_t(2), precommit}, 0);
    CHECK(bits_text(*peer.has({height_t(8), round_t(2), precommit}, 4, true)) == "x___");
    CHECK(bits_text(*peer.has({height_t(8), round_t(3), precommit}, 4, true)) == "____");
    CHECK(peer.at().catchup_round == round_t(3));
}

TEST_CASE("a commit of another height than the peer's is no catch-up commit") {
    peer_at peer(8, 5);
    CHECK_FALSE(peer.has({height_t(7), round_t(2), precommit}, 4, true));
    CHECK(peer.at().catchup_round == round_t(-1));
}

// ---- NewValidBlock, Proposal, ProposalPOL, BlockPart ----

TEST_CASE("a valid block replaces the parts, of the peer's height, and of its round or decided") {
    struct row {
        std::int64_t height;
        std::int32_t round;
        bool is_commit;
        bool taken;
    };
    for (const auto& [height, round, is_commit, taken] :
         {row{10, 3, false, true}, row{10, 2, false, false}, row{10, 2, true, true},
          row{9, 3, true, false}, row{11, 3, true, false}}) {
        peer_at peer(10, 3);
        peer.mark_proposal(proposal_of(10, 3, -1, 3));
        peer.mark_part(ours, round_t(3), 0);
        INFO(height << "/" << round << (is_commit ? " decided" : ""));
        const chain::part_set_header header{2, hash_of("another")};
        peer.on(messages::new_valid_block{height_t(height), round_t(round), header, bits("_x"),
                                          is_commit});
        CHECK(parts(peer) == (taken ? "_x" : "x__"));
        CHECK((peer.at().parts_header == header) == taken);
    }
}

TEST_CASE("a valid block arms the parts again that were marked as sent") {
    peer_at peer(10, 3);
    peer.mark_proposal(proposal_of(10, 3, -1, 2));
    peer.mark_part(ours, round_t(3), 0);
    peer.mark_part(ours, round_t(3), 1);
    peer.on(messages::new_valid_block{ours, round_t(3), peer.at().parts_header, bits("__"), false});
    CHECK(parts(peer) == "__");
}

TEST_CASE("a proposal is the peer's if it is of its height and round, and only the first") {
    struct row {
        std::int64_t height;
        std::int32_t round;
        bool taken;
    };
    for (const auto& [height, round, taken] :
         {row{10, 3, true}, row{10, 2, false}, row{10, 4, false}, row{9, 3, false}}) {
        peer_at peer(10, 3);
        peer.mark_proposal(proposal_of(height, round, 1));
        INFO(height << "/" << round);
        CHECK(peer.at().proposal == taken);
        CHECK(parts(peer) == (taken ? "___" : ""));
        CHECK(peer.at().pol_round == round_t(taken ? 1 : -1));
    }
    peer_at peer(10, 3);
    peer.mark_proposal(proposal_of(10, 3, 1));
    peer.mark_proposal(proposal_of(10, 3, 2, 7));
    CHECK(parts(peer) == "___");
    CHECK(peer.at().pol_round == round_t(1));
}

TEST_CASE("a proposal does not change the parts that the peer named itself") {
    peer_at peer(10, 3);
    const chain::part_set_header header{2, hash_of("another")};
    peer.on(messages::new_valid_block{ours, round_t(3), header, bits("_x"), false});
    peer.mark_proposal(proposal_of(10, 3, 1));
    CHECK(peer.at().proposal);
    CHECK(peer.at().parts_header == header);
    CHECK(parts(peer) == "_x");
    CHECK(peer.at().pol_round == round_t(-1));
}

TEST_CASE("a proof of lock is taken for the proposal's round only, as long as our set is") {
    struct row {
        std::int64_t height;
        std::int32_t pol_round;
        std::string said;
        std::string pol;
    };
    for (const auto& [height, pol_round, said, expected] :
         {row{10, 1, "xx_x", "xx_x"}, row{10, 1, "x", "x___"}, row{10, 1, "_xxxxxxx", "_xxx"},
          row{10, 2, "xx_x", ""}, row{9, 1, "xx_x", ""}}) {
        const our_side us;
        peer_at peer(10, 3);
        peer.mark_proposal(proposal_of(10, 3, 1));
        INFO(height << ", round " << pol_round << ": " << said);
        peer.on(messages::proposal_pol{height_t(height), round_t(pol_round), bits(said)}, us);
        CHECK(pol(peer) == expected);
        CHECK(peer.at().pol.count() == bits(expected).count());
    }
}

TEST_CASE("a proof of lock of a height whose validators are not known to us is not kept") {
    const our_side us;
    peer_at peer(12, 3);
    peer.mark_proposal(proposal_of(12, 3, 1));
    peer.on(messages::proposal_pol{height_t(12), round_t(1), bits("xxxxxxxxxx")}, us);
    CHECK(pol(peer) == "");
}

TEST_CASE("a part is the peer's if it is of its height and round and the parts are known") {
    struct row {
        std::int64_t height;
        std::int32_t round;
        std::size_t index;
        std::string parts;
    };
    for (const auto& [height, round, index, expected] :
         {row{10, 3, 1, "_x_"}, row{10, 2, 1, "___"}, row{9, 3, 1, "___"}, row{10, 3, 3, "___"},
          row{10, 3, UINT32_MAX, "___"}}) {
        peer_at peer(10, 3);
        peer.mark_part(height_t(height), round_t(round), index);
        CHECK(parts(peer) == "");
        peer.mark_proposal(proposal_of(10, 3, -1));
        peer.mark_part(height_t(height), round_t(round), index);
        CHECK(parts(peer) == expected);
    }
}

// ---- votes ----

TEST_CASE("a vote that the peer says it has is noted at its own height only") {
    struct row {
        std::int64_t peer_height;
        std::int64_t height;
        bool noted;
    };
    for (const auto& [peer_height, height, noted] :
         {row{10, 10, true}, row{10, 9, false}, row{11, 10, false}, row{10, 11, false}}) {
        const our_side us;
        peer_at peer(peer_height, 3, step_t::prevote, 3);
        peer.has_votes(height, 3, precommit, "__x_", us);
        INFO("at " << peer_height << ", of " << height);
        CHECK(peer.at().precommits.get(2) == noted);
        CHECK(peer.at().last_commit.is_empty());
    }
}

TEST_CASE("a vote of the peer makes room for the votes of our height and of the one before") {
    const our_side us;
    struct row {
        std::int64_t peer_height;
        std::string prevotes, precommits, last_commit;
    };
    // We know of four validators at 10 and of three at 9.
    for (const auto& [peer_height, pv, pc, lc] :
         {row{10, "____", "____", "___"}, row{9, "___", "___", ""}, row{11, "", "", "____"},
          row{8, "", "", ""}, row{12, "", "", ""}}) {
        peer_at peer(peer_height, 3);
        peer.on(vote_of(us.validators, 0, prevote, ours, round_t(0), block_of("A")), us);
        INFO("the peer is at " << peer_height);
        CHECK(prevotes(peer) == pv);
        CHECK(precommits(peer) == pc);
        CHECK(last_commit(peer) == lc);
    }
}

TEST_CASE("a vote is noted where it belongs: the peer's round, then catch-up, then proof of lock") {
    struct row {
        std::int64_t height;
        std::int32_t round;
        vote_type type;
        std::string where;
    };
    // The peer is at 10/3; its height was decided in round 5, its proposal has a proof of round 1, its last commit is of round 2.
    for (const auto& [height, round, type, where] :
         {row{10, 3, prevote, "prevotes"}, row{10, 3, precommit, "precommits"},
          row{10, 5, prevote, ""}, row{10, 5, precommit, "catchup"}, row{10, 1, prevote, "pol"},
          row{10, 1, precommit, ""}, row{10, 2, prevote, ""}, row{9, 2, precommit, "last_commit"},
          row{9, 2, prevote, ""}, row{9, 3, precommit, ""}, row{8, 2, precommit, ""},
          row{11, 3, prevote, ""}}) {
        const our_side us;
        peer_at peer(10, 3, step_t::propose, 2);
        peer.mark_proposal(proposal_of(10, 3, 1));
        peer.has({ours, round_t(5), precommit}, 4, true);
        peer.on(vote_of(us.validators, 1, type, height_t(height), round_t(round), block_of("A")),
                us);
        INFO(height << "/" << round << "/" << static_cast<int>(type));
        CHECK(peer.at().prevotes.get(1) == (where == "prevotes"));
        CHECK(peer.at().precommits.get(1) == (where == "precommits"));
        CHECK(peer.at().catchup_commit.get(1) == (where == "catchup"));
        CHECK(peer.at().pol.get(1) == (where == "pol"));
        CHECK(peer.at().last_commit.get(1) == (where == "last_commit"));
    }
}

TEST_CASE("the first that matches decides: round, then catch-up round, then proof of lock") {
    const our_side us;
    peer_at peer(10, 3);
    peer.mark_proposal(proposal_of(10, 3, 1));
    // The catch-up round is the proof's: prevotes of it are of no use any more.
    peer.has({ours, round_t(1), precommit}, 4, true);
    CHECK_FALSE(peer.has({ours, round_t(1), prevote}, 4, false));
    // The catch-up round is the peer's own.
    peer.has({ours, round_t(3), precommit}, 4, true);
    CHECK(peer.has({ours, round_t(3), prevote}, 4, false) == &peer.at().prevotes);
    CHECK(peer.has({ours, round_t(3), precommit}, 4, false) == &peer.at().precommits);
}

TEST_CASE("a vote of a validator that does not exist is noted nowhere") {
    const our_side us;
    peer_at peer(10, 3);
    for (const auto index : {4, 63, 64, INT32_MAX})
        peer.on(messages::has_vote{ours, round_t(3), prevote, index}, us);
    CHECK(prevotes(peer) == "____");
    CHECK(peer.at().prevotes.is_empty());
}

TEST_CASE("vote set bits speak for one block: votes for others stay marked") {
    struct row {
        std::string marked;
        std::string ours;  // who voted for A, to our knowledge
        std::string said;
        std::string then;
    };
    for (const auto& [marked, held, said, then] :
         {row{"xx__", "xx__", "____", "____"},  // it has none of what we took it to have
          row{"xx__", "xx__", "_x__", "_x__"}, row{"xxx_", "xx__", "_x__", "_xx_"},
          row{"____", "xx__", "___x", "___x"}, row{"xx__", "xx__", "", "____"},
          row{"xx__", "x___", "__xxxxxxxx", "_xxx"},
          row{"xx__", "", "__x_", "__x_"},  // we know of no votes for it: its word alone counts
          row{"xx__", "", "", "xx__"}}) {
        our_side us;
        peer_at peer(10, 3);
        us.prevote(3, held);
        peer.has_votes(10, 3, prevote, marked, us);
        INFO(marked << ", " << held << ", " << said);
        peer.on(messages::vote_set_bits{ours, round_t(3), prevote, block_of("A"), bits(said)}, us);
        CHECK(prevotes(peer) == then);
    }
}

TEST_CASE("vote set bits of another height than ours replace the marks") {
    const our_side us;
    peer_at peer(9, 1);
    peer.has_votes(9, 1, precommit, "xx_", us);
    peer.on(
        messages::vote_set_bits{height_t(9), round_t(1), precommit, block_of("last"), bits("__x")},
        us);
    CHECK(precommits(peer) == "__x");
}

TEST_CASE("vote set bits of votes that are of no use to the peer are ignored") {
    const our_side us;
    peer_at peer(10, 3);
    const auto before = peer.at().prevotes;
    for (const auto& m : std::vector<messages::vote_set_bits>{
             {ours, round_t(2), prevote, block_of("A"), bits("xxxx")},
             {ours, round_t(-1), precommit, block_of("A"), bits("xxxx")},
             {height_t(12), round_t(3), prevote, block_of("A"), bits("xxxx")}})
        peer.on(m, us);
    CHECK(peer.at().prevotes.is_empty());
    CHECK(peer.at().precommits.is_empty());
    CHECK(peer.at().catchup_commit.is_empty());
}

// ---- VoteSetMaj23 ----

TEST_CASE("a claim of a majority is new once, and another one for the same votes is an error") {
    const our_side us;
    peer_at peer(10, 3);
    CHECK(peer.on(claim(10, 3, prevote, "A"), us) == result<bool>(true));
    CHECK(peer.on(claim(10, 3, prevote, "A"), us) == result<bool>(false));
    CHECK(peer.on(claim(10, 3, precommit, "B"), us) == result<bool>(true));
    CHECK(peer.on(claim(10, 2, prevote, "B"), us) == result<bool>(true));
    CHECK(peer.on(claim(10, 1, prevote, "nil"), us) == result<bool>(true));
    CHECK_FALSE(peer.on(claim(10, 3, prevote, "B"), us));
    CHECK_FALSE(peer.on(claim(10, 1, prevote, "B"), us));
}

TEST_CASE("claims of other heights and of rounds that are not tracked are not noted") {
    our_side us;
    us.precommit(7, "x___");
    peer_at peer(10, 3);
    struct row {
        std::int64_t height;
        std::int32_t round;
        bool noted;
    };
    for (const auto& [height, round, noted] :
         {row{9, 3, false}, row{11, 3, false}, row{10, 4, true}, row{10, 5, false},
          row{10, 7, true}, row{10, INT32_MAX, false}}) {
        INFO(height << "/" << round);
        CHECK(peer.on(claim(height, round, prevote, "A"), us) == result<bool>(noted));
        CHECK(peer.on(claim(height, round, prevote, "B"), us).has_value() == !noted);
    }
}

TEST_CASE("claims of a height are forgotten at the next") {
    our_side us;
    peer_at peer(10, 3);
    REQUIRE(peer.on(claim(10, 3, prevote, "A"), us) == result<bool>(true));
    us.height = height_t(11);
    CHECK(peer.on(claim(11, 3, prevote, "B"), us) == result<bool>(true));
}

TEST_CASE("over the limit the claims of the lowest rounds are forgotten") {
    our_side us;
    us.round = round_t(1000);
    peer_at peer(10, 3);
    for (std::int32_t r = 0; r <= static_cast<std::int32_t>(peer_state::claims_max); ++r)
        REQUIRE(peer.on(claim(10, r, prevote, "A"), us) == result<bool>(true));
    CHECK_FALSE(peer.on(claim(10, 1, prevote, "B"), us));
    CHECK(peer.on(claim(10, 0, prevote, "B"), us) == result<bool>(true));
}

// ---- what the store says ----

TEST_CASE(
    "the store's parts are expected where the peer named none, and late answers are ignored") {
    const auto header = block_of("A").parts;
    peer_at peer(8, 1);
    peer.on_stored_parts(height_t(7), header);
    CHECK_FALSE(peer.stored().parts);
    peer.on_stored_commit(height_t(7), nullptr);
    CHECK_FALSE(peer.stored().commit);
    peer.on_stored_parts(height_t(8), header);
    peer.expect_stored_parts();
    CHECK(peer.at().parts_header == header);
    CHECK(parts(peer) == "_");
    // What it names itself stays.
    const chain::part_set_header other{2, hash_of("another")};
    peer.on(messages::new_valid_block{height_t(8), round_t(1), other, bits("_x"), false});
    peer.expect_stored_parts();
    CHECK(peer.at().parts_header == other);
}

// ---- bounds ----

TEST_CASE("whatever a peer says, what is kept of it has the sizes that we know") {
    const auto seed = GENERATE(range(1, 21));
    INFO("seed " << seed);
    seeded_random random(static_cast<std::uint64_t>(seed));
    const auto below = [&](std::uint64_t n) { return static_cast<std::int32_t>(random.below(n)); };
    our_side us;
    us.prevote(2, "xx__");
    us.precommit(3, "xxx_");
    peer_at peer(8, 0);
    for (int i = 0; i < 500; ++i) {
        const height_t h(8 + below(5));
        const round_t r(below(7));
        const vote_type t = below(2) == 0 ? prevote : precommit;
        bit_array any(1 + random.below(10000));
        for (auto& word : any.elems)
            word = random.uint64();
        switch (below(9)) {
            case 0:
                peer.on(step_message(h.v, r.v, static_cast<step_t>(1 + below(8)), below(3)), now);
                break;
            case 1: {
                bit_array some(1 + random.below(chain::parts_max));
                const auto total = static_cast<std::uint32_t>(some.size());
                peer.on(
                    messages::new_valid_block{h, r, {total, hash_of("A")}, some, below(2) == 0});
                break;
            }
            case 2: peer.mark_proposal(proposal_of(h.v, r.v, below(4) - 1)); break;
            case 3: peer.on(messages::proposal_pol{h, r, any}, us); break;
            case 4: peer.mark_part(h, r, random.below(4)); break;
            case 5: peer.on(messages::has_vote{h, r, t, below(INT32_MAX)}, us); break;
            case 6: peer.on(messages::vote_set_bits{h, r, t, block_of("A"), any}, us); break;
            case 7:
                static_cast<void>(peer.on(messages::vote_set_maj23{h, r, t, block_of("A")}, us));
                break;
            case 8: peer.has({h, r, t}, us.voters_at(h), below(2) == 0); break;
        }
        const auto& p = peer.at();
        const auto voters = us.voters_at(p.height), last = us.voters_at(p.height - 1);
        for (const auto* a : {&p.prevotes, &p.precommits, &p.pol, &p.catchup_commit})
            REQUIRE((a->size() == 0 || a->size() == voters));
        REQUIRE((p.last_commit.size() == 0 || p.last_commit.size() == last));
        REQUIRE(p.parts.size() <= chain::parts_max);
        for (const auto* a :
             {&p.prevotes, &p.precommits, &p.pol, &p.catchup_commit, &p.last_commit, &p.parts})
            REQUIRE(a->elems.size() == (a->size() + 63) / 64);
    }
}
