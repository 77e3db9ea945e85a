// SPDX-License-Identifier: Apache-2.0
#include "chain/vote.hpp"

#include "base/text.hpp"
#include "chain/text.hpp"

namespace tetrad::chain {

namespace {

// tendermint.types.CanonicalVote: heights and rounds of fixed width, no block for nil.
struct canonical_vote {
    vote_type type{};
    std::int64_t height = 0;
    std::int64_t round = 0;
    std::optional<block_id> block;
    timestamp time;
    std::string_view chain_id;

    static constexpr auto schema = fields(
        field<1>("", &canonical_vote::type), field<2>("", &canonical_vote::height, wire::sfixed64),
        field<3>("", &canonical_vote::round, wire::sfixed64), field<4>("", &canonical_vote::block),
        field<5>("", &canonical_vote::time), field<6>("", &canonical_vote::chain_id));
};

struct canonical_extension {
    byte_view extension;
    std::int64_t height = 0;
    std::int64_t round = 0;
    std::string_view chain_id;

    static constexpr auto schema =
        fields(field<1>("", &canonical_extension::extension),
               field<2>("", &canonical_extension::height, wire::sfixed64),
               field<3>("", &canonical_extension::round, wire::sfixed64),
               field<4>("", &canonical_extension::chain_id));
};

std::unexpected<error> invalid(std::string text) { return fail(errc::invalid, std::move(text)); }

result<void> check_extension(const vote& v) {
    if (v.type != vote_type::precommit || v.is_nil()) {
        if (!v.extension.empty())
            return invalid(format("unexpected vote extension; vote type {}, isNil {}",
                                  static_cast<std::int32_t>(v.type), v.is_nil()));
        if (!v.extension_sig.empty())
            return invalid("unexpected vote extension signature");
    } else if (v.extension_sig.empty() && !v.extension.empty()) {
        return invalid("vote extension signature absent on vote with extension");
    }
    return {};
}

}  // namespace

result<void> check_shape(const vote& v) {
    if (!is_vote(v.type))
        return invalid("invalid Type");
    if (v.height.v <= 0)
        return invalid("negative or zero Height");
    if (v.round.v < 0)
        return invalid("negative Round");
    if (auto good = check_shape(v.block); !good)
        return pass(good, "wrong BlockID");
    if (!v.block.is_zero() && !v.block.is_complete())
        return invalid("blockID must be either empty or complete, got: " + to_string(v.block));
    if (v.validator.size() != address_size)
        return invalid(format("expected ValidatorAddress size to be {} bytes, got {} bytes",
                              address_size, v.validator.size()));
    if (v.validator_index < 0)
        return invalid("negative ValidatorIndex");
    if (v.sig.empty())
        return invalid("signature is missing");
    return check_extension(v);
}

result<void> ensure_extension(const vote& v) {
    if (v.type != vote_type::precommit || v.is_nil() || !v.extension_sig.empty())
        return {};
    return invalid("vote extension absent");
}

bytes sign_bytes(const vote& v, std::string_view chain_id) {
    canonical_vote c{v.type, v.height.v, v.round.v, std::nullopt, v.time, chain_id};
    if (!v.is_nil())
        c.block = v.block;
    return wire::encode_delimited(c);
}

bytes extension_sign_bytes(const vote& v, std::string_view chain_id) {
    return wire::encode_delimited(
        canonical_extension{v.extension, v.height.v, v.round.v, chain_id});
}

result<void> verify(const vote& v, std::string_view chain_id, const crypto::public_key& key,
                    bool extension) {
    if (key.address() != v.validator)
        return invalid("invalid validator address");
    if (!key.verify(sign_bytes(v, chain_id), v.sig))
        return invalid("invalid signature");
    if (!extension || v.type != vote_type::precommit || v.is_nil())
        return {};
    if (v.extension_sig.empty())
        return invalid("expected vote extension signature");
    if (!key.verify(extension_sign_bytes(v, chain_id), v.extension_sig))
        return invalid("invalid signature");
    return {};
}

std::string to_string(const vote& v) {
    const auto name = v.type == vote_type::prevote     ? "Prevote"
                      : v.type == vote_type::precommit ? "Precommit"
                                                       : "Unknown";
    const auto proto_name = v.type == vote_type::prevote     ? "SIGNED_MSG_TYPE_PREVOTE"
                            : v.type == vote_type::precommit ? "SIGNED_MSG_TYPE_PRECOMMIT"
                                                             : "SIGNED_MSG_TYPE_UNKNOWN";
    return format("Vote{{{}:{} {}/{:02}/{}({}) {} {} {} @ {}}}", v.validator_index,
                  fingerprint(v.validator), v.height.v, v.round.v, proto_name, name,
                  fingerprint(v.block.hash), fingerprint(v.sig), fingerprint(v.extension),
                  to_rfc3339(v.time));
}

}  // namespace tetrad::chain
