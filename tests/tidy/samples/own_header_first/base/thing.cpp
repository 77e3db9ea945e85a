// SPDX-License-Identifier: Apache-2.0
#include <vector>

#include "base/thing.hpp"
