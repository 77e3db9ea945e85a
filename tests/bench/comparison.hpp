// SPDX-License-Identifier: Apache-2.0
// Something that a bare program and ours both do. A file for each; rounds.hpp runs them in turn.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "tests/bench/harness/figures.hpp"
#include "tests/bench/machine.hpp"

namespace tetrad::bench {

/// Where the measurements run and how long one of them may take.
struct place {
    cores at;
    duration window = 300ms;  // of one side in one round, warming up not counted
    std::string directory;    // on a real disk; files in it go with the program
};

class comparison {
public:
    virtual ~comparison() = default;
    virtual std::vector<metric> metrics() const = 0;
    /// Once, before the first round: files and the like.
    virtual result<void> prepare() { return {}; }
    /// A sample without values where there is nothing to compare with.
    virtual result<sample> bare() = 0;
    virtual result<sample> ours() = 0;
};

using comparisons = std::vector<std::unique_ptr<comparison>>;

}  // namespace tetrad::bench
