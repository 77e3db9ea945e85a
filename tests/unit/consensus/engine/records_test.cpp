// SPDX-License-Identifier: Apache-2.0
#include "consensus/engine/records.hpp"

#include "chain/messages.hpp"
#include "storage/wal_format.hpp"
#include "tests/vectors/vectors.hpp"

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::consensus;
using namespace tetrad::consensus::engine;

namespace {

/// The cases of the vectors by their names.
wal_entry entry_of(std::string_view name) {
    if (name.starts_with("EndHeight "))
        return {wal_end_height{height_t(name.back() - '0')}};
    if (name.starts_with("EventDataRoundState"))
        return {wal_step{height_t(1), round_t(0), std::string(wal_name(core::step_t::propose))}};
    if (name.starts_with("TimeoutInfo"))
        return {wal_timeout{1s, height_t(1), round_t(0), 1}};
    const chain::messages::has_vote vote{height_t(1), round_t(1), chain::vote_type::prevote, 1};
    return {wal_message{slice(chain::messages::encode_consensus({vote})), "ab"}};
}

}  // namespace

TEST_CASE("records are CometBFT's, to the last byte") {
    for (const auto& c : vectors::group("wal_records")) {
        const auto name = vectors::text(c, "name");
        INFO(name);
        const auto time = parse_rfc3339(vectors::text(c, "time"));
        REQUIRE(time);
        const auto wanted = vectors::hex(c, "record");
        bytes made;
        storage::append_wal_record(made, encode_wal(*time, entry_of(name)));
        if (!name.starts_with("MsgInfo"))  // of which the vector does not say what the vote is
            CHECK(to_hex(made) == to_hex(wanted));

        const auto found = storage::next_wal_record(wanted);
        REQUIRE(found.found == storage::wal_found::record);
        const auto read = decode_wal(slice(to_bytes(found.payload)));
        REQUIRE(read);
        CHECK(read->time == *time);
        CHECK(encode_wal(read->time, *read->entry) == to_bytes(found.payload));
    }
}

TEST_CASE("a message in a record is opened as one from a peer") {
    for (const auto& c : vectors::group("wal_records")) {
        if (!vectors::text(c, "name").starts_with("MsgInfo"))
            continue;
        const auto record = vectors::hex(c, "record");
        const auto read = decode_wal(slice(to_bytes(storage::next_wal_record(record).payload)));
        REQUIRE(read);
        const auto& m = std::get<wal_message>(read->entry->what);
        CHECK(m.from == "ab");
        const auto opened = chain::messages::decode_consensus(m.message);
        REQUIRE(opened);
        CHECK(std::holds_alternative<chain::messages::has_vote>(opened->what));
    }
}

TEST_CASE("a record of an unknown kind is refused") {
    CHECK_FALSE(decode_wal(slice()));
    CHECK_FALSE(decode_wal(slice(to_bytes("nonsense"))));
    CHECK_FALSE(decode_wal(slice(encode_wal({1, 0}, {}))));
}

TEST_CASE("each step has CometBFT's name") {
    CHECK(wal_name(core::step_t::new_height) == "RoundStepNewHeight");
    CHECK(wal_name(core::step_t::new_round) == "RoundStepNewRound");
    CHECK(wal_name(core::step_t::propose) == "RoundStepPropose");
    CHECK(wal_name(core::step_t::prevote) == "RoundStepPrevote");
    CHECK(wal_name(core::step_t::prevote_wait) == "RoundStepPrevoteWait");
    CHECK(wal_name(core::step_t::precommit) == "RoundStepPrecommit");
    CHECK(wal_name(core::step_t::precommit_wait) == "RoundStepPrecommitWait");
    CHECK(wal_name(core::step_t::commit) == "RoundStepCommit");
}
