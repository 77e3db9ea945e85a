// SPDX-License-Identifier: Apache-2.0
#include "chain/validator_set.hpp"

#include <algorithm>
#include <numeric>

#include "base/crypto/merkle.hpp"
#include "base/text.hpp"
#include "chain/priority.hpp"

namespace tetrad::chain {

namespace {

std::unexpected<error> invalid(std::string text) { return fail(errc::invalid, std::move(text)); }

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
        return fail(errc::invalid, "proposer failed validate basic, error: " + good.error().text);
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
    const auto& charged = *std::max_element(
        members.begin(), members.end(), [](const validator& a, const validator& b) {
            return a.priority != b.priority ? a.priority > b.priority : a.address < b.address;
        });
    const validator proposer = charged;
    std::sort(members.begin(), members.end(), stands_before);
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

bool stands_before(const validator& a, const validator& b) {
    return a.power != b.power ? a.power > b.power : a.address < b.address;
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
        if (!priority::goes_before(*best, m))
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

}  // namespace tetrad::chain
