// SPDX-License-Identifier: Apache-2.0
// The key-value interface in memory, for unit tests and for whole nodes in the simulator. A `memory_disk` is what would be on the
// disk: shared by the test and by each memory_kv opened on it, it survives a simulated restart of the node. One thread.
//
//     auto disk = std::make_shared<memory_disk>();
//     auto db = memory_kv::open(disk);                 // the node's
//     disk->crash(memory_disk::crash_kind::power, random);
//     auto again = memory_kv::open(disk);              // after the restart; db now fails every call with errc::fatal
//
// Crash rules: a batch is whole or absent. A killed process loses nothing that write() returned from; a machine without power
// keeps a prefix of the buffered batches, how long is the seed's will, and every synced one. As a real log is written back when it
// is long, buffered batches past `unsynced_bytes_max` become durable by themselves.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "base/random.hpp"
#include "storage/kv.hpp"

namespace tetrad::storage {

class memory_disk {
public:
    static constexpr std::size_t unsynced_bytes_max = std::size_t{64} << 20;

    // ---- faults: what the test plans ----
    enum class operation : std::uint8_t { get, scan, write, sync };
    enum class verdict : std::uint8_t {
        proceed,
        fail,          // the disk refuses: a read gives errc::io, a write or sync errc::fatal and poisons that memory_kv
        corrupt,       // reads only: errc::corrupt
        crash_before,  // the process dies before the operation has any effect; its memory_kv is cut off
        crash_after,   // it dies when the operation has had its effect, before it returns
    };
    struct call {
        operation what;
        std::optional<table> in;           // reads
        byte_view key;                     // get
        const batch* changes = nullptr;    // write
        durability wanted = durability::synced;
        std::uint64_t number = 0;          // of this kind of operation on this disk, from 0
    };
    /// Asked before every operation; none means proceed. It must not call the disk.
    void set_plan(std::function<verdict(const call&)> plan) { plan_ = std::move(plan); }
    /// A full disk: a write that would take keys and values over it fails as `verdict::fail` does. 0: no limit.
    void set_capacity(std::size_t bytes_max) { capacity_ = bytes_max; }

    // ---- crashes ----
    enum class crash_kind : std::uint8_t { process, power };
    /// Cuts off every memory_kv opened before. With power, drops a suffix of the buffered batches that `random` chooses.
    void crash(crash_kind, random_source& random);

    // ---- what is there, for tests ----
    std::size_t bytes_used() const { return used_; }
    std::size_t unsynced_batches() const { return unsynced_.size(); }
    std::size_t entries(table t) const { return tables_[static_cast<std::size_t>(t)].size(); }
    /// Over every key and value: two nodes that stored the same have the same.
    std::uint64_t content_hash() const;
    /// Flips bits of a stored value, as a failing medium does. False where the key is absent or `at` outside of the value.
    bool damage(table, byte_view key, std::size_t at, std::uint8_t mask);

private:
    friend class memory_kv;
    struct by_bytes {
        using is_transparent = void;
        bool operator()(byte_view a, byte_view b) const { return compare(a, b) < 0; }
    };
    using map = std::map<bytes, slice, by_bytes>;
    struct undo {
        table in;
        bytes key;
        std::optional<slice> before;
    };
    struct unsynced_batch {
        std::vector<undo> undos;  // in the order of the changes
        std::size_t size = 0;
    };

    map& at(table t) { return tables_[static_cast<std::size_t>(t)]; }
    verdict ask(call c);
    void apply(const batch&, durability);
    void set(table, const bytes& key, std::optional<slice> value, unsynced_batch& log);
    void make_durable();
    std::size_t growth(const batch&) const;

    std::array<map, tables> tables_;
    std::vector<unsynced_batch> unsynced_;
    std::size_t unsynced_bytes_ = 0;
    std::size_t used_ = 0;
    std::size_t capacity_ = 0;
    std::uint64_t epoch_ = 0;  // counts crashes: a memory_kv of an earlier one is cut off
    std::array<std::uint64_t, 4> calls_{};
    std::function<verdict(const call&)> plan_;
};

class memory_kv final : public kv {
public:
    static std::unique_ptr<memory_kv> open(std::shared_ptr<memory_disk> on);

    result<std::optional<slice>> get(table, byte_view key) override;
    result<bool> contains(table, byte_view key) override;
    result<std::size_t> scan(table, const key_range&, direction, std::size_t entries_max, const visitor&) override;
    result<void> write(const batch&, durability) override;
    result<void> sync() override;

private:
    explicit memory_kv(std::shared_ptr<memory_disk> on) : disk_(std::move(on)), epoch_(disk_->epoch_) {}
    /// Asks the plan; an error where the call must not go on.
    result<memory_disk::verdict> begin(memory_disk::call);
    std::unexpected<error> poison(std::string text);

    std::shared_ptr<memory_disk> disk_;
    std::uint64_t epoch_;
    std::optional<std::string> poisoned_;
};

}  // namespace tetrad::storage
