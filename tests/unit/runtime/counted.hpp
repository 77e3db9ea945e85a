// SPDX-License-Identifier: Apache-2.0
// For tests of tasks: a value that shows how often it was destroyed, and a way to run one task to its end.
#pragma once

#include "tests/unit/runtime/support.hpp"

#include <optional>
#include <string>
#include <utility>

namespace tetrad::runtime::testing {

/// Counts its copies that live: destroyed twice or never, it shows.
struct counted {
    explicit counted(int& n, int v = 0) : live(&n), value(v) { ++*live; }
    counted(const counted& o) : live(o.live), value(o.value) { ++*live; }
    counted(counted&& o) noexcept : live(o.live), value(o.value) { ++*live; }
    counted& operator=(const counted&) = default;
    ~counted() { --*live; }
    int* live;
    int value;
    std::string text = "long enough to live on the heap, where a second free is found";
};

template <class T>
T run(still_machine& m, task<T> work) {
    std::optional<T> out;
    m.tasks.spawn(store_and_stop<T>(m.on, std::move(work), out));
    m.settle();
    REQUIRE(out.has_value());
    return std::move(*out);
}

}  // namespace tetrad::runtime::testing
