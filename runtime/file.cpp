// SPDX-License-Identifier: Apache-2.0
#include "runtime/file.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>
#include <utility>

#include "base/check.hpp"
#include "runtime/operation.hpp"
#include "runtime/scope.hpp"

namespace tetrad::runtime {

namespace {

constexpr std::size_t transfer_max = std::size_t{1} << 30;

task<result<void>> path_operation(op_code code, std::string path, std::string path2, std::uint32_t mode, const char* doing) {
    shard& here = co_await current_shard();
    operation o(here.io(), code);
    o.what.path = path.c_str();
    o.what.path2 = path2.c_str();
    o.what.mode = mode;
    const std::int32_t r = co_await o;
    if (r < 0) {
        const std::string what = std::string(doing) + " " + path;
        co_return o.failure(what);
    }
    co_return result<void>{};
}

std::string directory_of(const std::string& path) {
    const auto slash = path.rfind('/');
    if (slash == std::string::npos)
        return ".";
    return slash == 0 ? "/" : path.substr(0, slash);
}

task<result<void>> write_whole(std::string path, byte_view content, std::uint32_t mode) {
    file f = co_await ok(file::open(path, open_flags::write | open_flags::create | open_flags::exclusive, mode));
    co_await ok(f.write_at(0, content));
    co_await ok(f.sync());
    co_return result<void>{};
}

}  // namespace

aligned_bytes::aligned_bytes(std::size_t size_at_least) : size_((size_at_least + alignment - 1) / alignment * alignment) {
    CHECK(size_ > 0);
    memory_.reset(static_cast<std::uint8_t*>(::operator new(size_, std::align_val_t(alignment))));
    std::memset(data(), 0, size_);
}
void aligned_bytes::release::operator()(std::uint8_t* p) const { ::operator delete(p, std::align_val_t(alignment)); }

file::file(backend& io, descriptor fd, std::string path, std::uint32_t flags)
    : io_(&io), fd_(fd), path_(std::move(path)), flags_(flags) {}
file::file(file&& o) noexcept
    : io_(o.io_), fd_(std::exchange(o.fd_, -1)), path_(std::move(o.path_)), flags_(o.flags_) {}
file& file::operator=(file&& o) noexcept {
    if (this != &o) {
        close();
        io_ = o.io_;
        fd_ = std::exchange(o.fd_, -1);
        path_ = std::move(o.path_);
        flags_ = o.flags_;
    }
    return *this;
}
file::~file() { close(); }

void file::close() {
    if (fd_ >= 0)
        io_->close(std::exchange(fd_, -1));
}

task<result<file>> file::open(std::string path, std::uint32_t flags, std::uint32_t mode) {
    shard& here = co_await current_shard();
    operation o(here.io(), op_code::open);
    o.what.path = path.c_str();
    o.what.flags = flags;
    o.what.mode = mode;
    const std::int32_t fd = co_await o;
    if (fd < 0) {
        const std::string doing = "open " + path;
        co_return o.failure(doing);
    }
    co_return file(here.io(), fd, std::move(path), flags);
}

task<result<std::size_t>> file::read_at(std::uint64_t offset, byte_span into) {
    CHECK(is_open());
    operation o(*io_, op_code::read);
    o.what.fd = fd_;
    o.what.buffer = into.data();
    o.what.length = std::min(into.size(), transfer_max);
    o.what.offset = offset;
    const std::int32_t n = co_await o;
    if (n < 0) {
        const std::string doing = "read " + path_;
        co_return o.failure(doing);
    }
    co_return static_cast<std::size_t>(n);
}

task<result<void>> file::write_at(std::uint64_t offset, byte_view data) {
    bool in_pieces = false;
    co_await ok(write_all_at(op_code::write, offset, data, in_pieces));
    co_return result<void>{};
}

// A write that took fewer bytes than it was given promises nothing of them: then all is synced at the end.
task<result<void>> file::write_durable_at(std::uint64_t offset, byte_view data) {
    bool in_pieces = false;
    co_await ok(write_all_at(op_code::write_durable, offset, data, in_pieces));
    if (in_pieces)
        co_await ok(sync());
    co_return result<void>{};
}

task<result<void>> file::write_all_at(op_code code, std::uint64_t offset, byte_view data, bool& in_pieces) {
    while (!data.empty()) {
        CHECK(is_open());
        operation o(*io_, code);
        o.what.fd = fd_;
        o.what.buffer = const_cast<std::uint8_t*>(data.data());  // only read from
        o.what.length = std::min(data.size(), transfer_max);
        o.what.offset = offset;
        o.what.flags = flags_ & open_flags::direct;
        const std::int32_t n = co_await o;
        if (n <= 0) {
            if (n == 0)
                o.what.result = -EIO;  // a file takes something or says why not
            const std::string doing = "write " + path_;
            co_return o.failure(doing);
        }
        offset += static_cast<std::size_t>(n);
        data = data.subspan(static_cast<std::size_t>(n));
        in_pieces |= !data.empty();
    }
    co_return result<void>{};
}

task<result<void>> file::sync() { return simple(op_code::sync, 0, 0, 0, "sync"); }
task<result<void>> file::allocate(std::uint64_t offset, std::uint64_t length) {
    CHECK(length > 0);
    return simple(op_code::allocate, offset, length, 0, "allocate");
}
task<result<void>> file::truncate(std::uint64_t size) { return simple(op_code::truncate, 0, size, 0, "truncate"); }

task<result<void>> file::simple(op_code code, std::uint64_t offset, std::uint64_t length, std::uint32_t flags,
                                const char* doing) {
    CHECK(is_open());
    operation o(*io_, code);
    o.what.fd = fd_;
    o.what.offset = offset;
    o.what.length = length;
    o.what.flags = flags;
    const std::int32_t r = co_await o;
    if (r < 0) {
        const std::string what = std::string(doing) + " " + path_;
        co_return o.failure(what);
    }
    co_return result<void>{};
}

result<std::uint64_t> file::size() const {
    CHECK(is_open());
    return io_->file_size(fd_);
}

// ---- whole files and directories ----

task<result<bytes>> read_file(std::string path, std::size_t size_max) {
    file f = co_await ok(file::open(path, open_flags::read));
    const std::uint64_t size = co_await ok(f.size());
    bytes content;
    // Read to its end, whatever its size said: it may grow, and files of /proc say 0.
    for (std::size_t room = std::min<std::uint64_t>(size, size_max) + 1;; room = 4096) {
        const std::size_t had = content.size();
        content.resize(had + room);
        const std::size_t n = co_await ok(f.read_at(had, byte_span(content).subspan(had)));
        content.resize(had + n);
        if (n == 0)
            break;
        if (content.size() > size_max)
            co_return fail(errc::too_large, path + ": larger than " + std::to_string(size_max) + " bytes");
    }
    co_return content;
}

task<result<void>> replace_file(std::string path, bytes content, std::uint32_t mode) {
    shard& here = co_await current_shard();
    const std::string temporary = path + ".tmp" + std::to_string(here.io().random().uint64());
    result<void> done = co_await write_whole(temporary, content, mode);
    if (done)
        done = co_await rename_file(temporary, path);
    if (!done) {
        stop_state unstopped;  // what a stopped task made is removed all the same
        auto cleaning = remove_file(temporary);
        result<void> removed = co_await under(unstopped, cleaning);
        static_cast<void>(removed);  // the first failure is what the caller learns
        co_return pass(done);
    }
    co_await ok(sync_directory(directory_of(path)));
    co_return result<void>{};
}

task<result<void>> rename_file(std::string from, std::string to) {
    return path_operation(op_code::rename, std::move(from), std::move(to), 0, "rename");
}

task<result<void>> remove_file(std::string path) {
    return path_operation(op_code::unlink, std::move(path), {}, 0, "remove");
}

task<result<void>> make_directory(std::string path, std::uint32_t mode) {
    return path_operation(op_code::make_dir, std::move(path), {}, mode, "mkdir");
}

task<result<void>> sync_directory(std::string path) {
    file directory = co_await ok(file::open(path, open_flags::read | open_flags::directory));
    co_await ok(directory.simple(op_code::sync, 0, 0, open_flags::directory, "sync"));
    co_return result<void>{};
}

}  // namespace tetrad::runtime
