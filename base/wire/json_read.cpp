// SPDX-License-Identifier: Apache-2.0
#include "base/wire/json_read.hpp"

#include "base/crypto/box.hpp"

namespace tetrad::json::detail {

namespace {

// A decimal integer as JSON writes it: no plus sign, no leading zeros.
bool is_integer(std::string_view in) {
    if (in.starts_with('-'))
        in.remove_prefix(1);
    if (in.empty() || (in[0] == '0' && in.size() > 1))
        return false;
    return in.find_first_not_of("0123456789") == std::string_view::npos;
}

// The digits of an integer in quotes or bare, as the member's type wants them.
bool integer_text(const value& v, bool in_quotes, std::string_view& out, failure& f) {
    out = v.raw();
    if (in_quotes) {
        if (!v.is(kind::string))
            return f.because(format("invalid 64-bit integer encoding {}, expected string", quote(out)));
        out = out.substr(1, out.size() - 2);
    } else if (!v.is(kind::number)) {
        return wrong_kind(f, v, "a number");
    }
    return is_integer(out) || f.because(format("expected an integer, got {}", v.raw()));
}

template <class T>
bool read_integer(const value& v, T low, T high, bool in_quotes, T& out, failure& f) {
    std::string_view digits;
    if (!integer_text(v, in_quotes, digits, f))
        return false;
    const auto parsed = parse_decimal<T>(digits);
    if (!parsed || *parsed < low || *parsed > high)
        return f.because(format("number {} is out of range", digits));
    out = *parsed;
    return true;
}

}  // namespace

bool read_signed(const value& v, std::int64_t low, std::int64_t high, bool in_quotes, std::int64_t& out, failure& f) {
    return read_integer<std::int64_t>(v, low, high, in_quotes, out, f);
}

bool read_unsigned(const value& v, std::uint64_t high, bool in_quotes, std::uint64_t& out, failure& f) {
    return read_integer<std::uint64_t>(v, 0, high, in_quotes, out, f);
}

bool read_time(const value& v, timestamp& out, failure& f) {
    if (!v.is(kind::string))
        return f.because(format("JSON time must be an RFC3339 string, but got {}", quote(v.raw())));
    if (!v.raw().ends_with("Z\""))
        return f.because(format("JSON time must be UTC and end with 'Z', but got {}", quote(v.raw())));
    auto parsed = parse_rfc3339(v.string());
    if (!parsed)
        return f.because(std::move(parsed.error().text));
    out = *parsed;
    return true;
}

bool read_bytes(const value& v, bool as_hex, bytes& out, failure& f) {
    if (!v.is(kind::string))
        return wrong_kind(f, v, as_hex ? "a hex string" : "a base64 string");
    auto decoded = as_hex ? from_hex(v.string()) : from_base64(v.string());
    if (!decoded)
        return f.because(std::move(decoded.error().text));
    out = std::move(*decoded);
    return true;
}

void wipe(bytes& secret) { crypto::wipe(secret); }

bool read_wrapper(const value& v, std::string_view& type, std::optional<value>& inner, failure& f) {
    if (!v.is(kind::object))
        return wrong_kind(f, v, "an object");
    const auto named = v.find_fold("type");
    if (named && !named->is(kind::string))
        return wrong_kind(f, *named, "a string") || f.under("type");
    if (!named || named->string().empty())
        return f.because("interface type cannot be empty");
    inner = v.find_fold("value");
    if (!inner)
        return f.because("interface value cannot be empty");
    type = named->string();
    return true;
}

}  // namespace tetrad::json::detail
