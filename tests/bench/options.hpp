// SPDX-License-Identifier: Apache-2.0
// What the user asks for.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace tetrad::bench {

struct options {
    std::string name;          // which set of comparisons; empty: list them
    std::string json;          // a file for the JSON lines too
    std::uint32_t rounds = 7;  // clean ones of each comparison
    std::string only;          // rows whose name begins with this; empty: all
    std::string directory;     // where files are written; empty: beside the program
    std::string idle;          // not the user's: this process is one that is measured idle
};

/// The options; or, where there is nothing to run, what main returns (help and mistakes have been printed).
struct parsed {
    std::optional<options> chosen;
    int exit_code = 0;
};
parsed parse_options(int argc, char** argv);

}  // namespace tetrad::bench
