// SPDX-License-Identifier: Apache-2.0
// What a received consensus message becomes. Pure; network shard. In this order:
//
//   1. it decodes and is well-formed, or its sender is dropped
//   2. it came on its own channel, and we take part (what a peer says of itself counts also while we sync), or it is refused
//   3. what it tells of the peer is noted; a peer that contradicts itself is dropped
//   4. it is of use to us: of where we are, and not known already; or it is refused, before any signature is looked at
//
// What is left is a candidate, of which the signature or proof is still to be verified (verify.hpp). A refusal is quiet: to be counted,
// not to be punished, because honest peers pass on what is late, or what they could not know that we have.
//
//   dropped for    what does not decode, check_shape, check_height of a NewRoundStep, a proposal of more parts than a block may have,
//                  a claim of a majority that contradicts an earlier one
//   refused        everything else; also a candidate that does not verify (bad_signature, bad_proof, by whoever verifies it)
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "chain/messages.hpp"
#include "consensus/gossip/peer_state.hpp"
#include "consensus/gossip/verify.hpp"
#include "consensus/gossip/view.hpp"

namespace tetrad::consensus::gossip {

enum class refusal : std::uint8_t {
    wrong_channel,
    syncing,  // we take no part yet
    other_height,
    other_round,  // a proposal of a round that is not ours
    late,  // a precommit of the height before, once round 0 has begun, or not of the round that decided
    unexpected,  // a part, and no block is being collected, or it has no such part
    known,
    bad_signature,  // a proposal's or a vote's, or not of whoever's turn it was
    bad_proof,      // of a part's place in its block
};
constexpr std::size_t refusals = 9;
/// For counters and the log.
std::string_view name(refusal);

/// How often something of a peer was refused, by why.
class refusal_counts {
public:
    void add(refusal r) { ++counts_[static_cast<std::size_t>(r)]; }
    std::uint64_t of(refusal r) const { return counts_[static_cast<std::size_t>(r)]; }
    std::uint64_t total() const;

private:
    std::array<std::uint64_t, refusals> counts_{};
};
/// "late 1, known 12"; empty where there are none.
std::string to_string(const refusal_counts&);

/// It told something of the peer, if anything.
struct noted {};
struct refused {
    refusal why{};
};
/// Of our height. The answer is for the vote set bits channel, each time.
struct claimed_majority {
    chain::messages::vote_set_maj23 claim;
    bool is_new = false;  // the core has to know
    chain::messages::vote_set_bits answer;
};
using received = std::variant<noted, refused, candidate_proposal, candidate_part, candidate_vote,
                              claimed_majority>;

/// Fails where the peer is to be dropped.
result<received> receive(std::uint8_t channel, const slice& message, const view&, peer_state&,
                         timestamp now);

}  // namespace tetrad::consensus::gossip
