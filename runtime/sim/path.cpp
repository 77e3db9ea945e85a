// SPDX-License-Identifier: Apache-2.0
#include "runtime/sim/path.hpp"

namespace tetrad::runtime::sim {

std::vector<std::string_view> steps_of(std::string_view path) {
    std::vector<std::string_view> steps;
    while (!path.empty()) {
        const auto slash = path.find('/');
        if (slash != 0)
            steps.push_back(path.substr(0, slash));
        path = slash == std::string_view::npos ? std::string_view() : path.substr(slash + 1);
    }
    return steps;
}

std::string normal_path(std::string_view path) {
    std::string out;
    for (const std::string_view step : steps_of(path)) {
        if (step == "..")
            out.resize(out.empty() ? 0 : out.rfind('/'));
        else if (step != ".")
            out.append("/").append(step);
    }
    return out.empty() ? "/" : out;
}

}  // namespace tetrad::runtime::sim
