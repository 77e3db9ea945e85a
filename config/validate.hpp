// SPDX-License-Identifier: Apache-2.0
// What settings must satisfy whatever the node is used for: the bounds of CometBFT's ValidateBasic, with its texts, and those of our
// own section. What this program cannot do yet is daemon's to say. Pure.
#pragma once

#include <string>
#include <vector>

#include "config/sections.hpp"

namespace tetrad::config {

struct problem {
    std::string key;   // path of the key: "rpc.max_body_bytes"
    std::string text;  // "error in [rpc] section: max_body_bytes can't be negative"
};

/// All that is wrong, in the order in which CometBFT would find it; it stops at the first.
std::vector<problem> validate(const settings&);

}  // namespace tetrad::config
