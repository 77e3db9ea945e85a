// SPDX-License-Identifier: Apache-2.0
// A write-ahead log of records (storage/wal_format), in CometBFT's files: `path` is the head, which grows; path.000, path.001, ... are
// older ones, each a head once. Records never span two files. What a crash tore off the end of the head is cut when it is opened, and
// kept in path.CORRUPTED.
//
// On one shard, whose tasks may share it. append() is memory alone; flush() gives it to the kernel, where it survives a crash of the
// process; sync() makes all that was appended before durable. After a write or a sync has failed nobody knows what the disk holds: every
// later call fails (errc::fatal), the node has to stop.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "runtime/file.hpp"
#include "runtime/sync.hpp"
#include "runtime/task.hpp"

namespace tetrad::storage {

struct wal_limits {
    std::uint64_t head_size = std::uint64_t{10}
                              << 20;  // a head that reaches it becomes an older file
    std::uint64_t total_size = std::uint64_t{1} << 30;  // of all files; the oldest go
};

class wal {
public:
    /// Makes the file and its directory where there are none.
    static runtime::task<result<std::unique_ptr<wal>>> open(std::string path,
                                                            wal_limits limits = {});

    /// Nothing was there.
    bool is_new() const { return is_new_; }
    /// What was cut off the head when it was opened, in words; empty where it was whole.
    const std::string& repaired() const { return repaired_; }

    /// The payloads after the last record that `marks` is true of; nothing where it is true of none. Reads the newest files first, and
    /// only those that it needs; holds at most the log's total size. Before the first append.
    runtime::task<result<std::optional<std::vector<slice>>>> records_after(
        std::function<bool(byte_view payload)> marks);

    /// The payload has 1 to wal_payload_max bytes.
    void append(byte_view payload);
    runtime::task<result<void>> flush();
    runtime::task<result<void>> sync();

private:
    wal(std::string path, wal_limits limits) : path_(std::move(path)), limits_(limits) {}
    runtime::task<result<void>> open_head();
    runtime::task<result<void>> find_older();
    runtime::task<result<void>> write();
    runtime::task<result<void>> rotate();
    runtime::task<result<void>> drop_oldest();
    std::string older_path(std::uint64_t number) const;
    result<void> broken(const error&);

    struct older {
        std::uint64_t number;
        std::uint64_t size;
    };
    std::string path_;
    wal_limits limits_;
    runtime::file head_;
    std::uint64_t size_ = 0;    // of the head
    std::vector<older> older_;  // oldest first
    runtime::semaphore one_{1};  // writes, syncs or rotates
    bytes buffer_;              // appended, not yet written
    std::optional<error> broken_;
    bool is_new_ = false;
    std::string repaired_;
};

}  // namespace tetrad::storage
