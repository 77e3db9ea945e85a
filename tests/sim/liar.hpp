// SPDX-License-Identifier: Apache-2.0
// A validator that is no node: the test has its key, and connections to all nodes. Included last of our headers: Catch's CHECK takes
// the place of ours from here on.
#pragma once

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

}  // namespace tetrad::sim_test
