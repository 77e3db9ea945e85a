// SPDX-License-Identifier: Apache-2.0
#include "consensus/core/height_votes.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace tetrad::consensus::core {

using chain::vote_type;

namespace {

constexpr std::size_t rounds_beyond_max = 2;     // of one peer
constexpr std::size_t rounds_tracked_max = 256;  // of all peers together

}  // namespace

height_votes::height_votes(height_t h, chain::validator_set v)
    : height_(h), validators_(std::move(v)) {
    track(round_t(0));
}

void height_votes::track(round_t r) {
    if (rounds_.contains(r))
        return;
    rounds_.emplace(r, round_votes{vote_set(height_, r, vote_type::prevote, validators_),
                                   vote_set(height_, r, vote_type::precommit, validators_)});
}

void height_votes::enter_round(round_t current) {
    const round_t last = current + 1;
    for (round_t r = tracked_; r <= last; ++r)
        track(r);
    tracked_ = std::max(tracked_, last);
}

vote_set* height_votes::find_mutable(round_t r, vote_type t) {
    const auto found = rounds_.find(r);
    if (found == rounds_.end())
        return nullptr;
    return t == vote_type::prevote ? &found->second.prevotes : &found->second.precommits;
}

const vote_set* height_votes::find(round_t r, vote_type t) const {
    return const_cast<height_votes*>(this)->find_mutable(r, t);
}

result<vote_set::added> height_votes::add(const vote_ptr& v, const source& peer) {
    vote_set* votes = find_mutable(v->round, v->type);
    if (!votes) {
        auto& rounds = beyond_[peer];
        if (rounds.size() >= rounds_beyond_max || ++beyond_tracked_ > rounds_tracked_max)
            return fail(errc::invalid, format("a vote of an unwanted round: {}", to_string(*v)));
        rounds.push_back(v->round);
        track(v->round);
        votes = find_mutable(v->round, v->type);
    }
    return votes->add(v);
}

result<void> height_votes::claim(const source& peer, round_t r, vote_type t,
                                 const chain::block_id& id) {
    vote_set* votes = find_mutable(r, t);
    return votes ? votes->claim(peer, id) : result<void>{};
}

std::optional<chain::block_id> height_votes::polka(round_t r) const {
    const vote_set* votes = prevotes(r);
    return votes ? votes->majority() : std::nullopt;
}

std::optional<vote_set> height_votes::take_precommits(round_t r) {
    vote_set* votes = find_mutable(r, vote_type::precommit);
    return votes ? std::optional<vote_set>(std::move(*votes)) : std::nullopt;
}

}  // namespace tetrad::consensus::core
