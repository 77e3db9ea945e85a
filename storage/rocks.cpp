// SPDX-License-Identifier: Apache-2.0
#include "storage/rocks.hpp"

#include <array>
#include <vector>

#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/options.h>
#include <rocksdb/table.h>
#include <rocksdb/write_batch.h>

#include "base/text.hpp"

namespace tetrad::storage {

namespace {

constexpr std::size_t mib = 1024 * 1024;
constexpr std::size_t cache_bytes = 32 * mib;
constexpr std::size_t write_buffers_bytes = 64 * mib;
constexpr std::uint64_t blob_bytes_min = 4096;  // larger values stand apart: a block is written once and never compacted

/// An empty one still points somewhere: RocksDB asserts on it.
rocksdb::Slice to_rocks(byte_view b) {
    return b.empty() ? rocksdb::Slice("", 0) : rocksdb::Slice(reinterpret_cast<const char*>(b.data()), b.size());
}
byte_view from_rocks(const rocksdb::Slice& s) { return view(std::string_view(s.data(), s.size())); }

error failure(const rocksdb::Status& s, std::string_view doing, bool writing) {
    const auto code = writing ? errc::fatal : s.IsCorruption() ? errc::corrupt : errc::io;
    return error(code, format("{}: {}", doing, s.ToString()));
}

rocksdb::ColumnFamilyOptions options_of(table t, const std::shared_ptr<rocksdb::Cache>& cache) {
    rocksdb::BlockBasedTableOptions blocks;
    blocks.block_cache = cache;
    blocks.cache_index_and_filter_blocks = true;
    blocks.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
    blocks.format_version = 5;

    rocksdb::ColumnFamilyOptions o;
    o.table_factory.reset(rocksdb::NewBlockBasedTableFactory(blocks));
    o.write_buffer_size = t == table::blocks ? 16 * mib : 8 * mib;
    o.max_write_buffer_number = 2;
    o.compression = t == table::blocks ? rocksdb::kNoCompression : rocksdb::kLZ4Compression;
    if (t == table::blocks) {
        o.enable_blob_files = true;
        o.min_blob_size = blob_bytes_min;
        o.enable_blob_garbage_collection = true;
    }
    return o;
}

class rocks_kv final : public kv {
public:
    rocks_kv(std::unique_ptr<rocksdb::DB> db, std::array<rocksdb::ColumnFamilyHandle*, tables> families)
        : db_(std::move(db)), families_(families) {}
    ~rocks_kv() override {
        for (auto* f : families_)
            (void)db_->DestroyColumnFamilyHandle(f);
        (void)db_->Close();
    }

    result<std::optional<slice>> get(table t, byte_view key) override {
        rocksdb::PinnableSlice found;
        const auto s = db_->Get(rocksdb::ReadOptions(), family(t), to_rocks(key), &found);
        if (s.IsNotFound())
            return std::nullopt;
        if (!s.ok())
            return std::unexpected(failure(s, "reading the store", false));
        if (found.IsPinned())  // memory of RocksDB's own: it must not outlive the database
            return slice(to_bytes(from_rocks(found)));
        auto owned = std::make_shared<const std::string>(std::move(*found.GetSelf()));
        const auto bytes = view(*owned);
        return slice(std::move(owned), bytes);
    }

    result<bool> contains(table t, byte_view key) override {
        rocksdb::PinnableSlice found;
        const auto s = db_->Get(rocksdb::ReadOptions(), family(t), to_rocks(key), &found);
        if (!s.ok() && !s.IsNotFound())
            return std::unexpected(failure(s, "reading the store", false));
        return s.ok();
    }

    result<std::size_t> scan(table t, const key_range& r, direction d, std::size_t entries_max, const visitor& visit) override {
        const rocksdb::Slice first = to_rocks(r.first), end = to_rocks(r.end);
        rocksdb::ReadOptions o;
        o.iterate_lower_bound = &first;
        if (!r.end.empty())
            o.iterate_upper_bound = &end;
        const std::unique_ptr<rocksdb::Iterator> at(db_->NewIterator(o, family(t)));
        std::size_t visited = 0;
        for (d == direction::forward ? at->SeekToFirst() : at->SeekToLast(); at->Valid() && visited < entries_max;
             d == direction::forward ? at->Next() : at->Prev()) {
            ++visited;
            if (!visit(from_rocks(at->key()), from_rocks(at->value())))
                break;
        }
        if (!at->status().ok())
            return std::unexpected(failure(at->status(), "reading the store", false));
        return visited;
    }

    result<void> write(const batch& b, durability d) override {
        if (broken_)
            return fail(errc::fatal, "the store failed before");
        TRY_VOID(b.check());
        rocksdb::WriteBatch out(b.size() + b.changes().size() * 32);
        for (const auto& c : b.changes()) {
            rocksdb::Status s;
            if (c.what == batch::kind::put)
                s = out.Put(family(c.in), to_rocks(c.key), to_rocks(c.value));
            else if (c.what == batch::kind::erase)
                s = out.Delete(family(c.in), to_rocks(c.key));
            else
                s = erase_range(out, c, b);
            if (!s.ok())
                return std::unexpected(failure(s, "preparing a write", true));
        }
        rocksdb::WriteOptions o;
        o.sync = d == durability::synced;
        return finish(db_->Write(o, &out), "writing the store");
    }

    result<void> sync() override {
        if (broken_)
            return fail(errc::fatal, "the store failed before");
        return finish(db_->SyncWAL(), "syncing the store");
    }

private:
    rocksdb::ColumnFamilyHandle* family(table t) const { return families_[static_cast<std::size_t>(t)]; }

    // RocksDB's range deletion needs an end; without one it is just past the last key of the table and of this batch.
    rocksdb::Status erase_range(rocksdb::WriteBatch& out, const batch::change& c, const batch& all) {
        bytes end = c.end;
        if (end.empty()) {
            const std::unique_ptr<rocksdb::Iterator> at(db_->NewIterator(rocksdb::ReadOptions(), family(c.in)));
            at->SeekToLast();
            if (at->Valid())
                end = to_bytes(from_rocks(at->key()));
            for (const auto& other : all.changes())
                if (other.in == c.in && other.what == batch::kind::put && compare(other.key, end) > 0)
                    end = other.key;
            end.push_back(0);
        }
        if (compare(c.key, end) >= 0)
            return rocksdb::Status::OK();
        return out.DeleteRange(family(c.in), to_rocks(c.key), to_rocks(end));
    }

    result<void> finish(const rocksdb::Status& s, std::string_view doing) {
        if (s.ok())
            return {};
        broken_ = true;
        return std::unexpected(failure(s, doing, true));
    }

    std::unique_ptr<rocksdb::DB> db_;
    std::array<rocksdb::ColumnFamilyHandle*, tables> families_;
    bool broken_ = false;  // a write failed: what is on disk is not known any more
};

}  // namespace

result<std::unique_ptr<kv>> open_rocks(const std::string& path) {
    rocksdb::DBOptions o;
    o.create_if_missing = true;
    o.create_missing_column_families = true;
    o.db_write_buffer_size = write_buffers_bytes;
    o.max_total_wal_size = 2 * write_buffers_bytes;
    o.max_background_jobs = 2;
    o.bytes_per_sync = mib;
    o.wal_bytes_per_sync = 0;  // each batch is synced by itself
    o.stats_dump_period_sec = 0;
    o.stats_persist_period_sec = 0;
    o.keep_log_file_num = 2;
    o.max_log_file_size = mib;
    o.info_log_level = rocksdb::WARN_LEVEL;
    o.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;

    const auto cache = rocksdb::NewLRUCache(cache_bytes);
    std::vector<rocksdb::ColumnFamilyDescriptor> wanted{{rocksdb::kDefaultColumnFamilyName, {}}};
    for (std::size_t i = 0; i < tables; ++i)
        wanted.emplace_back(std::string(name(static_cast<table>(i))), options_of(static_cast<table>(i), cache));
    std::vector<rocksdb::ColumnFamilyHandle*> handles;
    rocksdb::DB* opened = nullptr;
    const auto s = rocksdb::DB::Open(o, path, wanted, &handles, &opened);
    if (s.IsIOError() && s.ToString().find("lock") != std::string::npos)
        return fail(errc::exists, format("{} is in use by another process; stop it first", path));
    if (!s.ok())
        return std::unexpected(failure(s, format("cannot open the store in {}", path), false));
    std::unique_ptr<rocksdb::DB> db(opened);
    (void)db->DestroyColumnFamilyHandle(handles[0]);
    std::array<rocksdb::ColumnFamilyHandle*, tables> families;
    std::copy(handles.begin() + 1, handles.end(), families.begin());
    return std::make_unique<rocks_kv>(std::move(db), families);
}

}  // namespace tetrad::storage
