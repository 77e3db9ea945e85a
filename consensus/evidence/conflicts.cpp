// SPDX-License-Identifier: Apache-2.0
#include "consensus/evidence/conflicts.hpp"

namespace tetrad::consensus::evidence {

bool conflicts::report(core::vote_ptr first, core::vote_ptr second) {
    if (pairs_.size() >= conflicts_max)
        return false;
    const key k(first->height, first->round, first->type, first->validator);
    return pairs_.try_emplace(k, std::move(first), std::move(second)).second;
}

std::vector<chain::evidence> conflicts::settle(const chain::state& before,
                                               const chain::header& decided) {
    std::vector<chain::evidence> out;
    while (!pairs_.empty() && std::get<height_t>(pairs_.begin()->first) <= decided.height) {
        const auto [one, other] = std::move(pairs_.extract(pairs_.begin()).mapped());
        const bool is_late = one->height < decided.height;
        const auto time = is_late ? before.last_block_time : decided.time;
        const auto& set = is_late ? before.last_validators : before.validators;
        if (one->height + 1 < decided.height)
            continue;  // the core takes no vote of such a height
        if (auto made = make_duplicate_vote(*one, *other, time, set))
            out.push_back({std::move(*made)});
    }
    return out;
}

}  // namespace tetrad::consensus::evidence
