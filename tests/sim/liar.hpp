// SPDX-License-Identifier: Apache-2.0
// A validator that is no node: the test has its key, and connections to all nodes. Included last of our headers: Catch's CHECK takes
// the place of ours from here on.
#pragma once

#include "chain/state.hpp"
#include "chain/update_state.hpp"
#include "tests/sim/validators.hpp"

namespace tetrad::sim_test {

inline chain::block_id block_named(std::string_view name) {
    return {crypto::sha256(view(name)), {1, crypto::sha256(view(format("parts of {}", name)))}};
}

/// Which of the validators this is.
inline std::uint8_t number_of(const chain::address& a) {
    for (std::uint8_t n = 1; n <= 100; ++n)
        if (validator_key(n).public_key().address() == a)
            return n;
    FAIL("nobody has this address");
    return 0;
}

inline chain::vote signed_vote(std::uint8_t validator, const chain::validator_set& set, vote_type t,
                               height_t h, round_t r, const chain::block_id& id,
                               timestamp at = {1704067300, 0}) {
    const auto key = validator_key(validator);
    const auto who = key.public_key().address();
    chain::vote v{t, h, r, id, at, who, static_cast<std::int32_t>(*set.index_of(who)), {}, {}, {}};
    v.sig = key.sign(chain::sign_bytes(v, chain_id)).value();
    return v;
}

inline chain::proposal signed_proposal(std::uint8_t validator, height_t h, round_t r,
                                       const chain::block_id& id, round_t pol = round_t(-1)) {
    chain::proposal p{vote_type::proposal, h, r, pol, id, {1704067300, 0}, {}};
    p.sig = validator_key(validator).sign(chain::sign_bytes(p, chain_id)).value();
    return p;
}

class liar {
public:
    /// With the key of this validator; connected to all nodes.
    liar(validators& net, std::uint8_t number) : number_(number), machine_(net.add_machine()) {
        for (std::size_t i = 0; i < net.nodes.size(); ++i)
            net.connect(machine_, i);
    }
    bool is_connected(std::size_t i) const { return machine_.is_connected(i); }
    bool is_turn(const chain::validator_set& set) const {
        return set.proposer().address == validator_key(number_).public_key().address();
    }
    std::string id() const { return machine_.id(); }
    wire_peer& peer(std::size_t i) { return *machine_.peers.at(i); }

    void say(std::size_t i, p2p::channel_id c, const messages::consensus_message& m) {
        validators::send(machine_, i, c, m);
    }
    chain::vote vote(const consensus::gossip::view& v, vote_type t, height_t h, round_t r,
                     const chain::block_id& id) const {
        return signed_vote(number_, v.validators, t, h, r, id);
    }
    chain::proposal proposal(height_t h, round_t r, const chain::block_id& id,
                             round_t pol = round_t(-1)) const {
        return signed_proposal(number_, h, r, id, pol);
    }

private:
    std::uint8_t number_;
    validators::machine& machine_;
};

/// Of four validators the last.
constexpr std::uint8_t liars_number = 4;

struct made_block {
    chain::block block;
    chain::part_set parts;
    chain::block_id id() const { return {block.hash(), parts.header()}; }
};

/// A valid block of the height that the nodes are at, as validator 4 may propose it; with this transaction.
inline made_block block_with(const validators& net, std::string_view tx,
                             chain::evidence_list evidence = {}) {
    const auto store = net.stored(0);
    const auto state = store->state().value().value();
    const auto last = store->seen_commit(state.last_block_height).value().value();
    auto block = chain::make_block(state, {slice(to_bytes(tx))}, last, std::move(evidence),
                                   validator_key(liars_number).public_key().address());
    REQUIRE(block);
    auto parts = chain::part_set::of(slice(wire::encode(*block)));
    return {std::move(*block), std::move(parts)};
}

inline void propose(liar& l, std::size_t to, height_t h, round_t r, const made_block& b) {
    l.say(to, channels::data, {messages::proposal_message{l.proposal(h, r, b.id())}});
    for (std::size_t i = 0; i < b.parts.total(); ++i)
        l.say(to, channels::data, {messages::block_part{h, r, *b.parts.at(i)}});
}

inline void vote(const validators& net, liar& l, std::size_t to, vote_type t, height_t h, round_t r,
                 const chain::block_id& id) {
    l.say(to, channels::vote, {messages::vote_message{l.vote(net.view(to), t, h, r, id)}});
}

/// Three nodes, until the liar's turn in round 0 of a height that all of them have begun.
inline height_t await_turn(validators& net, const liar& l) {
    for (int i = 0; i < 8; ++i) {
        const height_t h = net.next_height(0);
        REQUIRE(
            net.until([&] { return net.view(1).height >= h && net.view(2).height >= h; }, 900ms));
        if (l.is_turn(net.view(0).validators))
            return h;
        REQUIRE(net.goes_on());
    }
    FAIL("it is never its turn");
    return {};
}

}  // namespace tetrad::sim_test
