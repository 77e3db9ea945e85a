// SPDX-License-Identifier: Apache-2.0
#include "consensus/gossip/receive.hpp"

#include "tests/unit/consensus/gossip/bad_messages.hpp"

using namespace tetrad;
using namespace tetrad::consensus::gossip;
using namespace tetrad::consensus::gossip::test;

namespace {

constexpr auto prevote = vote_type::prevote;
constexpr auto precommit = vote_type::precommit;

result<received> receive_on(std::uint8_t channel, const messages::consensus_message& m,
                            const our_view& v, peer_state& peer) {
    return receive(channel, encoded(m), v, peer, now);
}
result<received> received_by(const our_view& v, peer_state& peer,
                             const messages::consensus_message& m) {
    return receive_on(channel_of(m), m, v, peer);
}

/// "noted", "proposal", "part", "vote", "majority", the reason of a refusal, or "dropped: why".
std::string outcome(const result<received>& r) {
    if (!r)
        return "dropped: " + r.error().text;
    if (const auto* no = std::get_if<refused>(&*r))
        return std::string(name(no->why));
    constexpr std::string_view names[] = {"noted", "refused", "proposal",
                                          "part",  "vote",    "majority"};
    return std::string(names[r->index()]);
}

}  // namespace

TEST_CASE("what does not decode costs the peer its connection") {
    const our_side us;
    for (const auto& raw : std::vector<bytes>{{},            // nothing
                                              {0x52, 0x00},  // no such message
                                              {0x0a, 0x05},  // cut short
                                              {0x32, 0x00},  // a vote message without a vote
                                              {0xff, 0xff, 0xff}}) {
        peer_state peer;
        for (const std::uint8_t channel : {0x20, 0x21, 0x22, 0x23})
            CHECK_FALSE(receive(channel, slice(raw), us, peer, now));
    }
}

TEST_CASE("a message that is not well-formed costs the peer its connection") {
    const auto rows = bad_messages();
    REQUIRE(rows.size() == 59);
    const our_side us;
    for (const auto& [message, why] : rows) {
        peer_at peer(10, 3);
        const auto got = outcome(received_by(us, peer, message));
        INFO("message " << message.what.index() << ": " << got << "\nwanted " << why);
        CHECK(got.starts_with("dropped: " + why));
    }
}

TEST_CASE("a proposal may have the parts that a block of this network may have, and no more") {
    struct row {
        std::int64_t block_bytes_max;
        std::uint32_t parts;
        bool taken;
    };
    for (const auto& [bytes_max, parts, taken] :
         {row{65536, 1, true}, row{65536, 2, false}, row{65537, 2, true}, row{65537, 3, false},
          row{-1, 1600, true}, row{-1, 1601, false}}) {
        our_side us;
        us.block_bytes_max = bytes_max;
        peer_at peer(10, 3);
        INFO(bytes_max << ": " << parts);
        const auto got = outcome(
            received_by(us, peer, {messages::proposal_message{proposal_of(10, 3, -1, parts)}}));
        CHECK((got == "proposal") == taken);
        CHECK(got.starts_with("dropped: proposal has too many parts") == !taken);
        CHECK(peer.at().proposal == taken);
    }
}

TEST_CASE("each message counts only on its own channel") {
    for (const auto& m : one_of_each()) {
        for (const std::uint8_t channel : {0x20, 0x21, 0x22, 0x23, 0x30, 0x00}) {
            const our_side us;
            peer_at peer(10, 3);
            INFO("message " << m.what.index() << " on " << int{channel});
            const auto got = outcome(receive_on(channel, m, us, peer));
            CHECK((got == "wrong_channel") == (channel != channel_of(m)));
            CHECK_FALSE(got.starts_with("dropped"));
        }
    }
}

TEST_CASE("on a wrong channel nothing is learned of the peer") {
    const our_side us;
    peer_state peer;
    REQUIRE(outcome(receive_on(0x21, {step_message(10, 3, step_t::propose)}, us, peer)) ==
            "wrong_channel");
    CHECK(peer.at().height == height_t(0));
}

TEST_CASE("while we sync only what a peer says of itself counts") {
    our_view syncing;
    syncing.initial_height = height_t(1);
    for (const auto& m : one_of_each()) {
        peer_at peer(10, 3);
        const bool about_itself = std::holds_alternative<messages::new_round_step>(m.what) ||
                                  std::holds_alternative<messages::new_valid_block>(m.what) ||
                                  std::holds_alternative<messages::has_vote>(m.what);
        INFO("message " << m.what.index());
        CHECK(outcome(received_by(syncing, peer, m)) == (about_itself ? "noted" : "syncing"));
    }
    peer_state peer;
    REQUIRE(outcome(received_by(syncing, peer, {step_message(7, 2, step_t::propose)})) == "noted");
    CHECK(peer.at().height == height_t(7));
    // A claim of height 0 is not one of ours, which is none.
    CHECK(outcome(received_by(syncing, peer,
                              {messages::vote_set_maj23{height_t(0), round_t(0), prevote, {}}})) ==
          "syncing");
}

TEST_CASE("what a message tells of the peer is noted, whether it is of use to us or not") {
    our_side us;
    us.round = round_t(4);
    us.precommit(3, "__x_");
    peer_at peer(10, 3);
    const auto take = [&](const messages::consensus_message& m) {
        return outcome(received_by(us, peer, m));
    };
    CHECK(take({messages::proposal_message{proposal_of(10, 3, 1)}}) == "other_round");
    CHECK(peer.at().proposal);
    CHECK(take({messages::proposal_pol{ours, round_t(1), bits("xx__")}}) == "noted");
    CHECK(pol(peer) == "xx__");
    CHECK(take({messages::new_valid_block{
              ours, round_t(3), {2, hash_of("A")}, bits("__"), false}}) == "noted");
    const auto two = block_in_parts(2);
    CHECK(take({messages::block_part{ours, round_t(3), *two.at(1)}}) == "unexpected");
    CHECK(parts(peer) == "_x");
    CHECK(take({messages::vote_message{
              vote_of(us.validators, 2, precommit, ours, round_t(3), block_of("A"))}}) == "known");
    CHECK(precommits(peer) == "__x_");
    CHECK(take({messages::has_vote{ours, round_t(3), prevote, 1}}) == "noted");
    CHECK(prevotes(peer) == "_x__");
    CHECK(take({messages::vote_set_bits{ours, round_t(3), prevote, block_of("A"), bits("x___")}}) ==
          "noted");
    CHECK(prevotes(peer) == "x___");
    CHECK(take({step_message(10, 4, step_t::propose)}) == "noted");
    CHECK(peer.at().round == round_t(4));
}

// ---- is it of use? ----

TEST_CASE("a proposal is of use if it is the first of our height and round") {
    struct row {
        std::int64_t height;
        std::int32_t round;
        bool have;
        std::string outcome;
    };
    for (const auto& [height, round, have, expected] :
         {row{10, 3, false, "proposal"}, row{10, 3, true, "known"},
          row{10, 2, false, "other_round"}, row{10, 4, false, "other_round"},
          row{10, INT32_MAX, false, "other_round"}, row{9, 3, false, "other_height"},
          row{11, 3, false, "other_height"}}) {
        our_side us;
        if (have)
            us.proposal = proposal_of(10, 3, -1, 3, "B");
        peer_at peer(10, 3);
        INFO(height << "/" << round);
        CHECK(outcome(received_by(us, peer,
                                  {messages::proposal_message{proposal_of(height, round, -1)}})) ==
              expected);
    }
}

TEST_CASE("a part is of use if it is of our height and the block being collected lacks it") {
    const auto whole = block_in_parts(3);
    struct row {
        std::int64_t height;
        std::int32_t round;
        std::size_t index;
        bool collecting;
        std::string outcome;
    };
    for (const auto& [height, round, index, collecting, expected] :
         {row{10, 3, 1, true, "part"}, row{10, 0, 1, true, "part"},  // the round says nothing
          row{10, 3, 0, true, "known"}, row{10, 3, 1, false, "unexpected"},
          row{10, 3, 2, true, "unexpected"},  // of two parts that are collected
          row{9, 3, 1, true, "other_height"}, row{11, 3, 1, true, "other_height"}}) {
        our_side us;
        const auto collected = block_in_parts(2);
        auto some = chain::part_set::waiting_for(collected.header());
        REQUIRE(some);
        REQUIRE(some->add(*collected.at(0)) == result<bool>(true));
        if (collecting)
            us.parts = *some;
        peer_at peer(10, 3);
        INFO(height << "/" << round << " part " << index);
        CHECK(outcome(received_by(us, peer,
                                  {messages::block_part{height_t(height), round_t(round),
                                                        *whole.at(index)}})) == expected);
    }
}

TEST_CASE("a vote is of use if it is of our height and not known, or late and in time") {
    struct row {
        std::int64_t height;
        std::int32_t round;
        vote_type type;
        std::size_t who;
        std::string block;
        step_t step;  // ours
        std::string outcome;
    };
    constexpr auto propose = step_t::propose, new_height = step_t::new_height;
    for (const auto& [height, round, type, who, block, step, expected] : {
             row{10, 3, prevote, 0, "A", propose, "vote"},
             row{10, 3, prevote, 1, "A", propose, "known"},
             row{10, 3, prevote, 1, "B", propose, "vote"},  // evidence
             row{10, 3, prevote, 1, "nil", propose, "vote"},
             row{10, 3, precommit, 1, "A", propose, "vote"},
             row{10, 0, prevote, 1, "A", propose, "vote"},
             row{10, 900, prevote, 1, "A", propose, "vote"},  // how far is for the core to say
             row{11, 0, prevote, 1, "A", propose, "other_height"},
             row{8, 0, precommit, 1, "A", propose, "other_height"},
             // Of the height before: block 9 was decided in round 1, by 0 and 1.
             row{9, 1, precommit, 2, "last", new_height, "vote"},
             row{9, 1, precommit, 2, "nil", new_height, "vote"},
             row{9, 1, precommit, 1, "last", new_height, "known"},
             row{9, 1, precommit, 2, "last", step_t::new_round, "late"},
             row{9, 1, precommit, 2, "last", step_t::commit, "late"},
             row{9, 0, precommit, 2, "last", new_height, "late"},
             row{9, 1, prevote, 2, "last", new_height, "late"},
         }) {
        our_side us;
        us.prevote(3, "_x__", "A");
        us.step = step;
        peer_at peer(10, 3);
        INFO(height << "/" << round << "/" << static_cast<int>(type) << " of " << who << " for "
                    << block << " in step " << static_cast<int>(step));
        const auto v = vote_of(height == 9 ? us.last_validators : us.validators, who, type,
                               height_t(height), round_t(round), block_of(block));
        const auto got = received_by(us, peer, {messages::vote_message{v}});
        CHECK(outcome(got) == expected);
        if (const auto* candidate = got ? std::get_if<candidate_vote>(&*got) : nullptr) {
            CHECK(*candidate->vote == v);
            CHECK(candidate->validators == (height == 9 ? us.last_validators : us.validators));
        }
    }
}

TEST_CASE("at the initial height no precommit of the height before is of use") {
    our_side us;
    us.step = step_t::new_height;
    us.last_commit.reset();
    us.last_commit_round = round_t(-1);
    peer_at peer(10, 3);
    const auto v =
        vote_of(us.last_validators, 0, precommit, height_t(9), round_t(1), block_of("A"));
    CHECK(outcome(received_by(us, peer, {messages::vote_message{v}})) == "late");
}

TEST_CASE("a claim of a majority is answered each time, and passed on once") {
    our_side us;
    us.prevote(3, "x_x_", "A");
    peer_at peer(10, 3);
    const messages::vote_set_maj23 claim{ours, round_t(3), prevote, block_of("A")};
    for (const bool is_new : {true, false}) {
        const auto got = received_by(us, peer, {claim});
        REQUIRE(outcome(got) == "majority");
        const auto& majority = std::get<claimed_majority>(*got);
        CHECK(majority.claim == claim);
        CHECK(majority.is_new == is_new);
        CHECK(majority.answer ==
              messages::vote_set_bits{ours, round_t(3), prevote, block_of("A"), bits("x_x_")});
    }
    auto other = claim;
    other.height = height_t(9);
    CHECK(outcome(received_by(us, peer, {other})) == "other_height");
}

TEST_CASE("a claim that contradicts an earlier one costs the peer its connection") {
    const our_side us;
    peer_at peer(10, 3);
    messages::vote_set_maj23 claim{ours, round_t(3), prevote, block_of("A")};
    REQUIRE(outcome(received_by(us, peer, {claim})) == "majority");
    claim.block = block_of("B");
    CHECK(outcome(received_by(us, peer, {claim})).starts_with("dropped: conflicting claims"));
    // Of a round that is not tracked it is answered, and nothing is noted.
    claim.round = round_t(50);
    for (const auto* block : {"A", "B"}) {
        claim.block = block_of(block);
        const auto got = received_by(us, peer, {claim});
        REQUIRE(outcome(got) == "majority");
        CHECK_FALSE(std::get<claimed_majority>(*got).is_new);
        CHECK(std::get<claimed_majority>(*got).answer.votes.size() == 0);
    }
}

TEST_CASE("each refusal has a name of its own") {
    std::set<std::string_view> names;
    for (int i = 0; i <= static_cast<int>(refusal::known); ++i)
        names.insert(name(static_cast<refusal>(i)));
    CHECK(names.size() == 7);
    CHECK_FALSE(names.contains("unknown"));
}
