// SPDX-License-Identifier: Apache-2.0
#include "consensus/gossip/receive.hpp"

#include "tests/unit/consensus/gossip/support.hpp"

using namespace tetrad;
using namespace tetrad::consensus::gossip;
using namespace tetrad::consensus::gossip::test;

namespace {

constexpr auto prevote = vote_type::prevote;
constexpr auto precommit = vote_type::precommit;
std::uint8_t channel_of(const messages::consensus_message& m) {
    // In the order of the alternatives.
    constexpr std::uint8_t channels[] = {0, 0x20, 0x20, 0x21, 0x21, 0x21, 0x22, 0x20, 0x20, 0x23};
    return channels[m.what.index()];
}

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

/// A well-formed message of each kind, of where our side is.
std::vector<messages::consensus_message> one_of_each() {
    const our_side us;
    const auto parts = block_in_parts(2);
    return {
        {step_message(10, 4, step_t::propose)},
        {messages::new_valid_block{ours, round_t(3), {2, hash_of("A")}, bits("_x"), false}},
        {messages::proposal_message{proposal_of(10, 3, 1)}},
        {messages::proposal_pol{ours, round_t(1), bits("xx__")}},
        {messages::block_part{ours, round_t(3), *parts.at(0)}},
        {messages::vote_message{
            vote_of(us.validators, 0, prevote, ours, round_t(3), block_of("A"))}},
        {messages::has_vote{ours, round_t(3), prevote, 1}},
        {messages::vote_set_maj23{ours, round_t(3), prevote, block_of("A")}},
        {messages::vote_set_bits{ours, round_t(3), prevote, block_of("A"), bits("__x_")}},
    };
}

bit_array with_bits(std::int64_t n, std::size_t words) {
    bit_array out;
    out.bits = n;
    out.elems.resize(words);
    return out;
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
    struct row {
        messages::consensus_message message;
        std::string why;
    };
    std::vector<row> rows;
    // Spoils the well-formed message of a kind.
    const auto bad = [&]<class M>(M, std::string why, auto spoil) {
        for (auto m : one_of_each())
            if (auto* good = std::get_if<M>(&m.what)) {
                spoil(*good);
                rows.push_back({m, std::move(why)});
                return;
            }
    };
    const height_t no_height(-1);
    const round_t no_round(-1);
    const chain::hash short_hash(byte_view(hash_of("A")).first(20));

    using step = messages::new_round_step;
    bad(step{}, "negative Height", [&](auto& m) { m.height = no_height; });
    bad(step{}, "negative Round", [&](auto& m) { m.round = no_round; });
    bad(step{}, "invalid Step", [](auto& m) { m.step = 0; });
    bad(step{}, "invalid Step", [](auto& m) { m.step = 9; });
    bad(step{}, "invalid LastCommitRound", [](auto& m) { m.last_commit_round = round_t(-2); });
    bad(step{}, "LastCommitRound can only be negative",
        [](auto& m) { m.last_commit_round.v = -1; });
    bad(step{}, "invalid LastCommitRound 0 (must be -1", [](auto& m) { m.height = height_t(1); });
    bad(step{}, "invalid Height 0", [](auto& m) { m.height = height_t(0); });

    using valid = messages::new_valid_block;
    bad(valid{}, "negative Height", [&](auto& m) { m.height = no_height; });
    bad(valid{}, "negative Round", [&](auto& m) { m.round = no_round; });
    bad(valid{}, "wrong BlockPartSetHeader", [&](auto& m) { m.parts.hash = short_hash; });
    bad(valid{}, "empty blockParts", [](auto& m) { m.have.reset(); });
    bad(valid{}, "blockParts bit array size 2", [](auto& m) { m.parts.total = 3; });
    bad(valid{}, "blockParts bit array is too big", [](auto& m) {
        m.parts.total = 1602;
        m.have = bit_array(1602);
    });
    bad(valid{}, "validating BlockParts", [](auto& m) { m.have = with_bits(2, 2); });
    bad(valid{}, "validating BlockParts", [](auto& m) { m.have = with_bits(-1, 0); });

    using proposal = messages::proposal_message;
    bad(proposal{}, "invalid Type", [](auto& m) { m.proposal.type = prevote; });
    bad(proposal{}, "negative Height", [&](auto& m) { m.proposal.height = no_height; });
    bad(proposal{}, "negative Round", [&](auto& m) { m.proposal.round = no_round; });
    bad(proposal{}, "negative POLRound", [](auto& m) { m.proposal.pol_round = round_t(-2); });
    bad(proposal{}, "expected a complete", [](auto& m) { m.proposal.block = {}; });
    bad(proposal{}, "expected a complete", [](auto& m) { m.proposal.block.parts.total = 0; });
    bad(proposal{}, "signature is missing", [](auto& m) { m.proposal.sig = {}; });
    bad(proposal{}, "proposal has too many parts 1602 (max: 1600)",
        [](auto& m) { m.proposal.block.parts.total = 1602; });

    using pol = messages::proposal_pol;
    bad(pol{}, "negative Height", [&](auto& m) { m.height = no_height; });
    bad(pol{}, "negative ProposalPOLRound", [&](auto& m) { m.pol_round = no_round; });
    bad(pol{}, "empty ProposalPOL", [](auto& m) { m.pol = {}; });
    bad(pol{}, "proposalPOL bit array is too big", [](auto& m) { m.pol = bit_array(10001); });
    bad(pol{}, "validating ProposalPOL", [](auto& m) { m.pol = with_bits(65, 1); });

    using part = messages::block_part;
    bad(part{}, "negative Height", [&](auto& m) { m.height = no_height; });
    bad(part{}, "negative Round", [&](auto& m) { m.round = no_round; });
    bad(part{}, "wrong Part", [](auto& m) { m.part.data = slice(bytes(65537)); });
    bad(part{}, "wrong Part", [](auto& m) { m.part.data = slice(bytes(65535)); });
    bad(part{}, "wrong Part", [](auto& m) { m.part.index = 1; });
    bad(part{}, "wrong Part", [](auto& m) { m.part.proof.total = -1; });
    bad(part{}, "wrong Part", [](auto& m) { m.part.proof.aunts.resize(101); });

    using vote = messages::vote_message;
    bad(vote{}, "invalid Type", [](auto& m) { m.vote->type = vote_type::proposal; });
    bad(vote{}, "negative or zero Height", [](auto& m) { m.vote->height = height_t(0); });
    bad(vote{}, "negative Round", [&](auto& m) { m.vote->round = no_round; });
    bad(vote{}, "blockID must be either", [](auto& m) { m.vote->block.parts = {}; });
    bad(vote{}, "expected ValidatorAddress size", [](auto& m) { m.vote->validator = {}; });
    bad(vote{}, "negative ValidatorIndex", [](auto& m) { m.vote->validator_index = -1; });
    bad(vote{}, "signature is missing", [](auto& m) { m.vote->sig = {}; });
    bad(vote{}, "unexpected vote extension",
        [](auto& m) { m.vote->extension = slice(to_bytes("of a prevote")); });
    bad(vote{}, "unexpected vote extension signature", [](auto& m) {
        m.vote->type = precommit;
        m.vote->block = {};
        m.vote->extension_sig = m.vote->sig;
    });
    bad(vote{}, "vote extension signature absent", [](auto& m) {
        m.vote->type = precommit;
        m.vote->extension = slice(to_bytes("not signed"));
    });

    using has = messages::has_vote;
    bad(has{}, "negative Height", [&](auto& m) { m.height = no_height; });
    bad(has{}, "negative Round", [&](auto& m) { m.round = no_round; });
    bad(has{}, "invalid Type", [](auto& m) { m.type = vote_type::proposal; });
    bad(has{}, "negative Index", [](auto& m) { m.index = -1; });

    using maj23 = messages::vote_set_maj23;
    bad(maj23{}, "negative Height", [&](auto& m) { m.height = no_height; });
    bad(maj23{}, "negative Round", [&](auto& m) { m.round = no_round; });
    bad(maj23{}, "invalid Type", [](auto& m) { m.type = vote_type::unknown; });
    bad(maj23{}, "wrong BlockID", [&](auto& m) { m.block.hash = short_hash; });

    using set_bits = messages::vote_set_bits;
    bad(set_bits{}, "negative Height", [&](auto& m) { m.height = no_height; });
    bad(set_bits{}, "invalid Type", [](auto& m) { m.type = vote_type::proposal; });
    bad(set_bits{}, "wrong BlockID", [&](auto& m) { m.block.hash = short_hash; });
    bad(set_bits{}, "votes bit array is too big", [](auto& m) { m.votes = bit_array(10001); });
    bad(set_bits{}, "validating Votes", [](auto& m) { m.votes = with_bits(4, 0); });

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
