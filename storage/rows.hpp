// SPDX-License-Identifier: Apache-2.0
// Single rows of the stores, decoded, for whoever reads them below the store's own interface.
#pragma once

#include <algorithm>
#include <optional>
#include <string_view>

#include "base/text.hpp"
#include "base/wire/protobuf.hpp"
#include "storage/keys.hpp"
#include "storage/kv.hpp"
#include "storage/records.hpp"
#include "storage/store.hpp"

namespace tetrad::storage {

/// CometBFT's: a full validator set at least so often.
constexpr std::int64_t checkpoint_interval = 100'000;

template <class M>
result<std::optional<M>> decoded(result<std::optional<slice>> found, std::string_view what) {
    if (!found)
        return pass(found);
    if (!*found)
        return std::nullopt;
    return undamaged(wire::decode_shared<M>(**found), what);
}

inline result<std::optional<block_meta>> meta_at(kv& db, height_t h) {
    return decoded<block_meta>(db.get(table::blocks, keys::of('M', h)), "block meta");
}
inline result<std::optional<validators_info>> validators_at(kv& db, height_t h) {
    return decoded<validators_info>(db.get(table::states, keys::of('V', h)), "validators");
}
inline result<std::optional<params_info>> params_at(kv& db, height_t h) {
    return decoded<params_info>(db.get(table::states, keys::of('P', h)), "parameters");
}

/// The row that has the set of a height: its own, that of the last change, or of the last checkpoint.
inline height_t set_stands_at(height_t h, const validators_info& info) {
    return info.set ? h : std::max(height_t(h.v - h.v % checkpoint_interval), info.last_changed);
}

}  // namespace tetrad::storage
