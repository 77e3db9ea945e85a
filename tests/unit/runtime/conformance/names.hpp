// SPDX-License-Identifier: Apache-2.0
// What scripts about names are written with. Included last of our headers, as suite.hpp.
#pragma once

#include "tests/unit/runtime/conformance/suite.hpp"

#include <algorithm>
#include <string>

namespace tetrad::runtime::conformance {

constexpr std::uint32_t reading = open_flags::read, writing = open_flags::write;

/// Zero where it could be opened; closed again.
inline task<int> try_open(stage& s, std::string path, std::uint32_t flags) {
    const int fd = co_await open(s, path, flags);
    if (fd >= 0)
        s.io.close(fd);
    co_return std::min(fd, 0);
}
inline task<int> rename(stage& s, std::string from, std::string to) {
    return on_path(s, op_code::rename, s.path(from), s.path(to));
}
inline task<int> unlink(stage& s, std::string leaf) {
    return on_path(s, op_code::unlink, s.path(leaf));
}
inline task<int> make_dir(stage& s, std::string leaf) {
    return on_path(s, op_code::make_dir, s.path(leaf));
}
inline std::string listed(stage& s, const std::string& path) {
    const auto names = s.io.list_directory(path);
    return names ? join(*names, " ") : std::string(name(names.error().code));
}

}  // namespace tetrad::runtime::conformance
