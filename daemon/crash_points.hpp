// SPDX-License-Identifier: Apache-2.0
// For tests of crash safety on the real program: the process dies (SIGKILL) right before or right after a durable step of its
// choice. Off, at no cost, unless TETRAD_CRASH_POINT names one:
//
//     states.before:5               before the 5th batch that changes the table `states` (that of a block)
//     app.after:2                   after the 2nd batch of the application's table (its Commit)
//     record.prevote.rename.after:1 after the rename of the signer's record of a prevote, before its directory is synced
//     wal.precommit.sync_own.before@7   the first time at height 7 or later
//     list                          dies nowhere; says each step on standard error, by its name, as it is taken
//
// What a step is called is read from the file that changes: the consensus WAL says at which step of which height the validator is, and
// what is written (what it heard, what it says itself, the end of a height); the signer's record says what was signed. So the code
// that takes a step knows nothing of its name, and no step is without one: of files that are neither it is `other`.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/strong.hpp"
#include "runtime/disk_watch.hpp"
#include "storage/kv_watch.hpp"

namespace tetrad::daemon {

struct crash_point {
    std::string name;  // empty: to list them all
    bool after = false;
    std::uint64_t count = 1;         // since the start; not looked at where there is
    std::optional<height_t> height;  // the first time at this height, by the WAL, or above
};
/// An unknown name is refused with the list of what there is.
result<crash_point> parse_crash_point(std::string_view);

/// Outlives whatever watches for it. Its WAL and record are one shard's, batches may come from another thread.
class crash_points {
public:
    struct files {
        std::string wal;     // the head; what is in its directory belongs to it
        std::string record;  // priv_validator_state.json
    };
    /// `reached` is called at the point, or in list mode with each step.
    crash_points(crash_point at, files where, std::function<void(std::string_view name)> reached);
    /// That one dies, or says it.
    crash_points(crash_point at, files where);

    runtime::disk_watch watch_files();
    storage::kv_watch watch_store();

private:
    /// In the order of what weighs more in one write.
    enum class content : std::uint8_t { inputs, own, end };

    std::string name_of(const runtime::disk_step&);
    std::string_view wal_operation(const runtime::disk_step&);
    void read_wal(byte_view records);
    void read_own(const slice& message);
    void read_record(byte_view json);
    std::function<void()> take(std::string_view name);

    const crash_point at_;
    const files where_;
    const std::function<void(std::string_view)> reached_;
    std::uint64_t seen_ = 0;  // of at_.name
    // As of what was last written.
    std::string_view step_ = "start";
    std::atomic<std::int64_t> height_{0};
    content written_{}, unsynced_{};
};

}  // namespace tetrad::daemon
