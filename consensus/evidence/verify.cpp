// SPDX-License-Identifier: Apache-2.0
#include "consensus/evidence/verify.hpp"

#include "base/text.hpp"
#include "chain/evidence_age.hpp"
#include "chain/text.hpp"
#include "chain/verify_commit.hpp"

namespace tetrad::consensus::evidence {

using chain::time_text;

namespace {

std::unexpected<error> untrue(std::string text) { return fail(errc::invalid, std::move(text)); }

std::string_view name_of(chain::vote_type t) {
    return t == chain::vote_type::prevote     ? "SIGNED_MSG_TYPE_PREVOTE"
           : t == chain::vote_type::precommit ? "SIGNED_MSG_TYPE_PRECOMMIT"
                                              : "SIGNED_MSG_TYPE_UNKNOWN";
}

std::string step_of(const chain::vote& v) {
    return format("{}/{}/{}", v.height.v, v.round.v, name_of(v.type));
}

result<void> check_total(power_t claimed, power_t ours) {
    if (claimed != ours)
        return untrue(
            format("total voting power from the evidence and our validator set does not match "
                   "({} != {})",
                   claimed.v, ours.v));
    return {};
}

result<void> check_signature(const chain::vote& v, std::string_view name, std::string_view chain_id,
                             const crypto::public_key& key) {
    if (!key.verify(sign_bytes(v, chain_id), v.sig))
        return untrue(format("verifying {}: invalid signature", name));
    return {};
}

result<void> check_blamed(const chain::validator& blamed, const chain::validator& guilty,
                          std::size_t index) {
    if (blamed.address != guilty.address)
        return untrue(
            format("evidence contained an unexpected byzantine validator address; expected: {}, "
                   "got: {}",
                   to_hex_upper(guilty.address), to_hex_upper(blamed.address)));
    if (blamed.power != guilty.power)
        return untrue(
            format("evidence contained unexpected byzantine validator power; expected {}, got {}",
                   guilty.power.v, blamed.power.v));
    if (!blamed.key.has_key())
        return untrue(format("byzantine validator at index {} has nil pubkey", index));
    // An application sees the address of the key.
    if (blamed.key.address() != blamed.address)
        return untrue(
            format("byzantine validator at index {} has address {} that does not match "
                   "pubkey address {}",
                   index, to_hex_upper(blamed.address), to_hex_upper(blamed.key.address())));
    return {};
}

result<void> check_blame(const chain::light_client_attack& a, const chain::signed_header& trusted,
                         const chain::validator_set& common_set) {
    const auto guilty = byzantine_validators(a, common_set, trusted);
    if (guilty.empty())
        return untrue(
            format("expected nil validators from an amnesia light client attack but got {}",
                   a.byzantine.size()));
    if (guilty.size() != a.byzantine.size())
        return untrue(format("expected {} byzantine validators from evidence but got {}",
                             guilty.size(), a.byzantine.size()));
    for (std::size_t i = 0; i < guilty.size(); ++i)
        TRY_VOID(check_blamed(a.byzantine[i], guilty[i], i));
    return {};
}

}  // namespace

result<void> verify_age(const chain::evidence& e, timestamp block_time, const chain::state& s) {
    if (e.time() != block_time)
        return untrue(
            format("evidence has a different time to the block it is associated with "
                   "({} != {})",
                   time_text(e.time()), time_text(block_time)));
    if (chain::is_too_old(s, e.height(), block_time)) {
        const auto& limits = s.params.evidence;
        return untrue(format(
            "evidence from height {} (created at: {}) is too old; min height is "
            "{} and evidence can not be older than {}",
            e.height().v, time_text(block_time), s.last_block_height.v - limits.max_age_blocks,
            time_text(s.last_block_time + limits.max_age)));
    }
    return {};
}

result<void> verify(const chain::duplicate_vote& d, std::string_view chain_id,
                    const chain::validator_set& set) {
    const chain::vote &a = *d.a, &b = *d.b;
    const chain::validator* who = set.find(a.validator);
    if (!who)
        return untrue(format("address {} was not a validator at height {}",
                             to_hex_upper(a.validator), a.height.v));
    if (a.height != b.height || a.round != b.round || a.type != b.type)
        return untrue(format("h/r/s does not match: {} vs {}", step_of(a), step_of(b)));
    if (a.validator != b.validator)
        return untrue(format("validator addresses do not match: {} vs {}",
                             to_hex_upper(a.validator), to_hex_upper(b.validator)));
    if (a.block == b.block)
        return untrue(
            format("block IDs are the same ({}) - not a real duplicate vote", to_string(a.block)));
    if (who->key.address() != a.validator)
        return untrue(format("address ({}) doesn't match pubkey ({} - {})",
                             to_hex_upper(a.validator), chain::to_string(who->key),
                             to_hex_upper(who->key.address())));
    if (who->power != d.validator_power)
        return untrue(
            format("validator power from evidence and our validator set does not match ({} != {})",
                   d.validator_power.v, who->power.v));
    TRY_VOID(check_total(d.total_power, set.total_power()));
    TRY_VOID(check_signature(a, "VoteA", chain_id, who->key));
    return check_signature(b, "VoteB", chain_id, who->key);
}

result<void> verify(const chain::light_client_attack& a, const chain::signed_header& common,
                    const chain::signed_header& trusted, const chain::validator_set& common_set) {
    const chain::header& made_up = *a.conflicting->signed_header->header;
    const chain::commit& commit = *a.conflicting->signed_header->commit;
    const std::string& chain_id = trusted.header->chain_id;
    if (common.header->height != made_up.height) {
        // Lunatic: one jump from what both agree on. Every signature counts: it blames somebody.
        if (auto jump = chain::verify_commit_trusting(chain_id, common_set, commit,
                                                      chain::fraction{}, chain::extent::all);
            !jump)
            return pass(jump, "skipping verification of conflicting block failed");
    } else if (is_lunatic(a, *trusted.header)) {
        return untrue(
            "common height is the same as conflicting block height so expected the "
            "conflicting block to be correctly derived yet it wasn't");
    }
    TRY(const auto own_set, chain::validator_set::from(*a.conflicting->validators));
    if (auto decided = chain::verify_commit_light(chain_id, own_set, commit.block, made_up.height,
                                                  commit, chain::extent::all);
        !decided)
        return pass(decided, "invalid commit from conflicting block");
    TRY_VOID(check_total(a.total_power, common_set.total_power()));
    if (made_up.height > trusted.header->height && made_up.time > trusted.header->time)
        return untrue(
            format("conflicting block doesn't violate monotonically increasing time "
                   "({} is after {})",
                   time_text(made_up.time), time_text(trusted.header->time)));
    if (const auto ours = trusted.header->hash(); ours == made_up.hash())
        return untrue(
            format("trusted header hash matches the evidence's conflicting header hash: {}",
                   to_hex_upper(ours)));
    return check_blame(a, trusted, common_set);
}

}  // namespace tetrad::consensus::evidence
