// SPDX-License-Identifier: Apache-2.0
#include "consensus/gossip/service.hpp"

#include "tests/unit/consensus/gossip/behind_hub.hpp"
#include "tests/unit/storage/stored_chain.hpp"

using namespace tetrad;
using namespace tetrad::consensus;
using namespace tetrad::consensus::gossip;
using namespace tetrad::consensus::gossip::test;
using p2p::testing::id_of;

namespace {

constexpr auto prevote = vote_type::prevote;
constexpr auto precommit = vote_type::precommit;

/// "proposal", "part 1", "vote 2", "majority": what was given to the engine, in order.
std::vector<std::string> kinds(const std::vector<engine::peer_input>& given) {
    std::vector<std::string> out;
    for (const auto& in : given) {
        if (const auto* part = std::get_if<engine::part_received>(&in.what))
            out.push_back(format("part {}", part->part.index));
        else if (const auto* v = std::get_if<core::vote_received>(&in.what))
            out.push_back(format("vote {}", v->vote->validator_index));
        else if (std::holds_alternative<core::proposal_received>(in.what))
            out.push_back("proposal");
        else
            out.push_back("majority");
    }
    return out;
}
using strings = std::vector<std::string>;

}  // namespace

// ---- what peers are told ----

TEST_CASE("a peer that comes is told once where we are, and not before we take part") {
    behind_hub n;
    n.start();
    auto& early = n.connect(2);
    n.w.run_for(5s);
    CHECK(early.peer->messages.empty());

    n.begin(10, 3, step_t::propose);
    auto& late = n.connect(3);
    n.w.run_for(5s);
    for (const auto* m : {&early, &late}) {
        const auto steps = heard<messages::new_round_step>(*m);
        REQUIRE(steps.size() == 1);
        CHECK(steps[0].height == ours);
        CHECK(steps[0].round == round_t(3));
        CHECK(steps[0].step == static_cast<std::uint32_t>(step_t::propose));
    }
    n.step(10, 3, step_t::prevote);
    REQUIRE(n.until([&] { return heard<messages::new_round_step>(early).size() == 2; }));
    CHECK(heard<messages::new_round_step>(late).size() == 2);
}

TEST_CASE("each vote that counts is told to all peers, who it came from too") {
    behind_hub n;
    n.start();
    auto& a = n.connect(2);
    auto& b = n.connect(3);
    n.begin(10, 0, step_t::prevote);
    n.count(n.signed_vote(2, prevote, 0));
    n.w.run_for(5s);
    for (const auto* m : {&a, &b})
        CHECK(heard<messages::has_vote>(*m) ==
              std::vector{messages::has_vote{ours, round_t(0), prevote, 2}});
    // To who has not said where it is, no vote is sent.
    CHECK(heard<messages::vote_message>(a).empty());
}

TEST_CASE("a valid block is told with the parts that are here, never as that of a commit") {
    behind_hub n;
    n.start();
    auto& m = n.connect(2);
    const auto block = block_in_parts(2);
    n.begin(10, 0, step_t::prevote);
    n.tell(engine::collecting{ours, block.header()});
    n.tell(engine::part_news{ours, *block.at(1)});
    n.tell(engine::valid_block_news{ours, round_t(0), block.header()});
    n.w.run_for(5s);
    const auto told = heard<messages::new_valid_block>(m);
    REQUIRE(told.size() == 1);
    CHECK(told[0].parts == block.header());
    CHECK(bits_text(*told[0].have) == "_x");
    CHECK_FALSE(told[0].is_commit);
}

// ---- what peers lack ----

TEST_CASE("a peer gets each vote that it lacks once, and none that it says it has") {
    behind_hub n;
    n.start();
    auto& m = n.connect(2);
    n.begin(10, 0, step_t::prevote);
    n.send(m, channels::state, {step_message(10, 0, step_t::prevote)});
    n.send(m, channels::state, {messages::has_vote{ours, round_t(0), prevote, 1}});
    n.w.run_for(1s);
    for (const std::size_t who : {0u, 1u, 2u})
        n.count(n.signed_vote(who, prevote, 0));
    n.w.run_for(10s);
    std::multiset<std::int32_t> got;
    for (const auto& v : heard<messages::vote_message>(m))
        got.insert(v.vote->validator_index);
    CHECK(got == std::multiset<std::int32_t>{0, 2});
}

TEST_CASE("a peer that is behind gets the block of its height and the commit that decided it") {
    storage::test::stored_chain chain({{0, 10}, {1, 10}, {2, 10}, {3, 10}});
    chain.begin();
    std::vector<chain::block> blocks;
    for (int h = 1; h <= 9; ++h) {
        app::abci::response_finalize_block response;
        response.tx_results.resize(1);
        response.app_hash = to_bytes(format("hash {}", h));
        blocks.push_back(chain.grow({slice(bytes(100'000, std::uint8_t(h)))}, response));
    }
    chain.in.reset();
    behind_hub n(chain.disk);
    n.start();
    n.begin(10, 0, step_t::propose, 1);
    auto& m = n.connect(2);
    n.send(m, channels::state, {step_message(4, 0, step_t::precommit)});
    n.w.run_for(10s);

    const auto& block = blocks.at(3);
    auto parts =
        chain::part_set::waiting_for(chain::test::growing_chain::id_of(block).parts).value();
    for (auto& p : heard<messages::block_part>(m)) {
        CHECK(p.height == height_t(4));
        CHECK(parts.add(p.part) == true);  // each once
    }
    REQUIRE(parts.is_complete());
    CHECK(chain::decode_block(parts.encoded()) == block);
    std::set<std::int32_t> voters;
    for (const auto& v : heard<messages::vote_message>(m)) {
        CHECK(v.vote->type == precommit);
        CHECK(v.vote->block == chain::test::growing_chain::id_of(block));
        CHECK(voters.insert(v.vote->validator_index).second);
    }
    CHECK(voters.size() == 4);

    // Below what we have stored there is nothing to send; nor is anything asked for over and over.
    auto& far_behind = n.connect(3);
    n.begin(10, 0, step_t::propose, 5);
    n.send(far_behind, channels::state, {step_message(2, 0, step_t::precommit)});
    n.w.run_for(10s);
    CHECK(heard<messages::block_part>(far_behind).empty());
}

TEST_CASE("a peer that takes more than the send timeout for what is queued gets all of it") {
    behind_hub n;
    n.options.connection.send_rate = 400'000;
    n.start();
    auto& m = n.connect(2);
    const auto block = block_in_parts(200);  // twice what its queue holds, half a minute of sending
    n.begin(10, 0, step_t::propose);
    n.tell(engine::collecting{ours, block.header()});
    for (std::size_t i = 0; i < block.total(); ++i)
        n.tell(engine::part_news{ours, *block.at(i)});
    n.send(m, channels::state, {step_message(10, 0, step_t::propose)});
    n.send(m, channels::state,
           {messages::new_valid_block{ours, round_t(0), block.header(), bit_array(block.total()),
                                      false}});
    const auto parts = [&] {
        return std::ranges::count_if(m.peer->messages,
                                     [](const auto& a) { return a.channel == channels::data; });
    };
    REQUIRE(n.until([&] { return parts() == 200; }, 5min));
    CHECK(heard<messages::block_part>(m).size() == 200);
    CHECK_FALSE(m.peer->closed);
}

TEST_CASE("a claim of a majority is answered each time, and told to the engine once") {
    behind_hub n;
    n.start();
    auto& m = n.connect(2);
    n.begin(10, 0, step_t::prevote);
    n.count(n.signed_vote(0, prevote, 0));
    n.count(n.signed_vote(3, prevote, 0, "B"));
    for (int i = 0; i < 2; ++i)
        n.send(m, channels::state,
               {messages::vote_set_maj23{ours, round_t(0), prevote, block_of("A")}});
    n.w.run_for(5s);
    const auto answers = heard<messages::vote_set_bits>(m);
    REQUIRE(answers.size() == 2);
    for (const auto& a : answers) {
        CHECK(a.block == block_of("A"));
        CHECK(bits_text(a.votes) == "x___");
    }
    for (const auto& a : m.peer->messages)
        if (a.channel == channels::vote_set_bits)
            CHECK(a.message == messages::encode_consensus({answers[0]}));
    CHECK(kinds(n.given) == strings{"majority"});
}

// ---- what peers send ----

TEST_CASE("parts right behind their proposal reach the engine after it, none is lost") {
    behind_hub n;
    n.start();
    auto& m = n.connect(2);
    n.begin(10, 0, step_t::propose);
    const auto block = block_in_parts(3);
    n.send(m, channels::data,
           {messages::proposal_message{n.signed_proposal({hash_of("A"), block.header()})}});
    for (const std::size_t i : {2u, 0u, 1u})
        n.send(m, channels::data, {messages::block_part{ours, round_t(0), *block.at(i)}});
    n.w.run_for(5s);  // the engine is silent: it did not say that it collects them
    CHECK(kinds(n.given) == strings{"proposal", "part 2", "part 0", "part 1"});
    CHECK(n.given[0].from == n.given[3].from);
    CHECK(n.refused_of(2).total() == 0);
}

TEST_CASE("what does not verify is counted, told to nobody, and its sender stays") {
    behind_hub n;
    n.start();
    auto& m = n.connect(2);
    n.begin(10, 0, step_t::prevote);
    const auto block = block_in_parts(2), other = block_in_parts(3);
    n.tell(engine::collecting{ours, block.header()});
    n.count(n.signed_vote(1, prevote, 0));
    auto vote = n.signed_vote(0, prevote, 0);
    vote.block = block_of("B");  // not what was signed
    n.send(m, channels::vote, {messages::vote_message{vote}});
    n.send(m, channels::vote, {messages::vote_message{n.signed_vote(1, prevote, 0)}});
    auto proposal = n.signed_proposal(block_of("A"));
    proposal.time = proposal.time + 1s;
    n.send(m, channels::data, {messages::proposal_message{proposal}});
    n.send(m, channels::data, {messages::block_part{ours, round_t(0), *other.at(1)}});
    n.w.run_for(5s);
    CHECK(to_string(n.refused_of(2)) == "known 1, bad_signature 2, bad_proof 1");
    CHECK(n.given.empty());
    CHECK_FALSE(m.peer->closed);

    m.peer->close();
    REQUIRE(n.until([&] { return n.service.refused_of(id_of(2)) == nullptr; }));
    CHECK(n.lines.contains("known 1, bad_signature 2, bad_proof 1"));
}

TEST_CASE("a peer waits while the engine's door is full, the others go on, and nothing is lost") {
    behind_hub n(std::make_shared<storage::memory_disk>(), 2);
    n.start(/*serves_inputs=*/false);
    auto& busy = n.connect(2);
    auto& other = n.connect(3);
    n.begin(10, 0, step_t::prevote);
    for (const std::int32_t r : {0, 1})  // sixteen of them
        for (const auto type : {prevote, precommit})
            for (const std::size_t who : {0u, 1u, 2u, 3u})
                n.send(busy, channels::vote, {messages::vote_message{n.signed_vote(who, type, r)}});
    n.send(busy, channels::state, {step_message(10, 0, step_t::prevote)});
    n.w.run_for(5s);
    CHECK(n.decided.empty());  // it is behind the votes

    n.send(other, channels::state, {step_message(10, 0, step_t::prevote)});
    REQUIRE(n.until([&] { return n.decided.size() == 1; }));
    CHECK(n.decided[0] == std::pair(id_of(3), height_t(9)));
    n.count(n.signed_vote(2, precommit, 0));
    REQUIRE(n.until([&] { return heard<messages::has_vote>(other).size() == 1; }));
    CHECK(heard<messages::has_vote>(busy).size() == 1);  // only its reading waits

    n.serve_inputs();
    REQUIRE(n.until([&] { return n.decided.size() == 2; }));
    n.w.run_for(1s);
    CHECK(n.given.size() == 15);  // one was told meanwhile by another
    CHECK(to_string(n.refused_of(2)) == "known 1");
}

TEST_CASE("what a peer says of its height is passed on, each time it goes up") {
    behind_hub n;
    n.start();
    auto& m = n.connect(2);
    for (const std::int64_t h : {4, 4, 7, 5})  // while we take no part ourselves
        n.send(m, channels::state, {step_message(h, 0, step_t::propose)});
    n.w.run_for(5s);
    CHECK(n.decided ==
          std::vector{std::pair(id_of(2), height_t(3)), std::pair(id_of(2), height_t(6))});
    CHECK(n.refused_of(2).total() == 0);
}

TEST_CASE("a message that is not well-formed ends the connection of who sent it, and no other") {
    behind_hub n;
    n.start();
    auto& bad = n.connect(2);
    auto& good = n.connect(3);
    n.begin(10, 0, step_t::propose);
    bad.peer->send_message(channels::state, to_bytes("nonsense"));
    REQUIRE(n.until([&] { return bad.peer->closed.has_value(); }));
    n.w.run_for(5s);
    CHECK_FALSE(good.peer->closed);
    CHECK(n.hub->peer_count() == 1);
}
