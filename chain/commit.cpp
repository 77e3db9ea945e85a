// SPDX-License-Identifier: Apache-2.0
#include "chain/commit.hpp"

#include "base/crypto/merkle.hpp"
#include "base/text.hpp"
#include "chain/text.hpp"

namespace tetrad::chain {

namespace {

std::unexpected<error> invalid(std::string text) { return fail(errc::invalid, std::move(text)); }

// What CommitSig and ExtendedCommitSig share.
template <class Entry>
result<void> check_entry(const Entry& e) {
    switch (e.flag) {
        case block_id_flag::absent:
            if (!e.validator.empty())
                return invalid("validator address is present");
            if (!e.time.is_zero())
                return invalid("time is present");
            if (!e.sig.empty())
                return invalid("signature is present");
            return {};
        case block_id_flag::commit:
        case block_id_flag::nil:
            if (e.validator.size() != address_size)
                return invalid(format("expected ValidatorAddress size to be {} bytes, got {} bytes",
                                      address_size, e.validator.size()));
            if (e.sig.empty())
                return invalid("signature is missing");
            return {};
        default:
            return invalid(format("unknown BlockIDFlag: {}", static_cast<std::int32_t>(e.flag)));
    }
}

// `nil_text` and `entry_name` are where the two kinds differ.
template <class Commit>
result<void> check_commit(const Commit& c, std::string_view nil_text, std::string_view entry_name) {
    if (c.height.v < 0)
        return invalid("negative Height");
    if (c.round.v < 0)
        return invalid("negative Round");
    if (c.height.v == 0)
        return {};
    if (c.block.is_zero())
        return invalid(std::string(nil_text));
    if (c.signatures.empty())
        return invalid("no signatures in commit");
    for (std::size_t i = 0; i < c.signatures.size(); ++i)
        if (auto good = check_shape(c.signatures[i]); !good)
            return pass(good, format("wrong {} #{}", entry_name, i));
    return {};
}

template <class Commit>
vote vote_of(const Commit& c, std::size_t index) {
    CHECK(index < c.signatures.size());
    const auto& e = c.signatures[index];
    vote v;
    v.type = vote_type::precommit;
    v.height = c.height;
    v.round = c.round;
    if (e.flag == block_id_flag::commit)
        v.block = c.block;
    v.time = e.time;
    v.validator = e.validator;
    v.validator_index = static_cast<std::int32_t>(index);
    v.sig = e.sig;
    return v;
}

}  // namespace

result<void> check_shape(const commit_sig& s) { return check_entry(s); }

commit_sig commit_sig_of(const vote& v) {
    CHECK(v.block.is_zero() || v.block.is_complete());
    return {v.is_nil() ? block_id_flag::nil : block_id_flag::commit, v.validator, v.time, v.sig};
}

hash256 commit::hash() const {
    bytes scratch;
    return crypto::merkle_root(signatures.size(), [&](std::size_t i) -> byte_view {
        scratch.clear();
        wire::encode_to(scratch, signatures[i]);
        return scratch;
    });
}

vote commit::vote_at(std::size_t index) const { return vote_of(*this, index); }

result<void> check_shape(const commit& c) {
    return check_commit(c, "commit cannot be for nil block", "CommitSig");
}

result<void> check_shape(const extended_commit_sig& s) {
    TRY_VOID(check_entry(s));
    if (s.flag == block_id_flag::commit) {
        if (s.extension.size() > extension_bytes_max)
            return invalid(format("vote extension is too big (max: {})", extension_bytes_max));
        return {};
    }
    if (s.extension_sig.empty() && !s.extension.empty())
        return invalid("vote extension signature absent on vote with extension");
    return {};
}

result<void> ensure_extension(const extended_commit_sig& s, bool enabled) {
    auto broken = [&](std::string_view what) {
        return invalid(format("{}; validator addr {}, timestamp {}", what,
                              to_hex_upper(s.validator), time_text(s.time)));
    };
    if (!enabled) {
        if (!s.extension.empty())
            return broken("vote extension present but extensions disabled");
        if (!s.extension_sig.empty())
            return broken("vote extension signature present but extensions disabled");
        return {};
    }
    const bool is_commit = s.flag == block_id_flag::commit;
    if (is_commit && s.extension_sig.empty())
        return broken("vote extension signature is missing");
    if (!is_commit && !s.extension.empty())
        return broken("non-commit vote extension present");
    if (!is_commit && !s.extension_sig.empty())
        return broken("non-commit vote extension signature present");
    return {};
}

commit extended_commit::to_commit() const {
    commit c{height, round, block, {}};
    c.signatures.reserve(signatures.size());
    for (const auto& s : signatures)
        c.signatures.push_back(s.without_extension());
    return c;
}

vote extended_commit::vote_at(std::size_t index) const {
    vote v = vote_of(*this, index);
    v.extension = signatures[index].extension;
    v.extension_sig = signatures[index].extension_sig;
    return v;
}

bit_array extended_commit::voters() const {
    bit_array who(signatures.size());
    for (std::size_t i = 0; i < signatures.size(); ++i)
        who.set(i, !signatures[i].is_absent());
    return who;
}

result<void> check_shape(const extended_commit& c) {
    return check_commit(c, "extended commit cannot be for nil block", "ExtendedCommitSig");
}

result<void> ensure_extensions(const extended_commit& c, bool enabled) {
    for (const auto& s : c.signatures)
        TRY_VOID(ensure_extension(s, enabled));
    return {};
}

extended_commit extended(const commit& c) {
    extended_commit out{c.height, c.round, c.block, {}};
    out.signatures.reserve(c.signatures.size());
    for (const auto& s : c.signatures)
        out.signatures.push_back({s.flag, s.validator, s.time, s.sig, {}, {}});
    return out;
}

}  // namespace tetrad::chain
