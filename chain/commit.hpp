// SPDX-License-Identifier: Apache-2.0
// The precommits that decided a block, one entry for each validator in the order of its set; with the vote extensions where
// those are enabled. Plain values: any shard. That they suffice is chain/verify_commit.hpp's business.
#pragma once

#include <string_view>
#include <vector>

#include "base/bit_array.hpp"
#include "base/bytes.hpp"
#include "base/result.hpp"
#include "base/strong.hpp"
#include "base/time.hpp"
#include "chain/codec.hpp"
#include "chain/ids.hpp"
#include "chain/vote.hpp"

namespace tetrad::chain {

/// What a validator voted for: nothing seen of it, the commit's block, or nil.
enum class block_id_flag : std::int32_t { unknown = 0, absent = 1, commit = 2, nil = 3 };

/// tendermint.types.CommitSig. An absent one is all default but for its flag; its zero time is hashed with it.
struct commit_sig {
    block_id_flag flag{};
    address validator;
    timestamp time;
    signature sig;

    static constexpr auto schema =
        fields(field<1>("block_id_flag", &commit_sig::flag),
               field<2>("validator_address", &commit_sig::validator),
               field<3>("timestamp", &commit_sig::time), field<4>("signature", &commit_sig::sig));

    static commit_sig absent() { return {block_id_flag::absent, {}, {}, {}}; }
    bool is_absent() const { return flag == block_id_flag::absent; }
    bool operator==(const commit_sig&) const = default;
};

result<void> check_shape(const commit_sig&);
/// Of a vote whose block is complete or nil (check_shape of the vote says so).
commit_sig commit_sig_of(const vote&);

/// tendermint.types.Commit. The initial block's last commit is the empty one.
struct commit {
    height_t height;
    round_t round;
    block_id block;
    std::vector<commit_sig> signatures;

    static constexpr auto schema =
        fields(field<1>("height", &commit::height), field<2>("round", &commit::round),
               field<3>("block_id", &commit::block),
               field<4>("signatures", &commit::signatures, wire::plain, votes_max));

    /// The merkle root over the signatures, which is all that the next header's last_commit_hash covers.
    hash256 hash() const;
    /// The precommit of entry `index`, which is within the commit and not absent.
    vote vote_at(std::size_t index) const;
    bool operator==(const commit&) const = default;
};

result<void> check_shape(const commit&);

/// tendermint.types.ExtendedCommitSig.
struct extended_commit_sig {
    block_id_flag flag{};
    address validator;
    timestamp time;
    signature sig;
    slice extension;
    signature extension_sig;

    static constexpr auto schema =
        fields(field<1>("block_id_flag", &extended_commit_sig::flag),
               field<2>("validator_address", &extended_commit_sig::validator),
               field<3>("timestamp", &extended_commit_sig::time),
               field<4>("signature", &extended_commit_sig::sig),
               field<5>("extension", &extended_commit_sig::extension),
               field<6>("extension_signature", &extended_commit_sig::extension_sig));

    bool is_absent() const { return flag == block_id_flag::absent; }
    commit_sig without_extension() const { return {flag, validator, time, sig}; }
    bool operator==(const extended_commit_sig&) const = default;
};

result<void> check_shape(const extended_commit_sig&);
/// Enabled: an entry for the block must have its extension signed, the others must have none. Disabled: none at all.
result<void> ensure_extension(const extended_commit_sig&, bool enabled);

/// tendermint.types.ExtendedCommit.
struct extended_commit {
    height_t height;
    round_t round;
    block_id block;
    std::vector<extended_commit_sig> signatures;

    static constexpr auto schema = fields(
        field<1>("height", &extended_commit::height), field<2>("round", &extended_commit::round),
        field<3>("block_id", &extended_commit::block),
        field<4>("extended_signatures", &extended_commit::signatures, wire::plain, votes_max));

    commit to_commit() const;
    vote vote_at(std::size_t index) const;
    /// Who is not absent.
    bit_array voters() const;
    bool operator==(const extended_commit&) const = default;
};

result<void> check_shape(const extended_commit&);
result<void> ensure_extensions(const extended_commit&, bool enabled);
/// A commit without extensions in extended form.
extended_commit extended(const commit&);

}  // namespace tetrad::chain

TETRAD_CODEC(extern, tetrad::chain::commit);
TETRAD_CODEC(extern, tetrad::chain::extended_commit);
