// SPDX-License-Identifier: Apache-2.0
#include "chain/update_state.hpp"

#include "base/crypto/merkle.hpp"
#include "base/text.hpp"

namespace tetrad::chain {

namespace {

std::unexpected<error> invalid(std::string text) { return fail(errc::invalid, std::move(text)); }

std::string text_of(const validator_update& u) {
    return format("{{{} {}}}", to_string(u.key), u.power.v);
}

// The parameters after the block, and what follows from them.
result<void> update_params(state& next, const state& before, const consensus_params_update& update,
                           height_t height) {
    next.params = updated(before.params, update);
    if (auto good = check_shape(next.params); !good)
        return pass(good, "validating new consensus params");
    if (auto good = check_update(before.params, update, height); !good)
        return pass(good, "updating consensus params");
    next.version.consensus.app = next.params.version.app;
    next.last_height_params_changed = height + 1;
    return {};
}

}  // namespace

result<void> check_updates(std::span<const validator_update> updates,
                           const validator_params& params) {
    for (const auto& u : updates) {
        if (u.power.v < 0)
            return invalid("voting power can't be negative " + text_of(u));
        if (u.power.v == 0)
            continue;  // a removal may be of any kind
        if (!u.key.has_key())
            return invalid("fromproto: key type <nil> is not supported");
        if (!params.allows(u.key.type_name()))
            return invalid(
                format("validator {} is using pubkey {}, which is unsupported for consensus",
                       text_of(u), u.key.type_name()));
    }
    return {};
}

result<std::vector<validator>> members_of(std::span<const validator_update> updates) {
    std::vector<validator> out;
    out.reserve(updates.size());
    for (const auto& u : updates) {
        if (!u.key.has_key())
            return invalid("fromproto: key type <nil> is not supported");
        out.push_back(validator::of(u.key, u.power));
    }
    return out;
}

result<state> update_state(const state& s, const block_id& id, const header& h,
                           const finalize_outcome& outcome) {
    if (auto good = check_updates(outcome.validator_updates, s.params.validator); !good)
        return pass(good, "error in validator updates");
    TRY(const auto changes, members_of(outcome.validator_updates));

    state next = s;
    next.last_validators = s.validators;
    next.validators = s.next_validators;
    if (!changes.empty()) {
        if (auto good = next.next_validators.update(changes); !good)
            return pass(good, "commit failed for application: changing validator set");
        next.last_height_validators_changed = h.height + 2;
    }
    next.next_validators.increment(1);
    if (outcome.params_update)
        if (auto good = update_params(next, s, *outcome.params_update, h.height); !good)
            return pass(good, "commit failed for application");

    next.last_block_height = h.height;
    next.last_block = id;
    next.last_block_time = h.time;
    next.last_results_hash = outcome.results_hash;
    next.app_hash = outcome.app_hash;
    return next;
}

result<state> after_init_chain(state s, const init_chain_outcome& outcome) {
    if (!outcome.app_hash.empty())
        s.app_hash = outcome.app_hash;
    if (!outcome.validators.empty()) {
        TRY(const auto members, members_of(outcome.validators));
        auto set = validator_set::make(members);
        if (!set)
            return pass(set, "Cannot create validator set");
        s.validators = *set;
        s.next_validators = set->incremented(1);
    } else if (s.validators.empty()) {
        return invalid("validator set is nil in genesis and still empty after InitChain");
    }
    if (outcome.params_update) {
        s.params = updated(s.params, *outcome.params_update);
        s.version.consensus.app = s.params.version.app;
    }
    s.last_results_hash = crypto::merkle_builder().root();
    return s;
}

}  // namespace tetrad::chain
