// SPDX-License-Identifier: Apache-2.0
#include "storage/wal.hpp"

#include <algorithm>
#include <utility>

#include "base/text.hpp"
#include "runtime/shard.hpp"
#include "storage/wal_format.hpp"

namespace tetrad::storage {

namespace flags = runtime::open_flags;
using runtime::file;
using runtime::ok;
using runtime::task;

namespace {

constexpr std::uint32_t mode = 0600;
constexpr std::uint64_t numbers_end = 1'000'000'000;

std::string directory_of(const std::string& path) {
    const auto slash = path.rfind('/');
    return slash == path.npos ? "." : path.substr(0, slash);
}

/// The number of an older file by its name; nothing where it is none.
std::optional<std::uint64_t> number_of(std::string_view name, std::string_view head) {
    if (!name.starts_with(head) || name.size() < head.size() + 4 || name[head.size()] != '.')
        return std::nullopt;
    const auto n = parse_decimal<std::uint64_t>(name.substr(head.size() + 1));
    if (!n || *n >= numbers_end)
        return std::nullopt;
    return *n;
}

/// All payloads of a file and where they end.
struct scanned {
    std::vector<slice> payloads;
    std::uint64_t good = 0;  // bytes that are whole records
    wal_found end = wal_found::nothing;
};
scanned scan(const slice& content) {
    scanned s;
    while (true) {
        const auto r = next_wal_record(content.view().subspan(s.good));
        s.end = r.found;
        if (r.found != wal_found::record)
            return s;
        s.payloads.push_back(content.share(r.payload));
        s.good += r.size;
    }
}

task<result<void>> make_log_directory(std::string path) {
    result<void> made = co_await runtime::make_directory(path);
    if (!made && made.error().code != errc::exists)
        co_return made;
    // Also where there is one: who made it may have been killed before.
    co_await ok(runtime::sync_directory(directory_of(path)));
    co_return result<void>{};
}

}  // namespace

std::string wal::older_path(std::uint64_t number) const {
    return format("{}.{:03}", path_, number);
}

result<void> wal::broken(const error& e) {
    if (!broken_)
        broken_ = error{errc::fatal, format("the log {} cannot be written: {}", path_, e.text)};
    return std::unexpected<error>(*broken_);
}

task<result<std::unique_ptr<wal>>> wal::open(std::string path, wal_limits limits) {
    const std::string directory = directory_of(path);
    co_await ok(make_log_directory(directory));
    std::unique_ptr<wal> made(new wal(std::move(path), limits));
    co_await ok(made->find_older());
    co_await ok(made->open_head());
    co_return made;
}

task<result<void>> wal::find_older() {
    runtime::shard& here = co_await runtime::current_shard();
    const std::string directory = directory_of(path_);
    const std::string head = path_.substr(path_.rfind('/') + 1);
    std::vector<std::string> names = co_await ok(here.io().list_directory(directory));
    for (const auto& name : names)
        if (const auto n = number_of(name, head))
            older_.push_back({*n, 0});
    std::ranges::sort(older_, {}, &older::number);
    for (auto& o : older_) {
        file f = co_await ok(file::open(older_path(o.number), flags::read));
        o.size = co_await ok(f.size());
    }
    co_return result<void>{};
}

task<result<void>> wal::open_head() {
    head_ = co_await ok(file::open(path_, flags::read | flags::write | flags::create, mode));
    bytes content = co_await ok(runtime::read_file(path_, limits_.total_size));
    is_new_ = content.empty() && older_.empty();
    const slice shared(std::move(content));
    const scanned s = scan(shared);
    size_ = s.good;
    if (s.end == wal_found::nothing) {
        // A killed process leaves records that only the kernel has; what is acted on from here on has to stay.
        co_await ok(head_.sync());
        co_await ok(runtime::sync_directory(directory_of(path_)));
        co_return result<void>{};
    }
    const std::string copy = path_ + ".CORRUPTED";
    co_await ok(runtime::replace_file(copy, to_bytes(shared), mode));
    co_await ok(head_.truncate(s.good));
    co_await ok(head_.sync());
    repaired_ = format("{}: {} bytes from byte {} are {}; cut off, the whole is kept in {}", path_,
                       shared.size() - s.good, s.good,
                       s.end == wal_found::torn ? "an unfinished record" : "damaged", copy);
    co_return result<void>{};
}

task<result<std::optional<std::vector<slice>>>> wal::records_after(
    std::function<bool(byte_view)> marks) {
    std::vector<slice> after;
    for (std::size_t left = older_.size() + 1; left > 0; --left) {
        const std::string path = left > older_.size() ? path_ : older_path(older_[left - 1].number);
        const slice content(co_await ok(runtime::read_file(path, limits_.total_size)));
        scanned s = scan(content);
        if (s.end != wal_found::nothing)
            co_return fail(errc::corrupt, format("{} is damaged at byte {}: restore it, or remove "
                                                 "the log if this node has no validator key",
                                                 path, s.good));
        std::size_t from = s.payloads.size();  // one past the mark
        while (from > 0 && !marks(s.payloads[from - 1]))
            --from;
        after.insert(after.begin(), s.payloads.begin() + static_cast<std::ptrdiff_t>(from),
                     s.payloads.end());
        if (from > 0)
            co_return std::optional(std::move(after));
    }
    co_return std::optional<std::vector<slice>>();
}

void wal::append(byte_view payload) { append_wal_record(buffer_, payload); }

task<result<void>> wal::write() {
    if (broken_)
        co_return broken(*broken_);
    if (buffer_.empty())
        co_return result<void>{};
    const bytes out = std::exchange(buffer_, {});
    result<void> written = co_await head_.write_at(size_, out);
    if (!written)
        co_return broken(written.error());
    size_ += out.size();
    co_return result<void>{};
}

task<result<void>> wal::flush() {
    auto mine = co_await one_.acquire();
    if (!mine)
        co_return pass(mine);
    co_await ok(write());
    if (size_ >= limits_.head_size)
        co_await ok(rotate());
    co_return result<void>{};
}

task<result<void>> wal::sync() {
    auto mine = co_await one_.acquire();
    if (!mine)
        co_return pass(mine);
    co_await ok(write());
    result<void> synced = co_await head_.sync();
    if (!synced)
        co_return broken(synced.error());
    if (size_ >= limits_.head_size)
        co_await ok(rotate());
    co_return result<void>{};
}

/// The head becomes an older file, durably before a new one begins.
task<result<void>> wal::rotate() {
    result<void> done = co_await head_.sync();
    const std::uint64_t number = older_.empty() ? 0 : older_.back().number + 1;
    if (done)
        done = co_await runtime::rename_file(path_, older_path(number));
    if (!done)
        co_return broken(done.error());
    older_.push_back({number, size_});
    result<file> fresh = co_await file::open(
        path_, flags::read | flags::write | flags::create | flags::exclusive, mode);
    if (!fresh)
        co_return broken(fresh.error());
    head_ = std::move(*fresh);
    size_ = 0;
    done = co_await runtime::sync_directory(directory_of(path_));
    if (!done)
        co_return broken(done.error());
    co_await ok(drop_oldest());
    co_return result<void>{};
}

task<result<void>> wal::drop_oldest() {
    std::uint64_t total = size_;
    for (const auto& o : older_)
        total += o.size;
    while (total > limits_.total_size && !older_.empty()) {
        const older oldest = older_.front();
        result<void> removed = co_await runtime::remove_file(older_path(oldest.number));
        if (!removed)
            co_return broken(removed.error());
        older_.erase(older_.begin());
        total -= oldest.size;
    }
    co_return result<void>{};
}

}  // namespace tetrad::storage
