// SPDX-License-Identifier: Apache-2.0
#include "chain/priority.hpp"

#include <algorithm>

namespace tetrad::chain::priority {

namespace {

// Go's integers wrap where C++'s are undefined.
std::int64_t wrapping_add(std::int64_t a, std::int64_t b) {
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}
std::int64_t wrapping_subtract(std::int64_t a, std::int64_t b) {
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b));
}
std::int64_t wrapping_divide(std::int64_t a, std::int64_t b) {
    return b == -1 ? wrapping_subtract(0, a) : a / b;
}

}  // namespace

std::int64_t add_clipped(std::int64_t a, std::int64_t b) {
    std::int64_t sum = 0;
    if (!__builtin_add_overflow(a, b, &sum))
        return sum;
    return b < 0 ? INT64_MIN : INT64_MAX;
}

std::int64_t subtract_clipped(std::int64_t a, std::int64_t b) {
    std::int64_t difference = 0;
    if (!__builtin_sub_overflow(a, b, &difference))
        return difference;
    return b > 0 ? INT64_MIN : INT64_MAX;
}

bool goes_before(const validator& a, const validator& b) {
    return a.priority != b.priority ? a.priority > b.priority : a.address <= b.address;
}

std::int64_t average(std::span<const validator> members) {
    CHECK(!members.empty());
    __extension__ using wide = __int128;
    wide sum = 0;
    for (const auto& m : members)
        sum += m.priority;
    const auto n = static_cast<wide>(members.size());
    wide quotient = sum / n;
    if (sum % n < 0)
        --quotient;
    return static_cast<std::int64_t>(quotient);
}

void rescale(std::span<validator> members, std::int64_t window) {
    CHECK(!members.empty());
    if (window <= 0)
        return;
    const auto [low, high] = std::minmax_element(
        members.begin(), members.end(),
        [](const validator& a, const validator& b) { return a.priority < b.priority; });
    std::int64_t spread = wrapping_subtract(high->priority, low->priority);
    if (spread < 0)
        spread = wrapping_subtract(0, spread);
    if (spread <= window)
        return;
    const std::int64_t ratio = wrapping_add(spread, window - 1) / window;
    if (ratio ==
        0)  // only where the sum wrapped, which priorities within their window cannot make it do
        return;
    for (auto& m : members)
        m.priority = wrapping_divide(m.priority, ratio);
}

void centre(std::span<validator> members) {
    const auto middle = average(members);
    for (auto& m : members)
        m.priority = subtract_clipped(m.priority, middle);
}

std::size_t advance(std::span<validator> members, std::int64_t total) {
    CHECK(!members.empty());
    std::size_t winner = 0;
    for (std::size_t i = 0; i < members.size(); ++i) {
        members[i].priority = add_clipped(members[i].priority, members[i].power.v);
        if (i != winner && !goes_before(members[winner], members[i]))
            winner = i;
    }
    members[winner].priority = subtract_clipped(members[winner].priority, total);
    return winner;
}

}  // namespace tetrad::chain::priority
