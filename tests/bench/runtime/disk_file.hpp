// SPDX-License-Identifier: Apache-2.0
// A file on a real disk for measurements: every block of it allocated and written, so that what is written over it later changes no
// metadata. It goes with its owner, and where the program dies.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "base/result.hpp"

namespace tetrad::bench {

class disk_file {
public:
    /// Fails where the directory is in memory: what is durable there costs nothing.
    static result<std::unique_ptr<disk_file>> make(const std::string& directory,
                                                   std::uint64_t size);
    ~disk_file();
    disk_file(const disk_file&) = delete;

    int fd() const { return fd_; }  // O_RDWR | O_DIRECT
    const std::string& path() const { return path_; }
    std::uint64_t size() const { return size_; }

private:
    disk_file(int fd, std::string path, std::uint64_t size)
        : fd_(fd), path_(std::move(path)), size_(size) {}
    int fd_;
    std::string path_;
    std::uint64_t size_;
};

/// Memory that O_DIRECT may use.
class aligned_memory {
public:
    explicit aligned_memory(std::size_t size);
    ~aligned_memory();
    aligned_memory(const aligned_memory&) = delete;
    std::uint8_t* data() const { return data_; }

private:
    std::uint8_t* data_;
};

constexpr std::size_t block = 4096;

}  // namespace tetrad::bench
