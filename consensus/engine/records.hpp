// SPDX-License-Identifier: Apache-2.0
// What stands in the consensus WAL (proto/tendermint/consensus/wal.proto): everything that moved the machine, in order, and where each
// height ends. Messages are those of peers (from is the id of the node, in hex) and our own (from is empty).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "base/strong.hpp"
#include "base/time.hpp"
#include "chain/codec.hpp"
#include "chain/ids.hpp"
#include "consensus/core/round_state.hpp"

namespace tetrad::consensus::engine {

using chain::field;
using chain::fields;

/// A step was entered: only a check for who reads the log.
struct wal_step {
    height_t height;
    round_t round;
    std::string step;  // RoundStepPropose
    static constexpr auto schema =
        fields(field<1>("", &wal_step::height), field<2>("", &wal_step::round),
               field<3>("", &wal_step::step));
    bool operator==(const wal_step&) const = default;
};
std::string_view wal_name(core::step_t);

/// A proposal, a part or a vote.
struct wal_message {
    slice
        message;  // encoded, as it was received or will be sent: chain::messages::decode_consensus opens it
    std::string from;
    static constexpr auto schema =
        fields(field<1>("", &wal_message::message), field<2>("", &wal_message::from));
    bool operator==(const wal_message&) const = default;
};

/// A timeout fired.
struct wal_timeout {
    tetrad::duration duration{};
    height_t height;
    round_t round;
    std::uint32_t step = 0;
    static constexpr auto schema =
        fields(field<1>("", &wal_timeout::duration), field<2>("", &wal_timeout::height),
               field<3>("", &wal_timeout::round), field<4>("", &wal_timeout::step));
    bool operator==(const wal_timeout&) const = default;
};

/// The block of this height is in the store: what comes next belongs to the height after.
struct wal_end_height {
    height_t height;
    static constexpr auto schema = fields(field<1>("", &wal_end_height::height));
    bool operator==(const wal_end_height&) const = default;
};

struct wal_entry {
    std::variant<std::monostate, wal_step, wal_message, wal_timeout, wal_end_height> what;
    static constexpr auto schema =
        fields(wire::one_of("", &wal_entry::what, wire::alternative{1}, wire::alternative{2},
                            wire::alternative{3}, wire::alternative{4}));
    bool operator==(const wal_entry&) const = default;
};

/// tendermint.consensus.TimedWALMessage.
struct timed_wal_entry {
    timestamp time;
    std::optional<wal_entry> entry;
    static constexpr auto schema =
        fields(field<1>("", &timed_wal_entry::time), field<2>("", &timed_wal_entry::entry));
    bool operator==(const timed_wal_entry&) const = default;
};

bytes encode_wal(timestamp, const wal_entry&);
/// A message in it shares the payload's memory.
result<timed_wal_entry> decode_wal(const slice& payload);

}  // namespace tetrad::consensus::engine
