// SPDX-License-Identifier: Apache-2.0
// What keeps a validator from signing twice: the record of the last signature (priv_validator_state.json), and the rule that nothing
// at or below it is signed again, but for the very same thing. Pure: who saves the record, and when, is the signer's business
// (privval/file.hpp): before the signature leaves.
//
// The same thing may come again after a crash, with another time: then the old time and signature are given out, because it was signed
// already. Vote extensions are not covered: they are signed afresh each time.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "base/wire/schema.hpp"
#include "chain/ids.hpp"
#include "chain/proposal.hpp"
#include "chain/vote.hpp"

namespace tetrad::consensus::privval {

/// In the order in which a round signs them; the numbers are those of the file.
enum class sign_step : std::int8_t { none = 0, proposal = 1, prevote = 2, precommit = 3 };

/// What a key signed last; all zero: nothing yet. In the form of priv_validator_state.json.
struct sign_record {
    std::int64_t height = 0;
    std::int32_t round = 0;
    std::int8_t step = 0;
    bytes signature;
    bytes sign_bytes;

    static constexpr auto schema = wire::fields(
        wire::json_field("height", &sign_record::height),
        wire::json_field("round", &sign_record::round),
        wire::json_field("step", &sign_record::step),
        wire::json_field("signature", &sign_record::signature, wire::omit_empty),
        wire::json_field("signbytes", &sign_record::sign_bytes, wire::omit_empty | wire::hex));
    bool operator==(const sign_record&) const = default;
};

/// Something signed before: its time and signature are the ones to give out.
struct signed_before {
    timestamp time;
    chain::signature sig;
    bool operator==(const signed_before&) const = default;
};

/// Nothing: it may be signed, once next_record is durable. Fails where it may not: a regression, or another thing was signed there.
result<std::optional<signed_before>> check(const sign_record& last, const chain::vote&,
                                           std::string_view chain_id);
result<std::optional<signed_before>> check(const sign_record& last, const chain::proposal&,
                                           std::string_view chain_id);

/// The record with this signature, to be durable before it leaves.
sign_record next_record(const chain::vote&, std::string_view chain_id, const chain::signature&);
sign_record next_record(const chain::proposal&, std::string_view chain_id, const chain::signature&);

}  // namespace tetrad::consensus::privval
