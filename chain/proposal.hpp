// SPDX-License-Identifier: Apache-2.0
// A proposer's word that a block is to be decided in a round, and what of it is signed. Plain values: any shard.
#pragma once

#include <string_view>

#include "base/bytes.hpp"
#include "base/crypto/keys.hpp"
#include "base/result.hpp"
#include "base/strong.hpp"
#include "base/time.hpp"
#include "chain/codec.hpp"
#include "chain/ids.hpp"
#include "chain/vote.hpp"

namespace tetrad::chain {

/// tendermint.types.Proposal.
struct proposal {
    vote_type type{};  // vote_type::proposal
    height_t height;
    round_t round;
    round_t pol_round;  // the round whose polka is the proof of lock; -1: none
    block_id block;
    timestamp time;
    signature sig;

    static constexpr auto schema =
        fields(field<1>("Type", &proposal::type), field<2>("height", &proposal::height),
               field<3>("round", &proposal::round), field<4>("pol_round", &proposal::pol_round),
               field<5>("block_id", &proposal::block), field<6>("timestamp", &proposal::time),
               field<7>("signature", &proposal::sig));
    bool operator==(const proposal&) const = default;
};

/// Checks that need nothing but the proposal itself (Proposal.ValidateBasic).
result<void> check_shape(const proposal&);

/// Can a block of at most `block_bytes_max` bytes (-1: the protocol's maximum) have that many parts? Checked before memory is
/// set aside for them.
result<void> check_parts(const proposal&, std::int64_t params_block_bytes_max);

/// The length-prefixed CanonicalProposal.
bytes sign_bytes(const proposal&, std::string_view chain_id);

/// "invalid signature" where it is not by this key.
result<void> verify(const proposal&, std::string_view chain_id, const crypto::public_key&);

}  // namespace tetrad::chain

TETRAD_CODEC(extern, tetrad::chain::proposal);
