// SPDX-License-Identifier: Apache-2.0
// Proof that validators misbehaved. Shape, hashes and order here; whether it is true is checked against stored headers and
// validator sets by the evidence pool. Plain values: any shard.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "base/strong.hpp"
#include "base/time.hpp"
#include "chain/codec.hpp"
#include "chain/ids.hpp"
#include "chain/light_block.hpp"
#include "chain/validator_set.hpp"
#include "chain/vote.hpp"

namespace tetrad::chain {

/// Two votes of one validator for one height, round and step (tendermint.types.DuplicateVoteEvidence); a.block.key() is below
/// b's.
struct duplicate_vote {
    std::optional<vote> a;
    std::optional<vote> b;
    power_t total_power;
    power_t validator_power;
    timestamp time;  // of the block at that height

    static constexpr auto schema =
        fields(field<1>("vote_a", &duplicate_vote::a), field<2>("vote_b", &duplicate_vote::b),
               field<3>("TotalVotingPower", &duplicate_vote::total_power),
               field<4>("ValidatorPower", &duplicate_vote::validator_power),
               field<5>("Timestamp", &duplicate_vote::time));
    bool operator==(const duplicate_vote&) const = default;
};

result<void> check_shape(const duplicate_vote&);
/// Puts the votes in order and fills in the powers. Fails where the validator is not in the set.
result<duplicate_vote> make_duplicate_vote(const vote&, const vote&, timestamp block_time,
                                           const validator_set&);

/// A block that light clients were shown and that is not the chain's (tendermint.types.LightClientAttackEvidence).
struct light_client_attack {
    std::optional<light_block> conflicting;
    height_t common_height;  // the last at which the attacker's and our validators were the same
    std::vector<validator> byzantine;
    power_t total_power;  // at the common height
    timestamp time;       // at the common height

    static constexpr auto schema = fields(
        field<1>("ConflictingBlock", &light_client_attack::conflicting),
        field<2>("CommonHeight", &light_client_attack::common_height),
        field<3>("ByzantineValidators", &light_client_attack::byzantine, wire::plain, votes_max),
        field<4>("TotalVotingPower", &light_client_attack::total_power),
        field<5>("Timestamp", &light_client_attack::time));
    bool operator==(const light_client_attack&) const = default;
};

result<void> check_shape(const light_client_attack&);
/// Was the header itself made up (lunatic), rather than two valid ones signed? `trusted` is ours at the conflicting height;
/// check_shape of the evidence has passed.
bool is_lunatic(const light_client_attack&, const header& trusted);
/// Who is to blame, by power then address. Requires as is_lunatic. Empty: an attack that leaves no proof of who (amnesia).
std::vector<validator> byzantine_validators(const light_client_attack&, const validator_set& common,
                                            const signed_header& trusted);

/// tendermint.types.Evidence: one of the two; in JSON {"type", "value"}.
struct evidence {
    std::variant<std::monostate, duplicate_vote, light_client_attack> what;

    static constexpr auto schema = fields(
        wire::one_of("", &evidence::what, wire::alternative{1, "tendermint/DuplicateVoteEvidence"},
                     wire::alternative{2, "tendermint/LightClientAttackEvidence"}));

    /// Height, time: of the misbehaviour. Zero where there is nothing or no vote.
    height_t height() const;
    timestamp time() const;
    /// The encoding of the concrete kind, without the oneof: a leaf of evidence_hash.
    bytes leaf() const;
    /// What identifies it in the pool. Of an attack: over 31 bytes of the block's hash, as CometBFT has it.
    hash256 hash() const;
    bool operator==(const evidence&) const = default;
};

result<void> check_shape(const evidence&);

/// tendermint.types.EvidenceList: in a block, and by itself as the message of the evidence channel.
struct evidence_list {
    std::vector<chain::evidence> evidence;
    static constexpr auto schema = fields(field<1>("evidence", &evidence_list::evidence));

    /// The header's evidence_hash.
    hash256 hash() const;
    bool operator==(const evidence_list&) const = default;
};

}  // namespace tetrad::chain

TETRAD_CODEC(extern, tetrad::chain::duplicate_vote);
TETRAD_CODEC(extern, tetrad::chain::light_client_attack);
TETRAD_CODEC(extern, tetrad::chain::evidence_list);
