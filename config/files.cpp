// SPDX-License-Identifier: Apache-2.0
#include "config/files.hpp"

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.hpp"

namespace tetrad::config {
namespace {

namespace fs = std::filesystem;

std::unexpected<error> failed(std::string_view doing, const std::string& path) {
    return std::unexpected<error>(system_error(errno, format("{} {}", doing, path)));
}

class open_file {
public:
    open_file(const std::string& path, int flags, unsigned mode = 0)
        : fd_(::open(path.c_str(), flags | O_CLOEXEC, mode)) {}
    open_file(const open_file&) = delete;
    open_file& operator=(const open_file&) = delete;
    ~open_file() {
        if (fd_ >= 0)
            ::close(fd_);
    }
    int fd() const { return fd_; }
    bool is_open() const { return fd_ >= 0; }

    bool write_all(std::string_view content) {
        while (!content.empty()) {
            const auto n = ::write(fd_, content.data(), content.size());
            if (n < 0 && errno == EINTR)
                continue;
            if (n < 0)
                return false;
            content.remove_prefix(static_cast<std::size_t>(n));
        }
        return true;
    }

private:
    int fd_;
};

}  // namespace

std::string join_path(const std::string& directory, const std::string& path) {
    const auto joined = (fs::path(directory) / path).lexically_normal();
    return joined.has_filename() ? joined.string() : joined.parent_path().string();
}

bool file_exists(const std::string& path) {
    struct stat s;
    return ::stat(path.c_str(), &s) == 0 || errno != ENOENT;
}

bool is_directory(const std::string& path) {
    struct stat s;
    return ::stat(path.c_str(), &s) == 0 && S_ISDIR(s.st_mode);
}

result<std::string> read_file(const std::string& path, std::size_t size_max) {
    open_file f(path, O_RDONLY);
    if (!f.is_open())
        return failed("open", path);
    constexpr std::size_t chunk = 64u << 10;
    std::string content;
    content.reserve(2 * chunk);  // a small file, which may hold a key, is never moved: its reader can wipe it
    for (;;) {
        const auto have = content.size();
        content.resize(have + chunk);
        const auto n = ::read(f.fd(), content.data() + have, content.size() - have);
        content.resize(have + (n > 0 ? static_cast<std::size_t>(n) : 0));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return failed("read", path);
        if (n == 0)
            return content;
        if (content.size() > size_max)
            return fail(errc::too_large, format("read {}: larger than {} bytes", path, size_max));
    }
}

result<void> write_file(const std::string& path, std::string_view content, unsigned mode) {
    open_file f(path, O_WRONLY | O_CREAT | O_TRUNC, mode);
    if (!f.is_open())
        return failed("open", path);
    if (!f.write_all(content))
        return failed("write", path);
    return {};
}

result<void> replace_file(const std::string& path, std::string_view content, unsigned mode) {
    const auto temporary = path + ".tmp";  // one writer: the process that owns the home
    ::unlink(temporary.c_str());
    {
        open_file f(temporary, O_WRONLY | O_CREAT | O_EXCL, mode);
        if (!f.is_open())
            return failed("open", temporary);
        if (!f.write_all(content) || ::fsync(f.fd()) != 0) {
            auto why = failed("write", temporary);
            ::unlink(temporary.c_str());
            return why;
        }
    }
    if (::rename(temporary.c_str(), path.c_str()) != 0) {
        auto why = failed("rename to", path);
        ::unlink(temporary.c_str());
        return why;
    }
    const auto parent = fs::path(path).parent_path().string();
    open_file directory(parent.empty() ? "." : parent, O_RDONLY | O_DIRECTORY);
    if (!directory.is_open() || ::fsync(directory.fd()) != 0)
        return failed("sync the directory of", path);
    return {};
}

result<void> make_directories(const std::string& path, unsigned mode) {
    if (is_directory(path))
        return {};
    const auto parent = fs::path(join_path(path, "")).parent_path().string();
    if (!parent.empty())
        TRY_VOID(make_directories(parent, mode));
    if (::mkdir(path.c_str(), mode) != 0 && !(errno == EEXIST && is_directory(path)))
        return failed("make directory", path);
    return {};
}

result<void> remove_all(const std::string& path) {
    std::error_code problem;
    fs::remove_all(path, problem);
    if (problem)
        return fail(errc::io, format("remove {}: {}", path, problem.message()));
    return {};
}

}  // namespace tetrad::config
