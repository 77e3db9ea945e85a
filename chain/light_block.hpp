// SPDX-License-Identifier: Apache-2.0
// A header with the commit that decided it, and with the validators that made the commit: what a light client trusts and what
// evidence of an attack holds. Plain values: any shard.
#pragma once

#include <optional>
#include <string_view>

#include "base/result.hpp"
#include "chain/codec.hpp"
#include "chain/commit.hpp"
#include "chain/header.hpp"
#include "chain/validator.hpp"

namespace tetrad::chain {

/// tendermint.types.SignedHeader. Either may be missing in one of a peer: check_shape first.
struct signed_header {
    std::optional<chain::header> header;
    std::optional<chain::commit> commit;
    static constexpr auto schema = fields(field<1>("header", &signed_header::header),
                                          field<2>("commit", &signed_header::commit));
    bool operator==(const signed_header&) const = default;
};

/// Both are there, well-formed, of this chain, and the commit is for the header. Its signatures are not looked at.
result<void> check_shape(const signed_header&, std::string_view chain_id);

/// tendermint.types.LightBlock.
struct light_block {
    std::optional<chain::signed_header> signed_header;
    std::optional<validator_set_record> validators;
    static constexpr auto schema = fields(field<1>("signed_header", &light_block::signed_header),
                                          field<2>("validator_set", &light_block::validators));
    bool operator==(const light_block&) const = default;
};

/// The signed header and the set are well-formed and the header names the set.
result<void> check_shape(const light_block&, std::string_view chain_id);

}  // namespace tetrad::chain

TETRAD_CODEC(extern, tetrad::chain::light_block);
