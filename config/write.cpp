// SPDX-License-Identifier: Apache-2.0
#include "config/write.hpp"

#include "base/text.hpp"
#include "config/comments.hpp"
#include "config/value.hpp"

namespace tetrad::config {
namespace {

void put_comment(std::string& out, std::string_view comment) {
    if (comment.empty())
        return;
    for (const auto line : split(comment, '\n'))
        out += line.empty() ? "#\n" : format("# {}\n", line);
}

constexpr std::string_view preamble =
    R"(Settings of this node, in TOML. tetrad and CometBFT read the same keys.
A path that does not begin with / starts at the home directory (--home or CMTHOME; otherwise ~/.cometbft).
Durations are written as "1h30m", "10s", "100ms". Each key can be overridden by a variable: [rpc] laddr is CMT_RPC_LADDR.)";

}  // namespace

std::string to_toml(const settings& s) {
    std::string out;
    put_comment(out, preamble);
    std::string_view section;
    for_each_key(s, [&](std::string_view in_section, std::string_view key, const auto& value,
                        unsigned attributes) {
        if (in_section != section) {
            section = in_section;
            const auto header = format("[{}]", section);
            out += '\n';
            put_comment(out, comment_of(header));
            out += header + '\n';
        }
        const auto comment =
            comment_of(section.empty() ? std::string(key) : format("{}.{}", section, key));
        if (!comment.empty())
            out += '\n';
        put_comment(out, comment);
        out += format("{} = {}\n", key, to_toml(value, attributes));
    });
    return out;
}

}  // namespace tetrad::config
