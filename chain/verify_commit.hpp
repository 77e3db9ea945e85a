// SPDX-License-Identifier: Apache-2.0
// Did these validators decide this block? In two steps, so that signatures may be verified anywhere: `prepare_*` checks all
// that is cheap and collects keys, messages and signatures; whoever verifies them (here, in a batch on a worker, or skipping
// those seen before) gives the index of the first invalid one to conclude(). `verify_*` does both at once.
//
// Rules and texts are CometBFT's (types/validation.go). A commit from a peer is well-formed (check_shape) before it comes here.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/crypto/keys.hpp"
#include "base/result.hpp"
#include "base/strong.hpp"
#include "chain/commit.hpp"
#include "chain/ids.hpp"
#include "chain/validator_set.hpp"

namespace tetrad::chain {

/// One signature to verify. Borrowed from the check that made it.
struct signed_item {
    const crypto::public_key* key;
    byte_view message;
    byte_view signature;
};

/// The index of the first invalid signature, nothing where all are valid.
std::optional<std::size_t> first_invalid(std::span<const signed_item>);
using verifier = std::function<std::optional<std::size_t>(std::span<const signed_item>)>;

/// A part of a whole, as trust levels are given.
struct fraction {
    std::uint64_t numerator = 1;
    std::uint64_t denominator = 3;
    bool operator==(const fraction&) const = default;
};

/// How far to look at a commit's signatures: all of them, or only until the power suffices.
enum class extent : std::uint8_t { until_enough, all };

/// What is left to verify of a commit. Keeps the validator set alive; the commit must outlive it and not move.
class commit_check {
public:
    commit_check(commit_check&&) = default;  // items() point into it: it moves, but is not copied
    commit_check& operator=(commit_check&&) = default;

    power_t tallied() const { return tallied_; }
    power_t needed() const { return needed_; }
    /// Is more than the needed power claimed? Where not, the signatures need not be verified.
    bool has_enough_power() const { return tallied_ > needed_; }

    std::span<const signed_item> items() const { return items_; }

    /// The verdict, given what verifying items() found: insufficient power first, then the invalid signature.
    result<void> conclude(std::optional<std::size_t> first_invalid_item) const;

private:
    friend class commit_collector;
    commit_check() = default;

    validator_set validators_;
    power_t tallied_;
    power_t needed_;
    bytes messages_;  // all sign bytes, one after another
    std::vector<signed_item> items_;
    std::vector<std::uint32_t> entries_;      // the commit's entry of each item
    std::size_t extensions_from_ = SIZE_MAX;  // items from here on are of vote extensions
};

// ---- the full check: every signature that is there, also those for nil; more than 2/3 for the block ----

result<commit_check> prepare_commit(std::string_view chain_id, const validator_set&,
                                    const block_id&, height_t, const commit&);
result<void> verify_commit(std::string_view chain_id, const validator_set&, const block_id&,
                           height_t, const commit&, const verifier& = first_invalid);

// ---- with vote extensions: as the full check, and the signature of each extension ----

result<commit_check> prepare_extended_commit(std::string_view chain_id, const validator_set&,
                                             const block_id&, height_t, const extended_commit&);
result<void> verify_extended_commit(std::string_view chain_id, const validator_set&,
                                    const block_id&, height_t, const extended_commit&,
                                    const verifier& = first_invalid);

// ---- the light check: only signatures for the block ----

result<commit_check> prepare_commit_light(std::string_view chain_id, const validator_set&,
                                          const block_id&, height_t, const commit&,
                                          extent = extent::until_enough);
result<void> verify_commit_light(std::string_view chain_id, const validator_set&, const block_id&,
                                 height_t, const commit&, extent = extent::until_enough,
                                 const verifier& = first_invalid);

// ---- by validators that we trust, which are perhaps not those of the commit's height; more than `level` of their power ----

result<commit_check> prepare_commit_trusting(std::string_view chain_id, const validator_set&,
                                             const commit&, fraction level,
                                             extent = extent::until_enough);
result<void> verify_commit_trusting(std::string_view chain_id, const validator_set&, const commit&,
                                    fraction level, extent = extent::until_enough,
                                    const verifier& = first_invalid);

}  // namespace tetrad::chain
