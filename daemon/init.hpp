// SPDX-License-Identifier: Apache-2.0
// `init`: the files of a fresh home (validator, node key, genesis), each made only where it is missing. Main thread.
#pragma once

#include <string>

#include "base/log.hpp"
#include "base/random.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "chain/genesis.hpp"
#include "config/sections.hpp"
#include "daemon/keys.hpp"

namespace tetrad::daemon {

constexpr unsigned genesis_mode = 0644;

/// Logs each file as generated or found. Returns the validator of the home.
result<validator_files> init_files(const config::settings&, const logger&, random_source&,
                                   timestamp now);

/// A genesis document with default parameters and no application state, to be completed by the caller.
chain::genesis_doc new_genesis(std::string chain_id, timestamp now);
chain::genesis_validator as_genesis_validator(const validator_key&, std::int64_t power,
                                              std::string name);

/// So many letters and digits.
std::string random_word(random_source&, std::size_t length);

}  // namespace tetrad::daemon
