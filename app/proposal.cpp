// SPDX-License-Identifier: Apache-2.0
#include "app/proposal.hpp"

#include "app/finalize.hpp"
#include "base/text.hpp"
#include "base/wire/protobuf.hpp"

namespace tetrad::app {

namespace {

result<abci::commit_info> last_commit_of(const chain::block& b, const chain::state& s) {
    if (b.header.height == s.initial_height)
        return abci::commit_info{};
    if (!b.last_commit)
        return fail(errc::corrupt, format("block {} has no last commit", b.header.height.v));
    return commit_info_of(*b.last_commit, s.last_validators);
}

result<abci::extended_commit_info> extended_info_of(const chain::extended_commit& last,
                                                    const chain::state& s) {
    abci::extended_commit_info info;
    if (last.height < s.initial_height)
        return info;
    if (last.signatures.size() != s.last_validators.size())
        return fail(errc::corrupt,
                    format("the commit of height {} has {} signatures, its validators are {}",
                           last.height.v, last.signatures.size(), s.last_validators.size()));
    TRY_VOID(chain::ensure_extensions(last, s.params.abci.vote_extensions_enabled(last.height)));
    info.round = last.round.v;
    for (std::size_t i = 0; i < last.signatures.size(); ++i) {
        const auto& sig = last.signatures[i];
        const auto& who = s.last_validators.at(i);
        info.votes.push_back({{who.address, who.power.v},
                              to_bytes(sig.extension),
                              to_bytes(sig.extension_sig),
                              static_cast<abci::block_id_flag>(sig.flag)});
    }
    return info;
}

}  // namespace

result<proposal_room> room_for(const chain::state& s, const chain::evidence_list& evidence) {
    const bool unlimited = s.params.block.max_bytes == -1;
    const auto evidence_bytes = static_cast<std::int64_t>(wire::encode(evidence).size());
    const auto data =
        chain::data_bytes_max(s.params.block.bytes_max(), evidence_bytes, s.validators.size());
    if (!data)
        return fail(errc::fatal, format("block.max_bytes = {} leaves no room for transactions "
                                        "beside the signatures of {} validators",
                                        s.params.block.max_bytes, s.validators.size()));
    return proposal_room{*data, unlimited ? -1 : *data, s.params.block.max_gas};
}

result<abci::request_prepare_proposal> prepare_request(const chain::block& draft,
                                                       const chain::state& s,
                                                       const chain::extended_commit& last,
                                                       const proposal_room& room) {
    abci::request_prepare_proposal q;
    q.max_tx_bytes = room.tx_bytes_max;
    q.txs = draft.data.txs;
    TRY(q.local_last_commit, extended_info_of(last, s));
    q.misbehavior = misbehavior_of(draft.evidence);
    q.height = draft.header.height.v;
    q.time = draft.header.time;
    q.next_validators_hash = to_bytes(draft.header.next_validators_hash);
    q.proposer_address = draft.header.proposer;
    return q;
}

result<chain::block> with_txs(const chain::state& s, const chain::block& draft,
                              std::vector<slice> txs, const proposal_room& room) {
    if (auto fits = chain::check_txs_size(txs, room.tx_bytes_max); !fits)
        return fail(errc::fatal, "PrepareProposal: " + fits.error().text);
    return chain::make_block(s, std::move(txs), *draft.last_commit, draft.evidence,
                             draft.header.proposer);
}

result<abci::request_process_proposal> process_request(const chain::block& b,
                                                       const chain::state& s) {
    abci::request_process_proposal q;
    q.txs = b.data.txs;
    TRY(q.proposed_last_commit, last_commit_of(b, s));
    q.misbehavior = misbehavior_of(b.evidence);
    q.hash = to_bytes(b.hash());
    q.height = b.header.height.v;
    q.time = b.header.time;
    q.next_validators_hash = to_bytes(b.header.next_validators_hash);
    q.proposer_address = b.header.proposer;
    return q;
}

result<abci::request_extend_vote> extend_request(const chain::block& b, const chain::state& s) {
    abci::request_extend_vote q;
    q.hash = to_bytes(b.hash());
    q.height = b.header.height.v;
    q.time = b.header.time;
    q.txs = b.data.txs;
    TRY(q.proposed_last_commit, last_commit_of(b, s));
    q.misbehavior = misbehavior_of(b.evidence);
    q.next_validators_hash = to_bytes(b.header.next_validators_hash);
    q.proposer_address = b.header.proposer;
    return q;
}

abci::request_verify_vote_extension verify_extension_request(const chain::vote& v) {
    return {to_bytes(v.block.hash), v.validator, v.height.v, to_bytes(v.extension)};
}

}  // namespace tetrad::app
