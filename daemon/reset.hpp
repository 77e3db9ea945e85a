// SPDX-License-Identifier: Apache-2.0
// The commands that throw data away: stores, the address book, what the validator signed last. Main thread, no node running.
#pragma once

#include "base/log.hpp"
#include "base/random.hpp"
#include "base/result.hpp"
#include "config/sections.hpp"

namespace tetrad::daemon {

/// unsafe-reset-all: everything below db_dir, the address book unless it is kept, and the validator's state.
result<void> reset_all(const config::settings&, bool keep_address_book, const logger&,
                       random_source&);
/// reset-state: the stores and the consensus log, ours and CometBFT's; the validator's state stays.
result<void> reset_state(const config::settings&, const logger&);
/// unsafe-reset-priv-validator: an empty state for the key there is, or a new key.
result<void> reset_validator(const config::settings&, const logger&, random_source&);

}  // namespace tetrad::daemon
