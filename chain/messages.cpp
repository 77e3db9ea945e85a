// SPDX-License-Identifier: Apache-2.0
#include "chain/messages.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace tetrad::chain::messages {

namespace {

std::unexpected<error> invalid(std::string text) { return fail(errc::invalid, std::move(text)); }

result<void> check_height_round(height_t height, round_t round) {
    if (height.v < 0)
        return invalid("negative Height");
    if (round.v < 0)
        return invalid("negative Round");
    return {};
}

result<void> check_votes_type(vote_type type) {
    if (!is_vote(type))
        return invalid("invalid Type");
    return {};
}

// A message of some kind whose alternatives have each a check_shape; nothing at all is an error.
template <class Message>
result<Message> decode_and_check(const slice& in, std::string_view kind) {
    auto m = wire::decode_shared<Message>(in);
    if (!m)
        return pass(m, kind);
    auto good = std::visit(
        [&]<class A>(const A& a) -> result<void> {
            if constexpr (std::is_same_v<A, std::monostate>)
                return invalid(format("{}: unknown message", kind));
            else
                return check_shape(a);
        },
        m->what);
    if (!good)
        return pass(good);
    return m;
}

}  // namespace

// ---- consensus ----

result<void> check_height(const new_round_step& m, height_t initial) {
    if (m.height < initial)
        return invalid(
            format("invalid Height {} (lower than initial height {})", m.height.v, initial.v));
    if (m.height == initial && m.last_commit_round.v != -1)
        return invalid(format("invalid LastCommitRound {} (must be -1 for initial height {})",
                              m.last_commit_round.v, initial.v));
    if (m.height > initial && m.last_commit_round.v < 0)
        return invalid(
            format("LastCommitRound can only be negative for initial height {}", initial.v));
    return {};
}

result<void> check_shape(const new_round_step& m) {
    if (m.step > 0xff)
        return invalid("denying message due to possible overflow: value overflows uint8");
    TRY_VOID(check_height_round(m.height, m.round));
    if (m.step < 1 || m.step > 8)
        return invalid("invalid Step");
    if (m.last_commit_round.v < -1)
        return invalid("invalid LastCommitRound (cannot be < -1)");
    return {};
}

result<void> check_shape(const new_valid_block& m) {
    TRY_VOID(check_height_round(m.height, m.round));
    if (auto good = check_shape(m.parts); !good)
        return pass(good, "wrong BlockPartSetHeader");
    if (m.have)
        if (auto good = m.have->check(); !good)
            return pass(good, "validating BlockParts");
    const auto bits = m.have ? m.have->bits : 0;
    if (bits == 0)
        return invalid("empty blockParts");
    if (bits != std::int64_t{m.parts.total})
        return invalid(
            format("blockParts bit array size {} not equal to BlockPartSetHeader.Total {}", bits,
                   m.parts.total));
    if (bits > static_cast<std::int64_t>(parts_max))
        return invalid(format("blockParts bit array is too big: {}, max: {}", bits, parts_max));
    return {};
}

result<void> check_shape(const proposal_message& m) { return check_shape(m.proposal); }

result<void> check_shape(const proposal_pol& m) {
    if (m.height.v < 0)
        return invalid("negative Height");
    if (m.pol_round.v < 0)
        return invalid("negative ProposalPOLRound");
    if (auto good = m.pol.check(); !good)
        return pass(good, "validating ProposalPOL");
    if (m.pol.bits == 0)
        return invalid("empty ProposalPOL bit array");
    if (m.pol.bits > static_cast<std::int64_t>(votes_max))
        return invalid(
            format("proposalPOL bit array is too big: {}, max: {}", m.pol.bits, votes_max));
    return {};
}

result<void> check_shape(const block_part& m) {
    TRY_VOID(check_height_round(m.height, m.round));
    if (auto good = chain::check_shape(m.part); !good)
        return pass(good, "wrong Part");
    return {};
}

result<void> check_shape(const vote_message& m) {
    if (!m.vote)
        return invalid("nil vote");
    return check_shape(*m.vote);
}

result<void> check_shape(const has_vote& m) {
    TRY_VOID(check_height_round(m.height, m.round));
    TRY_VOID(check_votes_type(m.type));
    if (m.index < 0)
        return invalid("negative Index");
    return {};
}

result<void> check_shape(const vote_set_maj23& m) {
    TRY_VOID(check_height_round(m.height, m.round));
    TRY_VOID(check_votes_type(m.type));
    if (auto good = check_shape(m.block); !good)
        return pass(good, "wrong BlockID");
    return {};
}

result<void> check_shape(const vote_set_bits& m) {
    // The round is not looked at there either.
    if (m.height.v < 0)
        return invalid("negative Height");
    TRY_VOID(check_votes_type(m.type));
    if (auto good = check_shape(m.block); !good)
        return pass(good, "wrong BlockID");
    if (auto good = m.votes.check(); !good)
        return pass(good, "validating Votes");
    if (m.votes.bits > static_cast<std::int64_t>(votes_max))
        return invalid(format("votes bit array is too big: {}, max: {}", m.votes.bits, votes_max));
    return {};
}

result<consensus_message> decode_consensus(const slice& in) {
    return decode_and_check<consensus_message>(in, "consensus");
}

bytes encode_consensus(const consensus_message& m) { return wire::encode(m); }

// ---- block sync ----

namespace {

result<void> check_not_negative(height_t h) {
    if (h.v < 0)
        return invalid(format("invalid height {}: negative height", h.v));
    return {};
}

}  // namespace

result<void> check_shape(const block_request& m) { return check_not_negative(m.height); }
result<void> check_shape(const no_block_response& m) { return check_not_negative(m.height); }
result<void> check_shape(const block_response&) { return {}; }
result<void> check_shape(const status_request&) { return {}; }
result<void> check_shape(const status_response& m) {
    if (m.base.v < 0)
        return invalid(format("invalid base {}: negative base", m.base.v));
    TRY_VOID(check_not_negative(m.height));
    if (m.base > m.height)
        return invalid(format("invalid height {}: base {} cannot be greater than height",
                              m.height.v, m.base.v));
    return {};
}

result<blocksync_message> decode_blocksync(const slice& in) {
    return decode_and_check<blocksync_message>(in, "blocksync");
}

bytes encode_blocksync(const blocksync_message& m) { return wire::encode(m); }

result<received_block> open(const block_response& m) {
    if (!m.block)
        return invalid("nil block");
    received_block out;
    TRY(out.block, decode_block(*m.block));
    TRY_VOID(chain::check_shape(out.block));
    out.encoded = canonical_encoding(*m.block, out.block);
    if (!m.extended_commit)
        return out;

    TRY(out.extended_commit, wire::decode_shared<extended_commit>(*m.extended_commit));
    TRY_VOID(chain::check_shape(*out.extended_commit));
    return out;
}

// ---- mempool ----

result<txs> decode_mempool(const slice& in, const mempool_limits& limits) {
    auto m = wire::decode_shared<mempool_message>(in);
    if (!m)
        return pass(m, "mempool");
    auto* list = std::get_if<txs>(&m->what);
    if (!list || list->items.empty())
        return invalid("mempool message contains no transactions");

    const auto budget = std::max(limits.tx_bytes_max, limits.batch_bytes_max);
    std::int64_t total = 0;
    for (const auto& t : list->items) {
        const auto size = static_cast<std::int64_t>(t.size());
        if (size == 0)
            return invalid("mempool batch contains an empty transaction");
        if (limits.tx_bytes_max > 0 && size > limits.tx_bytes_max)
            return fail(errc::too_large, format("transaction size {} exceeds max_tx_bytes {}", size,
                                                limits.tx_bytes_max));
        total += size;
        if (budget > 0 && total > budget)
            return fail(errc::too_large, format("mempool batch exceeds {} byte budget", budget));
    }
    return std::move(*list);
}

bytes encode_mempool(txs list) { return wire::encode(mempool_message{std::move(list)}); }

std::size_t mempool_bytes_max(std::size_t tx_bytes) {
    const auto in_list = static_cast<std::size_t>(tx_block_size(tx_bytes));
    return 1 + wire::uvarint_size(in_list) + in_list;
}

// ---- evidence ----

result<evidence_list> decode_evidence(const slice& in) {
    auto list = wire::decode_shared<evidence_list>(in);
    if (!list)
        return pass(list, "evidence");
    for (const auto& e : list->evidence)
        TRY_VOID(chain::check_shape(e));
    return list;
}

}  // namespace tetrad::chain::messages
