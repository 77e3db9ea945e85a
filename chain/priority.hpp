// SPDX-License-Identifier: Apache-2.0
// The arithmetic of proposer priorities (types/validator_set.go), exact to the last bit, since every node must see the same
// proposer. A set is incremented so:
//
//   window   if max - min > 2 * total, divide all by ceil((max - min) / (2 * total)), towards zero
//   centre   subtract the average, rounded down
//   advance  as often as asked: add each one's power, choose the highest (of equals the smaller address), charge it the total
//
// A new member starts at -(t + t / 8), t being the total after the updates and before the removals; then window and centre.
// Sums are clipped to what an int64 holds. Pure: any shard.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "chain/validator.hpp"

namespace tetrad::chain::priority {

std::int64_t add_clipped(std::int64_t a, std::int64_t b);
std::int64_t subtract_clipped(std::int64_t a, std::int64_t b);

/// Does a propose before b? Of two that are equal in all, the first.
bool goes_before(const validator& a, const validator& b);

// ---- `members` is not empty ----

/// Rounded down, exact for any values.
std::int64_t average(std::span<const validator> members);
/// `window` is twice the total power; nothing happens where it is not positive.
void rescale(std::span<validator> members, std::int64_t window);
void centre(std::span<validator> members);
/// One turn: returns the index of the proposer.
std::size_t advance(std::span<validator> members, std::int64_t total);

/// What a new member starts with.
constexpr std::int64_t of_new_member(std::int64_t total_before_removals) {
    return -(total_before_removals + (total_before_removals >> 3));
}

}  // namespace tetrad::chain::priority
