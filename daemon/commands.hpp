// SPDX-License-Identifier: Apache-2.0
// The commands of the program: name, flags, help, and the function that carries it out with settings loaded and the log open.
// Main thread.
#pragma once

#include <string_view>
#include <vector>

#include "base/log.hpp"
#include "base/result.hpp"
#include "config/sections.hpp"
#include "daemon/cli_flags.hpp"
#include "daemon/console.hpp"

namespace tetrad::daemon {

struct command_context {
    host& world;
    const given_flags& flags;
    config::sources sources;    // what the settings were made of
    config::settings settings;  // of the home; defaults for a command without one
    logger log;
};

struct command {
    std::vector<std::string_view> names;  // the first is shown, the others are accepted
    std::string_view summary;
    std::string_view details;
    std::string_view example;
    std::vector<flag> flags;
    bool needs_home = true;  // reads config.toml, and makes the home where there is none
    result<void> (*run)(command_context&) = nullptr;
};

/// In the order of the help. `defaults` shows in the flags' descriptions.
std::vector<command> all_commands(const config::settings& defaults);

// start has a page of its own (daemon/cli_start.cpp).
command start_command(const config::settings& defaults);

}  // namespace tetrad::daemon
