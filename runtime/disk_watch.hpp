// SPDX-License-Identifier: Apache-2.0
// A backend that tells of every step that changes the disk, right before it is asked for and right after it is done: how tests of
// crash safety find each of them without a word in the code that takes it. All else passes through.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "runtime/backend.hpp"

namespace tetrad::runtime {

struct disk_step {
    op_code code{};       // write, sync, rename, unlink, make_dir, allocate or truncate
    std::string path;     // of what changes; a rename's is the new one
    byte_view data;       // of a write
    bool of_directory{};  // a sync
};

/// Called on the executor's thread right before a step; what it returns, right after one that succeeded, before whoever awaits it
/// goes on. Neither may call the backend.
using disk_watch = std::function<std::function<void()>(const disk_step&)>;

std::unique_ptr<backend> watch_disk(std::unique_ptr<backend> inner, disk_watch);

}  // namespace tetrad::runtime
