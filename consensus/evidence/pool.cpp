// SPDX-License-Identifier: Apache-2.0
#include "consensus/evidence/pool.hpp"

#include <set>

#include "base/text.hpp"
#include "consensus/evidence/verify.hpp"

namespace tetrad::consensus::evidence {

using runtime::task;

namespace {

std::unexpected<error> untrue(std::string text) { return fail(errc::invalid, std::move(text)); }

result<chain::signed_header> header_at(storage::store& s, height_t h) {
    TRY(auto meta, s.meta(h));
    if (!meta)
        return untrue(format("don't have header at height #{}", h.v));
    TRY(auto commit, s.commit(h));
    if (!commit)
        return untrue(format("don't have commit at height #{}", h.v));
    return chain::signed_header{std::move(meta->header), std::move(*commit)};
}

/// Ours at the conflicting height, or the latest, where that is not before the conflicting block in time. CometBFT asks for the commit
/// of the latest too, which is known with the next block only, so of a block ahead of the chain it never believes anything.
result<chain::signed_header> trusted_for(storage::store& s, const chain::header& conflicting) {
    auto ours = header_at(s, conflicting.height);
    if (ours || ours.error().code != errc::invalid)
        return ours;
    TRY(auto latest, header_at(s, s.height()));
    if (latest.header->time < conflicting.time)
        return untrue("the latest block is before the conflicting block in time");
    return latest;
}

result<void> verify_in(storage::store& s, const chain::light_client_attack& a,
                       const chain::validator_set& common_set) {
    TRY(const auto common, header_at(s, a.common_height));
    const chain::header& conflicting = *a.conflicting->signed_header->header;
    if (conflicting.height == a.common_height)
        return verify(a, common, common, common_set);
    TRY(const auto trusted, trusted_for(s, conflicting));
    return verify(a, common, trusted, common_set);
}

result<void> verify_in(storage::store& s, const chain::evidence& e) {
    TRY(const auto state, s.state());
    TRY(const auto meta, s.meta(e.height()));
    if (!state || !meta)
        return untrue(format("don't have header #{}", e.height().v));
    TRY_VOID(verify_age(e, meta->header.time, *state));
    TRY(const auto set, s.members(e.height()));
    if (!set)
        return untrue(format("could not find validator set for height #{}", e.height().v));
    if (const auto* d = std::get_if<chain::duplicate_vote>(&e.what))
        return verify(*d, state->chain_id, *set);
    return verify_in(s, std::get<chain::light_client_attack>(e.what), *set);
}

result<void> with_name(result<void> verified, const chain::evidence& e) {
    if (verified || verified.error().code != errc::invalid)
        return verified;
    return untrue(
        format("Invalid evidence: {}. Evidence: {}", verified.error().text, to_string(e)));
}

/// Of a block: waiting or not, it is true, and not in a block.
result<void> check_one(storage::store& s, const chain::evidence& e) {
    const bool is_pending = s.is_evidence_pending(e);
    if (is_pending && !std::holds_alternative<chain::light_client_attack>(e.what))
        return {};
    TRY(const bool committed, s.is_evidence_committed(e));
    if (committed)
        return untrue("evidence was already committed");
    TRY_VOID(verify_in(s, e));
    if (is_pending)
        return {};
    auto added = s.add_evidence(e);
    return !added && added.error().code == errc::full ? result<void>{} : added;
}

}  // namespace

result<bool> add(storage::store& s, const chain::evidence& e) {
    TRY(const bool committed, s.is_evidence_committed(e));
    if (committed || s.is_evidence_pending(e))
        return false;
    TRY_VOID(with_name(verify_in(s, e), e));
    TRY_VOID(s.add_evidence(e));
    return true;
}

result<void> check(storage::store& s, const std::vector<chain::evidence>& list) {
    std::set<hash256> seen;
    for (const auto& e : list) {
        TRY_VOID(with_name(check_one(s, e), e));
        if (!seen.insert(e.hash()).second)
            return with_name(untrue("duplicate evidence"), e);
    }
    return {};
}

task<result<void>> check(storage::client blocks, std::shared_ptr<const chain::block> b) {
    if (b->evidence.evidence.empty())
        co_return result<void>{};
    auto work = [&b](storage::store& s) { return check(s, b->evidence.evidence); };
    result<void> checked = co_await blocks.read(work);
    co_return checked;
}

task<result<std::vector<chain::evidence>>> pending(storage::client blocks, std::int64_t bytes_max) {
    auto work = [bytes_max](storage::store& s) { return s.pending_evidence(bytes_max); };
    result<std::vector<chain::evidence>> found = co_await blocks.read(work);
    co_return found;
}

std::string to_string(const chain::evidence& e) {
    if (const auto* d = std::get_if<chain::duplicate_vote>(&e.what); d && d->a && d->b)
        return format("DuplicateVoteEvidence{{VoteA: {}, VoteB: {}}}", chain::to_string(*d->a),
                      chain::to_string(*d->b));
    return format("LightClientAttackEvidence{{CommonHeight: {}}}#{}", e.height().v,
                  to_hex_upper(e.hash()));
}

}  // namespace tetrad::consensus::evidence
