// SPDX-License-Identifier: Apache-2.0
// What honest peers may send too, because it is late, or early, or passed on unseen: it is ignored and counted, the connection stays,
// and the network goes on. And what a peer may make us keep of it is bounded.
#include "tests/sim/liar.hpp"

using namespace tetrad;
using namespace tetrad::sim_test;
using consensus::gossip::refusal;
using gossip_view = consensus::gossip::view;

namespace {

constexpr auto prevote = vote_type::prevote;
constexpr auto precommit = vote_type::precommit;

struct row {
    std::string what;
    p2p::channel_id channel;
    // Of the height that node 1 has just begun: nothing is proposed in it yet.
    std::function<bytes(const gossip_view&)> message;
    refusal why;
};

bytes of(messages::consensus_message m) { return messages::encode_consensus(m); }
bytes vote_of(const chain::vote& v) { return of({messages::vote_message{v}}); }

chain::part a_part() { return *chain::part_set::of(slice(bytes(100, 7))).at(0); }

/// Votes are signed with the key of validator 4, which runs as a node here; so are the votes of a peer that passes on what it heard.
std::vector<row> rows() {
    const auto signed_at = [](const gossip_view& v, std::int64_t after, std::int32_t r,
                              vote_type t) {
        return signed_vote(4, v.validators, t, v.height + after, round_t(r), block_named("A"));
    };
    return {
        {"a vote on another channel", channels::state,
         [=](auto& v) { return vote_of(signed_at(v, 0, 0, prevote)); }, refusal::wrong_channel},
        {"a round step on another channel", channels::vote,
         [](auto& v) {
             return of({messages::new_round_step{v.height, round_t(0), 3, 0, round_t(0)}});
         },
         refusal::wrong_channel},
        {"a vote of a height far above", channels::vote,
         [=](auto& v) { return vote_of(signed_at(v, 1'000'000, 0, prevote)); },
         refusal::other_height},
        {"a vote of the next height", channels::vote,
         [=](auto& v) { return vote_of(signed_at(v, 1, 0, precommit)); }, refusal::other_height},
        {"a vote of a height long decided", channels::vote,
         [=](auto& v) { return vote_of(signed_at(v, -2, 0, precommit)); }, refusal::other_height},
        {"a proposal of the next height", channels::data,
         [](auto& v) {
             return of({messages::proposal_message{
                 signed_proposal(4, v.height + 1, round_t(0), block_named("A"))}});
         },
         refusal::other_height},
        {"a part of another height", channels::data,
         [](auto& v) {
             return of({messages::block_part{v.height + 2, round_t(0), a_part()}});
         },
         refusal::other_height},
        {"a claim of a majority at another height", channels::state,
         [](auto& v) {
             return of(
                 {messages::vote_set_maj23{v.height + 1, round_t(0), prevote, block_named("A")}});
         },
         refusal::other_height},
        {"a proposal of a later round", channels::data,
         [](auto& v) {
             return of({messages::proposal_message{
                 signed_proposal(4, v.height, round_t(5), block_named("A"))}});
         },
         refusal::other_round},
        {"a prevote of the height before", channels::vote,
         [=](auto& v) { return vote_of(signed_at(v, -1, 0, prevote)); }, refusal::late},
        {"a late precommit of another round", channels::vote,
         [=](auto& v) { return vote_of(signed_at(v, -1, 3, precommit)); }, refusal::late},
        {"a part while none is collected", channels::data,
         [](auto& v) {
             return of({messages::block_part{v.height, round_t(0), a_part()}});
         },
         refusal::unexpected},
        {"a late precommit that is here", channels::vote,
         [](auto& v) {
             const auto who = v.last_commit->have.next_set(0);
             return to_bytes(v.last_commit->messages[*who].view());
         },
         refusal::known},
        {"a vote with another's signature", channels::vote,
         [=](auto& v) {
             auto vote = signed_at(v, 0, 0, prevote);
             vote.sig = signed_at(v, 0, 1, prevote).sig;
             return vote_of(vote);
         },
         refusal::bad_signature},
        {"a vote of no validator", channels::vote,
         [=](auto& v) {
             auto vote = signed_at(v, 0, 0, prevote);
             vote.validator_index = 4;
             return vote_of(vote);
         },
         refusal::bad_signature},
        {"a vote under another's index", channels::vote,
         [=](auto& v) {
             auto vote = signed_at(v, 0, 0, prevote);
             vote.validator_index = (vote.validator_index + 1) % 4;
             return vote_of(vote);
         },
         refusal::bad_signature},
        {"a vote with an extension where there are none", channels::vote,
         [=](auto& v) {
             auto vote = signed_at(v, 0, 0, precommit);
             vote.extension = slice(to_bytes("extension"));
             vote.extension_sig = vote.sig;
             return vote_of(vote);
         },
         refusal::bad_signature},
        {"a proposal of a validator whose turn it is not", channels::data,
         [](auto& v) {
             const auto turn = number_of(v.validators.proposer().address);
             return of({messages::proposal_message{
                 signed_proposal(static_cast<std::uint8_t>(turn % 4 + 1), v.height, round_t(0),
                                 block_named("A"))}});
         },
         refusal::bad_signature},
        {"a proposal that was changed", channels::data,
         [](auto& v) {
             auto p = signed_proposal(number_of(v.validators.proposer().address), v.height,
                                      round_t(0), block_named("A"));
             p.block = block_named("B");
             return of({messages::proposal_message{p}});
         },
         refusal::bad_signature},
    };
}

}  // namespace

TEST_CASE("what honest peers may send too is ignored and counted, whoever sends it") {
    validators net(1);
    net.start();
    REQUIRE(net.reach(height_t(4)));
    auto& stranger = net.add_machine();
    net.connect(stranger, 0);
    const auto& counts = *net.node(0).gossip()->refused_of(stranger.id());
    for (const auto& r : rows()) {
        INFO(r.what);
        net.next_height(0);
        const auto before = counts;
        stranger.peers[0]->send_message(r.channel, r.message(net.view(0)));
        net.world.run_for(200ms);
        REQUIRE(stranger.is_connected(0));
        INFO("before: " << to_string(before) << "; after: " << to_string(counts));
        CHECK(counts.of(r.why) == before.of(r.why) + 1);
        CHECK(counts.total() == before.total() + 1);
        REQUIRE(net.goes_on());
    }
    net.check_agreement();
    for (std::size_t i = 0; i < 4; ++i)
        CHECK(net.stored(i)->seen_commit(net.top() - 1).value()->round == round_t(0));
}

TEST_CASE("a peer that sends everything it hears back, many times, is counted and no more") {
    validators net(2);
    net.start();
    auto& echo = net.add_machine();
    net.connect(echo, 0);
    auto& peer = *echo.peers[0];
    peer.on_message = [&](const wire_peer::arrival& a) {
        auto read = messages::decode_consensus(slice(bytes(a.message)));
        if (!read || a.channel < channels::state || a.channel > channels::vote)
            return;
        if (std::holds_alternative<messages::vote_set_maj23>(read->what))
            return;  // the answer to it is another message
        for (int i = 0; i < 10; ++i)
            peer.send_message(a.channel, a.message);
    };
    REQUIRE(net.goes_on(5));
    CHECK(echo.is_connected(0));
    CHECK(net.node(0).gossip()->refused_of(echo.id())->of(refusal::known) > 100);
    net.check_agreement();
}

TEST_CASE("votes of rounds far ahead count for two rounds of a peer, and nothing more is kept") {
    validators net(3, 3);
    net.start();
    liar l(net, 4);
    const height_t h = net.next_height(0);
    const std::uint64_t refused = net.node(0).engine()->counted().refused;
    constexpr int votes = 1000;
    for (std::int32_t r = 10; r < 10 + votes; ++r)
        l.say(0, channels::vote,
              {messages::vote_message{
                  l.vote(net.view(0), prevote, h, round_t(r), block_named("A"))}});
    REQUIRE(net.until(
        [&] { return net.node(0).engine()->counted().refused >= refused + votes - 2; }, 30s));
    CHECK(l.is_connected(0));
    CHECK(net.view(0).votes.size() <= 2 * 4 + 2);
    if (net.node(0).engine()->state().height == h) {
        std::size_t tracked = 0;
        const auto& rs = net.node(0).engine()->state();
        for (std::int32_t r = 0; r < 10 + votes; ++r)
            tracked += rs.votes.prevotes(round_t(r)) != nullptr;
        CHECK(tracked <= static_cast<std::size_t>(rs.round.v) + 2 + 2);
    }
    REQUIRE(net.goes_on(2));
    net.check_agreement();
}
