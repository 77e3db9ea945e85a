// SPDX-License-Identifier: Apache-2.0
// A kv that tells of every batch, right before it is written and right after: how tests of crash safety find each durable step of
// the store. All else passes through.
#pragma once

#include <functional>
#include <memory>

#include "storage/kv.hpp"

namespace tetrad::storage {

/// Called on whatever thread writes, right before; what it returns, right after a write that succeeded. Neither may call the kv.
using kv_watch = std::function<std::function<void()>(const batch&)>;

std::unique_ptr<kv> watch_writes(std::unique_ptr<kv> inner, kv_watch);

}  // namespace tetrad::storage
