// SPDX-License-Identifier: Apache-2.0
// Durable writes one after the other, without a runtime: what ours are compared with, and what the disk allows.
#pragma once

#include <algorithm>
#include <chrono>
#include <functional>
#include <vector>

#include "tests/bench/comparison.hpp"
#include "tests/bench/runtime/disk_file.hpp"

namespace tetrad::bench {

/// The figures of a thread that writes pieces of one size, each durable before the next, over a file for a while.
class one_by_one {
public:
    one_by_one(duration window, std::size_t piece, std::uint64_t file_bytes)
        : end_(clock_now() + window),
          began_(clock_now()),
          piece_(piece),
          room_(file_bytes / piece) {}
    bool goes_on() const { return clock_now() < end_; }
    std::uint64_t next_place() const { return times_.size() % room_ * piece_; }
    void done() {
        const instant now = clock_now();
        times_.push_back(now - began_);
        began_ = now;
    }
    /// Writes a second; CPU a write.
    sample figures() {
        sample out;
        const auto n = static_cast<double>(times_.size());
        out.values = {n / std::chrono::duration<double>(used_.wall()).count()};
        out.cpu_us = std::chrono::duration<double, std::micro>(used_.cpu()).count() / n;
        std::sort(times_.begin(), times_.end());
        out.p99 = times_[times_.size() * 99 / 100];
        return out;
    }

private:
    meter used_;
    instant end_, began_;
    std::size_t piece_;
    std::uint64_t room_;
    std::vector<duration> times_;
};

class bare_appends {
public:
    /// `fill` puts into the memory of a piece what is to be written; empty: nothing does.
    bare_appends(const place& where, const disk_file& to, std::size_t piece,
                 std::function<void(std::uint8_t*)> fill = {})
        : where_(where), to_(to), piece_(piece), fill_(std::move(fill)) {}

    /// Finds out which way is the better one on this disk, by three tries of each in turn: a write that is durable itself (RWF_DSYNC),
    /// or one linked to an fdatasync.
    void choose();
    sample run(duration window) const { return run(window, linked_); }
    const char* way() const { return linked_ ? "bare: linked fdatasync" : "bare: RWF_DSYNC"; }

private:
    sample run(duration window, bool linked) const;

    place where_;
    const disk_file& to_;
    std::size_t piece_;
    std::function<void(std::uint8_t*)> fill_;
    bool linked_ = false;
};

}  // namespace tetrad::bench
