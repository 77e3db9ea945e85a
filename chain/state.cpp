// SPDX-License-Identifier: Apache-2.0
#include "chain/state.hpp"

#include "chain/validate_block.hpp"

namespace tetrad::chain {

state_record record_of(const state& s) {
    state_record r{s.version,
                   s.chain_id,
                   s.last_block_height,
                   s.last_block,
                   s.last_block_time,
                   s.next_validators.record(),
                   s.validators.record(),
                   std::nullopt,
                   s.last_height_validators_changed,
                   s.params,
                   s.last_height_params_changed,
                   s.last_results_hash,
                   s.app_hash,
                   s.initial_height};
    if (s.last_block_height.v >= 1)
        r.last_validators = s.last_validators.record();
    return r;
}

result<state> state_from(const state_record& r) {
    auto set_of = [](const std::optional<validator_set_record>& set) -> result<validator_set> {
        if (!set)
            return fail(errc::invalid, "nil validator set");
        return validator_set::from_or_empty(*set);
    };
    TRY_VOID(check_shape(r.last_block));
    TRY(auto next, set_of(r.next_validators));
    TRY(auto current, set_of(r.validators));
    validator_set last;
    if (r.last_block_height.v >= 1) {
        TRY(last, set_of(r.last_validators));
    }
    return state{r.version,
                 r.chain_id,
                 r.initial_height,
                 r.last_block_height,
                 r.last_block,
                 r.last_block_time,
                 std::move(next),
                 std::move(current),
                 std::move(last),
                 r.last_height_validators_changed,
                 r.params,
                 r.last_height_params_changed,
                 r.last_results_hash,
                 r.app_hash};
}

bytes encode_state(const state& s) { return wire::encode(record_of(s)); }

result<state> decode_state(byte_view encoded) {
    TRY(const auto r, wire::decode<state_record>(encoded));
    return state_from(r);
}

result<state> genesis_state(const genesis_doc& doc, std::string software) {
    CHECK(doc.params.has_value());
    TRY(auto validators, doc.initial_validators());
    state s;
    s.version = {{block_protocol, 0}, std::move(software)};
    s.chain_id = doc.chain_id;
    s.initial_height = doc.initial_height;
    s.last_block_time = doc.time;
    s.validators = validators;
    if (!validators.empty())
        validators.increment(1);
    s.next_validators = std::move(validators);
    s.last_height_validators_changed = doc.initial_height;
    s.params = *doc.params;
    s.last_height_params_changed = doc.initial_height;
    s.app_hash = doc.app_hash;
    return s;
}

result<block> make_block(const state& s, std::vector<tx> txs, commit last_commit,
                         evidence_list evidence, const address& proposer) {
    const auto height = s.next_height();
    timestamp time = s.last_block_time;  // at the initial height the genesis time
    if (height != s.initial_height) {
        auto median = median_time(last_commit, s.last_validators);
        if (!median)
            return pass(median, "error making block while calculating median time");
        time = *median;
    }
    block b = make_block(height, std::move(txs), std::move(last_commit), std::move(evidence));
    header& h = b.header;
    h.version = s.version.consensus;
    h.chain_id = s.chain_id;
    h.time = time;
    h.last_block = s.last_block;
    h.validators_hash = s.validators.hash();
    h.next_validators_hash = s.next_validators.hash();
    h.consensus_hash = s.params.hash();
    h.app_hash = s.app_hash;
    h.last_results_hash = s.last_results_hash;
    h.proposer = proposer;
    return b;
}

}  // namespace tetrad::chain
