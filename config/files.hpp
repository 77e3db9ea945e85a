// SPDX-License-Identifier: Apache-2.0
// Small files of the home directory: settings, keys, genesis. Blocking, on the main thread, before the shards run (a shard reads
// and writes through runtime/file). Errors name the file and what the system said.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace tetrad::config {

/// As Go's filepath.Join: clean, and `path` itself where it is absolute.
std::string join_path(const std::string& directory, const std::string& path);

bool file_exists(const std::string& path);  // of any kind; also where we may not look
bool is_directory(const std::string& path);
/// All of it; too_large past size_max.
result<std::string> read_file(const std::string& path, std::size_t size_max);
/// Made or emptied, then written. The mode counts where it is made.
result<void> write_file(const std::string& path, std::string_view content, unsigned mode);
/// Atomic and durable: whoever looks finds the old content or the new, also after a power cut.
result<void> replace_file(const std::string& path, std::string_view content, unsigned mode);
/// With those above it that are missing.
result<void> make_directories(const std::string& path, unsigned mode);
/// With all that is below it. Fine where there is nothing.
result<void> remove_all(const std::string& path);

}  // namespace tetrad::config
