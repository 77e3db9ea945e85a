// SPDX-License-Identifier: Apache-2.0
// Flags of a command: parsed by CLI11 by the rules that cobra and pflag have, on which CometBFT's command line is built: "--name
// value" or "--name=value", a boolean takes its value only after "=", the last of several counts, words that are no flags are
// ignored, "--" ends the flags. Main thread.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "config/load.hpp"

namespace tetrad::daemon {

enum class flag_kind : std::uint8_t { text, boolean, integer, hex, texts };

struct flag {
    std::string_view name;
    char letter = 0;  // "-v", where it has one
    flag_kind kind = flag_kind::text;
    std::string fallback;  // when it is not given; shown in the help
    std::string_view help;
    std::string_view key = {};  // path of the setting it overrides
};

/// What was given, already checked against the kinds.
class given_flags {
public:
    given_flags(std::span<const flag> known,
                std::map<std::string, std::vector<std::string>, std::less<>> values)
        : known_(known), values_(std::move(values)) {}

    bool has(std::string_view name) const { return values_.contains(name); }
    /// The value, or else the fallback.
    std::string text(std::string_view name) const;
    bool boolean(std::string_view name) const;
    std::int64_t integer(std::string_view name) const;
    bytes hex(std::string_view name) const;
    std::vector<std::string> texts(std::string_view name) const;
    /// Those that override settings.
    std::vector<config::given_flag> settings() const;

private:
    std::span<const flag> known_;  // outlives this
    std::map<std::string, std::vector<std::string>, std::less<>> values_;
};

/// Errors as pflag has them: `unknown flag: --nosuch`, `flag needs an argument: --home`, `invalid argument "x" for "--v" flag: ...`.
result<given_flags> parse_flags(std::span<const flag> known, std::vector<std::string> args);

/// The lines of a help text.
std::string describe_flags(std::span<const flag>);

}  // namespace tetrad::daemon
