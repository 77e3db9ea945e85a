// SPDX-License-Identifier: Apache-2.0
// What peers say to each other about the chain: consensus (channels 0x20 to 0x23), block sync (0x40), transactions (0x30) and
// evidence (0x38). Decoding shares the received buffer: parts, blocks and transactions are slices of it. A message that does
// not decode or breaks a rule of its shape costs the sender its connection.
#pragma once

#include <optional>
#include <variant>
#include <vector>

#include "base/bit_array.hpp"
#include "base/bytes.hpp"
#include "base/result.hpp"
#include "base/strong.hpp"
#include "chain/block.hpp"
#include "chain/codec.hpp"
#include "chain/commit.hpp"
#include "chain/evidence.hpp"
#include "chain/ids.hpp"
#include "chain/part_set.hpp"
#include "chain/proposal.hpp"
#include "chain/vote.hpp"

namespace tetrad::chain::messages {

constexpr std::uint8_t state_channel = 0x20;
constexpr std::uint8_t data_channel = 0x21;
constexpr std::uint8_t vote_channel = 0x22;
constexpr std::uint8_t vote_set_bits_channel = 0x23;
constexpr std::uint8_t mempool_channel = 0x30;
constexpr std::uint8_t evidence_channel = 0x38;
constexpr std::uint8_t blocksync_channel = 0x40;

constexpr std::size_t consensus_bytes_max = 1048576;
constexpr std::size_t evidence_bytes_max = 1048576;
constexpr std::size_t blocksync_bytes_max = block_bytes_max + 5;

// ---- consensus ----

/// 0x20: where the sender's state machine is. Steps 1 (new height) to 8 (commit).
struct new_round_step {
    height_t height;
    round_t round;
    std::uint32_t step = 0;
    std::int64_t seconds_since_start = 0;  // may be negative
    round_t last_commit_round;             // -1 at the initial height
    static constexpr auto schema = fields(
        field<1>("", &new_round_step::height), field<2>("", &new_round_step::round),
        field<3>("", &new_round_step::step), field<4>("", &new_round_step::seconds_since_start),
        field<5>("", &new_round_step::last_commit_round));
    bool operator==(const new_round_step&) const = default;
};
/// Does it fit a chain that begins at this height? Failing costs the connection too.
result<void> check_height(const new_round_step&, height_t initial);

/// 0x20: the sender knows that this block may be decided, and which parts of it it has.
struct new_valid_block {
    height_t height;
    round_t round;
    part_set_header parts;
    std::optional<bit_array> have;
    bool is_commit = false;
    static constexpr auto schema =
        fields(field<1>("", &new_valid_block::height), field<2>("", &new_valid_block::round),
               field<3>("", &new_valid_block::parts), field<4>("", &new_valid_block::have),
               field<5>("", &new_valid_block::is_commit));
    bool operator==(const new_valid_block&) const = default;
};

/// 0x21.
struct proposal_message {
    chain::proposal proposal;
    static constexpr auto schema = fields(field<1>("", &proposal_message::proposal));
    bool operator==(const proposal_message&) const = default;
};

/// 0x21: the prevotes that the sender has of a proposal's proof of lock.
struct proposal_pol {
    height_t height;
    round_t pol_round;
    bit_array pol;
    static constexpr auto schema =
        fields(field<1>("", &proposal_pol::height), field<2>("", &proposal_pol::pol_round),
               field<3>("", &proposal_pol::pol));
    bool operator==(const proposal_pol&) const = default;
};

/// 0x21.
struct block_part {
    height_t height;
    round_t round;
    chain::part part;
    static constexpr auto schema =
        fields(field<1>("", &block_part::height), field<2>("", &block_part::round),
               field<3>("", &block_part::part));
    bool operator==(const block_part&) const = default;
};

/// 0x22.
struct vote_message {
    std::optional<chain::vote> vote;
    static constexpr auto schema = fields(field<1>("", &vote_message::vote));
    bool operator==(const vote_message&) const = default;
};

/// 0x20: the sender has this vote.
struct has_vote {
    height_t height;
    round_t round;
    vote_type type{};
    std::int32_t index = 0;
    static constexpr auto schema =
        fields(field<1>("", &has_vote::height), field<2>("", &has_vote::round),
               field<3>("", &has_vote::type), field<4>("", &has_vote::index));
    bool operator==(const has_vote&) const = default;
};

/// 0x20: the sender saw more than 2/3 vote for this block.
struct vote_set_maj23 {
    height_t height;
    round_t round;
    vote_type type{};
    block_id block;
    static constexpr auto schema =
        fields(field<1>("", &vote_set_maj23::height), field<2>("", &vote_set_maj23::round),
               field<3>("", &vote_set_maj23::type), field<4>("", &vote_set_maj23::block));
    bool operator==(const vote_set_maj23&) const = default;
};

/// 0x23: and which votes for it the answering one has.
struct vote_set_bits {
    height_t height;
    round_t round;
    vote_type type{};
    block_id block;
    bit_array votes;
    static constexpr auto schema =
        fields(field<1>("", &vote_set_bits::height), field<2>("", &vote_set_bits::round),
               field<3>("", &vote_set_bits::type), field<4>("", &vote_set_bits::block),
               field<5>("", &vote_set_bits::votes));
    bool operator==(const vote_set_bits&) const = default;
};

/// tendermint.consensus.Message.
struct consensus_message {
    std::variant<std::monostate, new_round_step, new_valid_block, proposal_message, proposal_pol,
                 block_part, vote_message, has_vote, vote_set_maj23, vote_set_bits>
        what;
    static constexpr auto schema = fields(wire::one_of(
        "", &consensus_message::what, wire::alternative{1}, wire::alternative{2},
        wire::alternative{3}, wire::alternative{4}, wire::alternative{5}, wire::alternative{6},
        wire::alternative{7}, wire::alternative{8}, wire::alternative{9}));
    bool operator==(const consensus_message&) const = default;
};

result<void> check_shape(const new_round_step&);
result<void> check_shape(const new_valid_block&);
result<void> check_shape(const proposal_message&);
result<void> check_shape(const proposal_pol&);
result<void> check_shape(const block_part&);
result<void> check_shape(const vote_message&);
result<void> check_shape(const has_vote&);
result<void> check_shape(const vote_set_maj23&);
result<void> check_shape(const vote_set_bits&);

/// Decodes and checks the shape.
result<consensus_message> decode_consensus(const slice&);
bytes encode_consensus(const consensus_message&);

// ---- block sync ----

struct block_request {
    height_t height;
    static constexpr auto schema = fields(field<1>("", &block_request::height));
    bool operator==(const block_request&) const = default;
};
struct no_block_response {
    height_t height;
    static constexpr auto schema = fields(field<1>("", &no_block_response::height));
    bool operator==(const no_block_response&) const = default;
};
/// The encodings as they stand in the message, so that what was received can be stored and hashed without writing it again, and
/// an answer needs no decoding. Opened by decode_block and decode of extended_commit.
struct block_response {
    std::optional<slice> block;
    std::optional<slice> extended_commit;  // exactly where extensions are enabled at the height
    static constexpr auto schema = fields(field<1>("", &block_response::block),
                                          field<2>("", &block_response::extended_commit));
    bool operator==(const block_response&) const = default;
};
struct status_request {
    static constexpr auto schema = fields();
    bool operator==(const status_request&) const = default;
};
struct status_response {
    height_t height;
    height_t base;
    static constexpr auto schema =
        fields(field<1>("", &status_response::height), field<2>("", &status_response::base));
    bool operator==(const status_response&) const = default;
};

/// tendermint.blocksync.Message.
struct blocksync_message {
    std::variant<std::monostate, block_request, no_block_response, block_response, status_request,
                 status_response>
        what;
    static constexpr auto schema = fields(
        wire::one_of("", &blocksync_message::what, wire::alternative{1}, wire::alternative{2},
                     wire::alternative{3}, wire::alternative{4}, wire::alternative{5}));
    bool operator==(const blocksync_message&) const = default;
};

result<void> check_shape(const block_request&);
result<void> check_shape(const no_block_response&);
result<void> check_shape(const block_response&);
result<void> check_shape(const status_request&);
result<void> check_shape(const status_response&);

/// Decodes and checks the shape (of the message: a block in it is not opened).
result<blocksync_message> decode_blocksync(const slice&);
bytes encode_blocksync(const blocksync_message&);

/// A block response, opened: everything well-formed (BlockFromProto, ExtendedCommitFromProto).
struct received_block {
    chain::block block;
    slice encoded;  // canonical, shared with the message where it can be
    std::optional<chain::extended_commit> extended_commit;
};
result<received_block> open(const block_response&);

// ---- mempool ----

struct txs {
    std::vector<tx> items;
    static constexpr auto schema = fields(field<1>("", &txs::items));
    bool operator==(const txs&) const = default;
};
/// tendermint.mempool.Message.
struct mempool_message {
    std::variant<std::monostate, txs> what;
    static constexpr auto schema =
        fields(wire::one_of("", &mempool_message::what, wire::alternative{1}));
    bool operator==(const mempool_message&) const = default;
};
/// What one message may hold; 0 or less: no limit.
struct mempool_limits {
    std::int64_t tx_bytes_max = 0;
    std::int64_t batch_bytes_max =
        0;  // of all together, where that is more than one transaction may have
};
/// At least one transaction, none of them empty or too large.
result<txs> decode_mempool(const slice&, const mempool_limits&);
bytes encode_mempool(txs);
/// A message that holds one transaction of `tx_bytes` bytes: what the channel accepts at most.
std::size_t mempool_bytes_max(std::size_t tx_bytes);

// ---- evidence: the list itself, without a wrapper ----

result<evidence_list> decode_evidence(const slice&);

}  // namespace tetrad::chain::messages

TETRAD_CODEC(extern, tetrad::chain::messages::consensus_message);
TETRAD_CODEC(extern, tetrad::chain::messages::blocksync_message);
