// SPDX-License-Identifier: Apache-2.0
#include "chain/validate_block.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "chain/text.hpp"

namespace tetrad::chain {

namespace {

std::unexpected<error> invalid(std::string text) { return fail(errc::invalid, std::move(text)); }

std::string text_of(const consensus_version& v) { return format("{{{} {}}}", v.block, v.app); }

// What the header says of the chain, against the state, in CometBFT's order.
result<void> check_header(const state& s, const header& h) {
    if (h.version != s.version.consensus)
        return invalid(format("wrong Block.Header.Version. Expected {}, got {}",
                              text_of(s.version.consensus), text_of(h.version)));
    if (h.chain_id != s.chain_id)
        return invalid(
            format("wrong Block.Header.ChainID. Expected {}, got {}", s.chain_id, h.chain_id));
    if (s.last_block_height.v == 0 && h.height != s.initial_height)
        return invalid(format("wrong Block.Header.Height. Expected {} for initial block, got {}",
                              h.height.v, s.initial_height.v));  // in this order there too
    if (s.last_block_height.v > 0 && h.height != s.last_block_height + 1)
        return invalid(format("wrong Block.Header.Height. Expected {}, got {}",
                              s.last_block_height.v + 1, h.height.v));
    if (h.last_block != s.last_block)
        return invalid(format("wrong Block.Header.LastBlockID.  Expected {}, got {}",
                              to_string(s.last_block), to_string(h.last_block)));

    auto check = [](std::string_view name, byte_view expected, byte_view got) -> result<void> {
        if (!equal(expected, got))
            return invalid(format("wrong Block.Header.{}.  Expected {}, got {}", name,
                                  to_hex_upper(expected), to_hex_upper(got)));
        return {};
    };
    TRY_VOID(check("AppHash", s.app_hash, h.app_hash));
    TRY_VOID(check("ConsensusHash", s.params.hash(), h.consensus_hash));
    TRY_VOID(check("LastResultsHash", s.last_results_hash, h.last_results_hash));
    TRY_VOID(check("ValidatorsHash", s.validators.hash(), h.validators_hash));
    return check("NextValidatorsHash", s.next_validators.hash(), h.next_validators_hash);
}

result<void> check_last_commit(const state& s, const block& b, const block_validation& how,
                               const verifier& verify) {
    if (b.header.height == s.initial_height) {
        if (!b.last_commit->signatures.empty())
            return invalid("initial block can't have LastCommit signatures");
        return {};
    }
    if (how.skip_last_commit)
        return {};
    return verify_commit(s.chain_id, s.last_validators, s.last_block, b.header.height - 1,
                         *b.last_commit, verify);
}

result<void> check_proposer(const state& s, const header& h) {
    if (h.proposer.size() != address_size)
        return invalid(
            format("expected ProposerAddress size {}, got {}", address_size, h.proposer.size()));
    if (!s.validators.has(h.proposer))
        return invalid(
            format("block.Header.ProposerAddress {} is not a validator", to_hex_upper(h.proposer)));
    return {};
}

result<void> check_time(const state& s, const block& b, const block_validation& how) {
    const auto& h = b.header;
    if (how.now && how.time_tolerance > duration::zero() && h.time >= *how.now + how.time_tolerance)
        return invalid(
            format("block time {} is too far in the future (wall clock {} + tolerance {})",
                   time_text(h.time), time_text(*how.now), to_go_duration(how.time_tolerance)));
    if (h.height < s.initial_height)
        return invalid(
            format("block height {} lower than initial height {}", h.height.v, s.initial_height.v));
    if (h.height == s.initial_height) {
        if (h.time != s.last_block_time)
            return invalid(format("block time {} is not equal to genesis time {}",
                                  time_text(h.time), time_text(s.last_block_time)));
        return {};
    }
    if (h.time <= s.last_block_time)
        return invalid(format("block time {} not greater than last block time {}",
                              time_text(h.time), time_text(s.last_block_time)));
    auto median = median_time(*b.last_commit, s.last_validators);
    if (!median)
        return pass(median, "error validating block while calculating median time");
    if (h.time != *median)
        return invalid(format("invalid block time. Expected {}, got {}", time_text(*median),
                              time_text(h.time)));
    return {};
}

}  // namespace

result<void> validate_block(const state& s, const block& b, const block_validation& how,
                            const verifier& verify) {
    if (!how.shape_checked)
        TRY_VOID(check_shape(b));
    CHECK(b.last_commit.has_value());
    TRY_VOID(check_header(s, b.header));
    TRY_VOID(check_last_commit(s, b, how, verify));
    TRY_VOID(check_proposer(s, b.header));
    TRY_VOID(check_time(s, b, how));
    const auto evidence_bytes = static_cast<std::int64_t>(wire::encoded_size(b.evidence));
    if (evidence_bytes > s.params.evidence.max_bytes)
        return invalid(format("Too much evidence: Max {}, got {}", s.params.evidence.max_bytes,
                              evidence_bytes));
    return {};
}

timestamp weighted_median(std::vector<weighted_time> times, std::int64_t total) {
    std::sort(times.begin(), times.end(),
              [](const weighted_time& a, const weighted_time& b) { return a.time < b.time; });
    std::int64_t left = total / 2;
    for (const auto& t : times) {
        if (left <= t.weight)
            return t.time;
        left -= t.weight;
    }
    return {};
}

result<timestamp> median_time(const commit& c, const validator_set& set) {
    std::vector<weighted_time> times;
    times.reserve(c.signatures.size());
    std::int64_t total = 0;
    for (const auto& s : c.signatures) {
        if (s.is_absent())
            continue;
        const auto* who = set.find(s.validator);
        if (!who)
            return invalid(format("commit validator not found in validator set: {}",
                                  to_hex_upper(s.validator)));
        total += who->power.v;
        times.push_back({s.time, who->power.v});
    }
    return weighted_median(std::move(times), total);
}

}  // namespace tetrad::chain
