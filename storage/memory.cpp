// SPDX-License-Identifier: Apache-2.0
#include "storage/memory.hpp"

#include <bit>
#include <utility>

#include "base/text.hpp"

namespace tetrad::storage {

namespace {

/// Enough to tell two contents apart; not a defence against anybody.
struct content_hasher {
    std::uint64_t value = 0x6a09e667f3bcc908;

    void add(std::uint64_t word) {
        value = (value ^ word) * 0x9fb21c651e98df25;
        value ^= std::rotr(value, 29);
    }
    void add(byte_view b) {
        add(b.size());
        for (std::uint8_t byte : b)
            add(std::uint64_t{byte});
    }
};

}  // namespace

// ---- memory_disk ----

memory_disk::verdict memory_disk::ask(call c) {
    c.number = calls_[static_cast<std::size_t>(c.what)]++;
    if (plan_) {
        const verdict v = plan_(c);
        CHECK(v != verdict::corrupt || c.what == operation::get || c.what == operation::scan);
        if (v != verdict::proceed)
            return v;
    }
    if (capacity_ != 0 && c.what == operation::write && used_ + growth(*c.changes) > capacity_)
        return verdict::fail;
    return verdict::proceed;
}

// What a log-structured store needs room for before it can give any back.
std::size_t memory_disk::growth(const batch& b) const {
    std::size_t more = 0;
    for (const batch::change& c : b.changes())
        if (c.what == batch::kind::put)
            more += c.key.size() + c.value.size();
    return more;
}

void memory_disk::set(table t, const bytes& key, std::optional<slice> value, unsynced_batch& log) {
    map& m = at(t);
    auto there = m.find(key);
    if (there == m.end() && !value)
        return;
    log.size += key.size();
    if (there != m.end()) {
        used_ -= key.size() + there->second.size();
        log.size += there->second.size();
        log.undos.push_back({t, key, std::move(there->second)});
    } else {
        log.undos.push_back({t, key, std::nullopt});
        there = m.emplace(key, slice()).first;
    }
    if (value) {
        used_ += key.size() + value->size();
        there->second = std::move(*value);
    } else {
        m.erase(there);
    }
}

void memory_disk::apply(const batch& b, durability d) {
    unsynced_batch log;
    for (const batch::change& c : b.changes()) {
        switch (c.what) {
            case batch::kind::put: set(c.in, c.key, c.value, log); break;
            case batch::kind::erase: set(c.in, c.key, std::nullopt, log); break;
            case batch::kind::erase_range: {
                map& m = at(c.in);
                const auto end = c.end.empty() ? m.end() : m.lower_bound(byte_view(c.end));
                std::vector<bytes> doomed;
                for (auto i = m.lower_bound(byte_view(c.key)); i != m.end() && i != end; ++i) {
                    if (!c.end.empty() && compare(i->first, c.end) >= 0)
                        break;  // an end before the first key: an empty range
                    doomed.push_back(i->first);
                }
                for (const bytes& key : doomed)
                    set(c.in, key, std::nullopt, log);
                break;
            }
        }
    }
    unsynced_bytes_ += log.size + b.size();
    unsynced_.push_back(std::move(log));
    if (d == durability::synced || unsynced_bytes_ > unsynced_bytes_max)
        make_durable();
}

void memory_disk::make_durable() {
    unsynced_.clear();
    unsynced_bytes_ = 0;
}

void memory_disk::crash(crash_kind kind, random_source& random) {
    ++epoch_;
    if (kind == crash_kind::process)
        return;
    const std::size_t kept = random.below(unsynced_.size() + 1);
    for (; unsynced_.size() > kept; unsynced_.pop_back()) {
        auto& undos = unsynced_.back().undos;
        unsynced_batch ignored;
        for (; !undos.empty(); undos.pop_back())
            set(undos.back().in, undos.back().key, std::move(undos.back().before), ignored);
    }
    make_durable();  // what survived is on the medium
}

std::uint64_t memory_disk::content_hash() const {
    content_hasher h;
    for (const map& m : tables_) {
        h.add(m.size());
        for (const auto& [key, value] : m) {
            h.add(byte_view(key));
            h.add(byte_view(value));
        }
    }
    return h.value;
}

bool memory_disk::damage(table t, byte_view key, std::size_t where, std::uint8_t mask) {
    map& m = at(t);
    const auto there = m.find(key);
    if (there == m.end() || where >= there->second.size())
        return false;
    bytes changed = to_bytes(there->second);
    changed[where] ^= mask;
    there->second = slice(std::move(changed));
    return true;
}

// ---- memory_kv ----

std::unique_ptr<memory_kv> memory_kv::open(std::shared_ptr<memory_disk> on) {
    return std::unique_ptr<memory_kv>(new memory_kv(std::move(on)));
}

std::unexpected<error> memory_kv::poison(std::string text) {
    poisoned_ = std::move(text);
    return fail(errc::fatal, *poisoned_);
}

result<memory_disk::verdict> memory_kv::begin(memory_disk::call c) {
    using operation = memory_disk::operation;
    using verdict = memory_disk::verdict;
    const bool changes = c.what == operation::write || c.what == operation::sync;
    if (epoch_ != disk_->epoch_)
        return fail(errc::fatal, "the process that opened this store has crashed");
    if (changes && poisoned_)
        return fail(errc::fatal, "an earlier write failed: " + *poisoned_);
    const verdict v = disk_->ask(c);
    switch (v) {
        case verdict::proceed:
        case verdict::crash_after: return v;
        case verdict::fail:
            if (changes)
                return poison(c.what == operation::sync ? "sync: the disk refused" : "write: the disk refused");
            return fail(errc::io, "read: the disk refused");
        case verdict::corrupt: return fail(errc::corrupt, "read: checksum mismatch");
        case verdict::crash_before: ++disk_->epoch_; return fail(errc::fatal, "crashed before the operation");
    }
    UNREACHABLE();
}

result<std::optional<slice>> memory_kv::get(table t, byte_view key) {
    memory_disk::call c;
    c.what = memory_disk::operation::get;
    c.in = t;
    c.key = key;
    TRY(const auto v, begin(c));
    if (v == memory_disk::verdict::crash_after) {
        ++disk_->epoch_;
        return fail(errc::fatal, "crashed after the read");
    }
    const auto& m = disk_->at(t);
    const auto there = m.find(key);
    return there == m.end() ? std::nullopt : std::optional<slice>(there->second);
}

result<bool> memory_kv::contains(table t, byte_view key) {
    TRY(const auto value, get(t, key));
    return value.has_value();
}

result<std::size_t> memory_kv::scan(table t, const key_range& range, direction d, std::size_t entries_max,
                                    const visitor& visit) {
    memory_disk::call c;
    c.what = memory_disk::operation::scan;
    c.in = t;
    TRY(const auto v, begin(c));
    if (v == memory_disk::verdict::crash_after) {
        ++disk_->epoch_;
        return fail(errc::fatal, "crashed after the read");
    }
    const auto& m = disk_->at(t);
    const auto first = m.lower_bound(byte_view(range.first));
    std::size_t visited = 0;
    if (d == direction::forward) {
        for (auto i = first; i != m.end() && visited < entries_max && range.contains(i->first); ++i) {
            ++visited;
            if (!visit(i->first, i->second))
                break;
        }
    } else {
        auto i = range.end.empty() ? m.end() : m.lower_bound(byte_view(range.end));
        while (i != m.begin() && visited < entries_max) {
            --i;
            if (!range.contains(i->first))
                break;
            ++visited;
            if (!visit(i->first, i->second))
                break;
        }
    }
    return visited;
}

result<void> memory_kv::write(const batch& b, durability d) {
    TRY_VOID(b.check());
    memory_disk::call c;
    c.what = memory_disk::operation::write;
    c.changes = &b;
    c.wanted = d;
    TRY(const auto v, begin(c));
    disk_->apply(b, d);
    if (v == memory_disk::verdict::crash_after) {
        ++disk_->epoch_;
        return fail(errc::fatal, "crashed after the write");
    }
    return {};
}

result<void> memory_kv::sync() {
    memory_disk::call c;
    c.what = memory_disk::operation::sync;
    TRY(const auto v, begin(c));
    disk_->make_durable();
    if (v == memory_disk::verdict::crash_after) {
        ++disk_->epoch_;
        return fail(errc::fatal, "crashed after the sync");
    }
    return {};
}

}  // namespace tetrad::storage
