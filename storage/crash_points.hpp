// SPDX-License-Identifier: Apache-2.0
// For tests of crash safety on the real program: a kv that kills the process (SIGKILL, as a power cut would) right before or right
// after a write that changes a given table, counted from the start. Off unless TETRAD_CRASH_POINT names a point:
//
//     states.before:5   before the 5th write that changes the table `states` (the batch of a block)
//     app.after:2       after the 2nd write of the application's table (its Commit)
#pragma once

#include <memory>
#include <string_view>

#include "storage/kv.hpp"

namespace tetrad::storage {

struct crash_point {
    table in{};
    bool after = false;
    std::uint64_t count = 1;
};

result<crash_point> parse_crash_point(std::string_view);
std::unique_ptr<kv> with_crash_point(std::unique_ptr<kv> inner, crash_point at);

}  // namespace tetrad::storage
