// SPDX-License-Identifier: Apache-2.0
// One validator's prevote or precommit, and what of it is signed. Plain values: any shard. Whether a vote counts is for
// whoever knows the height's validators; here is only what the vote says by itself.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/crypto/keys.hpp"
#include "base/result.hpp"
#include "base/strong.hpp"
#include "base/time.hpp"
#include "chain/codec.hpp"
#include "chain/ids.hpp"

namespace tetrad::chain {

/// tendermint.types.SignedMsgType.
enum class vote_type : std::int32_t { unknown = 0, prevote = 1, precommit = 2, proposal = 32 };

constexpr bool is_vote(vote_type t) { return t == vote_type::prevote || t == vote_type::precommit; }

/// tendermint.types.Vote. A zero `block` means nil.
struct vote {
    vote_type type{};
    height_t height;
    round_t round;
    block_id block;
    timestamp time;
    address validator;
    std::int32_t validator_index = 0;
    signature sig;
    slice extension;  // precommits for a block only, where extensions are enabled
    signature extension_sig;

    // Number and order are consensus-critical: evidence is hashed in this form.
    static constexpr auto schema =
        fields(field<1>("type", &vote::type), field<2>("height", &vote::height),
               field<3>("round", &vote::round), field<4>("block_id", &vote::block),
               field<5>("timestamp", &vote::time), field<6>("validator_address", &vote::validator),
               field<7>("validator_index", &vote::validator_index),
               field<8>("signature", &vote::sig), field<9>("extension", &vote::extension),
               field<10>("extension_signature", &vote::extension_sig));

    bool is_nil() const { return block.is_zero(); }
    bool operator==(const vote&) const = default;
};

/// Checks that need nothing but the vote itself (Vote.ValidateBasic).
result<void> check_shape(const vote&);

/// A precommit for a block needs an extension's signature where extensions are enabled: "vote extension absent".
result<void> ensure_extension(const vote&);

/// What the validator signs: the length-prefixed CanonicalVote. Address and index are not in it.
bytes sign_bytes(const vote&, std::string_view chain_id);
/// What it signs a second time, for a precommit for a block where extensions are enabled.
bytes extension_sign_bytes(const vote&, std::string_view chain_id);

/// Is this the key of the vote's address, and are its signatures by it? With `extension`, that of the extension too (required
/// of a precommit for a block, absent of all others). One signature or two: the caller chooses the shard.
result<void> verify(const vote&, std::string_view chain_id, const crypto::public_key&,
                    bool extension = false);

/// For logs: Vote{3:0102030405AB 10/00/2(Precommit) ...}.
std::string to_string(const vote&);

}  // namespace tetrad::chain

TETRAD_CODEC(extern, tetrad::chain::vote);
