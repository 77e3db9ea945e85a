// SPDX-License-Identifier: Apache-2.0
// Text codings: hex, base64, decimal numbers, percent escapes, Go's %q, and the few string helpers that the rest shares.
// Decoders are strict: all of the input is used or the answer is an error.
#pragma once

#include <charconv>
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace tetrad {

/// `format("height {}", h)`: fmt's, under our name.
using fmt::format;

// ---- hex ----

std::string to_hex(byte_view);        // lower case
std::string to_hex_upper(byte_view);  // as CometBFT prints hashes and addresses
/// Either case; an odd length or another character is an error.
result<bytes> from_hex(std::string_view);
/// Exactly out.size() bytes.
result<void> from_hex(std::string_view, byte_span out);
/// Writes 2 * in.size() characters.
void put_hex(char* to, byte_view in, bool upper);

// ---- base64, standard alphabet with padding (Go's base64.StdEncoding) ----

std::string to_base64(byte_view);
/// Like Go's StdEncoding: padding is required, line ends (\r, \n) are skipped, the unused bits of the last character are not
/// looked at.
result<bytes> from_base64(std::string_view);
constexpr std::size_t base64_size(std::size_t n) { return (n + 2) / 3 * 4; }
/// Writes base64_size(in.size()) characters.
void put_base64(char* to, byte_view in);

// ---- numbers ----

/// What parse_decimal answers.
error not_a_number(std::string_view text, bool out_of_range);

/// Decimal digits, with a minus sign where T is signed; nothing else, no spaces, no plus sign.
template <std::integral T>
result<T> parse_decimal(std::string_view text) {
    T value{};
    const char* end = text.data() + text.size();
    const auto [stopped, problem] = std::from_chars(text.data(), end, value);
    if (problem != std::errc{} || stopped != end || text.empty())
        return std::unexpected<error>(not_a_number(text, problem == std::errc::result_out_of_range && stopped == end));
    return value;
}

// ---- URIs ----

/// Undoes %XX; in a query + means a space, in a path it is itself. Error: `invalid URL escape "%zz"`.
result<std::string> percent_decode(std::string_view, bool plus_is_space);

// ---- strings ----

/// As Go's %q: in double quotes, with quotes, backslashes and what does not print escaped.
std::string quote(std::string_view);
/// Without leading and trailing ASCII white space.
std::string_view trim(std::string_view);
/// The parts between separators: always one more than there are separators. "" gives one empty part.
std::vector<std::string_view> split(std::string_view, char separator);
/// As split, but an empty text has no parts and each part is trimmed; empty parts are left out (lists in config.toml).
std::vector<std::string_view> split_list(std::string_view, char separator = ',');

template <class Range>
std::string join(const Range& parts, std::string_view separator) {
    std::string out;
    bool first = true;
    for (const auto& part : parts) {
        if (!first)
            out += separator;
        out += part;
        first = false;
    }
    return out;
}

std::string to_lower(std::string_view);  // ASCII
std::string to_upper(std::string_view);
/// Equal but for the case of ASCII letters.
bool equal_fold(std::string_view, std::string_view);
bool is_valid_utf8(std::string_view);
/// Bytes of the well-formed UTF-8 character that `text` starts with; 0 where there is none.
std::size_t utf8_length(std::string_view text);

}  // namespace tetrad
