// SPDX-License-Identifier: Apache-2.0
// How long to wait in each step; a later round waits longer, so that one comes in which everybody waits long enough.
#pragma once

#include "base/strong.hpp"
#include "base/time.hpp"

namespace tetrad::consensus::core {

struct timeouts {
    duration propose = 3s, propose_delta = 500ms;
    duration prevote = 1s, prevote_delta = 500ms;
    duration precommit = 1s, precommit_delta = 500ms;
    duration commit = 1s;  // between a decision and the next height, to gather more precommits

    duration of_propose(round_t r) const { return propose + propose_delta * r.v; }
    duration of_prevote(round_t r) const { return prevote + prevote_delta * r.v; }
    duration of_precommit(round_t r) const { return precommit + precommit_delta * r.v; }
};

}  // namespace tetrad::consensus::core
