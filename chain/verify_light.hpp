// SPDX-License-Identifier: Apache-2.0
// From a header that is trusted to a later one that is not (light/verifier.go): the next one must have the validators that the
// trusted one names; a later one must be signed by enough of the validators that we trust, and by its own. Pure: time comes in.
#pragma once

#include "base/result.hpp"
#include "base/time.hpp"
#include "chain/header.hpp"
#include "chain/light_block.hpp"
#include "chain/validator_set.hpp"
#include "chain/verify_commit.hpp"

namespace tetrad::chain {

struct light_options {
    duration trusting_period{};
    timestamp now;
    duration clock_drift_max = 10s;
    fraction trust_level;  // skipping only
};

/// Not an error: too little trusted power signed the new header, so one in between has to be verified first.
enum class light_verdict : std::uint8_t { verified, not_yet_trusted };

/// Height + 1. `trusted` is well-formed; `untrusted` is whatever a peer sent.
result<void> verify_adjacent(const signed_header& trusted, const signed_header& untrusted,
                             const validator_set& untrusted_validators, const light_options&,
                             const verifier& = first_invalid);

/// Any later height but the next. `trusted_validators` are those of the trusted height or of the one after it.
result<light_verdict> verify_skipping(const signed_header& trusted,
                                      const validator_set& trusted_validators,
                                      const signed_header& untrusted,
                                      const validator_set& untrusted_validators,
                                      const light_options&, const verifier& = first_invalid);

/// Whichever of the two applies.
result<light_verdict> verify_light(const signed_header& trusted,
                                   const validator_set& trusted_validators,
                                   const signed_header& untrusted,
                                   const validator_set& untrusted_validators, const light_options&,
                                   const verifier& = first_invalid);

/// The header before a trusted one, by hash.
result<void> verify_backwards(const header& untrusted, const header& trusted);

/// Within [1/3, 1].
result<void> check_trust_level(fraction);

bool is_expired(const header&, duration trusting_period, timestamp now);

}  // namespace tetrad::chain
