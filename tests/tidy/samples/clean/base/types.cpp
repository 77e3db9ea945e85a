// SPDX-License-Identifier: Apache-2.0
#include "base/types.hpp"

#include <vector>

void made::run() const {}
