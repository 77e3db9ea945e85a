// SPDX-License-Identifier: Apache-2.0
// A file or directory of a simulated disk. A file keeps its current content and, of each sector changed since the last sync, what
// was durable before: enough to take back what a power loss takes.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "base/bytes.hpp"
#include "base/random.hpp"

namespace tetrad::runtime::sim {

class inode {
public:
    static constexpr std::uint64_t sector = 512;

    explicit inode(bool is_directory, std::uint32_t mode_bits) : directory(is_directory), mode(mode_bits) {}

    const bool directory;
    const std::uint32_t mode;
    std::map<std::string, std::shared_ptr<inode>> names;  // of a directory

    const bytes& content() const { return content_; }
    std::uint64_t size() const { return content_.size(); }
    void write(std::uint64_t offset, byte_view data);
    void resize(std::uint64_t size);
    /// Zeroes where it grows; never shrinks.
    void allocate(std::uint64_t offset, std::uint64_t length);
    /// Content and size are durable.
    void sync();
    /// The device failed the sync: what was pending stays readable and is never written, unless it is written anew.
    void fail_sync();
    /// After a power loss: pending sectors old or new (or garbage), the size between the two.
    void lose_power(random_source&, bool garbage);
    /// Flips bits on the medium.
    bool damage(std::uint64_t at, std::uint8_t mask);
    bool is_durable() const { return before_.empty() && doomed_.empty() && durable_size_ == content_.size(); }

private:
    using sector_bytes = std::array<std::uint8_t, sector>;
    void remember(std::uint64_t from, std::uint64_t to);  // sectors about to change

    bytes content_;
    std::uint64_t durable_size_ = 0;
    std::map<std::uint64_t, sector_bytes> before_;  // durable content of the sectors that are pending
    std::map<std::uint64_t, sector_bytes> doomed_;  // the same, of sectors that a failed sync dropped
};

}  // namespace tetrad::runtime::sim
