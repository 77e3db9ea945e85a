// SPDX-License-Identifier: Apache-2.0
#include "chain/params.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace tetrad::chain {

namespace {

std::unexpected<error> invalid(std::string text) { return fail(errc::invalid, std::move(text)); }

// tendermint.types.HashedParams.
struct hashed_params {
    std::int64_t block_bytes_max = 0;
    std::int64_t block_gas_max = 0;
    static constexpr auto schema = fields(field<1>("", &hashed_params::block_bytes_max),
                                          field<2>("", &hashed_params::block_gas_max));
};

result<void> check_block(const block_params& b) {
    if (b.max_bytes == 0)
        return invalid("block.MaxBytes cannot be 0");
    if (b.max_bytes < -1)
        return invalid(format("block.MaxBytes must be -1 or greater than 0. Got {}", b.max_bytes));
    if (b.max_bytes > static_cast<std::int64_t>(block_bytes_max))
        return invalid(format("block.MaxBytes is too big. {} > {}", b.max_bytes, block_bytes_max));
    if (b.max_gas < -1)
        return invalid(format("block.MaxGas must be greater or equal to -1. Got {}", b.max_gas));
    return {};
}

result<void> check_evidence(const evidence_params& e, const block_params& b) {
    if (e.max_age_blocks <= 0)
        return invalid(
            format("evidence.MaxAgeNumBlocks must be greater than 0. Got {}", e.max_age_blocks));
    if (e.max_age <= duration::zero())
        return invalid(format("evidence.MaxAgeDuration must be grater than 0 if provided, Got {}",
                              to_go_duration(e.max_age)));
    if (e.max_bytes > b.bytes_max())
        return invalid(format("evidence.MaxBytesEvidence is greater than upper bound, {} > {}",
                              e.max_bytes, b.max_bytes));
    if (e.max_bytes < 0)
        return invalid(format("evidence.MaxBytes must be non negative. Got: {}", e.max_bytes));
    return {};
}

}  // namespace

bool validator_params::allows(std::string_view key_type) const {
    return std::find(key_types.begin(), key_types.end(), key_type) != key_types.end();
}

consensus_params consensus_params::defaults() {
    consensus_params p;
    p.block = {22020096, -1};
    p.evidence = {100000, 48h, 1048576};
    p.validator.key_types = {"ed25519"};
    return p;
}

hash256 consensus_params::hash() const {
    return crypto::sha256(wire::encode(hashed_params{block.max_bytes, block.max_gas}));
}

result<void> check_shape(const consensus_params& p) {
    TRY_VOID(check_block(p.block));
    TRY_VOID(check_evidence(p.evidence, p.block));
    if (p.abci.vote_extensions_enable_height.v < 0)
        return invalid(format("ABCI.VoteExtensionsEnableHeight cannot be negative. Got: {}",
                              p.abci.vote_extensions_enable_height.v));
    if (p.validator.key_types.empty())
        return invalid("len(Validator.PubKeyTypes) must be greater than 0");
    for (std::size_t i = 0; i < p.validator.key_types.size(); ++i)
        if (const auto& t = p.validator.key_types[i]; t != "ed25519" && t != "secp256k1")
            return invalid(
                format("params.Validator.PubKeyTypes[{}], {}, is an unknown pubkey type", i, t));
    return {};
}

consensus_params updated(consensus_params p, const consensus_params_update& u) {
    if (u.block)
        p.block = {u.block->max_bytes, u.block->max_gas};
    if (u.evidence)
        p.evidence = {u.evidence->max_age_blocks, u.evidence->max_age, u.evidence->max_bytes};
    if (u.validator)
        p.validator.key_types = u.validator->key_types;
    if (u.version)
        p.version.app = u.version->app;
    if (u.abci)
        p.abci.vote_extensions_enable_height = u.abci->vote_extensions_enable_height;
    return p;
}

result<void> check_update(const consensus_params& current, const consensus_params_update& u,
                          height_t h) {
    if (!u.abci)
        return {};
    const auto from = current.abci.vote_extensions_enable_height;
    const auto to = u.abci->vote_extensions_enable_height;
    if (to.v < 0)
        return invalid("VoteExtensionsEnableHeight must be positive");
    if (from == to || (from.v <= 0 && to.v == 0))
        return {};
    if (to.v == 0) {  // a pending height may be withdrawn
        if (from <= h)
            return invalid(
                format("vote extensions cannot be disabled once enabledold enable "
                       "height: {}, current height {}",
                       from.v, h.v));
        return {};
    }
    if (to <= h)
        return invalid(
            format("vote extensions cannot be updated to a past or current height, "
                   "enable height: {}, current height {}",
                   to.v, h.v));
    if (from.v > 0 && from <= h)
        return invalid(
            format("vote extensions cannot be modified once enabledenable height: {}, "
                   "current height {}",
                   from.v, h.v));
    return {};
}

}  // namespace tetrad::chain
