// SPDX-License-Identifier: Apache-2.0
#include "config/toml.hpp"

#define TOML_ENABLE_FORMATTERS 0
#include <toml++/toml.h>

#include "base/text.hpp"

namespace tetrad::config {
namespace {

raw_value to_raw(const toml::node& node) {
    if (auto* b = node.as_boolean())
        return {b->get()};
    if (auto* n = node.as_integer())
        return {n->get()};
    if (auto* d = node.as_floating_point())
        return {d->get()};
    if (auto* text = node.as_string())
        return {text->get()};
    if (auto* array = node.as_array()) {
        raw_value::list items;
        for (const auto& item : *array)
            items.push_back(to_raw(item));
        return {std::move(items)};
    }
    return {raw_value::foreign{node.is_table() ? "a table" : "a date or time"}};
}

// toml++ bounds how deep values nest, but not how many parts a dotted key has, each of which is a table in a table: the recursion
// here and in its destructors would end with the stack. No key of ours has more than two parts, and no value that many dots
// without a comma.
constexpr int dots_max = 256;

result<void> check_depth(std::string_view text, const std::string& name) {
    int line = 1, dots = 0;
    for (const char c : text) {
        if (c == '\n' || c == ',' || c == '}')
            dots = 0;
        line += c == '\n';
        if (c == '.' && ++dots > dots_max)
            return fail(errc::too_large, format("{}:{}:1: more than {} dots in one key or value",
                                                name, line, dots_max));
    }
    return {};
}

void flatten(const toml::table& table, const std::string& above, const std::string& name,
             raw_settings& out) {
    for (const auto& [key, node] : table) {
        const auto path = (above.empty() ? "" : above + ".") + to_lower(key.str());
        if (auto* inner = node.as_table()) {
            flatten(*inner, path, name, out);
            continue;
        }
        out.insert_or_assign(
            path, found_value{to_raw(node), format("{}:{}", name, key.source().begin.line)});
    }
}

}  // namespace

result<raw_settings> read_toml(std::string_view text, const std::string& name) {
    TRY_VOID(check_depth(text, name));
    const toml::parse_result parsed = toml::parse(text);
    if (!parsed) {
        const auto& at = parsed.error().source().begin;
        return fail(errc::invalid,
                    format("{}:{}:{}: {}", name, at.line, at.column, parsed.error().description()));
    }
    raw_settings out;
    flatten(parsed.table(), "", name, out);
    return out;
}

}  // namespace tetrad::config
