// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/runtime/list.hpp"

#include <utility>

namespace tetrad::bench {

comparisons runtime_comparisons(const place& where) {
    comparisons out;
    out.push_back(compare_echo(where, 64, false));
    out.push_back(compare_echo(where, 1, true));
    for (auto& c : compare_round_trips(where))
        out.push_back(std::move(c));
    out.push_back(compare_stream(where));
    out.push_back(compare_coroutines(where));
    out.push_back(compare_append(where));
    out.push_back(compare_group(where));
    out.push_back(compare_reads(where, true));
    out.push_back(compare_reads(where, false));
    out.push_back(compare_idle(where));
    return out;
}

}  // namespace tetrad::bench
