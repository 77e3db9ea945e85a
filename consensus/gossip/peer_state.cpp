// SPDX-License-Identifier: Apache-2.0
#include "consensus/gossip/peer_state.hpp"

#include <algorithm>
#include <tuple>

#include "base/text.hpp"

namespace tetrad::consensus::gossip {

namespace messages = chain::messages;
using chain::vote_type;

namespace {

// A peer may name any number of seconds; a duration holds 292 years of them.
constexpr std::int64_t seconds_max = 9'000'000'000;

timestamp started(timestamp now, std::int64_t seconds_ago) {
    return now + -std::chrono::seconds(std::clamp(seconds_ago, -seconds_max, seconds_max));
}

// What fits of a peer's bits.
bit_array sized(std::size_t size, const bit_array& from) {
    bit_array out(size);
    out.update(from);
    return out;
}

}  // namespace

// ---- what it says ----

bool peer_state::on(const messages::new_round_step& m, timestamp now) {
    const auto step = static_cast<core::step_t>(m.step);
    if (std::tuple(m.height, m.round, step) <= std::tuple(at_.height, at_.round, at_.step))
        return false;
    if (m.height != at_.height)
        leave_height(m);
    else if (m.round != at_.round)
        leave_round(m);
    at_.height = m.height;
    at_.round = m.round;
    at_.step = step;
    at_.start_time = started(now, m.seconds_since_start);
    return true;
}

void peer_state::leave_height(const messages::new_round_step& m) {
    const bool decided_there = m.height - 1 == at_.height && m.last_commit_round == at_.round;
    at_.last_commit_round = m.last_commit_round;
    at_.last_commit = decided_there ? std::move(at_.precommits) : bit_array{};
    at_.precommits = {};
    at_.catchup_round = round_t(-1);
    at_.catchup_commit = {};
    stored_ = {};
    forget_proposal();
}

void peer_state::leave_round(const messages::new_round_step& m) {
    bit_array left = std::exchange(at_.precommits, {});
    if (at_.round == at_.catchup_round)
        at_.catchup_commit = std::move(left);
    else if (m.round == at_.catchup_round)
        at_.precommits = std::exchange(at_.catchup_commit, {});
    forget_proposal();
}

void peer_state::forget_proposal() {
    at_.proposal = false;
    at_.parts_header = {};
    at_.parts = {};
    at_.pol_round = round_t(-1);
    at_.pol = {};
    at_.prevotes = {};
}

void peer_state::on(const messages::new_valid_block& m) {
    if (m.height != at_.height || (m.round != at_.round && !m.is_commit))
        return;
    at_.parts_header = m.parts;
    at_.parts = *m.have;
}

void peer_state::on(const messages::proposal_pol& m, const view& v) {
    if (m.height != at_.height || m.pol_round != at_.pol_round)
        return;
    make_room(v);
    at_.pol = sized(at_.pol.size(), m.pol);
}

void peer_state::on(const messages::has_vote& m, const view& v) {
    if (m.height != at_.height)
        return;
    make_room(v);
    mark_vote({m.height, m.round, m.type}, static_cast<std::size_t>(m.index));
}

void peer_state::on(const chain::vote& m, const view& v) {
    make_room(v);
    mark_vote({m.height, m.round, m.type}, static_cast<std::size_t>(m.validator_index));
}

void peer_state::on(const messages::vote_set_bits& m, const view& v) {
    make_room(v);
    bit_array* has = find({m.height, m.round, m.type});
    if (!has)
        return;
    const held_votes* held = m.height == v.height ? v.find(m.round, m.type) : nullptr;
    const bit_array* ours = held ? held->voters_for(m.block) : nullptr;
    // It speaks of one block only: what it has for others stays. Where we know of no votes for this one, that cannot be told.
    has->update(ours ? (*has - *ours) | m.votes : m.votes);
}

result<bool> peer_state::on(const messages::vote_set_maj23& m, const view& v) {
    const bool tracked = m.round <= v.round + 1 || v.find(m.round, vote_type::prevote) ||
                         v.find(m.round, vote_type::precommit);
    if (m.height != v.height || !tracked)
        return false;
    if (claims_height_ != v.height)
        claims_.clear();
    claims_height_ = v.height;
    const auto [known, is_new] = claims_.emplace(std::pair(m.round, m.type), m.block);
    if (!is_new && known->second != m.block)
        return fail(errc::invalid, format("conflicting claims of a majority: {} and {}",
                                          to_string(known->second), to_string(m.block)));
    if (claims_.size() > claims_max)
        claims_.erase(claims_.begin());
    return is_new;
}

// ---- what it has ----

void peer_state::mark_proposal(const chain::proposal& p) {
    if (p.height != at_.height || p.round != at_.round || at_.proposal)
        return;
    at_.proposal = true;
    if (at_.parts.size() > 0)
        return;  // it named them itself (NewValidBlock)
    at_.parts_header = p.block.parts;
    at_.parts = bit_array(p.block.parts.total);
    at_.pol_round = p.pol_round;
    at_.pol = {};
}

void peer_state::mark_part(height_t h, round_t r, std::size_t index) {
    if (h == at_.height && r == at_.round)
        at_.parts.set(index);
}

void peer_state::mark_vote(const votes_id& id, std::size_t index) {
    if (bit_array* has = find(id))
        has->set(index);
}

bit_array* peer_state::find(const votes_id& id) {
    const bool prevotes = id.type == vote_type::prevote;
    if (id.round.v < 0)
        return nullptr;
    if (id.height == at_.height) {
        if (id.round == at_.round)
            return prevotes ? &at_.prevotes : &at_.precommits;
        if (id.round == at_.catchup_round)
            return prevotes ? nullptr : &at_.catchup_commit;
        return id.round == at_.pol_round && prevotes ? &at_.pol : nullptr;
    }
    const bool last = id.height == at_.height - 1 && id.round == at_.last_commit_round;
    return last && !prevotes ? &at_.last_commit : nullptr;
}

// ---- what the store says ----

void peer_state::on_stored_parts(height_t h, const std::optional<chain::part_set_header>& parts) {
    if (h == at_.height)
        stored_.parts = parts.value_or(chain::part_set_header{});
}

void peer_state::on_stored_commit(height_t h, std::shared_ptr<const chain::extended_commit> c) {
    if (h == at_.height)
        stored_.commit = std::move(c);
}

// ---- for those who pick ----

void peer_state::expect_stored_parts() {
    if (at_.parts.size() > 0 || !stored_.parts)
        return;
    at_.parts_header = *stored_.parts;
    at_.parts = bit_array(stored_.parts->total);
}

void peer_state::make_room(const view& v) {
    make_room(v.height, v.voters_at(v.height));
    make_room(v.height - 1, v.voters_at(v.height - 1));
}

void peer_state::make_room(height_t h, std::size_t voters) {
    const auto make = [voters](bit_array& a) {
        if (a.size() == 0)
            a = bit_array(voters);
    };
    if (h == at_.height) {
        make(at_.prevotes);
        make(at_.precommits);
        make(at_.pol);
        make(at_.catchup_commit);
    } else if (h == at_.height - 1) {
        make(at_.last_commit);
    }
}

const bit_array* peer_state::has(const votes_id& id, std::size_t voters, bool is_commit) {
    if (is_commit && id.height == at_.height && id.round != at_.catchup_round) {
        at_.catchup_round = id.round;
        at_.catchup_commit = {};
    }
    make_room(id.height, voters);
    return find(id);
}

}  // namespace tetrad::consensus::gossip
