// SPDX-License-Identifier: Apache-2.0
#include "chain/light_block.hpp"

#include "base/text.hpp"
#include "chain/validator_set.hpp"

namespace tetrad::chain {

namespace {

std::unexpected<error> invalid(std::string text) { return fail(errc::invalid, std::move(text)); }

}  // namespace

result<void> check_shape(const signed_header& s, std::string_view chain_id) {
    if (!s.header)
        return invalid("missing header");
    if (!s.commit)
        return invalid("missing commit");
    if (auto good = check_shape(*s.header); !good)
        return pass(good, "invalid header");
    if (auto good = check_shape(*s.commit); !good)
        return pass(good, "invalid commit");
    if (s.header->chain_id != chain_id)
        return invalid(format("header belongs to another chain {}, not {}",
                              quote(s.header->chain_id), quote(chain_id)));
    if (s.commit->height != s.header->height)
        return invalid(format("header and commit height mismatch: {} vs {}", s.header->height.v,
                              s.commit->height.v));
    if (const auto h = s.header->hash(); h != s.commit->block.hash)
        return invalid(format("commit signs block {}, header is block {}",
                              to_hex_upper(s.commit->block.hash), to_hex_upper(h)));
    return {};
}

result<void> check_shape(const light_block& b, std::string_view chain_id) {
    if (!b.signed_header)
        return invalid("missing signed header");
    if (!b.validators)
        return invalid("missing validator set");
    if (auto good = check_shape(*b.signed_header, chain_id); !good)
        return pass(good, "invalid signed header");
    auto set = validator_set::from(*b.validators);
    if (!set)
        return pass(set, "invalid validator set");
    if (const auto h = set->hash(); !equal(b.signed_header->header->validators_hash, h))
        return invalid(
            format("expected validator hash of header to match validator set hash ({} != {})",
                   to_hex_upper(b.signed_header->header->validators_hash), to_hex_upper(h)));
    return {};
}

}  // namespace tetrad::chain
