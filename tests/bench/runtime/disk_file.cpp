// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/runtime/disk_file.hpp"

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "base/text.hpp"
#include "tests/bench/machine.hpp"

namespace tetrad::bench {

aligned_memory::aligned_memory(std::size_t size)
    : data_(static_cast<std::uint8_t*>(
          std::aligned_alloc(block, (size + block - 1) / block * block))) {
    must(data_ != nullptr, "aligned_alloc");
    std::memset(data_, 0, size);
}
aligned_memory::~aligned_memory() { std::free(data_); }

result<std::unique_ptr<disk_file>> disk_file::make(const std::string& directory,
                                                   std::uint64_t size) {
    struct statfs where {};
    if (::statfs(directory.c_str(), &where) != 0)
        return std::unexpected<error>(system_error(errno, directory));
    if (where.f_type == TMPFS_MAGIC || where.f_type == RAMFS_MAGIC)
        return fail(errc::unsupported,
                    directory + " is in memory; --dir names a directory on a disk");
    const std::string path = format("{}/bench-{}.data", directory, ::getpid());
    const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_DIRECT | O_CLOEXEC, 0600);
    if (fd < 0)
        return std::unexpected<error>(system_error(errno, path));
    std::unique_ptr<disk_file> made(new disk_file(fd, path, size));
    constexpr std::size_t piece = 1 << 20;
    const aligned_memory zeros(piece);
    if (::posix_fallocate(fd, 0, static_cast<off_t>(size)) != 0)
        return fail(errc::io, path + ": no room");
    for (std::uint64_t at = 0; at < size; at += piece)
        if (::pwrite(fd, zeros.data(), piece, static_cast<off_t>(at)) !=
            static_cast<ssize_t>(piece))
            return std::unexpected<error>(system_error(errno, path));
    if (::fsync(fd) != 0)
        return std::unexpected<error>(system_error(errno, path));
    return made;
}

disk_file::~disk_file() {
    ::close(fd_);
    ::unlink(path_.c_str());
}

}  // namespace tetrad::bench
