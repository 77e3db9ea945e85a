// SPDX-License-Identifier: Apache-2.0
// What a peer may say on the four consensus channels, message after message: it decodes and is well-formed or is refused, it reads back
// as it was written, and whatever a peer says of itself, what is kept of it has the size that we chose. A vote or a proposal that
// verifies is one that its validator signed. What is picked for such a peer is well-formed too.
// An input: whose height it is about, then steps of a message of its own or a known one, changed or not; and what is picked then.
#include "base/wire/decode_bound.hpp"
#include "consensus/gossip/data.hpp"
#include "consensus/gossip/receive.hpp"
#include "consensus/gossip/votes.hpp"
#include "tests/fuzz/support.hpp"

#include <array>
#include <set>
#include <vector>

namespace tetrad::fuzz {

namespace {

using namespace consensus::gossip;
namespace messages = chain::messages;
using chain::vote_type;
using consensus::core::step_t;
using our_view = consensus::gossip::view;

constexpr std::string_view chain_id = "fuzz";
constexpr timestamp now{1700000000, 0};
constexpr height_t our_height(10);
constexpr std::size_t validators = 4;

fixed<32> hash_of(std::string_view text) { return crypto::sha256(tetrad::view(text)); }

chain::block_id block_of(std::string_view name, std::uint32_t parts = 2) {
    return {hash_of(name), {parts, hash_of("parts")}};
}

// Four validators, what they signed, and our side of the network at three times of its life.
struct scene {
    std::vector<crypto::private_key> keys;
    chain::validator_set set;
    std::vector<messages::consensus_message> known;
    std::set<bytes> signed_bytes;
    std::array<our_view, 3> views;
    std::shared_ptr<const chain::extended_commit> stored;
    chain::part_set parts = chain::part_set::of(slice(bytes(chain::part_bytes_max + 1, 7)));

    scene() {
        std::vector<chain::validator> members;
        std::vector<crypto::private_key> drawn;
        for (std::size_t i = 0; i < validators; ++i) {
            const auto seed = hash_of(std::string(i + 1, 'k'));
            drawn.push_back(crypto::private_key::from_seed(seed));
            members.push_back(chain::validator::of(drawn.back().public_key(), power_t(10)));
        }
        set = *chain::validator_set::make(members);
        for (const auto& v : set)
            for (const auto& k : drawn)
                if (k.public_key() == v.key)
                    keys.push_back(k);
        say_things();
        make_views();
    }

    chain::vote vote(std::size_t who, vote_type t, height_t h, round_t r, const chain::block_id& id,
                     bool extended = false) {
        chain::vote v{t,  h,  r, id, now, set.at(who).address, static_cast<std::int32_t>(who),
                      {}, {}, {}};
        if (extended) {
            v.extension = slice(to_bytes("extension"));
            v.extension_sig = *keys[who].sign(extension_sign_bytes(v, chain_id));
        }
        v.sig = *keys[who].sign(sign_bytes(v, chain_id));
        signed_bytes.insert(sign_bytes(v, chain_id));
        return v;
    }

    void say_things() {
        const auto have = [](std::size_t size) {
            bit_array bits(size);
            bits.set(0);
            return bits;
        };
        known = {
            {messages::new_round_step{our_height, round_t(3), 3, 2, round_t(1)}},
            {messages::new_round_step{our_height, round_t(4), 6, 0, round_t(1)}},
            {messages::new_round_step{our_height - 1, round_t(1), 1, -1, round_t(0)}},
            {messages::new_round_step{height_t(6), round_t(0), 8, 0, round_t(0)}},
            {messages::new_round_step{our_height + 1, round_t(0), 1, 0, round_t(3)}},
            {messages::new_round_step{height_t(1), round_t(0), 1, 0, round_t(-1)}},
            {messages::new_valid_block{our_height, round_t(3), parts.header(), have(2), false}},
            {messages::new_valid_block{height_t(6), round_t(0), parts.header(), have(2), true}},
            {messages::proposal_pol{our_height, round_t(1), have(validators)}},
            {messages::block_part{our_height, round_t(3), *parts.at(1)}},
            {messages::has_vote{our_height, round_t(3), vote_type::prevote, 1}},
            {messages::has_vote{our_height - 1, round_t(1), vote_type::precommit, 3}},
            {messages::vote_set_maj23{our_height, round_t(3), vote_type::prevote, block_of("A")}},
            {messages::vote_set_maj23{our_height, round_t(1), vote_type::precommit, {}}},
            {messages::vote_set_bits{our_height, round_t(3), vote_type::prevote, block_of("A"),
                                     have(validators)}}};
        for (const round_t pol : {round_t(-1), round_t(1)}) {
            chain::proposal p{vote_type::proposal, our_height, round_t(3), pol,
                              block_of("A"),       now,        {}};
            const auto who = *set.index_of(set.incremented(3).proposer().address);
            p.sig = *keys[who].sign(sign_bytes(p, chain_id));
            signed_bytes.insert(sign_bytes(p, chain_id));
            known.push_back({messages::proposal_message{p}});
        }
        for (std::size_t who = 0; who < validators; ++who) {
            const auto id = who % 2 == 0 ? block_of("A") : chain::block_id{};
            known.push_back({messages::vote_message{
                vote(who, vote_type::prevote, our_height, round_t(3), id)}});
            known.push_back({messages::vote_message{
                vote(who, vote_type::precommit, our_height, round_t(3), id, who % 2 == 0)}});
            known.push_back({messages::vote_message{
                vote(who, vote_type::precommit, our_height - 1, round_t(1), block_of("last"))}});
        }
    }

    void hold(std::optional<held_votes>& held, const chain::vote& v) {
        if (!held)
            held.emplace(validators);
        const auto index = static_cast<std::size_t>(v.validator_index);
        held->have.set(index);
        held->messages[index] = slice(messages::encode_consensus({messages::vote_message{v}}));
        auto& voters = held->by_block.try_emplace(v.block.key(), validators).first->second;
        voters.set(index);
        if (voters.count() == 3)
            held->majority = v.block;
    }

    // 0: in the middle of a height; 1: at its beginning, the last one just decided; 2: we sync.
    void make_views() {
        our_view v;
        v.initial_height = height_t(1);
        views[2] = v;
        v.height = our_height;
        v.start_time = now;
        v.store_base = height_t(5);
        v.validators = v.last_validators = set;
        v.abci.vote_extensions_enable_height = our_height;
        v.last_commit_round = round_t(1);
        for (const std::size_t who : {0, 1, 2})
            hold(v.last_commit,
                 vote(who, vote_type::precommit, our_height - 1, round_t(1), block_of("last")));
        views[1] = v;
        v.round = round_t(3);
        v.step = step_t::propose;
        std::optional<held_votes> polka, precommits;
        for (const std::size_t who : {1, 2, 3})
            hold(polka, vote(who, vote_type::prevote, our_height, round_t(1), block_of("A")));
        hold(precommits, vote(0, vote_type::precommit, our_height, round_t(1), {}));
        v.votes.emplace(std::pair(round_t(1), vote_type::prevote), *polka);
        v.votes.emplace(std::pair(round_t(1), vote_type::precommit), *precommits);
        v.parts = *chain::part_set::waiting_for(parts.header());
        CHECK(v.parts->add(*parts.at(0)));
        views[0] = v;
        chain::extended_commit c{height_t(6), round_t(0), block_of("six"), {}};
        for (std::size_t who = 0; who < validators; ++who)
            c.signatures.push_back({chain::block_id_flag::commit,
                                    set.at(who).address,
                                    now,
                                    chain::signature(hash_of("six")),
                                    {},
                                    {}});
        stored = std::make_shared<const chain::extended_commit>(std::move(c));
    }
};

const scene& the_scene() {
    static const scene made;
    return made;
}

std::uint8_t channel_of(const messages::consensus_message& m) {
    constexpr std::uint8_t channels[] = {0, 0x20, 0x20, 0x21, 0x21, 0x21, 0x22, 0x20, 0x20, 0x23};
    return channels[m.what.index()];
}

// What is kept of a peer has one of the sizes that we know.
void check_sizes(const peer_state& peer) {
    const auto& p = peer.at();
    for (const auto* votes :
         {&p.pol, &p.prevotes, &p.precommits, &p.last_commit, &p.catchup_commit})
        CHECK(votes->check() && (votes->size() == 0 || votes->size() == validators));
    CHECK(p.parts.check() && p.parts.size() <= chain::parts_max);
    CHECK(p.parts.size() == 0 || p.parts.size() == p.parts_header.total);
}

// Nobody but a validator of ours makes what verifies.
void check_candidate(const received& r, const scene& s) {
    if (const auto* c = std::get_if<candidate_vote>(&r); c && verify(*c, chain_id)) {
        CHECK(s.signed_bytes.contains(sign_bytes(*c->vote, chain_id)));
        CHECK(s.set.at(static_cast<std::size_t>(c->vote->validator_index)).address ==
              c->vote->validator);
    }
    if (const auto* c = std::get_if<candidate_proposal>(&r); c && verify(*c, chain_id))
        CHECK(s.signed_bytes.contains(sign_bytes(c->proposal, chain_id)));
    if (const auto* c = std::get_if<candidate_part>(&r); c && verify(*c))
        CHECK(c->block == s.parts.header() && s.parts.at(c->part.index)->data == c->part.data);
    if (const auto* c = std::get_if<claimed_majority>(&r)) {
        CHECK(c->answer.votes.size() == 0 || c->answer.votes.size() == validators);
        CHECK(messages::decode_consensus(slice(messages::encode_consensus({c->answer}))));
    }
}

void hear(std::uint8_t channel, const slice& message, const our_view& v, peer_state& peer) {
    const auto decoded = messages::decode_consensus(message);
    if (decoded) {
        const slice again(messages::encode_consensus(*decoded));
        const auto back = messages::decode_consensus(again);
        CHECK(back && *back == *decoded && equal(again, messages::encode_consensus(*back)));
    }
    allocation_peak memory;
    const auto got = receive(channel, message, v, peer, now);
    // What it decodes to, and of the bits: what was there, what is there now.
    CHECK(memory.bytes() <=
          static_cast<std::int64_t>(
              wire::decoded_bytes_max<messages::consensus_message>(message.size()) + 16384));
    CHECK(decoded || !got);
    check_sizes(peer);
    if (got)
        check_candidate(*got, the_scene());
}

void pick(const our_view& v, peer_state& peer, random_source& random) {
    const scene& s = the_scene();
    if (const auto vote = pick_vote(v, peer, random)) {
        if (const auto* send = std::get_if<send_vote>(&*vote)) {
            const auto m = messages::decode_consensus(send->message);
            CHECK(m && m->what.index() == 6);
            CHECK(std::get<messages::vote_message>(m->what).vote->height == send->of.height);
            peer.mark_vote(send->of, send->index);
        } else {
            peer.on_stored_commit(std::get<ask_commit>(*vote).height, s.stored);
        }
    }
    if (const auto data = pick_data(v, peer, random)) {
        if (const auto* own = std::get_if<send_own_part>(&*data))
            CHECK(v.parts->at(own->index));
        if (const auto* part = std::get_if<send_stored_part>(&*data))
            CHECK(part->index < s.parts.total());
        if (const auto* ask = std::get_if<ask_parts_header>(&*data))
            peer.on_stored_parts(ask->height, s.parts.header());
        mark_sent(peer, *data, v);
    }
    for (const auto& m : majorities_for(v, peer))
        CHECK(check_shape(m));
    check_sizes(peer);
}

void run(input in) {
    const scene& s = the_scene();
    const our_view* v = &s.views[in.below(s.views.size())];
    peer_state peer;
    seeded_random random(1);
    for (int steps = 0; !in.empty() && steps < 64; ++steps) {
        const auto what = in.byte();
        if (what < 64) {
            const auto size = in.byte();
            hear(static_cast<std::uint8_t>(0x20 + what % 4), slice(to_bytes(in.take(size))), *v,
                 peer);
        } else if (what < 224) {
            const auto& known = s.known[what % s.known.size()];
            auto message = messages::encode_consensus(known);
            const auto place = in.byte(), mask = in.byte();
            message[place * message.size() / 256] ^= mask;
            hear(channel_of(known), slice(std::move(message)), *v, peer);
        } else if (what < 252) {
            pick(*v, peer, random);
        } else {
            v = &s.views[what % s.views.size()];
        }
    }
}

}  // namespace

}  // namespace tetrad::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    tetrad::fuzz::run({data, size});
    return 0;
}
