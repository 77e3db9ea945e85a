// SPDX-License-Identifier: Apache-2.0
#include "consensus/gossip/verify.hpp"

#include "base/text.hpp"

namespace tetrad::consensus::gossip {

result<void> verify(const candidate_proposal& c, std::string_view chain_id) {
    const auto round = c.proposal.round.v;
    const auto turn = round == 0 ? c.validators : c.validators.incremented(round);
    return chain::verify(c.proposal, chain_id, turn.proposer().key);
}

result<void> verify(const candidate_part& c) {
    if (c.part.proof.total != c.block.total ||
        !crypto::verify(c.part.proof, c.block.hash, c.part.data))
        return fail(errc::invalid, "the part does not prove its place in the block");
    return {};
}

result<void> verify(const candidate_vote& c, std::string_view chain_id) {
    const chain::vote& v = *c.vote;
    const auto index = static_cast<std::size_t>(v.validator_index);
    if (index >= c.validators.size())
        return fail(errc::invalid, format("invalid validator index {}", index));
    if (!c.extensions && (!v.extension.empty() || !v.extension_sig.empty()))
        return fail(errc::invalid, "a vote extension where none are enabled");
    return chain::verify(v, chain_id, c.validators.at(index).key, c.extensions);
}

}  // namespace tetrad::consensus::gossip
