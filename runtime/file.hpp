// SPDX-License-Identifier: Apache-2.0
// Files on a backend. Closed when destroyed. Errors name the path.
#pragma once

#include <memory>
#include <string>

#include "base/bytes.hpp"
#include "runtime/shard.hpp"
#include "runtime/task.hpp"

namespace tetrad::runtime {

/// Memory that files past the page cache (open_flags::direct) read into and write from: aligned, a multiple of 4096, zeros at first.
class aligned_bytes {
public:
    static constexpr std::size_t alignment = 4096;
    explicit aligned_bytes(std::size_t size_at_least);

    std::uint8_t* data() { return memory_.get(); }
    const std::uint8_t* data() const { return memory_.get(); }
    std::size_t size() const { return size_; }
    operator byte_span() { return {data(), size_}; }

private:
    struct release {
        void operator()(std::uint8_t* p) const;
    };
    std::size_t size_;
    std::unique_ptr<std::uint8_t[], release> memory_;
};

class file {
public:
    file() = default;
    file(backend& io, descriptor fd, std::string path, std::uint32_t flags = 0);
    file(file&&) noexcept;
    file& operator=(file&&) noexcept;
    ~file();

    /// `flags` of open_flags. Runs on the task's shard.
    static task<result<file>> open(std::string path, std::uint32_t flags, std::uint32_t mode = 0600);

    task<result<std::size_t>> read_at(std::uint64_t offset, byte_span into);  // 0 at the end of the file
    task<result<void>> write_at(std::uint64_t offset, byte_view data);        // all of it
    task<result<void>> write_durable_at(std::uint64_t offset, byte_view data);  // the same; the data are durable then
    task<result<void>> sync();                                                // data and size are durable
    task<result<void>> allocate(std::uint64_t offset, std::uint64_t length);
    task<result<void>> truncate(std::uint64_t size);
    result<std::uint64_t> size() const;
    const std::string& path() const { return path_; }
    bool is_open() const { return fd_ >= 0; }
    void close();

private:
    friend task<result<void>> sync_directory(std::string path);
    task<result<void>> write_all_at(op_code, std::uint64_t offset, byte_view data, bool& in_pieces);
    task<result<void>> simple(op_code, std::uint64_t offset, std::uint64_t length, std::uint32_t flags, const char* doing);

    backend* io_ = nullptr;
    descriptor fd_ = -1;
    std::string path_;
    std::uint32_t flags_ = 0;  // of open_flags
};

/// Whole files, for configuration-sized content; fails (too_large) past size_max.
task<result<bytes>> read_file(std::string path, std::size_t size_max);
/// Atomic and durable: a temporary file in the same directory, synced, renamed over, directory synced.
task<result<void>> replace_file(std::string path, bytes content, std::uint32_t mode);
task<result<void>> rename_file(std::string from, std::string to);  // durable once the directory is synced
task<result<void>> remove_file(std::string path);
task<result<void>> make_directory(std::string path, std::uint32_t mode = 0700);  // errc::exists where there is one
task<result<void>> sync_directory(std::string path);

}  // namespace tetrad::runtime
