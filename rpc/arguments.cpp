// SPDX-License-Identifier: Apache-2.0
#include "rpc/arguments.hpp"

#include <algorithm>

namespace tetrad::rpc::detail {

bool is_integer_text(std::string_view text) {
    if (text.starts_with('-'))
        text.remove_prefix(1);
    return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

bool is_quoted(std::string_view text) {
    return text.size() >= 2 && text.front() == '"' && text.back() == '"';
}

std::string as_go_bytes(std::string_view text) {
    std::string out = "[";
    for (const unsigned char c : text)
        out += (out.size() > 1 ? " " : "") + std::to_string(c);
    return out + "]";
}

}  // namespace tetrad::rpc::detail
