// SPDX-License-Identifier: Apache-2.0
// The rounds of one comparison: bare and ours in turn, the order changing from round to round, with a
// look at the cores' distance before and after. A spoilt round is run again, within a bound of time.
#pragma once

#include <vector>

#include "tests/bench/comparison.hpp"

namespace tetrad::bench {

/// A row a metric; where it could not run, rows that say why.
std::vector<row> run_rounds(comparison&, const place&, std::size_t wanted);

}  // namespace tetrad::bench
