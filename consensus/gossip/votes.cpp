// SPDX-License-Identifier: Apache-2.0
#include "consensus/gossip/votes.hpp"

namespace tetrad::consensus::gossip {

namespace messages = chain::messages;
using chain::vote_type;
using core::step_t;

namespace {

std::optional<vote_choice> pick_held(const held_votes* held, const votes_id& id, peer_state& peer,
                                     random_source& random) {
    if (!held || held->have.size() == 0)
        return {};
    const bool is_commit = id.type == vote_type::precommit && held->majority.has_value();
    const bit_array* has = peer.has(id, held->have.size(), is_commit);
    if (!has)
        return {};
    const auto index = (held->have - *has).pick(random);
    if (!index)
        return {};
    return send_vote{id, *index, held->messages[*index]};
}

std::optional<vote_choice> pick_last_commit(const view& v, peer_state& peer,
                                            random_source& random) {
    const votes_id id{v.height - 1, v.last_commit_round, vote_type::precommit};
    return pick_held(v.last_commit ? &*v.last_commit : nullptr, id, peer, random);
}

std::optional<vote_choice> pick_at_our_height(const view& v, peer_state& peer,
                                              random_source& random) {
    const step_t step = peer.at().step;
    const round_t round = peer.at().round, pol_round = peer.at().pol_round;
    const bool is_reached = round.v >= 0 && round <= v.round;
    const bool has_pol = pol_round.v >= 0;
    if (step == step_t::new_height)
        if (auto vote = pick_last_commit(v, peer, random))
            return vote;
    struct row {
        bool applies;
        round_t round;
        vote_type type;
    };
    for (const auto& [applies, of, type] : {
             row{step <= step_t::propose && is_reached && has_pol, pol_round, vote_type::prevote},
             row{step <= step_t::prevote_wait && is_reached, round, vote_type::prevote},
             row{step <= step_t::precommit_wait && is_reached, round, vote_type::precommit},
             row{is_reached, round, vote_type::prevote},
             row{has_pol, pol_round, vote_type::prevote},
         })
        if (applies)
            if (auto vote = pick_held(v.find(of, type), {v.height, of, type}, peer, random))
                return vote;
    return {};
}

std::optional<vote_choice> pick_stored(const view& v, peer_state& peer, random_source& random) {
    const height_t h = peer.at().height;
    if (!peer.stored().commit)
        return ask_commit{h, v.abci.vote_extensions_enabled(h)};
    const auto commit = *peer.stored().commit;
    if (!commit || commit->signatures.empty())
        return {};
    const votes_id id{h, commit->round, vote_type::precommit};
    const bit_array* has = peer.has(id, commit->signatures.size(), /*is_commit=*/true);
    if (!has)
        return {};
    const auto index = (commit->voters() - *has).pick(random);
    if (!index)
        return {};
    return send_vote{
        id, *index,
        slice(messages::encode_consensus({messages::vote_message{commit->vote_at(*index)}}))};
}

}  // namespace

std::optional<vote_choice> pick_vote(const view& v, peer_state& peer, random_source& random) {
    const height_t h = peer.at().height;
    if (!v.takes_part() || h.v == 0)
        return {};
    if (h == v.height)
        return pick_at_our_height(v, peer, random);
    if (h == v.height - 1)
        return pick_last_commit(v, peer, random);
    return v.has_stored(h) ? pick_stored(v, peer, random) : std::nullopt;
}

std::vector<messages::vote_set_maj23> majorities_for(const view& v, const peer_state& peer) {
    std::vector<messages::vote_set_maj23> out;
    const auto& p = peer.at();
    const auto add = [&](round_t r, vote_type t, const held_votes* held) {
        if (held && held->majority)
            out.push_back({p.height, r, t, *held->majority});
    };
    if (!v.takes_part())
        return out;
    if (p.height == v.height) {
        add(p.round, vote_type::prevote, v.find(p.round, vote_type::prevote));
        add(p.round, vote_type::precommit, v.find(p.round, vote_type::precommit));
        if (p.pol_round.v >= 0)
            add(p.pol_round, vote_type::prevote, v.find(p.pol_round, vote_type::prevote));
    } else if (v.has_stored(p.height) && p.catchup_round.v >= 0) {
        if (p.height == v.height - 1)
            add(v.last_commit_round, vote_type::precommit,
                v.last_commit ? &*v.last_commit : nullptr);
        else if (const auto& commit = peer.stored().commit; commit && *commit)
            out.push_back({p.height, (*commit)->round, vote_type::precommit, (*commit)->block});
    }
    return out;
}

messages::vote_set_bits answer_to(const messages::vote_set_maj23& m, const view& v) {
    const held_votes* held = m.height == v.height ? v.find(m.round, m.type) : nullptr;
    const bit_array* voters = held ? held->voters_for(m.block) : nullptr;
    return {m.height, m.round, m.type, m.block, voters ? *voters : bit_array{}};
}

}  // namespace tetrad::consensus::gossip
