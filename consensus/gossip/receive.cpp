// SPDX-License-Identifier: Apache-2.0
#include "consensus/gossip/receive.hpp"

#include <memory>
#include <numeric>
#include <type_traits>

#include "base/text.hpp"
#include "consensus/gossip/votes.hpp"

namespace tetrad::consensus::gossip {

namespace messages = chain::messages;
using chain::vote_type;

namespace {

// The channel of each kind of message.
template <class M>
constexpr std::uint8_t channel_of = messages::state_channel;
template <>
constexpr std::uint8_t channel_of<messages::proposal_message> = messages::data_channel;
template <>
constexpr std::uint8_t channel_of<messages::proposal_pol> = messages::data_channel;
template <>
constexpr std::uint8_t channel_of<messages::block_part> = messages::data_channel;
template <>
constexpr std::uint8_t channel_of<messages::vote_message> = messages::vote_channel;
template <>
constexpr std::uint8_t channel_of<messages::vote_set_bits> = messages::vote_set_bits_channel;

// What a peer says of itself: taken also while we sync.
template <class M>
constexpr bool is_about_the_peer =
    std::is_same_v<M, messages::new_round_step> || std::is_same_v<M, messages::new_valid_block> ||
    std::is_same_v<M, messages::has_vote>;

bool is_known(const held_votes* held, const chain::vote& v) {
    const bit_array* voters = held ? held->voters_for(v.block) : nullptr;
    return voters && voters->get(static_cast<std::size_t>(v.validator_index));
}

struct receiver {
    const view& ours;
    peer_state& peer;
    timestamp now;

    result<received> on(const messages::new_round_step& m) {
        TRY_VOID(check_height(m, ours.initial_height));
        peer.on(m, now);
        return noted{};
    }

    result<received> on(const messages::new_valid_block& m) {
        peer.on(m);
        return noted{};
    }

    result<received> on(const messages::has_vote& m) {
        peer.on(m, ours);
        return noted{};
    }

    result<received> on(const messages::vote_set_maj23& m) {
        if (m.height != ours.height)
            return refused{refusal::other_height};
        TRY(const bool is_new, peer.on(m, ours));
        return claimed_majority{m, is_new, answer_to(m, ours)};
    }

    result<received> on(const messages::proposal_message& m) {
        const chain::proposal& p = m.proposal;
        TRY_VOID(check_parts(p, ours.block_bytes_max));
        peer.mark_proposal(p);
        if (p.height != ours.height)
            return refused{refusal::other_height};
        if (p.round != ours.round)
            return refused{refusal::other_round};
        if (ours.proposal)
            return refused{refusal::known};
        return candidate_proposal{p, ours.validators};
    }

    result<received> on(const messages::proposal_pol& m) {
        peer.on(m, ours);
        return noted{};
    }

    // Its round says nothing: blocks are proposed again in later ones. The header that it has to prove itself under decides.
    result<received> on(const messages::block_part& m) {
        peer.mark_part(m.height, m.round, m.part.index);
        if (m.height != ours.height)
            return refused{refusal::other_height};
        if (!ours.parts || m.part.index >= ours.parts->total())
            return refused{refusal::unexpected};
        if (ours.parts->at(m.part.index))
            return refused{refusal::known};
        return candidate_part{m.part, ours.parts->header()};
    }

    result<received> on(const messages::vote_message& m) {
        const chain::vote& v = *m.vote;
        peer.on(v, ours);
        if (v.height == ours.height)
            return candidate(v, ours.find(v.round, v.type), ours.validators);
        if (v.height != ours.height - 1)
            return refused{refusal::other_height};
        const bool in_time = v.type == vote_type::precommit && ours.last_commit &&
                             v.round == ours.last_commit_round &&
                             ours.step == core::step_t::new_height;
        if (!in_time)
            return refused{refusal::late};
        return candidate(v, &*ours.last_commit, ours.last_validators);
    }

    // A second vote of the same validator for another block is of use: it is evidence.
    result<received> candidate(const chain::vote& v, const held_votes* held,
                               const chain::validator_set& validators) {
        if (is_known(held, v))
            return refused{refusal::known};
        return candidate_vote{std::make_shared<const chain::vote>(v), validators,
                              ours.abci.vote_extensions_enabled(v.height)};
    }

    result<received> on(const messages::vote_set_bits& m) {
        peer.on(m, ours);
        return noted{};
    }
};

}  // namespace

std::string_view name(refusal r) {
    switch (r) {
        case refusal::wrong_channel: return "wrong_channel";
        case refusal::syncing: return "syncing";
        case refusal::other_height: return "other_height";
        case refusal::other_round: return "other_round";
        case refusal::late: return "late";
        case refusal::unexpected: return "unexpected";
        case refusal::known: return "known";
        case refusal::bad_signature: return "bad_signature";
        case refusal::bad_proof: return "bad_proof";
    }
    return "unknown";
}

std::uint64_t refusal_counts::total() const {
    return std::accumulate(counts_.begin(), counts_.end(), std::uint64_t{0});
}

std::string to_string(const refusal_counts& counts) {
    std::string out;
    for (std::size_t i = 0; i < refusals; ++i) {
        const auto why = static_cast<refusal>(i);
        if (counts.of(why) > 0)
            out += format("{}{} {}", out.empty() ? "" : ", ", name(why), counts.of(why));
    }
    return out;
}

result<received> receive(std::uint8_t channel, const slice& message, const view& ours,
                         peer_state& peer, timestamp now) {
    TRY(const auto decoded, messages::decode_consensus(message));
    return std::visit(
        [&]<class M>(const M& m) -> result<received> {
            if constexpr (std::is_same_v<M, std::monostate>) {
                return fail(errc::invalid, "consensus: unknown message");
            } else {
                if (channel != channel_of<M>)
                    return refused{refusal::wrong_channel};
                if (!is_about_the_peer<M> && !ours.takes_part())
                    return refused{refusal::syncing};
                return receiver{ours, peer, now}.on(m);
            }
        },
        decoded.what);
}

}  // namespace tetrad::consensus::gossip
