// SPDX-License-Identifier: Apache-2.0
// The settings a node runs with: defaults, over them config.toml, over it the environment, over that the flags. Everything that is
// wrong is reported at once, each with the place it stands at. Main thread.
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "config/home.hpp"
#include "config/sections.hpp"

namespace tetrad::config {

struct given_flag {
    std::string name;  // as on the command line, without dashes
    std::string key;   // path of the key it sets
    std::string value;
};

struct sources {
    std::string home;
    environment env;
    std::vector<given_flag> flags;  // those that were given only
    settings defaults;
};

/// Reads home/config.toml or, where there is none, home/config/config.toml; neither has to exist. Keys that are not known are
/// ignored. The text of an error is one line for each thing that is wrong.
result<settings> load(const sources&);

/// The same with the file named instead of the home's, which has to exist (`testnet --config`).
result<settings> load_file(const std::string& path, const sources&);

/// The variable that sets a key: "rpc.laddr" is CMT_RPC_LADDR, "mempool.keep-invalid-txs-in-cache" ends in
/// ..._KEEP_INVALID_TXS_IN_CACHE.
std::string variable_of(std::string_view key);

}  // namespace tetrad::config
