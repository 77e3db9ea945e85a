// SPDX-License-Identifier: Apache-2.0
#include "consensus/privval/guard.hpp"

#include "base/text.hpp"
#include "base/wire/protobuf.hpp"
#include "base/wire/varint.hpp"

namespace tetrad::consensus::privval {

using chain::proposal;
using chain::vote;
using chain::vote_type;

namespace {

// The times that stand in canonical votes and proposals; all else is skipped.
struct vote_time {
    timestamp time;
    static constexpr auto schema = wire::fields(wire::field<5>("", &vote_time::time));
};
struct proposal_time {
    timestamp time;
    static constexpr auto schema = wire::fields(wire::field<6>("", &proposal_time::time));
};

template <class T>
struct time_of;
template <>
struct time_of<vote> {
    using type = vote_time;
};
template <>
struct time_of<proposal> {
    using type = proposal_time;
};

sign_step step_of(const vote& v) {
    return v.type == vote_type::prevote ? sign_step::prevote : sign_step::precommit;
}
sign_step step_of(const proposal&) { return sign_step::proposal; }

std::unexpected<error> refused(std::string text) { return fail(errc::invalid, std::move(text)); }

/// True: the record is of exactly this height, round and step.
result<bool> is_same_place(const sign_record& last, std::int64_t height, std::int32_t round,
                           sign_step step) {
    const int s = static_cast<int>(step);
    if (last.height > height)
        return refused(format("height regression. Got {}, last height {}", height, last.height));
    if (last.height < height)
        return false;
    if (last.round > round)
        return refused(format("round regression at height {}. Got {}, last round {}", height, round,
                              last.round));
    if (last.round < round)
        return false;
    if (last.step > s)
        return refused(format("step regression at height {} round {}. Got {}, last step {}", height,
                              round, s, int{last.step}));
    if (last.step < s)
        return false;
    if (last.sign_bytes.empty() || last.signature.size() > chain::signature::max_size() ||
        last.signature.empty())
        return refused(format("signed at {}/{}/{} before, and the record does not say what", height,
                              round, s));
    return true;
}

template <class T>
result<std::optional<signed_before>> check_any(const sign_record& last, const T& wanted,
                                               std::string_view chain_id) {
    TRY(const bool same, is_same_place(last, wanted.height.v, wanted.round.v, step_of(wanted)));
    if (!same)
        return std::nullopt;
    const auto conflict = [&] {
        return refused(format("conflicting data: something else was signed at {}/{}/{}",
                              last.height, last.round, int{last.step}));
    };
    // With the time of the record it has to be the record, to the last byte.
    std::uint64_t length = 0;
    const std::size_t prefix = wire::get_uvarint_wrapping(last.sign_bytes, length);
    const auto old =
        wire::decode<typename time_of<T>::type>(byte_view(last.sign_bytes).subspan(prefix));
    if (!old)
        return conflict();
    T again = wanted;
    again.time = old->time;
    if (!equal(sign_bytes(again, chain_id), last.sign_bytes))
        return conflict();
    return signed_before{old->time, chain::signature(byte_view(last.signature))};
}

template <class T>
sign_record record_of(const T& given, std::string_view chain_id, const chain::signature& sig) {
    return {given.height.v, given.round.v, static_cast<std::int8_t>(step_of(given)), to_bytes(sig),
            sign_bytes(given, chain_id)};
}

}  // namespace

result<std::optional<signed_before>> check(const sign_record& last, const vote& v,
                                           std::string_view chain_id) {
    if (!chain::is_vote(v.type))
        return refused("not a vote");
    return check_any(last, v, chain_id);
}
result<std::optional<signed_before>> check(const sign_record& last, const proposal& p,
                                           std::string_view chain_id) {
    return check_any(last, p, chain_id);
}

sign_record next_record(const vote& v, std::string_view chain_id, const chain::signature& sig) {
    return record_of(v, chain_id, sig);
}
sign_record next_record(const proposal& p, std::string_view chain_id, const chain::signature& sig) {
    return record_of(p, chain_id, sig);
}

}  // namespace tetrad::consensus::privval
