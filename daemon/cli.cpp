// SPDX-License-Identifier: Apache-2.0
#include "daemon/cli.hpp"

#include <algorithm>
#include <optional>

#include "base/text.hpp"
#include "config/home.hpp"
#include "config/load.hpp"
#include "daemon/commands.hpp"
#include "daemon/version.hpp"

namespace tetrad::daemon {
namespace {

constexpr std::string_view what_this_is = "A full node for CometBFT networks";

config::settings default_settings(const host& h) {
    config::settings s;
    s.base.version = version;
    s.base.moniker = h.machine_name;
    return s;
}

std::vector<flag> global_flags(const host& h) {
    return {{"help", 'h', flag_kind::boolean, "false", "show this help"},
            {"home", 0, flag_kind::text, config::default_home(h.env),
             "directory of settings, keys and data"},
            {"log_level", 0, flag_kind::text, "info",
             "debug, info, error, none, or by module: \"p2p:debug,*:error\"", "log_level"},
            {"trace", 0, flag_kind::boolean, "false",
             "accepted for CometBFT's sake; errors name their place without it"}};
}

/// Takes the first word that is no flag and no flag's value out of args, as cobra does. Flags may stand before it.
std::optional<std::string> take_command(std::vector<std::string>& args) {
    for (std::size_t i = 0; i < args.size(); ++i) {
        const auto& word = args[i];
        if (word == "--")
            return {};
        if (word.size() < 2 || word[0] != '-') {
            const auto name = word;
            args.erase(args.begin() + static_cast<std::ptrdiff_t>(i));
            return name;
        }
        const bool stands_alone = word == "-h" || word == "--help" || word == "--trace" ||
                                  word.find('=') != word.npos ||
                                  (word[1] != '-' && word.size() > 2);
        if (!stands_alone)
            ++i;
    }
    return {};
}

std::string program_help(const std::vector<command>& commands, const std::vector<flag>& globals) {
    std::size_t width = 0;
    for (const auto& c : commands)
        width = std::max(width, c.names[0].size());
    auto out = format("{}\n\nUsage:\n  tetrad [command]\n\nAvailable Commands:\n", what_this_is);
    for (const auto& c : commands)
        out += format("  {:<{}}   {}\n", c.names[0], width, c.summary);
    out += format(
        "\nExamples:\n  tetrad init\n  tetrad start --proxy_app kvstore\n  tetrad help "
        "start\n\nFlags:\n{}",
        describe_flags(globals));
    return out + "\nUse \"tetrad [command] --help\" for more information about a command.\n";
}

std::string command_help(const command& c, const std::vector<flag>& globals) {
    auto out = format("{}\n", c.summary);
    if (!c.details.empty())
        out += format("\n{}\n", c.details);
    out += format("\nUsage:\n  tetrad {} [flags]\n", c.names[0]);
    if (c.names.size() > 1)
        out += format("\nAliases:\n  {}\n", join(c.names, ", "));
    out += format("\nExamples:\n  {}\n", c.example);
    if (!c.flags.empty())
        out += format("\nFlags:\n{}", describe_flags(c.flags));
    return out + format("\nGlobal Flags:\n{}", describe_flags(globals));
}

const command* find(const std::vector<command>& commands, std::string_view name) {
    const auto at = std::ranges::find_if(
        commands, [&](const command& c) { return std::ranges::count(c.names, name) > 0; });
    return at == commands.end() ? nullptr : &*at;
}

error unknown_command(std::string_view name) {
    for (const std::string_view theirs :
         {"completion", "debug", "experimental-compact-goleveldb", "inspect", "light",
          "reindex-event", "replay", "replay-console", "rollback"})
        if (name == theirs)
            return error(errc::unsupported,
                         format("the command {} of cometbft is not in tetrad yet", quote(name)));
    return error(
        errc::not_found,
        format("unknown command {} for \"tetrad\"; \"tetrad help\" lists them all", quote(name)));
}

result<void> carry_out(host& h, const command& c, const given_flags& flags) {
    const auto given_home = flags.has("home") ? std::optional(flags.text("home")) : std::nullopt;
    const auto home = config::choose_home(h.env, given_home);
    config::sources sources{home.path, h.env, flags.settings(), default_settings(h)};
    auto settings = sources.defaults;
    if (c.needs_home) {
        TRY(settings, config::load(sources));
        TRY_VOID(config::prepare_home(home.path, sources.defaults));
    }
    TRY(auto levels, log_levels::parse(settings.base.log_level));
    TRY(const auto form, parse_log_format(settings.base.log_format));
    console_log console(h, std::move(levels), form);
    command_context context{h, flags, std::move(sources), std::move(settings),
                            logger(console, "main")};
    if (c.needs_home && home.by_deprecated_variable)
        context.log.error("The variable TMHOME is deprecated: use CMTHOME");
    return c.run(context);
}

result<void> run(host& h) {
    const auto commands = all_commands(default_settings(h));
    const auto globals = global_flags(h);
    auto args = h.args;
    auto name = take_command(args);

    const bool asks_help = name == "help";
    if (asks_help)
        name = take_command(args);
    if (!name) {
        TRY_VOID(parse_flags(globals, args));
        h.out(program_help(commands, globals));
        return {};
    }
    const auto* c = find(commands, *name);
    if (!c)
        return std::unexpected<error>(unknown_command(*name));

    auto flags = c->flags;
    flags.insert(flags.end(), globals.begin(), globals.end());
    TRY(const auto given, parse_flags(flags, args));
    if (asks_help || given.boolean("help")) {
        h.out(command_help(*c, globals));
        return {};
    }
    return carry_out(h, *c, given);
}

}  // namespace

int run_command_line(host& h) {
    const auto done = run(h);
    if (done)
        return 0;
    for (const auto line : split(done.error().text, '\n'))
        h.err(format("ERROR: {}\n", line));
    return 1;
}

}  // namespace tetrad::daemon
