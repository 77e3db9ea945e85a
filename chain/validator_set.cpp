// SPDX-License-Identifier: Apache-2.0
#include "chain/validator_set.hpp"

#include <algorithm>
#include <limits>
#include <numeric>

#include "base/crypto/merkle.hpp"
#include "base/text.hpp"

namespace tetrad::chain {

namespace {

std::unexpected<error> invalid(std::string text) { return fail(errc::invalid, std::move(text)); }

bool by_address(const validator& a, const validator& b) { return a.address < b.address; }

bool by_power(const validator& a, const validator& b) {
    return a.power != b.power ? a.power > b.power : a.address < b.address;
}

// Does a propose before b? Of two that are equal in all, the first.
bool goes_before(const validator& a, const validator& b) {
    return a.priority != b.priority ? a.priority > b.priority : a.address <= b.address;
}

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

result<void> check_proposer(const std::optional<validator>& proposer) {
    if (!proposer)
        return invalid("fromProto: validatorSet proposer error: nil validator");
    if (!proposer->key.has_key())
        return invalid(
            "fromProto: validatorSet proposer error: fromproto: key type <nil> is not supported");
    return {};
}

}  // namespace

// ---- construction ----

result<std::shared_ptr<const validator_set::facts_t>> validator_set::facts_of(
    std::span<const validator> members) {
    auto facts = std::make_shared<facts_t>();
    for (const auto& m : members) {
        facts->total.v = priority::add_clipped(facts->total.v, m.power.v);
        if (facts->total.v > total_power_max)
            return invalid(format("total voting power {} exceeds maximum {}", facts->total.v,
                                  total_power_max));
        facts->one_key_type =
            facts->one_key_type && m.key.key.index() == members.front().key.key.index();
    }
    facts->by_address.resize(members.size());
    std::iota(facts->by_address.begin(), facts->by_address.end(), 0u);
    std::sort(facts->by_address.begin(), facts->by_address.end(),
              [&](std::uint32_t a, std::uint32_t b) {
                  const int c = compare(members[a].address, members[b].address);
                  return c != 0 ? c < 0 : a < b;
              });
    bytes leaf;
    facts->root = crypto::merkle_root(members.size(), [&](std::size_t i) -> byte_view {
        leaf = members[i].leaf();
        return leaf;
    });
    return facts;
}

result<validator_set> validator_set::make(std::span<const validator> members) {
    validator_set out;
    TRY_VOID(out.change(members, /*may_remove=*/false));
    if (!out.empty())
        out.increment(1);
    return out;
}

result<validator_set> validator_set::from(const validator_set_record& r) {
    for (const auto& m : r.validators)
        if (!m.key.has_key())
            return invalid("fromproto: key type <nil> is not supported");
    TRY_VOID(check_proposer(r.proposer));
    auto facts = facts_of(r.validators);
    if (!facts)
        return pass(facts);

    if (r.validators.empty())
        return invalid("validator set is nil or empty");
    for (std::size_t i = 0; i < r.validators.size(); ++i)
        if (auto good = check_shape(r.validators[i]); !good)
            return pass(good, format("invalid validator #{}", i));
    if (auto good = check_shape(*r.proposer); !good)
        return fail(errc::invalid,
                    "proposer failed validate basic, error: " + good.error().text);
    const bool is_member =
        std::any_of(r.validators.begin(), r.validators.end(),
                    [&](const validator& m) { return m.address == r.proposer->address; });
    if (!is_member)
        return invalid("proposer not in validator set");

    validator_set out;
    out.data_ = std::make_shared<const data_t>(data_t{r.validators, r.proposer, *facts});
    return out;
}

result<validator_set> validator_set::from_or_empty(const validator_set_record& r) {
    if (r.validators.empty() && !r.proposer)
        return validator_set();
    return from(r);
}

result<validator_set> validator_set::from_existing(std::vector<validator> members) {
    if (members.empty())
        return invalid("validator set is empty");
    for (const auto& m : members)
        if (auto good = check_shape(m); !good)
            return pass(good, "can't create validator set");
    // The one that was charged last has the lowest priority; of two, the greater address.
    const auto& charged =
        *std::max_element(members.begin(), members.end(), [](const validator& a, const validator& b) {
            return a.priority != b.priority ? a.priority > b.priority : a.address < b.address;
        });
    const validator proposer = charged;
    std::sort(members.begin(), members.end(), by_power);
    auto facts = facts_of(members);
    if (!facts)
        return pass(facts);
    validator_set out;
    out.data_ = std::make_shared<const data_t>(data_t{std::move(members), proposer, *facts});
    return out;
}

validator_set_record validator_set::record() const {
    if (!data_)
        return {};
    return {data_->members, proposer()};
}

// ---- reading ----

std::optional<std::size_t> validator_set::index_of(byte_view who) const {
    if (!data_)
        return std::nullopt;
    const auto& order = data_->facts->by_address;
    const auto at = std::lower_bound(
        order.begin(), order.end(), who,
        [&](std::uint32_t i, byte_view a) { return compare(data_->members[i].address, a) < 0; });
    if (at == order.end() || !equal(data_->members[*at].address, who))
        return std::nullopt;
    return *at;
}

const validator* validator_set::find(byte_view who) const {
    const auto i = index_of(who);
    return i ? &data_->members[*i] : nullptr;
}

hash256 validator_set::hash() const {
    return data_ ? data_->facts->root : crypto::merkle_builder().root();
}

const validator& validator_set::proposer() const {
    CHECK(!empty());
    if (data_->proposer)
        return *data_->proposer;
    const validator* best = &data_->members.front();
    for (const auto& m : data_->members)
        if (!goes_before(*best, m))
            best = &m;
    return *best;
}

bool validator_set::operator==(const validator_set& o) const {
    if (data_ == o.data_)
        return true;
    if (!data_ || !o.data_)
        return empty() && o.empty();
    return data_->members == o.data_->members && data_->proposer == o.data_->proposer;
}

std::vector<validator_update> updates_of(const validator_set& set) {
    std::vector<validator_update> out;
    out.reserve(set.size());
    for (const auto& m : set)
        out.push_back({m.key, m.power});
    return out;
}

// ---- turns ----

void validator_set::increment(std::int32_t times) {
    CHECK(!empty());
    CHECK(times > 0);
    auto next = std::make_shared<data_t>(data_t{data_->members, std::nullopt, data_->facts});
    const auto total = next->facts->total.v;
    priority::rescale(next->members, 2 * total);
    priority::centre(next->members);
    std::size_t winner = 0;
    for (std::int32_t i = 0; i < times; ++i)
        winner = priority::advance(next->members, total);
    next->proposer = next->members[winner];
    data_ = std::move(next);
}

validator_set validator_set::incremented(std::int32_t times) const {
    validator_set out = *this;
    out.increment(times);
    return out;
}

// ---- changes ----

result<void> validator_set::update(std::span<const validator> changes) {
    return change(changes, /*may_remove=*/true);
}

// updateWithChangeSet: first everything that may fail, in its order; then the new set.
result<void> validator_set::change(std::span<const validator> changes, bool may_remove) {
    if (changes.empty())
        return {};
    TRY(change_set set, sorted_changes(changes));
    if (!may_remove && !set.removals.empty())
        return invalid(format("cannot process validators with voting power 0: {}",
                              list_text(set.removals)));
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
            return invalid(format("total voting power of resulting valset exceeds max {}",
                                  total_power_max));
    }
    const std::int64_t before_removals = running + removed;

    for (auto& u : set.updates) {
        const auto* existing = find(u.address);
        u.priority = existing ? existing->priority : -(before_removals + (before_removals >> 3));
    }
    std::vector<validator> members = merged(std::vector<validator>(begin(), end()), set);
    priority::rescale(members, 2 * running);
    priority::centre(members);
    std::sort(members.begin(), members.end(), by_power);
    auto facts = facts_of(members);
    CHECK(facts.has_value());  // its total was checked above
    CHECK((*facts)->total.v == running);
    // The proposer stays until the next increment, even where it was removed, as in CometBFT.
    data_ = std::make_shared<const data_t>(
        data_t{std::move(members), data_ ? data_->proposer : std::nullopt, *facts});
    return {};
}

// ---- arithmetic ----

namespace priority {

namespace {

// Go's integers wrap where C++'s are undefined.
std::int64_t wrapping_add(std::int64_t a, std::int64_t b) {
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}
std::int64_t wrapping_subtract(std::int64_t a, std::int64_t b) {
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b));
}
std::int64_t wrapping_divide(std::int64_t a, std::int64_t b) {
    return b == -1 ? wrapping_subtract(0, a) : a / b;
}

}  // namespace

std::int64_t add_clipped(std::int64_t a, std::int64_t b) {
    std::int64_t sum = 0;
    if (!__builtin_add_overflow(a, b, &sum))
        return sum;
    return b < 0 ? INT64_MIN : INT64_MAX;
}

std::int64_t subtract_clipped(std::int64_t a, std::int64_t b) {
    std::int64_t difference = 0;
    if (!__builtin_sub_overflow(a, b, &difference))
        return difference;
    return b > 0 ? INT64_MIN : INT64_MAX;
}

std::int64_t average(std::span<const validator> members) {
    CHECK(!members.empty());
    __extension__ using wide = __int128;
    wide sum = 0;
    for (const auto& m : members)
        sum += m.priority;
    const auto n = static_cast<wide>(members.size());
    wide quotient = sum / n;
    if (sum % n < 0)
        --quotient;
    return static_cast<std::int64_t>(quotient);
}

void rescale(std::span<validator> members, std::int64_t window) {
    CHECK(!members.empty());
    if (window <= 0)
        return;
    const auto [low, high] = std::minmax_element(
        members.begin(), members.end(),
        [](const validator& a, const validator& b) { return a.priority < b.priority; });
    std::int64_t spread = wrapping_subtract(high->priority, low->priority);
    if (spread < 0)
        spread = wrapping_subtract(0, spread);
    if (spread <= window)
        return;
    const std::int64_t ratio = wrapping_add(spread, window - 1) / window;
    if (ratio == 0)  // only where the sum wrapped, which priorities within their window cannot make it do
        return;
    for (auto& m : members)
        m.priority = wrapping_divide(m.priority, ratio);
}

void centre(std::span<validator> members) {
    const auto middle = average(members);
    for (auto& m : members)
        m.priority = subtract_clipped(m.priority, middle);
}

std::size_t advance(std::span<validator> members, std::int64_t total) {
    CHECK(!members.empty());
    std::size_t winner = 0;
    for (std::size_t i = 0; i < members.size(); ++i) {
        members[i].priority = add_clipped(members[i].priority, members[i].power.v);
        if (i != winner && !goes_before(members[winner], members[i]))
            winner = i;
    }
    members[winner].priority = subtract_clipped(members[winner].priority, total);
    return winner;
}

}  // namespace priority

}  // namespace tetrad::chain
