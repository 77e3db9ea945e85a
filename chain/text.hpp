// SPDX-License-Identifier: Apache-2.0
// How CometBFT prints values inside its error texts, which users and clients read.
#pragma once

#include <string>

#include "base/bytes.hpp"
#include "base/time.hpp"

namespace tetrad::chain {

/// 2024-01-02 03:04:05.123 +0000 UTC
std::string time_text(timestamp);

/// The first six bytes in upper-case hex, zeros where there are fewer (libs/bytes Fingerprint).
std::string fingerprint(byte_view);

}  // namespace tetrad::chain
