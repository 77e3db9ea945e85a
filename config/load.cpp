// SPDX-License-Identifier: Apache-2.0
#include "config/load.hpp"

#include "base/text.hpp"
#include "config/files.hpp"
#include "config/toml.hpp"
#include "config/validate.hpp"
#include "config/value.hpp"

namespace tetrad::config {
namespace {

constexpr std::size_t config_bytes_max = 8u << 20;

std::string path_of(std::string_view section, std::string_view key) {
    return section.empty() ? std::string(key) : format("{}.{}", section, key);
}

/// CometBFT copies CMTRPC_LADDR to CMT_RPC_LADDR at start, over what is there.
environment with_both_spellings(const environment& env) {
    auto out = env;
    for (const auto& [name, value] : env)
        if (name.starts_with("CMT") && !name.starts_with("CMT_"))
            out[format("CMT_{}", name.substr(3))] = value;
    return out;
}

/// Variables and flags over what the file says. An empty variable counts as not set.
void overlay(raw_settings& found, const environment& env, const std::vector<given_flag>& flags) {
    const auto variables = with_both_spellings(env);
    const settings keys;
    for_each_key(keys, [&](std::string_view section, std::string_view key, const auto&, unsigned) {
        const auto path = path_of(section, key);
        const auto name = variable_of(path);
        if (const auto set = variables.find(name); set != variables.end() && !set->second.empty())
            found.insert_or_assign(
                path, found_value{{set->second}, format("environment variable {}", name)});
    });
    for (const auto& flag : flags)
        found.insert_or_assign(flag.key, found_value{{flag.value}, format("flag --{}", flag.name)});
}

/// Puts what was found into the settings. One line for each value that does not fit its key, with an example that does.
std::vector<std::string> apply_values(const raw_settings& found, settings& to) {
    std::vector<std::string> wrong;
    std::string_view section;
    for_each_key(to, [&](std::string_view in_section, std::string_view key, auto& member,
                         unsigned attributes) {
        if (in_section != section) {
            section = in_section;
            if (const auto at = found.find(section); at != found.end())
                wrong.push_back(
                    format("{}: {}: expected a section, got {}; write [{}] on a line of its own "
                           "and its keys below",
                           at->second.place, section, describe(at->second.value), section));
        }
        const auto path = path_of(section, key);
        const auto example = to_toml(member, attributes);
        if (const auto inside = found.lower_bound(path + ".");
            inside != found.end() && inside->first.starts_with(path + "."))
            wrong.push_back(format("{}: {} is a key, no section; for example {} = {}",
                                   inside->second.place, path, key, example));
        const auto at = found.find(path);
        if (at == found.end())
            return;
        if (const auto fits = convert(at->second.value, member); !fits)
            wrong.push_back(format("{}: {}: {}; for example {} = {}", at->second.place, path,
                                   fits.error().text, key, example));
    });
    return wrong;
}

/// The bounds, each with the place of the value that broke it.
std::vector<std::string> check(const settings& s, const raw_settings& found) {
    std::vector<std::string> wrong;
    for (const auto& p : validate(s)) {
        const auto at = found.find(p.key);
        wrong.push_back(format("error in config file: {} ({})", p.text,
                               at == found.end() ? "the default of " + p.key : at->second.place));
    }
    return wrong;
}

result<raw_settings> read(const std::string& path) {
    TRY(const auto text, read_file(path, config_bytes_max));
    auto found = read_toml(text, path);
    if (!found)
        return fail(
            errc::invalid,
            found.error().text +
                "; mend that line, or move the file away: then one with all defaults is written");
    return found;
}

result<settings> settle(raw_settings found, const sources& from) {
    overlay(found, from.env, from.flags);
    auto s = from.defaults;
    s.home = from.home;
    auto wrong = apply_values(found, s);
    if (wrong.empty())
        wrong = check(s, found);
    if (!wrong.empty())
        return fail(errc::invalid, join(wrong, "\n"));
    return s;
}

}  // namespace

std::string variable_of(std::string_view key) {
    auto name = "CMT_" + to_upper(key);
    for (auto& c : name)
        if (c == '.' || c == '-')
            c = '_';
    return name;
}

result<settings> load(const sources& from) {
    raw_settings found;
    for (const auto& path : {join_path(from.home, "config.toml"), config_file(from.home)}) {
        if (!file_exists(path) || is_directory(path))
            continue;
        TRY(found, read(path));
        break;
    }
    return settle(std::move(found), from);
}

result<settings> load_file(const std::string& path, const sources& from) {
    TRY(auto found, read(path));
    return settle(std::move(found), from);
}

}  // namespace tetrad::config
