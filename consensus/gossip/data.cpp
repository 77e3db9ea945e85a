// SPDX-License-Identifier: Apache-2.0
#include "consensus/gossip/data.hpp"

namespace tetrad::consensus::gossip {

namespace messages = chain::messages;

namespace {

std::optional<data_choice> pick_own_part(const view& v, const peer_round_state& p,
                                         random_source& random) {
    if (!v.parts || v.parts->header() != p.parts_header)
        return {};
    const auto index = (v.parts->have() - p.parts).pick(random);
    if (!index)
        return {};
    return send_own_part{p.height, p.round, *index};
}

// Its parts are those of the stored block, unless it said so otherwise: then none of ours prove their place there.
std::optional<data_choice> pick_stored_part(peer_state& peer, random_source& random) {
    const auto& p = peer.at();
    if (!peer.stored().parts)
        return ask_parts_header{p.height};
    peer.expect_stored_parts();
    if (p.parts_header != *peer.stored().parts)
        return {};
    const auto index = (~p.parts).pick(random);
    if (!index)
        return {};
    return send_stored_part{p.height, p.round, *index};
}

std::optional<data_choice> pick_proposal(const view& v, const peer_round_state& p) {
    if (p.height != v.height || p.round != v.round || !v.proposal || p.proposal)
        return {};
    send_proposal out;
    if (const auto pol_round = v.proposal->pol_round; pol_round.v >= 0) {
        const auto* prevotes = v.find(pol_round, chain::vote_type::prevote);
        out.pol = messages::proposal_pol{
            v.height, pol_round, prevotes ? prevotes->have : bit_array(v.validators.size())};
    }
    return out;
}

}  // namespace

std::optional<data_choice> pick_data(const view& v, peer_state& peer, random_source& random) {
    if (!v.takes_part())
        return {};
    if (auto part = pick_own_part(v, peer.at(), random))
        return part;
    if (v.has_stored(peer.at().height))
        return pick_stored_part(peer, random);
    return pick_proposal(v, peer.at());
}

slice part_message(height_t h, round_t r, const chain::part& p) {
    return slice(messages::encode_consensus({messages::block_part{h, r, p}}));
}

void mark_sent(peer_state& peer, const data_choice& choice, const view& v) {
    if (const auto* own = std::get_if<send_own_part>(&choice))
        peer.mark_part(own->peer_height, own->peer_round, own->index);
    else if (const auto* stored = std::get_if<send_stored_part>(&choice))
        peer.mark_part(stored->peer_height, stored->peer_round, stored->index);
    else if (std::holds_alternative<send_proposal>(choice) && v.proposal)
        peer.mark_proposal(*v.proposal);
}

}  // namespace tetrad::consensus::gossip
