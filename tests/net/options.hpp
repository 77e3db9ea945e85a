// SPDX-License-Identifier: Apache-2.0
// What the user asks for.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.hpp"

namespace tetrad::net {

struct options {
    std::string program;  // tetrad, or another of the same command line
    std::uint32_t validators = 4;
    std::uint64_t load = 0;        // transactions a second; 0: none
    std::uint64_t tx_bytes = 256;  // of each
    std::string keep;              // the folder that stays; empty: a temporary one
    std::uint64_t duration_s = 0;  // 0: until a signal
};

/// The options; or, where there is nothing to run, what main returns (help and mistakes have been printed).
struct parsed {
    std::optional<options> chosen;
    int exit_code = 0;
};
parsed parse_options(int argc, char** argv);

}  // namespace tetrad::net
