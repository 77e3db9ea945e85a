// SPDX-License-Identifier: Apache-2.0
// The home directory of a node, laid out as CometBFT's: config/ with config.toml, genesis and keys; data/ with stores and the
// validator's state. Which directory it is, what its files are called, and making it. Main thread.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "config/sections.hpp"

namespace tetrad::config {

using environment = std::map<std::string, std::string, std::less<>>;

struct chosen_home {
    std::string path;
    bool by_deprecated_variable = false;  // TMHOME
};
/// CMTHOME, else TMHOME, else --home, else CMT_HOME, else ~/.cometbft: unlike elsewhere the environment wins over the flag, as in
/// CometBFT. Empty variables count as not set. (CometBFT reads config.toml from --home even where CMTHOME names the home; here all
/// is in one place.)
chosen_home choose_home(const environment&, const std::optional<std::string>& flag);
/// ~/.cometbft
std::string default_home(const environment&);

/// Makes the home, its config and data directories (mode 0700) and, where there is none, config/config.toml with `defaults`.
result<void> prepare_home(const std::string& home, const settings& defaults);

// Absolute where the setting is, else below the home.
std::string config_file(const std::string& home);
std::string genesis_file(const settings&);
std::string node_key_file(const settings&);
std::string validator_key_file(const settings&);
std::string validator_state_file(const settings&);
std::string address_book_file(const settings&);
std::string database_directory(const settings&);
std::string wal_file(const settings&);

}  // namespace tetrad::config
