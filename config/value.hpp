// SPDX-License-Identifier: Apache-2.0
// What a file, a variable or a flag says, before its key tells what it has to be; and the conversion between the two. It is as
// lenient as CometBFT's (viper with weak typing), so that every config.toml that runs there runs here: numbers, booleans and
// durations may stand in quotes, a duration may be a number of nanoseconds, a list may be one text divided by commas, a fraction
// is cut off, an empty text is 0, false or the empty list. Unlike there a number out of range is an error. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"

namespace tetrad::config {

struct raw_value {
    using list = std::vector<raw_value>;
    struct foreign {  // what no setting takes
        std::string kind;
    };
    std::variant<bool, std::int64_t, double, std::string, list, foreign> v;
};

/// For errors: `the text "abc"`, `the number 5`, `a list`.
std::string describe(const raw_value&);

// Each fails with "expected ..., got ...", and then has not touched `to`.
result<void> convert(const raw_value&, bool& to);
result<void> convert(const raw_value&, std::int64_t& to);
result<void> convert(const raw_value&, std::int32_t& to);
result<void> convert(const raw_value&, std::uint32_t& to);
result<void> convert(const raw_value&, duration& to);
result<void> convert(const raw_value&, std::string& to);
result<void> convert(const raw_value&, std::vector<std::string>& to);

/// Go's strconv.ParseBool: 1, t, T, true, True, TRUE and their opposites.
result<bool> parse_bool(std::string_view);
/// Go's strconv.ParseInt with base 0: 10, -10, 0x1f, 0o17, 017, 0b11, 1_000.
result<std::int64_t> parse_integer(std::string_view);

// As it stands in config.toml; `attributes` are those of the key (sections.hpp).
std::string to_toml(bool, unsigned attributes);
std::string to_toml(std::int64_t, unsigned attributes);
std::string to_toml(std::int32_t, unsigned attributes);
std::string to_toml(std::uint32_t, unsigned attributes);
std::string to_toml(duration, unsigned attributes);
std::string to_toml(const std::string&, unsigned attributes);
std::string to_toml(const std::vector<std::string>&, unsigned attributes);

}  // namespace tetrad::config
