// SPDX-License-Identifier: Apache-2.0
// When misbehaviour is too old to be proven (evidence.IsEvidenceExpired): by both ages. Pure.
#pragma once

#include "chain/state.hpp"

namespace tetrad::chain {

/// `height` and `time`: of the misbehaviour; the ages are those on the last block of the state.
inline bool is_too_old(const state& s, height_t height, timestamp time) {
    const auto& limits = s.params.evidence;
    return s.last_block_height - height > limits.max_age_blocks &&
           s.last_block_time - time > limits.max_age;
}

}  // namespace tetrad::chain
