// SPDX-License-Identifier: Apache-2.0
#include "consensus/gossip/votes.hpp"

#include "tests/unit/consensus/gossip/support.hpp"

using namespace tetrad;
using namespace tetrad::consensus::gossip;
using namespace tetrad::consensus::gossip::test;

namespace {

constexpr auto prevote = vote_type::prevote;
constexpr auto precommit = vote_type::precommit;

std::string text_of(const votes_id& id) {
    return format("{} {}/{}", id.type == prevote ? "prevotes" : "precommits", id.height.v,
                  id.round.v);
}

/// "prevotes 10/3", of the vote that is picked first; "nothing"; "ask 8".
std::string picked(const our_view& v, peer_state& peer) {
    seeded_random random(1);
    const auto choice = pick_vote(v, peer, random);
    if (!choice)
        return "nothing";
    if (const auto* ask = std::get_if<ask_commit>(&*choice))
        return format("ask {}{}", ask->height.v, ask->with_extensions ? " extended" : "");
    return text_of(std::get<send_vote>(*choice).of);
}

/// What is picked and sent until there is nothing more: how many of which.
std::map<std::string, std::string> all(const our_view& v, peer_state& peer,
                                       std::uint64_t seed = 1) {
    seeded_random random(seed);
    std::map<std::string, std::string> out;
    for (int i = 0; i < 100; ++i) {
        const auto choice = pick_vote(v, peer, random);
        if (!choice || std::holds_alternative<ask_commit>(*choice))
            break;
        const auto& vote = std::get<send_vote>(*choice);
        auto& marks = out.try_emplace(text_of(vote.of), "____").first->second;
        CHECK(marks[vote.index] == '_');
        marks[vote.index] = 'x';
        peer.mark_vote(vote.of, vote.index);
    }
    return out;
}

using sent = std::map<std::string, std::string>;

std::shared_ptr<const chain::extended_commit> commit_of(std::int64_t h, std::int32_t r,
                                                        std::string_view flags) {
    const auto set = validators_of({10, 10, 10, 10});
    chain::extended_commit c{height_t(h), round_t(r), block_of("stored"), {}};
    for (std::size_t i = 0; i < flags.size(); ++i) {
        chain::extended_commit_sig s;
        s.flag = flags[i] == 'c'   ? chain::block_id_flag::commit
                 : flags[i] == 'n' ? chain::block_id_flag::nil
                                   : chain::block_id_flag::absent;
        if (flags[i] != 'a') {
            s.validator = set.at(i).address;
            s.time = now;
            s.sig = chain::signature(hash_of("signature"));
        }
        if (flags[i] == 'c') {
            s.extension = slice(to_bytes("extension"));
            s.extension_sig = s.sig;
        }
        c.signatures.push_back(s);
    }
    return std::make_shared<const chain::extended_commit>(std::move(c));
}

}  // namespace

TEST_CASE("which votes a peer at our height gets first, by its step and round and proof of lock") {
    struct row {
        step_t step;
        std::int32_t round;
        std::int32_t pol_round;
        std::string first;
    };
    // We hold the last commit and prevotes and precommits of rounds 1 and 3; we are in round 3.
    for (const auto& [step, round, pol_round, first] : {
             row{step_t::new_height, 3, 1, "precommits 9/1"},
             row{step_t::new_round, 3, 1, "prevotes 10/1"},
             row{step_t::propose, 3, 1, "prevotes 10/1"},
             row{step_t::propose, 3, -1, "prevotes 10/3"},
             row{step_t::prevote, 3, 1, "prevotes 10/3"},
             row{step_t::prevote_wait, 3, 1, "prevotes 10/3"},
             row{step_t::precommit, 3, 1, "precommits 10/3"},
             row{step_t::precommit_wait, 3, 1, "precommits 10/3"},
             row{step_t::commit, 3, 1,
                 "prevotes 10/3"},  // for the block that may be proposed again
             row{step_t::commit, 3, -1, "prevotes 10/3"},
             row{step_t::propose, 1, -1, "prevotes 10/1"},
             row{step_t::precommit, 1, -1, "precommits 10/1"},
             // Of rounds that we did not reach we send nothing, but for the proof of a lock.
             row{step_t::propose, 4, -1, "nothing"}, row{step_t::propose, 4, 1, "prevotes 10/1"},
             row{step_t::commit, 4, 1, "prevotes 10/1"},
             row{step_t::propose, 4, 2, "nothing"},  // we hold none of that round
         }) {
        our_side us;
        for (const auto r : {1, 3}) {
            us.prevote(r, "xx__");
            us.precommit(r, "xx__");
        }
        us.prevote(4, "x___");
        us.precommit(4, "x___");
        peer_at peer(10, round, step);
        if (pol_round >= 0)
            peer.mark_proposal(proposal_of(10, round, pol_round));
        INFO(static_cast<int>(step) << ", " << round << ", " << pol_round);
        CHECK(picked(us, peer) == first);
    }
}

TEST_CASE("all that a peer at our height gets, each vote once") {
    struct row {
        step_t step;
        std::int32_t round;
        std::int32_t pol_round;
        sent all;
    };
    for (const auto& [step, round, pol_round, expected] : {
             row{step_t::new_height,
                 0,
                 -1,
                 {{"precommits 9/1", "xx__"},
                  {"prevotes 10/0", "xx__"},
                  {"precommits 10/0", "_xx_"}}},
             row{step_t::propose,
                 3,
                 1,
                 {{"prevotes 10/1", "xxx_"},
                  {"prevotes 10/3", "x___"},
                  {"precommits 10/3", "___x"}}},
             row{step_t::commit, 3, 1, {{"prevotes 10/1", "xxx_"}, {"prevotes 10/3", "x___"}}},
             row{step_t::precommit, 2, -1, {}},
         }) {
        our_side us;
        us.prevote(0, "xx__");
        us.precommit(0, "_xx_");
        us.prevote(1, "xxx_");
        us.prevote(3, "x___");
        us.precommit(3, "___x");
        peer_at peer(10, round, step);
        if (pol_round >= 0)
            peer.mark_proposal(proposal_of(10, round, pol_round));
        INFO(static_cast<int>(step) << ", " << round << ", " << pol_round);
        CHECK(all(us, peer) == expected);
    }
}

TEST_CASE("what the peer has by its own word or sent itself is not sent") {
    our_side us;
    us.prevote(3, "xxx_");
    peer_at peer(10, 3);
    peer.has_votes(10, 3, prevote, "x___", us);
    peer.on(vote_of(us.validators, 1, prevote, ours, round_t(3), block_of("A")), us);
    CHECK(all(us, peer) == sent{{"prevotes 10/3", "__x_"}});
}

TEST_CASE("a vote that the peer turns out not to have is sent again") {
    our_side us;
    us.prevote(3, "xxx_");
    peer_at peer(10, 3);
    REQUIRE(all(us, peer) == sent{{"prevotes 10/3", "xxx_"}});
    peer.on(messages::vote_set_bits{ours, round_t(3), prevote, block_of("A"), bits("x_x_")}, us);
    CHECK(all(us, peer) == sent{{"prevotes 10/3", "_x__"}});
}

TEST_CASE("a vote goes out as the message that we hold of it") {
    our_side us;
    us.prevote(3, "_x__");
    peer_at peer(10, 3);
    seeded_random random(1);
    const auto choice = pick_vote(us, peer, random);
    REQUIRE(choice);
    const auto& vote = std::get<send_vote>(*choice);
    CHECK(vote.of == votes_id{ours, round_t(3), prevote});
    CHECK(vote.index == 1);
    CHECK(vote.message.data() == us.find(round_t(3), prevote)->messages[1].data());
}

TEST_CASE("the last commit helps a peer whose last commit is of the same round, and no other") {
    for (const auto& [last_commit_round, first] :
         std::vector<std::pair<std::int32_t, std::string>>{{1, "precommits 9/1"}, {0, "nothing"}}) {
        const our_side us;
        peer_at peer(10, 0, step_t::new_height, last_commit_round);
        INFO("last commit of round " << last_commit_round);
        CHECK(picked(us, peer) == first);
    }
}

TEST_CASE("at the initial height there is no last commit to send") {
    our_side us;
    us.last_commit.reset();
    us.last_commit_round = round_t(-1);
    us.height = us.initial_height = height_t(10);
    peer_at peer(10, 0, step_t::new_height, -1);
    CHECK(picked(us, peer) == "nothing");
    peer_at behind(9, 0);
    CHECK(picked(us, behind) == "nothing");
}

TEST_CASE("a peer one height behind gets our last commit, in whatever round it is") {
    for (const auto round : {0, 1, 7}) {
        const our_side us;
        peer_at peer(9, round);
        INFO("the peer is in round " << round);
        CHECK(all(us, peer) == sent{{"precommits 9/1", "xx__"}});
        CHECK(peer.at().catchup_round == round_t(1));
    }
}

TEST_CASE("precommits of which two thirds agree count as the commit of the peer's height") {
    our_side us;
    us.precommit(3, "xxx_");
    peer_at peer(10, 3, step_t::precommit);
    REQUIRE(all(us, peer) == sent{{"precommits 10/3", "xxx_"}});
    CHECK(peer.at().catchup_round == round_t(3));
    // In its next round they are still known to be there.
    REQUIRE(peer.goes_to(10, 4));
    CHECK(catchup(peer) == "xxx_");
}

// ---- a peer further behind ----

TEST_CASE("a peer further behind gets the stored commit, once the store has given it") {
    const our_side us;
    peer_at peer(7, 4);
    CHECK(picked(us, peer) == "ask 7");
    peer.on_stored_commit(height_t(7), commit_of(7, 2, "cnac"));
    CHECK(all(us, peer) == sent{{"precommits 7/2", "xx_x"}});
    CHECK(peer.at().catchup_round == round_t(2));
    CHECK(picked(us, peer) == "nothing");
}

TEST_CASE("a vote of the stored commit is the one that was signed, with its extension") {
    const our_side us;
    peer_at peer(7, 4);
    const auto commit = commit_of(7, 2, "acaa");
    peer.on_stored_commit(height_t(7), commit);
    seeded_random random(1);
    const auto choice = pick_vote(us, peer, random);
    REQUIRE(choice);
    const auto m = messages::decode_consensus(std::get<send_vote>(*choice).message);
    REQUIRE(m);
    CHECK(*m == messages::consensus_message{messages::vote_message{commit->vote_at(1)}});
    CHECK_FALSE(commit->vote_at(1).extension_sig.empty());
}

TEST_CASE("which heights are served with a commit from the store, and of which kind") {
    struct row {
        std::int64_t peer_height;
        std::int64_t store_base;
        std::int64_t extensions_from;
        std::string first;
    };
    for (const auto& [height, base, extensions, first] :
         {row{8, 5, 0, "ask 8"}, row{5, 5, 0, "ask 5"}, row{4, 5, 0, "nothing"},
          row{8, 0, 0, "nothing"}, row{11, 5, 0, "nothing"}, row{8, 5, 8, "ask 8 extended"},
          row{7, 5, 8, "ask 7"}}) {
        our_side us;
        us.store_base = height_t(base);
        us.abci.vote_extensions_enable_height = height_t(extensions);
        peer_at peer(height, 0);
        INFO(height << ", store from " << base << ", extensions from " << extensions);
        CHECK(picked(us, peer) == first);
    }
}

TEST_CASE("a commit that the store does not have is asked for once a height") {
    const our_side us;
    peer_at peer(7, 4);
    peer.on_stored_commit(height_t(7), nullptr);
    CHECK(picked(us, peer) == "nothing");
    REQUIRE(peer.goes_to(8, 0));
    CHECK(picked(us, peer) == "ask 8");
}

TEST_CASE("while we take no part no votes are sent and no majorities told") {
    our_view none;
    peer_state unknown;
    peer_at peer(1, 0);
    CHECK(picked(none, unknown) == "nothing");
    CHECK(picked(none, peer) == "nothing");
    CHECK(majorities_for(none, unknown).empty());
    CHECK(majorities_for(none, peer).empty());
    const our_side us;
    CHECK(picked(us, unknown) == "nothing");
    CHECK(majorities_for(us, unknown).empty());
}

// ---- majorities ----

TEST_CASE("a peer at our height is told the majorities of its round and of its proof of lock") {
    our_side us;
    us.prevote(1, "xxx_", "P");
    us.prevote(2, "xx__", "Q");
    us.prevote(3, "xxx_", "A");
    us.precommit(3, "_xxx", "nil");
    us.prevote(0, "xxxx", "Z");
    peer_at peer(10, 3);
    peer.mark_proposal(proposal_of(10, 3, 1));
    using claims = std::vector<messages::vote_set_maj23>;
    CHECK(majorities_for(us, peer) == claims{{ours, round_t(3), prevote, block_of("A")},
                                             {ours, round_t(3), precommit, block_of("nil")},
                                             {ours, round_t(1), prevote, block_of("P")}});
    peer_at without(10, 2);  // no two thirds there
    without.mark_proposal(proposal_of(10, 2, -1));
    CHECK(majorities_for(us, without).empty());
}

TEST_CASE("a peer behind is told the majority that decided its height once it was sent of it") {
    using claims = std::vector<messages::vote_set_maj23>;
    const our_side us;
    peer_at one(9, 4);
    CHECK(majorities_for(us, one).empty());
    REQUIRE(picked(us, one) == "precommits 9/1");
    CHECK(majorities_for(us, one) ==
          claims{{height_t(9), round_t(1), precommit, block_of("last")}});

    peer_at more(7, 4);
    more.on_stored_commit(height_t(7), commit_of(7, 2, "cccc"));
    CHECK(majorities_for(us, more).empty());
    REQUIRE(picked(us, more) == "precommits 7/2");
    CHECK(majorities_for(us, more) ==
          claims{{height_t(7), round_t(2), precommit, block_of("stored")}});
    REQUIRE(more.goes_to(8, 0));
    CHECK(majorities_for(us, more).empty());
}

TEST_CASE("a peer ahead is told nothing") {
    our_side us;
    us.precommit(3, "xxxx");
    peer_at peer(11, 0);
    CHECK(majorities_for(us, peer).empty());
}

TEST_CASE("a claim is answered with the votes that we have for exactly that block") {
    struct row {
        std::int64_t height;
        std::int32_t round;
        vote_type type;
        std::string block;
        std::string votes;
    };
    our_side us;
    us.prevote(3, "x_x_", "A");
    us.prevote(3, "_x__", "B");
    us.precommit(3, "___x", "nil");
    for (const auto& [height, round, type, block, votes] :
         {row{10, 3, prevote, "A", "x_x_"}, row{10, 3, prevote, "B", "_x__"},
          row{10, 3, prevote, "C", ""}, row{10, 3, prevote, "nil", ""},
          row{10, 3, precommit, "nil", "___x"}, row{10, 2, prevote, "A", ""},
          row{10, 9, prevote, "A", ""}, row{9, 3, prevote, "A", ""}}) {
        const messages::vote_set_maj23 claim{height_t(height), round_t(round), type,
                                             block_of(block)};
        INFO(height << "/" << round << " " << block);
        const auto answer = answer_to(claim, us);
        CHECK(answer == messages::vote_set_bits{claim.height, claim.round, claim.type, claim.block,
                                                bits(votes)});
        CHECK(messages::decode_consensus(encoded({answer})));
    }
}
