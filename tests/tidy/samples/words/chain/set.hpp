// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <unordered_set>
inline std::unordered_map<int, int> powers;
