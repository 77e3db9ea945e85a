// SPDX-License-Identifier: Apache-2.0
#include "daemon/cli_flags.hpp"

#include <algorithm>

#include <CLI/CLI.hpp>

#include "base/text.hpp"
#include "config/value.hpp"

namespace tetrad::daemon {
namespace {

const flag* find(std::span<const flag> known, std::string_view name) {
    const auto at = std::ranges::find(known, name, &flag::name);
    return at == known.end() ? nullptr : &*at;
}

std::string spelling(const flag& f) {
    return f.letter ? format("-{},--{}", f.letter, f.name) : format("--{}", f.name);
}

/// CLI11 takes "--name=" for a flag whose value is the next word; pflag for an empty value. Flags end at "--".
std::vector<std::string> normalize(std::span<const flag> known,
                                   const std::vector<std::string>& args) {
    std::vector<std::string> out;
    for (const auto& arg : args) {
        if (arg == "--" && (out.empty() || !out.back().starts_with("--") ||
                            out.back().find('=') != std::string::npos))
            break;
        const bool empty_value = arg.size() > 3 && arg.starts_with("--") && arg.ends_with('=');
        const auto* f =
            empty_value ? find(known, std::string_view(arg).substr(2, arg.size() - 3)) : nullptr;
        if (f && f->kind != flag_kind::boolean) {
            out.push_back(arg.substr(0, arg.size() - 1));
            out.emplace_back();
        } else {
            out.push_back(arg);
        }
    }
    return out;
}

result<void> check_value(const flag& f, const std::string& value) {
    std::string problem;
    switch (f.kind) {
        case flag_kind::text:
        case flag_kind::texts: break;
        case flag_kind::boolean:
            if (const auto b = config::parse_bool(value); !b)
                problem = b.error().text;
            break;
        case flag_kind::integer:
            if (const auto n = config::parse_integer(value); !n)
                problem = n.error().text;
            break;
        case flag_kind::hex:
            if (const auto h = from_hex(trim(value)); !h)
                problem = h.error().text;
            break;
    }
    if (problem.empty())
        return {};
    const auto shown = f.letter ? format("-{}, --{}", f.letter, f.name) : format("--{}", f.name);
    return fail(errc::invalid,
                format("invalid argument {} for \"{}\" flag: {}", quote(value), shown, problem));
}

/// What CLI11 did not know, said as pflag says it.
result<void> check_rest(const std::vector<std::string>& rest) {
    for (const auto& word : rest) {
        if (word.starts_with("--"))
            return fail(errc::invalid, format("unknown flag: {}", word.substr(0, word.find('='))));
        if (word.size() > 1 && word[0] == '-')
            return fail(errc::invalid, format("unknown shorthand flag: '{}' in {}", word[1], word));
    }
    return {};
}

}  // namespace

std::string given_flags::text(std::string_view name) const {
    if (const auto at = values_.find(name); at != values_.end())
        return at->second.back();
    const auto* f = find(known_, name);
    CHECK(f != nullptr);
    return f->fallback;
}

bool given_flags::boolean(std::string_view name) const {
    const auto b = config::parse_bool(text(name));
    return b && *b;
}

std::int64_t given_flags::integer(std::string_view name) const {
    const auto n = config::parse_integer(text(name));
    return n ? *n : 0;
}

bytes given_flags::hex(std::string_view name) const {
    const auto value = text(name);
    const auto h = from_hex(trim(value));
    return h ? *h : bytes();
}

std::vector<std::string> given_flags::texts(std::string_view name) const {
    const auto at = values_.find(name);
    return at == values_.end() ? std::vector<std::string>() : at->second;
}

std::vector<config::given_flag> given_flags::settings() const {
    std::vector<config::given_flag> out;
    for (const auto& [name, values] : values_)
        if (const auto* f = find(known_, name); f && !f->key.empty())
            out.push_back({name, std::string(f->key), values.back()});
    return out;
}

result<given_flags> parse_flags(std::span<const flag> known, std::vector<std::string> args) {
    args = normalize(known, args);
    // As pflag, a flag takes the next word whatever it is, so only the last word can lack its value.
    std::map<std::string, std::vector<std::string>, std::less<>> values;
    try {
        CLI::App app;
        app.set_help_flag();  // help is a flag like any other
        app.allow_extras();
        std::vector<std::pair<const flag*, CLI::Option*>> options;
        for (const auto& f : known) {
            auto* option = f.kind == flag_kind::boolean ? app.add_flag(spelling(f))
                                                        : app.add_option(spelling(f))->expected(1);
            option->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)->allow_extra_args(false);
            options.emplace_back(&f, option);
        }
        std::ranges::reverse(args);  // CLI11 takes them from the back
        app.parse(args);
        TRY_VOID(check_rest(app.remaining()));
        for (const auto& [f, option] : options) {
            if (option->count() == 0)
                continue;
            for (const auto& value : option->results())
                TRY_VOID(check_value(*f, value));
            values.emplace(f->name, option->results());
        }
    } catch (const CLI::ArgumentMismatch& e) {
        const std::string what = e.what();
        return fail(errc::invalid,
                    format("flag needs an argument: {}", what.substr(0, what.find(':'))));
    } catch (const CLI::Error& e) {
        return fail(errc::invalid, e.what());
    }
    return given_flags(known, std::move(values));
}

std::string describe_flags(std::span<const flag> flags) {
    const auto left = [](const flag& f) {
        constexpr std::string_view kinds[] = {" text", "", " number", " hex", " text..."};
        const auto letter = f.letter ? format("-{}, ", f.letter) : std::string("    ");
        return format("  {}--{}{}", letter, f.name, kinds[static_cast<std::size_t>(f.kind)]);
    };
    std::size_t width = 0;
    for (const auto& f : flags)
        width = std::max(width, left(f).size());
    std::string out;
    for (const auto& f : flags) {
        out += format("{:<{}}   {}", left(f), width, f.help);
        const bool shown = !f.fallback.empty() && f.fallback != "false" && f.fallback != "0";
        if (shown)
            out += f.kind == flag_kind::text ? format(" (default {})", quote(f.fallback))
                                             : format(" (default {})", f.fallback);
        out += '\n';
    }
    return out;
}

}  // namespace tetrad::daemon
