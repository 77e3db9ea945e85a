// SPDX-License-Identifier: Apache-2.0
// All comparisons of ./dev bench runtime, in the order of the table. Each has a file.
#pragma once

#include <string>

#include "tests/bench/comparison.hpp"

namespace tetrad::bench {

comparisons runtime_comparisons(const place&);

std::unique_ptr<comparison> compare_echo(const place&, std::size_t connections, bool spins);
comparisons compare_round_trips(const place&);  // spinning by a call and by streams; asleep
std::unique_ptr<comparison> compare_stream(const place&);
std::unique_ptr<comparison> compare_coroutines(const place&);
std::unique_ptr<comparison> compare_append(const place&);
std::unique_ptr<comparison> compare_group(const place&);
std::unique_ptr<comparison> compare_reads(const place&, bool random);
std::unique_ptr<comparison> compare_idle(const place&);

/// The life of a process that is measured idle; `what` is "ours" or "bare".
int be_idle(const std::string& what);

}  // namespace tetrad::bench
