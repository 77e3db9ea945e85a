// SPDX-License-Identifier: Apache-2.0
// Is evidence of misbehaviour true (evidence/verify.go)? Pure: what the chain says of the heights it names is read by the pool and
// given here. Evidence is well-formed (check_shape) before it comes here. Rules, their order and their texts are CometBFT's.
//
// One deviation, in favour of agreement: an attack that names nobody (amnesia) is refused in every form. CometBFT refuses it in blocks
// and from peers (a decoded list is never nil) and takes it by RPC alone, after which it would propose what it cannot prevote itself.
#pragma once

#include "base/result.hpp"
#include "base/time.hpp"
#include "chain/evidence.hpp"
#include "chain/state.hpp"

namespace tetrad::consensus::evidence {

/// Its time is that of the block at its height, and that is not too old for the state.
result<void> verify_age(const chain::evidence&, timestamp block_time, const chain::state&);

/// One of `set`, the validators of the votes' height, signed two votes for one step, and the powers are the set's.
result<void> verify(const chain::duplicate_vote&, std::string_view chain_id,
                    const chain::validator_set& set);

/// `common`, `common_set`: ours at the common height. `trusted`: ours at the conflicting height, or the latest where we are not there
/// yet. A third of the common set signed the conflicting block, two thirds of its own did, it is not ours, and those who are blamed are
/// those who did it.
result<void> verify(const chain::light_client_attack&, const chain::signed_header& common,
                    const chain::signed_header& trusted, const chain::validator_set& common_set);

}  // namespace tetrad::consensus::evidence
