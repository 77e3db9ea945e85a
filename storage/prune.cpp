// SPDX-License-Identifier: Apache-2.0
#include "storage/prune.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "base/wire/protobuf.hpp"
#include "chain/evidence_age.hpp"
#include "storage/rows.hpp"

namespace tetrad::storage {

namespace {

constexpr std::int64_t step = 1000;  // heights in one batch, of blocks and of metas

/// Where the validators and parameters of a height stand.
struct references {
    height_t validators, params;
};
result<references> references_of(kv& db, height_t h) {
    TRY(const auto validators, validators_at(db, h));
    TRY(const auto params, params_at(db, h));
    if (!validators || !params)
        return fail(errc::corrupt,
                    format("the validators or parameters of height {} are not in the store", h.v));
    return references{set_stands_at(h, *validators), params->last_changed};
}

// The rows from `first` to before `end` go, and the older one that `first` referred to, but not what `end` refers to.
void erase_rows(batch& b, char kind, height_t first, height_t end, height_t of_first,
                height_t of_end) {
    if (of_first < first && of_first != of_end)
        b.erase(table::states, keys::of(kind, of_first));
    for (height_t h = first; h < end; ++h)
        if (h != of_end)
            b.erase(table::states, keys::of(kind, h));
}

result<void> erase_states(batch& b, kv& db, height_t first, height_t end) {
    TRY(const auto of_first, references_of(db, first));
    TRY(const auto of_end, references_of(db, end));
    erase_rows(b, 'V', first, end, of_first.validators, of_end.validators);
    erase_rows(b, 'P', first, end, of_first.params, of_end.params);
    return {};
}

// Metas, commits and hashes from `first` to before `end` go, until one that evidence may still need: its height is returned.
result<height_t> erase_metas(batch& b, kv& db, height_t first, height_t end,
                             const chain::state& s) {
    for (height_t h = first; h < end; ++h) {
        TRY(const auto old, meta_at(db, h));
        if (!old)
            return fail(errc::corrupt, format("the meta of block {} is not in the store", h.v));
        if (!chain::is_too_old(s, old->header.height, old->header.time))
            return h;
        b.erase(table::blocks, keys::of('H', old->id.hash));
        b.erase(table::blocks, keys::of('M', h));
        b.erase(table::blocks, keys::of('C', h));
    }
    return end;
}

result<void> prune_step(kv& db, store_range& range, const chain::state& s, height_t retain) {
    auto next = range;
    next.base = std::min(retain, range.base + step);
    batch b;
    for (const char kind : {'B', 'S', 'E'})
        b.erase_range(table::blocks,
                      key_range::between(keys::of(kind, range.base), keys::of(kind, next.base)));
    b.erase_range(table::states,
                  key_range::between(keys::of('A', range.base), keys::of('A', next.base)));

    // Where the chain stood still, more than a step may be too old at once: a later step takes the rest.
    const height_t metas_end = std::min(next.base, range.meta_base + step);
    TRY(next.meta_base, erase_metas(b, db, range.meta_base, metas_end, s));
    if (next.meta_base > range.meta_base)
        TRY_VOID(erase_states(b, db, range.meta_base, next.meta_base));

    b.put(table::blocks, keys::of('R'), wire::encode(next));
    TRY_VOID(db.write(b, durability::buffered));
    range = next;
    return {};
}

}  // namespace

result<void> prune(kv& db, store_range& range, const chain::state& s, height_t retain) {
    while (range.base < retain)
        TRY_VOID(prune_step(db, range, s, retain));
    return {};
}

}  // namespace tetrad::storage
