// SPDX-License-Identifier: Apache-2.0
// Messages that cost their sender the connection: one spoiled in each way that a rule names, from a well-formed one of each kind.
// Included last of our headers: Catch's CHECK takes the place of ours from here on.
#pragma once

#include "tests/unit/consensus/gossip/support.hpp"

namespace tetrad::consensus::gossip::test {

inline std::uint8_t channel_of(const messages::consensus_message& m) {
    // In the order of the alternatives.
    constexpr std::uint8_t channels[] = {0, 0x20, 0x20, 0x21, 0x21, 0x21, 0x22, 0x20, 0x20, 0x23};
    return channels[m.what.index()];
}

/// A well-formed message of each kind, of where our side is.
inline std::vector<messages::consensus_message> one_of_each() {
    const our_side us;
    const auto parts = block_in_parts(2);
    return {
        {step_message(10, 4, step_t::propose)},
        {messages::new_valid_block{ours, round_t(3), {2, hash_of("A")}, bits("_x"), false}},
        {messages::proposal_message{proposal_of(10, 3, 1)}},
        {messages::proposal_pol{ours, round_t(1), bits("xx__")}},
        {messages::block_part{ours, round_t(3), *parts.at(0)}},
        {messages::vote_message{
            vote_of(us.validators, 0, vote_type::prevote, ours, round_t(3), block_of("A"))}},
        {messages::has_vote{ours, round_t(3), vote_type::prevote, 1}},
        {messages::vote_set_maj23{ours, round_t(3), vote_type::prevote, block_of("A")}},
        {messages::vote_set_bits{ours, round_t(3), vote_type::prevote, block_of("A"),
                                 bits("__x_")}},
    };
}

inline bit_array with_bits(std::int64_t n, std::size_t words) {
    bit_array out;
    out.bits = n;
    out.elems.resize(words);
    return out;
}

struct bad_message {
    messages::consensus_message message;
    std::string why;  // what the reason begins with
};

inline std::vector<bad_message> bad_messages() {
    constexpr auto prevote = vote_type::prevote;
    constexpr auto precommit = vote_type::precommit;
    std::vector<bad_message> rows;
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
    bad(proposal{}, "proposal has too many parts 1602",
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
    bad(part{}, "consensus: message has too many elements", [](auto& m) { m.part.proof.aunts.resize(101); });

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
    return rows;
}

}  // namespace tetrad::consensus::gossip::test
