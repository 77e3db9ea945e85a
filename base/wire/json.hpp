// SPDX-License-Identifier: Apache-2.0
// JSON derived from a schema, both ways, as CometBFT's libs/json has it: 64-bit integers in quotes, other integers and enums
// as numbers, bytes as base64 (null when empty; "" inside a list) or hex, times as RFC 3339 in UTC, durations as quoted
// nanoseconds. schema.hpp has the table and the attributes.
//
// Reading: unknown members are ignored, null is the zero value, a member that is missing becomes zero unless it is omit_empty
// (libs/json), the last of doubles wins, and a name is looked for exactly first and then without regard to case. An error names
// its place: `validators[3].power: invalid 64-bit integer encoding "5", expected string`.
//
// A type may bring functions of its own, found beside it: `void write_json(json::writer&, const T&)` and
// `result<void> read_json(const json::value&, T&)` (which is not asked about null).
#pragma once

#include "base/wire/json_read.hpp"
#include "base/wire/json_text.hpp"
#include "base/wire/json_write.hpp"
#include "base/wire/schema.hpp"

namespace tetrad::json {

/// Appends any value that a member may have: a message, a list, a number...
template <class T>
void write(writer& w, const T& v, unsigned attributes = wire::plain) {
    detail::write_any(w, v, attributes, false);
}

template <class T>
std::string to_json(const T& v) {
    std::string out;
    writer w(out);
    write(w, v);
    return out;
}

/// As cmtjson.MarshalIndent(v, "", "  ").
template <class T>
std::string to_json_indented(const T& v) {
    std::string out;
    writer w(out, layout::indented);
    write(w, v);
    return out;
}

template <class T>
result<void> read(const value& v, T& out, unsigned attributes = wire::plain) {
    detail::failure f;
    if (!detail::read_any(v, out, attributes, f)) [[unlikely]]
        return fail(f.code, f.path.empty() ? std::move(f.text) : f.path + ": " + f.text);
    return {};
}

template <class T>
result<T> from_json(std::string_view text, const limits& l = {}) {
    TRY(const auto parsed, parse(text, l));
    T out{};
    TRY_VOID(read(parsed.root(), out));
    return out;
}

}  // namespace tetrad::json

namespace tetrad {
using json::from_json;
using json::to_json;
using json::to_json_indented;
}  // namespace tetrad
