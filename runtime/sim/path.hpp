// SPDX-License-Identifier: Apache-2.0
// Paths of a simulated disk, taken apart.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace tetrad::runtime::sim {

constexpr std::size_t name_max = 255;   // bytes of a name
constexpr std::size_t path_max = 4096;  // of a path, with the zero at its end

/// What is between the slashes, "." and ".." as they are.
std::vector<std::string_view> steps_of(std::string_view path);

/// "/a/b/c": one slash before each part, no "." and no "..".
std::string normal_path(std::string_view);

}  // namespace tetrad::runtime::sim
