// SPDX-License-Identifier: Apache-2.0
#include "chain/verify_light.hpp"

#include "base/text.hpp"
#include "chain/text.hpp"

namespace tetrad::chain {

namespace {

std::unexpected<error> invalid(std::string text) { return fail(errc::invalid, std::move(text)); }

result<void> check_not_expired(const header& trusted, const light_options& o) {
    if (is_expired(trusted, o.trusting_period, o.now))
        return invalid(format("old header has expired at {} (now: {})",
                              time_text(trusted.time + o.trusting_period), time_text(o.now)));
    return {};
}

// verifyNewHeaderAndVals.
result<void> check_new_header(const header& trusted, const signed_header& untrusted,
                              const validator_set& untrusted_validators, const light_options& o) {
    if (auto good = check_shape(untrusted, trusted.chain_id); !good)
        return pass(good, "untrustedHeader.ValidateBasic failed");
    const auto& next = *untrusted.header;
    if (next.height <= trusted.height)
        return invalid(
            format("expected new header height {} to be greater than one of old header {}",
                   next.height.v, trusted.height.v));
    if (next.time <= trusted.time)
        return invalid(format("expected new header time {} to be after old header time {}",
                              time_text(next.time), time_text(trusted.time)));
    if (next.time >= o.now + o.clock_drift_max)
        return invalid(
            format("new header has a time from the future {} (now: {}; max clock drift: {})",
                   time_text(next.time), time_text(o.now), to_go_duration(o.clock_drift_max)));
    if (const auto h = untrusted_validators.hash(); !equal(next.validators_hash, h))
        return invalid(
            format("expected new header validators ({}) to match those that were supplied ({}) at "
                   "height {}",
                   to_hex_upper(next.validators_hash), to_hex_upper(h), next.height.v));
    return {};
}

// The new header's own validators decided it.
result<void> check_own_commit(const header& trusted, const signed_header& untrusted,
                              const validator_set& untrusted_validators, const verifier& verify) {
    auto good = verify_commit_light(trusted.chain_id, untrusted_validators, untrusted.commit->block,
                                    untrusted.header->height, *untrusted.commit,
                                    extent::until_enough, verify);
    if (!good)
        return pass(good, "invalid header");
    return {};
}

}  // namespace

bool is_expired(const header& h, duration trusting_period, timestamp now) {
    return h.time + trusting_period <= now;
}

result<void> verify_adjacent(const signed_header& trusted, const signed_header& untrusted,
                             const validator_set& untrusted_validators, const light_options& o,
                             const verifier& verify) {
    CHECK(trusted.header.has_value());
    const auto& old = *trusted.header;
    if (!untrusted.header || untrusted.header->height != old.height + 1)
        return invalid("headers must be adjacent in height");
    TRY_VOID(check_not_expired(old, o));
    if (auto good = check_new_header(old, untrusted, untrusted_validators, o); !good)
        return pass(good, "invalid header");
    if (untrusted.header->validators_hash != old.next_validators_hash)
        return invalid(
            format("expected old header next validators ({}) to match those from new header ({})",
                   to_hex_upper(old.next_validators_hash),
                   to_hex_upper(untrusted.header->validators_hash)));
    return check_own_commit(old, untrusted, untrusted_validators, verify);
}

result<light_verdict> verify_skipping(const signed_header& trusted,
                                      const validator_set& trusted_validators,
                                      const signed_header& untrusted,
                                      const validator_set& untrusted_validators,
                                      const light_options& o, const verifier& verify) {
    CHECK(trusted.header.has_value());
    const auto& old = *trusted.header;
    if (untrusted.header && untrusted.header->height == old.height + 1)
        return invalid("headers must be non adjacent in height");
    TRY_VOID(check_not_expired(old, o));
    if (auto good = check_new_header(old, untrusted, untrusted_validators, o); !good)
        return pass(good, "invalid header");

    auto check =
        prepare_commit_trusting(old.chain_id, trusted_validators, *untrusted.commit, o.trust_level);
    if (!check)
        return pass(check);
    if (!check->has_enough_power())
        return light_verdict::not_yet_trusted;
    TRY_VOID(check->conclude(verify(check->items())));

    // Last, because an untrusted set may be made very large to make it expensive.
    TRY_VOID(check_own_commit(old, untrusted, untrusted_validators, verify));
    return light_verdict::verified;
}

result<light_verdict> verify_light(const signed_header& trusted,
                                   const validator_set& trusted_validators,
                                   const signed_header& untrusted,
                                   const validator_set& untrusted_validators,
                                   const light_options& o, const verifier& verify) {
    CHECK(trusted.header.has_value());
    if (!untrusted.header || untrusted.header->height != trusted.header->height + 1)
        return verify_skipping(trusted, trusted_validators, untrusted, untrusted_validators, o,
                               verify);
    TRY_VOID(verify_adjacent(trusted, untrusted, untrusted_validators, o, verify));
    return light_verdict::verified;
}

result<void> verify_backwards(const header& untrusted, const header& trusted) {
    if (auto good = check_shape(untrusted); !good)
        return pass(good, "invalid header");
    if (untrusted.chain_id != trusted.chain_id)
        return invalid("invalid header: header belongs to another chain");
    if (untrusted.time >= trusted.time)
        return invalid(
            format("invalid header: expected older header time {} to be before new header time {}",
                   time_text(untrusted.time), time_text(trusted.time)));
    if (const auto h = untrusted.hash(); h != trusted.last_block.hash)
        return invalid(format(
            "invalid header: older header hash {} does not match trusted header's last block {}",
            to_hex_upper(h), to_hex_upper(trusted.last_block.hash)));
    return {};
}

result<void> check_trust_level(fraction level) {
    // Numerator * 3 < denominator, without overflow.
    if (level.denominator == 0 || level.numerator > level.denominator ||
        level.numerator < level.denominator / 3 + (level.denominator % 3 != 0))
        return invalid(format("trustLevel must be within [1/3, 1], given {}/{}", level.numerator,
                              level.denominator));
    return {};
}

}  // namespace tetrad::chain
