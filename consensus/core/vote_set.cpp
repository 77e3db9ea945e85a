// SPDX-License-Identifier: Apache-2.0
#include "consensus/core/vote_set.hpp"

#include "base/check.hpp"
#include "base/text.hpp"

namespace tetrad::consensus::core {

using chain::block_id;
using chain::validator;

namespace {

// Blocks that peers may claim a majority for, in one set.
constexpr std::size_t claims_max = 256;

// More than two thirds of a total; integers, as CometBFT divides them.
std::int64_t quorum(const chain::validator_set& v) { return v.total_power().v * 2 / 3 + 1; }

std::unexpected<error> refused(std::string_view why, const chain::vote& v) {
    return fail(errc::invalid, format("{}: {}", why, to_string(v)));
}

}  // namespace

vote_set::vote_set(height_t h, round_t r, chain::vote_type t, chain::validator_set v)
    : height_(h),
      round_(r),
      type_(t),
      validators_(std::move(v)),
      votes_(validators_.size()),
      voters_(validators_.size()) {}

vote_ptr vote_set::same_vote(std::size_t index, const block_id& id) const {
    if (votes_[index] && votes_[index]->block == id)
        return votes_[index];
    const auto found = by_block_.find(id.key());
    return found == by_block_.end() || found->second.votes.empty() ? nullptr
                                                                   : found->second.votes[index];
}

result<vote_set::added> vote_set::add(const vote_ptr& given) {
    const chain::vote& v = *given;
    if (v.height != height_ || v.round != round_ || v.type != type_)
        return refused("unexpected step", v);
    const auto index = static_cast<std::size_t>(v.validator_index);
    if (v.validator_index < 0 || index >= votes_.size())
        return refused("invalid validator index", v);
    const validator& who = validators_.at(index);
    if (who.address != v.validator)
        return refused("invalid validator address", v);
    if (const auto known = same_vote(index, v.block)) {
        if (known->sig == v.sig)
            return added{};
        return refused("non-deterministic signature", v);
    }

    const vote_ptr first = votes_[index];
    const auto found = by_block_.find(v.block.key());
    if (first && (found == by_block_.end() || !found->second.claimed))
        return added{false, first};
    if (!first) {
        votes_[index] = given;
        voters_.set(index);
        power_ += who.power.v;
    } else if (majority_ == v.block) {
        votes_[index] = given;
    }
    block_votes& block = found != by_block_.end() ? found->second : by_block_[v.block.key()];
    count(block, given, who);
    return added{true, first};
}

void vote_set::count(block_votes& block, const vote_ptr& given, const validator& who) {
    if (block.votes.empty()) {
        block.votes.resize(votes_.size());
        block.voters = bit_array(votes_.size());
    }
    const auto index = static_cast<std::size_t>(given->validator_index);
    const auto before = block.power;
    block.votes[index] = given;
    block.voters.set(index);
    block.power += who.power.v;
    const auto needed = quorum(validators_);
    if (before >= needed || block.power < needed || majority_)
        return;
    majority_ = given->block;
    for (std::size_t i = 0; i < votes_.size(); ++i)
        if (block.votes[i])
            votes_[i] = block.votes[i];
}

result<void> vote_set::claim(const source& peer, const block_id& id) {
    const auto known = claims_.find(peer);
    if (known != claims_.end()) {
        if (known->second == id)
            return {};
        return fail(errc::invalid, format("conflicting claims of a majority: {} and {}",
                                          to_string(known->second), to_string(id)));
    }
    if (claims_.size() >= claims_max)
        return {};
    claims_.emplace(peer, id);
    by_block_[id.key()].claimed = true;
    return {};
}

bit_array vote_set::voters_for(const block_id& id) const {
    const auto found = by_block_.find(id.key());
    if (found == by_block_.end())
        return {};
    return found->second.votes.empty() ? bit_array(votes_.size()) : found->second.voters;
}

bool vote_set::has_two_thirds_any() const { return power_ > validators_.total_power().v * 2 / 3; }

bool vote_set::has_all() const { return power_ == validators_.total_power().v; }

chain::extended_commit vote_set::make_commit() const {
    CHECK(type_ == chain::vote_type::precommit && majority_ && !majority_->is_zero());
    chain::extended_commit c{height_, round_, *majority_, {}};
    c.signatures.reserve(votes_.size());
    for (const auto& given : votes_) {
        chain::extended_commit_sig s;
        if (!given || (!given->is_nil() && given->block != *majority_)) {
            s.flag = chain::block_id_flag::absent;
        } else {
            const auto plain = commit_sig_of(*given);
            s = {plain.flag, plain.validator,  plain.time,
                 plain.sig,  given->extension, given->extension_sig};
        }
        c.signatures.push_back(std::move(s));
    }
    return c;
}

}  // namespace tetrad::consensus::core
