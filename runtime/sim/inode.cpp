// SPDX-License-Identifier: Apache-2.0
#include "runtime/sim/inode.hpp"

#include <algorithm>

#include "base/check.hpp"

namespace tetrad::runtime::sim {

// A sector enters before_ once: what it held when it was last durable. Bytes past the durable size count as zero, which is what a
// file system shows there when the size survived and the data did not.
void inode::remember(std::uint64_t from, std::uint64_t to) {
    for (std::uint64_t s = from / sector; s * sector < to; ++s) {
        if (before_.contains(s))
            continue;
        if (auto doomed = doomed_.extract(s)) {  // written anew: pending again, over what the medium really holds
            before_.insert(std::move(doomed));
            continue;
        }
        sector_bytes& old = before_[s];
        const std::uint64_t at = s * sector, end = std::min({at + sector, content_.size(), durable_size_});
        if (at < end)
            std::copy(content_.begin() + static_cast<std::ptrdiff_t>(at), content_.begin() + static_cast<std::ptrdiff_t>(end),
                      old.begin());
    }
}

void inode::write(std::uint64_t offset, byte_view data) {
    CHECK(!directory);
    if (data.empty())
        return;
    const std::uint64_t end = offset + data.size();
    if (offset > content_.size())
        resize(offset);  // the gap reads as zeros
    remember(offset, end);
    if (end > content_.size())
        content_.resize(end);
    std::copy(data.begin(), data.end(), content_.begin() + static_cast<std::ptrdiff_t>(offset));
}

void inode::resize(std::uint64_t size) {
    CHECK(!directory);
    if (size == content_.size())
        return;
    remember(std::min<std::uint64_t>(size, content_.size()), std::max<std::uint64_t>(size, content_.size()));
    content_.resize(size);
}

void inode::allocate(std::uint64_t offset, std::uint64_t length) {
    if (offset + length > content_.size())
        resize(offset + length);
}

void inode::sync() {
    before_.clear();
    durable_size_ = content_.size();
}

void inode::fail_sync() { doomed_.merge(before_); }

void inode::lose_power(random_source& random, bool garbage) {
    const std::uint64_t low = std::min<std::uint64_t>(durable_size_, content_.size());
    const std::uint64_t high = std::max<std::uint64_t>(durable_size_, content_.size());
    std::uint64_t size = durable_size_;
    if (low != high) {
        switch (random.below(3)) {
            case 0: break;
            case 1: size = content_.size(); break;
            default: size = low + random.below(high - low + 1);
        }
    }
    content_.resize(high);  // sectors that a pending truncation took away may come back
    auto put_back = [&](std::uint64_t s, const sector_bytes& old) {
        const std::uint64_t at = s * sector, end = std::min<std::uint64_t>(at + sector, high);
        if (at < end)
            std::copy_n(old.begin(), end - at, content_.begin() + static_cast<std::ptrdiff_t>(at));
    };
    for (const auto& [s, old] : doomed_)
        put_back(s, old);
    for (const auto& [s, old] : before_) {
        const auto fate = random.below(garbage ? 3 : 2);
        if (fate == 0)
            put_back(s, old);
        if (fate == 2) {
            sector_bytes noise;
            random.fill(noise);
            put_back(s, noise);
        }
    }
    content_.resize(size);
    before_.clear();
    doomed_.clear();
    durable_size_ = size;
}

bool inode::damage(std::uint64_t at, std::uint8_t mask) {
    if (directory || at >= content_.size())
        return false;
    content_[at] ^= mask;
    return true;
}

}  // namespace tetrad::runtime::sim
