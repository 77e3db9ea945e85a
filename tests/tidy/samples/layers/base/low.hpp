// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <vector>
#include "chain/high.hpp"
#include "missing.hpp"
