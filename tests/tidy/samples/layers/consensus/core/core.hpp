// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "base/low.hpp"
#include "chain/high.hpp"
#include "runtime/task.hpp"
