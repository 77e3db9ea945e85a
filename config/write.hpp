// SPDX-License-Identifier: Apache-2.0
// Settings as the text of a config.toml: sections and keys in CometBFT's order, each key under a comment of ours. Pure.
#pragma once

#include <string>

#include "config/sections.hpp"

namespace tetrad::config {

std::string to_toml(const settings&);

}  // namespace tetrad::config
