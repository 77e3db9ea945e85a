// SPDX-License-Identifier: Apache-2.0
#include "consensus/engine/records.hpp"

#include "base/wire/protobuf.hpp"

namespace tetrad::consensus::engine {

std::string_view wal_name(core::step_t s) {
    switch (s) {
        case core::step_t::new_height: return "RoundStepNewHeight";
        case core::step_t::new_round: return "RoundStepNewRound";
        case core::step_t::propose: return "RoundStepPropose";
        case core::step_t::prevote: return "RoundStepPrevote";
        case core::step_t::prevote_wait: return "RoundStepPrevoteWait";
        case core::step_t::precommit: return "RoundStepPrecommit";
        case core::step_t::precommit_wait: return "RoundStepPrecommitWait";
        case core::step_t::commit: return "RoundStepCommit";
    }
    return "RoundStepUnknown";
}

bytes encode_wal(timestamp time, const wal_entry& e) {
    return wire::encode(timed_wal_entry{time, e});
}

result<timed_wal_entry> decode_wal(const slice& payload) {
    TRY(auto read, wire::decode_shared<timed_wal_entry>(payload));
    if (!read.entry || read.entry->what.index() == 0)
        return fail(errc::invalid, "a record of an unknown kind");
    return read;
}

}  // namespace tetrad::consensus::engine
