// SPDX-License-Identifier: Apache-2.0
#include "chain/verify_commit.hpp"

#include <algorithm>

#include "base/crypto/ed25519.hpp"
#include "base/text.hpp"
#include "chain/sign_bytes.hpp"

namespace tetrad::chain {

namespace {

std::unexpected<error> invalid(std::string text) { return fail(errc::invalid, std::move(text)); }

template <class Commit>
result<void> check_basics(const validator_set& set, const Commit& c, height_t height,
                          const block_id& id) {
    if (set.size() != c.signatures.size())
        return invalid(
            format("Invalid commit -- wrong set size: {} vs {}", set.size(), c.signatures.size()));
    if (height != c.height)
        return invalid(format("Invalid commit -- wrong height: {} vs {}", height.v, c.height.v));
    if (id != c.block)
        return invalid(format("invalid commit -- wrong block ID: want {}, got {}", to_string(id),
                              to_string(c.block)));
    return {};
}

power_t two_thirds(const validator_set& set) { return power_t(set.total_power().v * 2 / 3); }

}  // namespace

std::optional<std::size_t> first_invalid(std::span<const signed_item> items) {
    const bool all_ed25519 = std::all_of(items.begin(), items.end(),
                                         [](const signed_item& i) { return i.key->is_ed25519(); });
    if (!all_ed25519) {
        const auto bad = std::find_if(items.begin(), items.end(), [](const signed_item& i) {
            return !i.key->verify(i.message, i.signature);
        });
        return bad == items.end() ? std::nullopt : std::optional<std::size_t>(bad - items.begin());
    }
    std::vector<crypto::ed25519::item> batch;
    batch.reserve(items.size());
    for (const auto& i : items)
        batch.push_back({i.key->raw(), i.message, i.signature});
    return crypto::ed25519::verify_batch(batch);
}

// Makes the items of one commit, with or without extensions. The sign bytes of all entries lie in one buffer whose room is
// set aside first, since the items point into it.
class commit_collector {
public:
    template <class Commit>
    commit_collector(std::string_view chain_id, const validator_set& set, const Commit& c,
                     power_t needed)
        : for_block_(chain_id, vote_type::precommit, c.height, c.round, c.block),
          for_nil_(chain_id, vote_type::precommit, c.height, c.round, block_id{}) {
        check_.validators_ = set;
        check_.needed_ = needed;
        const auto entries = c.signatures.size();
        check_.messages_.reserve(entries * std::max(for_block_.size_max(), for_nil_.size_max()));
        check_.items_.reserve(entries);
        check_.entries_.reserve(entries);
    }

    bool has_enough() const { return check_.has_enough_power(); }
    commit_check take() { return std::move(check_); }

    /// `member` is of the set that the check keeps.
    template <class Entry>
    result<void> add(std::size_t index, const Entry& e, const validator& member, bool counts) {
        if (e.flag != block_id_flag::commit && e.flag != block_id_flag::nil)
            return invalid(format("unknown BlockIDFlag: {}", static_cast<std::int32_t>(e.flag)));
        const auto& form = e.flag == block_id_flag::commit ? for_block_ : for_nil_;
        const auto begin = check_.messages_.size();
        const auto size = form.append_to(check_.messages_, e.time);
        push(index, member, begin, size, e.sig);
        if (counts)
            check_.tallied_.v += member.power.v;
        return {};
    }

    /// The entry whose address has to be that of the member in its place.
    template <class Entry>
    result<void> add_at(std::size_t index, const Entry& e, bool counts) {
        const auto& member = check_.validators_.at(index);
        if (member.address != e.validator)
            return invalid(format("validator address mismatch at index {}: expected {}, got {}",
                                  index, to_hex_upper(member.address), to_hex_upper(e.validator)));
        return add(index, e, member, counts);
    }

    /// The extensions' signatures, after all others: their messages are large, so each is appended to a buffer made for all.
    void add_extensions(const extended_commit& c, std::string_view chain_id) {
        check_.extensions_from_ = check_.items_.size();
        std::vector<std::pair<std::size_t, bytes>> messages;
        std::size_t room = check_.messages_.size();
        for (std::size_t i = 0; i < c.signatures.size(); ++i) {
            if (c.signatures[i].flag != block_id_flag::commit)
                continue;
            messages.emplace_back(i, extension_sign_bytes(c.vote_at(i), chain_id));
            room += messages.back().second.size();
        }
        move_messages_to_room_for(room);
        for (const auto& [i, message] : messages) {
            const auto begin = check_.messages_.size();
            append(check_.messages_, message);
            push(i, check_.validators_.at(i), begin, message.size(), c.signatures[i].extension_sig);
        }
    }

private:
    void push(std::size_t index, const validator& member, std::size_t begin, std::size_t size,
              byte_view sig) {
        check_.items_.push_back(
            {&member.key, byte_view(check_.messages_).subspan(begin, size), sig});
        check_.entries_.push_back(static_cast<std::uint32_t>(index));
    }

    void move_messages_to_room_for(std::size_t room) {
        bytes larger;
        larger.reserve(room);
        append(larger, check_.messages_);
        for (auto& item : check_.items_) {
            const auto begin =
                static_cast<std::size_t>(item.message.data() - check_.messages_.data());
            item.message = byte_view(larger).subspan(begin, item.message.size());
        }
        check_.messages_ = std::move(larger);
    }

    vote_sign_bytes for_block_;
    vote_sign_bytes for_nil_;
    commit_check check_;
};

result<void> commit_check::conclude(std::optional<std::size_t> first_invalid_item) const {
    if (!has_enough_power())
        return invalid(
            format("invalid commit -- insufficient voting power: got {}, needed more than {}",
                   tallied_.v, needed_.v));
    if (!first_invalid_item)
        return {};
    CHECK(*first_invalid_item < items_.size());
    const auto entry = entries_[*first_invalid_item];
    if (*first_invalid_item >= extensions_from_)
        return invalid(
            format("invalid vote extension signature (val #{}): invalid signature", entry));
    return invalid(format("wrong signature (#{}): {}", entry,
                          to_hex_upper(items_[*first_invalid_item].signature)));
}

namespace {

// Verifies what a check holds; not its signatures where the power does not suffice.
result<void> finish(result<commit_check> check, const verifier& verify) {
    if (!check)
        return pass(check);
    return check->conclude(check->has_enough_power() ? verify(check->items()) : std::nullopt);
}

}  // namespace

// ---- full ----

result<commit_check> prepare_commit(std::string_view chain_id, const validator_set& set,
                                    const block_id& id, height_t height, const commit& c) {
    TRY_VOID(check_basics(set, c, height, id));
    commit_collector collector(chain_id, set, c, two_thirds(set));
    for (std::size_t i = 0; i < c.signatures.size(); ++i)
        if (const auto& s = c.signatures[i]; !s.is_absent())
            TRY_VOID(collector.add_at(i, s, s.flag == block_id_flag::commit));
    return collector.take();
}

result<void> verify_commit(std::string_view chain_id, const validator_set& set, const block_id& id,
                           height_t height, const commit& c, const verifier& verify) {
    return finish(prepare_commit(chain_id, set, id, height, c), verify);
}

result<commit_check> prepare_extended_commit(std::string_view chain_id, const validator_set& set,
                                             const block_id& id, height_t height,
                                             const extended_commit& c) {
    TRY_VOID(ensure_extensions(c, /*enabled=*/true));
    TRY_VOID(check_basics(set, c, height, id));
    commit_collector collector(chain_id, set, c, two_thirds(set));
    for (std::size_t i = 0; i < c.signatures.size(); ++i)
        if (const auto& s = c.signatures[i]; !s.is_absent())
            TRY_VOID(collector.add_at(i, s, s.flag == block_id_flag::commit));
    collector.add_extensions(c, chain_id);
    return collector.take();
}

result<void> verify_extended_commit(std::string_view chain_id, const validator_set& set,
                                    const block_id& id, height_t height, const extended_commit& c,
                                    const verifier& verify) {
    return finish(prepare_extended_commit(chain_id, set, id, height, c), verify);
}

// ---- light ----

result<commit_check> prepare_commit_light(std::string_view chain_id, const validator_set& set,
                                          const block_id& id, height_t height, const commit& c,
                                          extent how_far) {
    TRY_VOID(check_basics(set, c, height, id));
    commit_collector collector(chain_id, set, c, two_thirds(set));
    for (std::size_t i = 0; i < c.signatures.size(); ++i) {
        if (c.signatures[i].flag != block_id_flag::commit)
            continue;
        TRY_VOID(collector.add_at(i, c.signatures[i], /*counts=*/true));
        if (how_far == extent::until_enough && collector.has_enough())
            break;
    }
    return collector.take();
}

result<void> verify_commit_light(std::string_view chain_id, const validator_set& set,
                                 const block_id& id, height_t height, const commit& c,
                                 extent how_far, const verifier& verify) {
    return finish(prepare_commit_light(chain_id, set, id, height, c, how_far), verify);
}

result<commit_check> prepare_commit_trusting(std::string_view chain_id, const validator_set& set,
                                             const commit& c, fraction level, extent how_far) {
    if (level.denominator == 0)
        return invalid("trustLevel has zero Denominator");
    std::int64_t scaled = 0;
    if (__builtin_mul_overflow(set.total_power().v, static_cast<std::int64_t>(level.numerator),
                               &scaled))
        return invalid(
            "int64 overflow while calculating voting power needed. please provide smaller "
            "trustLevel numerator");
    const power_t needed(scaled / static_cast<std::int64_t>(level.denominator));

    commit_collector collector(chain_id, set, c, needed);
    constexpr std::size_t nobody = SIZE_MAX;
    std::vector<std::size_t> seen(set.size(), nobody);
    for (std::size_t i = 0; i < c.signatures.size(); ++i) {
        const auto& s = c.signatures[i];
        if (s.flag != block_id_flag::commit)
            continue;
        const auto who = set.index_of(s.validator);
        if (!who)
            continue;  // not one that we trust
        if (seen[*who] != nobody)
            return invalid(
                format("double vote from {} ({} and {})", to_string(set.at(*who)), seen[*who], i));
        seen[*who] = i;
        TRY_VOID(collector.add(i, s, set.at(*who), /*counts=*/true));
        if (how_far == extent::until_enough && collector.has_enough())
            break;
    }
    return collector.take();
}

result<void> verify_commit_trusting(std::string_view chain_id, const validator_set& set,
                                    const commit& c, fraction level, extent how_far,
                                    const verifier& verify) {
    return finish(prepare_commit_trusting(chain_id, set, c, level, how_far), verify);
}

}  // namespace tetrad::chain
