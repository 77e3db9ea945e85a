// SPDX-License-Identifier: Apache-2.0
#include "config/value.hpp"

#include <charconv>
#include <cmath>
#include <limits>

#include "base/text.hpp"
#include "config/sections.hpp"

namespace tetrad::config {
namespace {

template <class... F>
struct overloaded : F... {
    using F::operator()...;
};
template <class... F>
overloaded(F...) -> overloaded<F...>;

std::string shortest(double d) {
    // As strconv.FormatFloat(d, 'f', -1, 64); 'f' of the largest double has 309 digits.
    char digits[400];
    const auto end = std::to_chars(digits, digits + sizeof digits, d, std::chars_format::fixed).ptr;
    return std::string(digits, end);
}

std::unexpected<error> unfit(std::string_view expected, const raw_value& got,
                             std::string_view why = {}) {
    auto text = format("expected {}, got {}", expected, describe(got));
    if (!why.empty())
        text += format(" ({})", why);
    return fail(errc::invalid, std::move(text));
}

constexpr std::string_view whole_number = "a whole number";

result<std::int64_t> to_integer(const raw_value& from, std::string_view expected) {
    if (auto* n = std::get_if<std::int64_t>(&from.v))
        return *n;
    if (auto* b = std::get_if<bool>(&from.v))
        return *b ? 1 : 0;
    if (auto* d = std::get_if<double>(&from.v)) {
        constexpr double limit = 9223372036854775808.0;  // 2^63
        if (!(*d > -limit && *d < limit))
            return unfit(expected, from, "out of range");
        return static_cast<std::int64_t>(*d);
    }
    if (auto* text = std::get_if<std::string>(&from.v)) {
        if (text->empty())
            return 0;
        if (auto n = parse_integer(*text))
            return *n;
    }
    return unfit(expected, from);
}

template <class Small>
result<void> narrow(const raw_value& from, Small& to) {
    TRY(const auto n, to_integer(from, whole_number));
    if (n < std::int64_t{std::numeric_limits<Small>::min()} ||
        n > std::int64_t{std::numeric_limits<Small>::max()})
        return unfit(format("a whole number from {} to {}", std::numeric_limits<Small>::min(),
                            std::numeric_limits<Small>::max()),
                     from);
    to = static_cast<Small>(n);
    return {};
}

// A TOML basic string: what toml++ and CometBFT's reader undo.
std::string toml_quote(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        switch (c) {
            case '"': out += "\\\""; break;
            case '\\': out += "\\\\"; break;
            case '\n': out += "\\n"; break;
            case '\r': out += "\\r"; break;
            case '\t': out += "\\t"; break;
            default:
                if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
                    out += format("\\u{:04X}", static_cast<unsigned>(c));
                else
                    out += c;
        }
    }
    return out += '"';
}

std::string number(std::int64_t n, unsigned attributes) {
    return attributes & in_quotes ? format("\"{}\"", n) : format("{}", n);
}

}  // namespace

std::string describe(const raw_value& value) {
    return std::visit(
        overloaded{[](bool b) { return std::string(b ? "true" : "false"); },
                   [](std::int64_t n) { return format("the number {}", n); },
                   [](double d) { return format("the number {}", shortest(d)); },
                   [](const std::string& text) { return format("the text {}", quote(text)); },
                   [](const raw_value::list&) { return std::string("a list"); },
                   [](const raw_value::foreign& f) { return f.kind; }},
        value.v);
}

result<bool> parse_bool(std::string_view text) {
    for (const std::string_view yes : {"1", "t", "T", "true", "TRUE", "True"})
        if (text == yes)
            return true;
    for (const std::string_view no : {"0", "f", "F", "false", "FALSE", "False"})
        if (text == no)
            return false;
    return fail(errc::invalid, format("expected true or false, got {}", quote(text)));
}

result<std::int64_t> parse_integer(std::string_view text) {
    const auto bad = [&] {
        return fail(errc::invalid, format("expected {}, got {}", whole_number, quote(text)));
    };
    auto rest = text;
    const bool negative = rest.starts_with('-');
    if (negative || rest.starts_with('+'))
        rest.remove_prefix(1);

    unsigned base = 10;
    bool prefixed = false;  // an underscore may follow a prefix, but not begin a number
    if (rest.size() > 1 && rest[0] == '0') {
        const char mark = to_lower(rest.substr(1, 1))[0];
        base = mark == 'x' ? 16 : mark == 'b' ? 2 : 8;
        rest.remove_prefix(mark == 'x' || mark == 'b' || mark == 'o' ? 2 : 1);
        prefixed = true;
    }
    if (rest.empty())
        return bad();

    std::uint64_t sum = 0;
    const std::uint64_t limit = (std::uint64_t{1} << 63) - (negative ? 0 : 1);
    bool after_digit = prefixed;
    for (const char c : rest) {
        if (c == '_') {
            if (!after_digit)
                return bad();
            after_digit = false;
            continue;
        }
        const char l = to_lower(std::string_view(&c, 1))[0];
        const unsigned digit = l >= '0' && l <= '9'   ? unsigned(l - '0')
                               : l >= 'a' && l <= 'z' ? unsigned(l - 'a') + 10
                                                      : 99;
        if (digit >= base)
            return bad();
        if (sum > (limit - digit) / base)
            return fail(errc::invalid, format("{} is out of range", quote(text)));
        sum = sum * base + digit;
        after_digit = true;
    }
    if (!after_digit)
        return bad();
    return static_cast<std::int64_t>(negative ? 0 - sum : sum);
}

result<void> convert(const raw_value& from, bool& to) {
    constexpr std::string_view expected = "true or false";
    if (auto* text = std::get_if<std::string>(&from.v)) {
        const auto b = text->empty() ? result<bool>(false) : parse_bool(*text);
        if (!b)
            return unfit(expected, from);
        to = *b;
        return {};
    }
    if (auto* b = std::get_if<bool>(&from.v))
        to = *b;
    else if (auto* n = std::get_if<std::int64_t>(&from.v))
        to = *n != 0;
    else if (auto* d = std::get_if<double>(&from.v))
        to = *d != 0;
    else
        return unfit(expected, from);
    return {};
}

result<void> convert(const raw_value& from, std::int64_t& to) {
    TRY(to, to_integer(from, whole_number));
    return {};
}
result<void> convert(const raw_value& from, std::int32_t& to) { return narrow(from, to); }
result<void> convert(const raw_value& from, std::uint32_t& to) { return narrow(from, to); }

result<void> convert(const raw_value& from, duration& to) {
    constexpr std::string_view expected = "a duration such as \"10s\", \"500ms\" or \"1h30m\"";
    if (auto* text = std::get_if<std::string>(&from.v)) {
        const auto d = parse_go_duration(*text);
        if (!d)
            return unfit(expected, from);
        to = *d;
        return {};
    }
    TRY(const auto nanoseconds, to_integer(from, expected));
    to = duration(nanoseconds);
    return {};
}

result<void> convert(const raw_value& from, std::string& to) {
    if (auto* text = std::get_if<std::string>(&from.v))
        to = *text;
    else if (auto* n = std::get_if<std::int64_t>(&from.v))
        to = format("{}", *n);
    else if (auto* b = std::get_if<bool>(&from.v))
        to = *b ? "1" : "0";
    else if (auto* d = std::get_if<double>(&from.v))
        to = shortest(*d);
    else
        return unfit("a text in quotes", from);
    return {};
}

result<void> convert(const raw_value& from, std::vector<std::string>& to) {
    constexpr std::string_view expected = "a list of texts such as [\"a\", \"b\"]";
    std::vector<std::string> items;
    if (auto* text = std::get_if<std::string>(&from.v)) {
        if (!text->empty())
            for (const auto part : split(*text, ','))
                items.emplace_back(part);
    } else if (auto* list = std::get_if<raw_value::list>(&from.v)) {
        for (const auto& item : *list)
            if (!convert(item, items.emplace_back()))
                return unfit(expected, from, format("it holds {}", describe(item)));
    } else if (!convert(from, items.emplace_back())) {
        return unfit(expected, from);
    }
    to = std::move(items);
    return {};
}

std::string to_toml(bool b, unsigned) { return b ? "true" : "false"; }
std::string to_toml(std::int64_t n, unsigned attributes) { return number(n, attributes); }
std::string to_toml(std::int32_t n, unsigned attributes) { return number(n, attributes); }
std::string to_toml(std::uint32_t n, unsigned attributes) { return number(n, attributes); }
std::string to_toml(duration d, unsigned) { return toml_quote(to_go_duration(d)); }
std::string to_toml(const std::string& text, unsigned) { return toml_quote(text); }

std::string to_toml(const std::vector<std::string>& items, unsigned attributes) {
    if (attributes & comma_list)
        return toml_quote(join(items, ","));
    std::vector<std::string> quoted;
    for (const auto& item : items)
        quoted.push_back(toml_quote(item));
    return format("[{}]", join(quoted, ", "));
}

}  // namespace tetrad::config
