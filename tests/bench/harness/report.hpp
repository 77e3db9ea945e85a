// SPDX-License-Identifier: Apache-2.0
// What the reader sees: the table, a line a row as it is done, and the same as JSON for programs.
#pragma once

#include <string>
#include <vector>

#include "tests/bench/harness/figures.hpp"

namespace tetrad::bench {

/// Three or four digits, thousands in groups: "118 900", "0.412".
std::string figure(double);

std::string heading();
std::string line(const row&);
/// How many reach their aims, and which do not.
std::string closing(const std::vector<row>&);

/// {"name":...,"value":...,"unit":...,"bare":...,"ratio":...,"spread":[low,high],"aim":...,"ok":...}
/// and behind these the rest. What there is not is null; a row that could not run says why in "note".
std::string json(const row&);

}  // namespace tetrad::bench
