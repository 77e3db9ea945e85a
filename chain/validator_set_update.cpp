// SPDX-License-Identifier: Apache-2.0
// How the members of a set change (ValidatorSet.updateWithChangeSet): all checks first, in CometBFT's order, then the new set.
#include "chain/validator_set.hpp"

#include <algorithm>
#include <iterator>

#include "base/text.hpp"
#include "chain/priority.hpp"

namespace tetrad::chain {

namespace {

std::unexpected<error> invalid(std::string text) { return fail(errc::invalid, std::move(text)); }

bool by_address(const validator& a, const validator& b) { return a.address < b.address; }

std::string list_text(std::span<const validator> list) {
    std::vector<std::string> texts;
    for (const auto& v : list)
        texts.push_back(to_string(v));
    return "[" + join(texts, " ") + "]";
}

// Changes, by address, apart into new powers and removals.
struct change_set {
    std::vector<validator> updates;
    std::vector<validator> removals;
};

result<change_set> sorted_changes(std::span<const validator> changes) {
    std::vector<validator> all(changes.begin(), changes.end());
    std::sort(all.begin(), all.end(), by_address);
    change_set out;
    address previous;
    for (const auto& c : all) {
        if (c.address == previous)
            return invalid(format("duplicate entry {} in {}", to_string(c), list_text(all)));
        if (c.power.v < 0)
            return invalid(format("voting power can't be negative: {}", c.power.v));
        if (c.power.v > total_power_max)
            return invalid(
                format("to prevent clipping/overflow, voting power can't be higher than {}, got {}",
                       total_power_max, c.power.v));
        (c.power.v == 0 ? out.removals : out.updates).push_back(c);
        previous = c.address;
    }
    return out;
}

// Both lists by address: the changed ones replace those of the same address, the removed ones go.
std::vector<validator> merged(std::vector<validator> existing, const change_set& changes) {
    std::sort(existing.begin(), existing.end(), by_address);
    std::vector<validator> both;
    both.reserve(existing.size() + changes.updates.size());
    // Of equal elements set_union takes those of the first range.
    std::set_union(changes.updates.begin(), changes.updates.end(), existing.begin(), existing.end(),
                   std::back_inserter(both), by_address);
    std::vector<validator> left;
    left.reserve(both.size());
    std::set_difference(both.begin(), both.end(), changes.removals.begin(), changes.removals.end(),
                        std::back_inserter(left), by_address);
    return left;
}

}  // namespace

result<void> validator_set::update(std::span<const validator> changes) {
    return change(changes, /*may_remove=*/true);
}

result<void> validator_set::change(std::span<const validator> changes, bool may_remove) {
    if (changes.empty())
        return {};
    TRY(change_set set, sorted_changes(changes));
    if (!may_remove && !set.removals.empty())
        return invalid(
            format("cannot process validators with voting power 0: {}", list_text(set.removals)));
    const bool adds = std::any_of(set.updates.begin(), set.updates.end(),
                                  [&](const validator& u) { return !has(u.address); });
    if (!adds && size() == set.removals.size())
        return invalid("applying the validator changes would result in empty set");

    std::int64_t removed = 0;
    for (const auto& r : set.removals) {
        const auto* existing = find(r.address);
        if (!existing)
            return invalid(
                format("failed to find validator {} to remove", to_hex_upper(r.address)));
        removed += existing->power.v;
    }

    // The total may never pass its limit, the smallest changes first.
    std::vector<std::int64_t> deltas;
    for (const auto& u : set.updates) {
        const auto* existing = find(u.address);
        deltas.push_back(existing ? u.power.v - existing->power.v : u.power.v);
    }
    std::sort(deltas.begin(), deltas.end());
    std::int64_t running = total_power().v - removed;
    for (const auto delta : deltas) {
        running += delta;
        if (running > total_power_max)
            return invalid(
                format("total voting power of resulting valset exceeds max {}", total_power_max));
    }
    const std::int64_t before_removals = running + removed;

    for (auto& u : set.updates) {
        const auto* existing = find(u.address);
        u.priority = existing ? existing->priority : priority::of_new_member(before_removals);
    }
    std::vector<validator> members = merged(std::vector<validator>(begin(), end()), set);
    priority::rescale(members, 2 * running);
    priority::centre(members);
    std::sort(members.begin(), members.end(), stands_before);
    auto facts = facts_of(members);
    CHECK(facts.has_value());  // its total was checked above
    CHECK((*facts)->total.v == running);
    // The proposer stays until the next increment, even where it was removed, as in CometBFT.
    data_ = std::make_shared<const data_t>(
        data_t{std::move(members), data_ ? data_->proposer : std::nullopt, *facts});
    return {};
}

}  // namespace tetrad::chain
