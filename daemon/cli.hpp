// SPDX-License-Identifier: Apache-2.0
// The command line: finds the command, its flags, the home and its settings, carries it out. Output, exit codes and the
// `ERROR: ...` on standard error are CometBFT's, so that scripts written for `cometbft` work. Main thread.
#pragma once

#include "daemon/console.hpp"

namespace tetrad::daemon {

/// Returns the exit code.
int run_command_line(host&);

}  // namespace tetrad::daemon
