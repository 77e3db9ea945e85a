// SPDX-License-Identifier: Apache-2.0
// The votes of one type in one round: who voted for what, and whether more than two thirds agree (types/vote_set.go).
//
// A validator's first vote counts. A second one for another block is evidence against it; it counts as well, but only for a block
// of which a peer said that it has two thirds, because otherwise one validator could make us keep any number of blocks. So memory
// is bounded: an entry for each validator, and one for each block of a first vote or of a peer's claim.
//
// Signatures were verified before a vote comes here. Owned by the consensus core; plain and synchronous.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "base/bit_array.hpp"
#include "base/bytes.hpp"
#include "base/result.hpp"
#include "base/strong.hpp"
#include "chain/commit.hpp"
#include "chain/ids.hpp"
#include "chain/validator_set.hpp"
#include "chain/vote.hpp"

namespace tetrad::consensus::core {

/// Shared with the shards that verified it and that pass it on.
using vote_ptr = std::shared_ptr<const chain::vote>;

/// Who told us: the id of a node; empty means ourselves.
using source = inline_bytes<20>;

class vote_set {
public:
    vote_set(height_t, round_t, chain::vote_type, chain::validator_set);

    struct added {
        bool counted =
            false;  // false: it was here already, or it conflicts and no peer claims its block
        vote_ptr conflicting;  // the validator's other vote, which makes two with this one
    };
    /// Fails where the vote is not of this height, round, type or validator set, and where the validator signed the same vote twice
    /// with different signatures.
    result<added> add(const vote_ptr&);

    /// A peer says that more than two thirds voted for this block. Fails where it said so of another one before; not noted where 256
    /// peers made a claim already.
    result<void> claim(const source& peer, const chain::block_id&);

    height_t height() const { return height_; }
    round_t round() const { return round_; }
    chain::vote_type type() const { return type_; }
    std::size_t size() const { return votes_.size(); }
    const chain::validator_set& validators() const { return validators_; }

    /// Whose vote we have; the one for the majority's block where a validator gave two.
    const bit_array& voters() const { return voters_; }
    /// Who voted for this block; without bits where we know of no vote for it.
    bit_array voters_for(const chain::block_id&) const;
    /// nullptr where we have none.
    const vote_ptr& at(std::size_t index) const { return votes_[index]; }

    /// The block that more than two thirds voted for; a zero id means nil.
    const std::optional<chain::block_id>& majority() const { return majority_; }
    bool has_majority() const { return majority_.has_value(); }
    /// More than two thirds voted, for whatever.
    bool has_two_thirds_any() const;
    bool has_all() const;

    /// The proof that the majority's block was decided: the precommits as a commit with extensions. There is a majority for a block,
    /// and these are precommits.
    chain::extended_commit make_commit() const;

private:
    struct block_votes {
        bool claimed = false;  // by a peer
        std::vector<vote_ptr> votes;
        bit_array voters;
        std::int64_t power = 0;
    };
    vote_ptr same_vote(std::size_t index, const chain::block_id&) const;
    void count(block_votes&, const vote_ptr&, const chain::validator&);

    height_t height_;
    round_t round_;
    chain::vote_type type_;
    chain::validator_set validators_;
    std::vector<vote_ptr> votes_;
    bit_array voters_;
    std::int64_t power_ = 0;  // of all who voted
    std::map<chain::block_id::key_type, block_votes> by_block_;
    std::map<source, chain::block_id> claims_;
    std::optional<chain::block_id> majority_;
};

}  // namespace tetrad::consensus::core
