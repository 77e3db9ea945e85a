// SPDX-License-Identifier: Apache-2.0
// TOML text to raw values: every key with the sections above it as one lower-case path ("rpc.laddr"; keys are not told apart by
// case, as in CometBFT), and the place it stands at. The only file that names toml++, which is built without exceptions. Pure.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "config/value.hpp"

namespace tetrad::config {

struct found_value {
    raw_value value;
    std::string place;  // "config.toml:12", "environment variable CMT_MONIKER", "flag --moniker"
};

/// By path of the key. A section as such does not appear, a list of tables does, as foreign.
using raw_settings = std::map<std::string, found_value, std::less<>>;

/// Error: `<name>:<line>:<column>: what is wrong` where the text is no TOML.
result<raw_settings> read_toml(std::string_view text, const std::string& name);

}  // namespace tetrad::config
