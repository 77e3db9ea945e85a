// SPDX-License-Identifier: Apache-2.0
#include "chain/proposal.hpp"

#include <optional>

#include "base/text.hpp"

namespace tetrad::chain {

namespace {

// tendermint.types.CanonicalProposal. Unlike height and round, pol_round is a varint.
struct canonical_proposal {
    vote_type type = vote_type::proposal;
    std::int64_t height = 0;
    std::int64_t round = 0;
    std::int64_t pol_round = 0;
    std::optional<block_id> block;
    timestamp time;
    std::string_view chain_id;

    static constexpr auto schema = fields(
        field<1>("", &canonical_proposal::type),
        field<2>("", &canonical_proposal::height, wire::sfixed64),
        field<3>("", &canonical_proposal::round, wire::sfixed64),
        field<4>("", &canonical_proposal::pol_round), field<5>("", &canonical_proposal::block),
        field<6>("", &canonical_proposal::time), field<7>("", &canonical_proposal::chain_id));
};

std::unexpected<error> invalid(std::string text) { return fail(errc::invalid, std::move(text)); }

}  // namespace

result<void> check_shape(const proposal& p) {
    if (p.type != vote_type::proposal)
        return invalid("invalid Type");
    if (p.height.v < 0)
        return invalid("negative Height");
    if (p.round.v < 0)
        return invalid("negative Round");
    if (p.pol_round.v < -1)
        return invalid("negative POLRound (exception: -1)");
    if (auto good = check_shape(p.block); !good)
        return pass(good, "wrong BlockID");
    if (!p.block.is_complete())
        return invalid("expected a complete, non-empty BlockID, got: " + to_string(p.block));
    if (p.sig.empty())
        return invalid("signature is missing");
    return {};
}

result<void> check_parts(const proposal& p, std::int64_t params_block_bytes_max) {
    const auto bytes_max = params_block_bytes_max == -1 ? static_cast<std::int64_t>(block_bytes_max)
                                                        : params_block_bytes_max;
    const auto most = (bytes_max - 1) / static_cast<std::int64_t>(part_bytes_max) + 1;
    if (p.block.parts.total > most)
        return invalid(
            format("proposal has too many parts {} (max: {})", p.block.parts.total, most));
    return {};
}

bytes sign_bytes(const proposal& p, std::string_view chain_id) {
    canonical_proposal c{vote_type::proposal, p.height.v, p.round.v, p.pol_round.v,
                         std::nullopt,        p.time,     chain_id};
    if (!p.block.is_zero())
        c.block = p.block;
    return wire::encode_delimited(c);
}

result<void> verify(const proposal& p, std::string_view chain_id, const crypto::public_key& key) {
    if (!key.verify(sign_bytes(p, chain_id), p.sig))
        return invalid("invalid signature");
    return {};
}

}  // namespace tetrad::chain
