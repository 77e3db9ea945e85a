// SPDX-License-Identifier: Apache-2.0
// Appends to one file, many made durable by one write: what comes while a commit is in flight shares the next one. On one shard, whose
// tasks share it.
//
//     group_commit log(here, file, 0);
//     co_await ok(log.append(record));        // durable now
//
// Records lie one behind the other, as they are given: what tells them apart is theirs. The file is written in whole blocks, the rest
// of the last one zeros, from a multiple of 4096 on; so it may be open past the page cache (open_flags::direct). A block that is not
// full is written again by the next commit, with the same bytes in front: the sectors of what is durable keep their content. It is
// fast where the file was allocated and written before (a file that grows changes its metadata with each commit).
//
// A write that failed is the end: nobody knows what the disk holds, every append that waits and all later ones fail (errc::fatal).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "runtime/file.hpp"
#include "runtime/scope.hpp"
#include "runtime/sync.hpp"
#include "runtime/task.hpp"

namespace tetrad::runtime {

struct group_limits {
    std::size_t waiting_bytes_max = std::size_t{1} << 20;  // appended and not in a commit yet
};

class group_commit {
public:
    /// `to` is open for writing and outlives this. `begin` is a multiple of block.
    group_commit(shard& here, file& to, std::uint64_t begin, group_limits = {});

    /// Returns when the record is durable. Where the bound of waiting bytes is reached it waits for room first, in order; one larger
    /// than the bound is refused (too_large). Where its task is stopped meanwhile it returns early, and the record may become durable
    /// or not. Not empty; stays where it is until then.
    task<result<void>> append(byte_view record);
    /// Refuses what comes from now on (closed), waits for what is in flight. To be called before the end, once.
    task<result<void>> close();

    /// Behind the last durable record.
    std::uint64_t end() const { return end_; }
    std::uint64_t commits() const { return committed_; }

    static constexpr std::size_t block = 4096;

private:
    /// The blocks of one commit: what the last block held already, then what is new.
    struct group {
        explicit group(std::size_t size) : memory(size) {}
        aligned_bytes memory;
        std::size_t kept = 0;  // bytes of the block in front that an earlier commit wrote
        std::size_t used = 0;
    };
    bool has_room(std::size_t size) const {
        return filling_->used - filling_->kept + size <= limits_.waiting_bytes_max;
    }
    task<result<void>> wait_for_room(std::size_t size);
    task<void> commit_all();
    task<void> commit();
    group& take_filled();
    result<void> refusal() const;

    file& to_;
    const group_limits limits_;
    std::array<group, 2> groups_;
    group* filling_;
    std::uint64_t base_;  // where the first block of filling_ goes
    std::uint64_t end_;
    std::uint64_t number_ = 1;     // of the group that is being filled
    std::uint64_t committed_ = 0;  // the last one that is durable
    std::array<event, 2> done_;    // a group's, by its number; there are never more than two
    event room_;
    semaphore in_line_{1};  // who waits for room
    bool committing_ = false;
    bool closed_ = false;
    std::optional<error> broken_;
    scope tasks_;  // the commits; nobody's stop but their own end
};

}  // namespace tetrad::runtime
