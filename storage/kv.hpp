// SPDX-License-Identifier: Apache-2.0
// The ordered key-value interface that every store stands on: a few tables of byte keys in lexicographic order, atomic batches,
// durability by request. RocksDB is behind it in the node, a map in memory in tests and in the simulator; both pass the same
// suite (tests/unit/storage/kv_conformance.hpp).
//
// Owner and thread: one object, owned by the store on the storage shard. Synchronous, any call may block on the disk; calls come
// from one thread at a time (the shard's own or its helper), not always the same one. Nothing changes between two calls but by
// this object's own write(), so a scan, or several reads of one closure, see one state; there are no other snapshots.
//
// Errors. A read fails with errc::io (the disk refused) or errc::corrupt (what it gave is damaged); a write that may have failed
// half-way fails with errc::fatal and from then on every write does: memory and disk may disagree, the node has to stop. A write
// over a limit fails with errc::too_large before anything was done and leaves the store usable.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.hpp"
#include "base/check.hpp"
#include "base/result.hpp"

namespace tetrad::storage {

/// Each has an order, a cache and a compaction of its own. The numbers are stable: they may stand in files.
enum class table : std::uint8_t {
    blocks = 0,  // large values written once and erased by height: blocks, metas, commits
    states = 1,  // states, validators, params, the application's answers, the genesis document
    index = 2,   // transactions and blocks by hash and event; many small keys
    app = 3,     // a built-in application's own
};
constexpr std::size_t tables = 4;
std::string_view name(table);

/// What a key, a value and a batch may measure; write() refuses what is larger. The largest block is 100 MiB.
constexpr std::size_t key_size_max = std::size_t{1} << 20;
constexpr std::size_t value_size_max = std::size_t{256} << 20;
constexpr std::size_t batch_size_max = std::size_t{1} << 30;

/// Keys from `first` to before `end`; an empty `end` means to the last key.
struct key_range {
    bytes first;
    bytes end;

    static key_range all() { return {}; }
    static key_range between(byte_view first, byte_view end) { return {to_bytes(first), to_bytes(end)}; }
    /// All keys that begin with `prefix`.
    static key_range prefix(byte_view prefix);
    bool contains(byte_view key) const {
        return compare(key, first) >= 0 && (end.empty() || compare(key, end) < 0);
    }
};

/// Changes that take effect together or not at all, in the order they were added (a later one wins). A plain value: made anywhere,
/// given to write(). Keys and views are copied in; a slice is shared, not copied.
class batch {
public:
    enum class kind : std::uint8_t { put, erase, erase_range };
    struct change {
        kind what;
        table in;
        bytes key;    // erase_range: first
        bytes end;    // erase_range only; empty: to the last key
        slice value;  // put only
    };

    void put(table in, byte_view key, slice value) {
        size_ += key.size() + value.size();
        changes_.push_back({kind::put, in, to_bytes(key), {}, std::move(value)});
    }
    void put(table in, byte_view key, byte_view value) { put(in, key, slice(to_bytes(value))); }
    void put(table in, byte_view key, bytes value) { put(in, key, slice(std::move(value))); }
    void erase(table in, byte_view key) {
        size_ += key.size();
        changes_.push_back({kind::erase, in, to_bytes(key), {}, {}});
    }
    void erase_range(table in, key_range r) {
        size_ += r.first.size() + r.end.size();
        changes_.push_back({kind::erase_range, in, std::move(r.first), std::move(r.end), {}});
    }
    void clear() {
        changes_.clear();
        size_ = 0;
    }
    bool empty() const { return changes_.empty(); }
    /// Bytes of keys and values.
    std::size_t size() const { return size_; }
    const std::vector<change>& changes() const { return changes_; }

    /// errc::too_large where a key, a value or the whole is over its limit.
    result<void> check() const;

private:
    std::vector<change> changes_;
    std::size_t size_ = 0;
};

enum class durability : std::uint8_t {
    synced,    // on disk when write() returns, and everything written before too
    buffered,  // survives a crash of the process, maybe not of the machine; what survives is a prefix of what was written
};

enum class direction : std::uint8_t { forward, reverse };

class kv {
public:
    virtual ~kv() = default;

    /// The value, or std::nullopt. The slice owns what it shows: it may be kept, cross shards and outlive this object.
    virtual result<std::optional<slice>> get(table, byte_view key) = 0;
    virtual result<bool> contains(table, byte_view key) = 0;

    /// Visits keys of the range in order (from the last one backwards in reverse), at most `entries_max`, until the visitor
    /// returns false. Views live until the visitor returns; it must not call this object. Returns how many were visited.
    using visitor = std::function<bool(byte_view key, byte_view value)>;
    virtual result<std::size_t> scan(table, const key_range&, direction, std::size_t entries_max, const visitor&) = 0;

    /// All of the batch or nothing.
    virtual result<void> write(const batch&, durability) = 0;
    /// What was written before is durable when it returns. A clean stop calls it.
    virtual result<void> sync() = 0;
};

}  // namespace tetrad::storage
