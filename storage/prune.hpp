// SPDX-License-Identifier: Apache-2.0
// Takes old blocks out of the store. On the storage side; called by the store alone.
//
//   blocks, commits as seen, answers     all below `retain` go
//   metas, commits, hashes               stay as far down as evidence of misbehaviour may still come for; where many are too old at
//                                        once, the last of them go with the next prunings
//   validators, parameters               the same, and the rows that later ones refer to
//   the transaction index, genesis       stay
#pragma once

#include "base/result.hpp"
#include "base/strong.hpp"
#include "chain/state.hpp"
#include "storage/kv.hpp"
#include "storage/records.hpp"

namespace tetrad::storage {

/// In steps of one batch each, after any of which the store is what it would be had it been asked to go so far only; `range`
/// follows. `retain` is above the base and not above the height.
result<void> prune(kv& db, store_range& range, const chain::state&, height_t retain);

}  // namespace tetrad::storage
