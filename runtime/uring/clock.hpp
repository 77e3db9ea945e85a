// SPDX-License-Identifier: Apache-2.0
// The system's wall clock for threads that have no backend: the main thread at start and in the commands that make files.
#pragma once

#include "base/time.hpp"

namespace tetrad::runtime {

timestamp system_time();

}  // namespace tetrad::runtime
