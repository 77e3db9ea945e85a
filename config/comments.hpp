// SPDX-License-Identifier: Apache-2.0
// What a new config.toml says about each of its keys and sections, in our words. Constants.
#pragma once

#include <span>
#include <string_view>
#include <utility>

namespace tetrad::config {

/// Path of a key ("moniker", "rpc.laddr") or name of a section ("[rpc]"), and its comment: lines without "# ". Keys without one
/// belong to the key above them.
std::span<const std::pair<std::string_view, std::string_view>> comments();

/// Empty where there is none.
std::string_view comment_of(std::string_view path);

}  // namespace tetrad::config
