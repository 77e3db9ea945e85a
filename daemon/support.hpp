// SPDX-License-Identifier: Apache-2.0
// What settings ask for that cannot be, or that this program does not do yet. A node that would then be something else than its operator believes
// is refused; what merely does nothing is noted. Each is one line that names the remedy. Reads settings and looks for directories.
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "config/sections.hpp"
#include "daemon/start.hpp"

namespace tetrad::daemon {

/// All reasons not to start.
std::vector<std::string> refusals(const config::settings&);
/// What the operator should know about this start.
std::vector<std::string> notes(const config::settings&);
/// The built-in application that proxy_app names. Error: an address, or a name that is not known.
result<application> choose_application(const std::string& proxy_app);
/// CometBFT's stores in the home: "blockstore.db", ... Empty where there are none.
std::vector<std::string> foreign_stores(const config::settings&);

}  // namespace tetrad::daemon
