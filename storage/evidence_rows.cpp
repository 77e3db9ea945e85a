// SPDX-License-Identifier: Apache-2.0
#include "storage/evidence_rows.hpp"

#include <array>

#include "base/text.hpp"
#include "base/wire/protobuf.hpp"
#include "base/wire/varint.hpp"
#include "chain/evidence_age.hpp"
#include "storage/keys.hpp"
#include "storage/store.hpp"

namespace tetrad::storage {

namespace {

bytes key_of(char kind, const chain::evidence& e) {
    bytes key = keys::of(kind, e.height());
    append(key, e.hash());
    return key;
}

result<chain::evidence> decoded(const slice& row) {
    return undamaged(wire::decode_shared<chain::evidence>(row), "evidence");
}

// A piece in an evidence_list: its tag and length before it.
std::int64_t size_in_list(std::size_t bytes) {
    std::array<std::uint8_t, wire::uvarint_max> length;
    return static_cast<std::int64_t>(1 + wire::put_uvarint(length.data(), bytes) + bytes);
}

}  // namespace

result<evidence_rows> evidence_rows::load(kv& db) {
    evidence_rows rows(db);
    result<void> good;
    TRY_VOID(
        db.scan(table::states, key_range::prefix(keys::of('E')), direction::forward, SIZE_MAX,
                [&](byte_view key, byte_view value) {
                    auto e = decoded(slice(to_bytes(value)));
                    if (!e) {
                        good = pass(e);
                        return false;
                    }
                    rows.pending_.emplace(to_bytes(key), row{e->time(), e->height(), value.size()});
                    rows.bytes_ += value.size();
                    return true;
                }));
    TRY_VOID(good);
    return rows;
}

bool evidence_rows::is_pending(const chain::evidence& e) const {
    return pending_.contains(key_of('E', e));
}

result<bool> evidence_rows::is_committed(const chain::evidence& e) const {
    return db_->contains(table::states, key_of('D', e));
}

result<std::vector<chain::evidence>> evidence_rows::pending(std::int64_t bytes_max) const {
    std::vector<chain::evidence> out;
    std::int64_t bytes = 0;
    for (const auto& [key, waits] : pending_) {
        bytes += size_in_list(waits.bytes);
        if (bytes_max >= 0 && bytes > bytes_max)
            break;
        TRY(const auto found, db_->get(table::states, key));
        if (!found)
            return fail(errc::corrupt, "evidence that waits is not in the store");
        TRY(auto e, decoded(*found));
        out.push_back(std::move(e));
    }
    return out;
}

result<void> evidence_rows::insert(batch& b, const chain::evidence& e) {
    bytes encoded = wire::encode(e);
    if (pending_.size() >= pending_max || bytes_ + encoded.size() > pending_bytes_max)
        return fail(errc::full,
                    format("{} pieces of evidence wait for a block already", pending_.size()));
    bytes key = key_of('E', e);
    bytes_ += encoded.size();
    pending_.emplace(key, row{e.time(), e.height(), encoded.size()});
    b.put(table::states, key, std::move(encoded));
    return {};
}

void evidence_rows::erase(batch& b, std::map<bytes, row>::iterator at) {
    b.erase(table::states, at->first);
    bytes_ -= at->second.bytes;
    pending_.erase(at);
}

result<void> evidence_rows::add(const chain::evidence& e) {
    CHECK(!is_pending(e));
    evidence_rows next = *this;
    batch b;
    TRY_VOID(next.insert(b, e));
    TRY_VOID(db_->write(b, durability::buffered));
    *this = std::move(next);
    return {};
}

result<evidence_rows> evidence_rows::after(batch& b, const evidence_changes& changes,
                                           const chain::state& s) const {
    evidence_rows next = *this;
    for (const auto& e : changes.found) {
        TRY(const bool committed, is_committed(e));
        if (!committed && !next.is_pending(e))
            (void)next.insert(b, e);  // full: left out
    }
    for (const auto& e : changes.committed) {
        if (const auto at = next.pending_.find(key_of('E', e)); at != next.pending_.end())
            next.erase(b, at);
        b.put(table::states, key_of('D', e), byte_view());
    }
    // As in CometBFT up to the first that is not too old.
    while (!next.pending_.empty()) {
        const auto oldest = next.pending_.begin();
        if (!chain::is_too_old(s, oldest->second.height, oldest->second.time))
            break;
        next.erase(b, oldest);
    }
    return next;
}

}  // namespace tetrad::storage
