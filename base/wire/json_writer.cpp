// SPDX-License-Identifier: Apache-2.0
// json::writer: what encoding/json of Go writes, appended to a string without further allocation.
#include "base/wire/json_text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstring>

#include "base/text.hpp"

namespace tetrad::json {

namespace {

enum : std::uint8_t { plain, special, multibyte };

// Which bytes of a string stand as they are.
constexpr auto classes = [] {
    std::array<std::uint8_t, 256> table{};
    for (std::size_t c = 0; c < 256; ++c)
        table[c] = c >= 0x80 ? multibyte : c < 0x20 || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' ? special : plain;
    return table;
}();

std::uint8_t class_of(char c) { return classes[static_cast<std::uint8_t>(c)]; }

constexpr std::string_view hex_digits = "0123456789abcdef";

void append_code(std::string& out, std::uint8_t c) {
    const char text[] = {'\\', 'u', '0', '0', hex_digits[c >> 4], hex_digits[c & 15]};
    out.append(text, sizeof text);
}

void append_escaped(std::string& out, char c) {
    constexpr std::string_view named = "\"\\\b\f\n\r\t", letters = "\"\\bfnrt";
    if (const auto which = named.find(c); which != std::string_view::npos) {
        out += '\\';
        out += letters[which];
    } else {
        append_code(out, static_cast<std::uint8_t>(c));
    }
}

// Whether so many bytes at once all stand as they are. The type is signed: what is past ASCII is below zero.
constexpr std::size_t block_size = 16;
bool all_plain(const char* block) {
    using vector [[gnu::vector_size(block_size)]] = signed char;
    vector v;
    std::memcpy(&v, block, block_size);
    const vector special_ones = (v < 0x20) | (v == '"') | (v == '\\') | (v == '<') | (v == '>') | (v == '&');
    std::uint64_t halves[2];
    std::memcpy(halves, &special_ones, block_size);
    return (halves[0] | halves[1]) == 0;
}

bool is_line_separator(std::string_view c) { return c == "\u2028" || c == "\u2029"; }

}  // namespace

void writer::element() {
    if (named_) {
        named_ = false;
        return;
    }
    if (depth_ > 0) {
        if (!fresh_)
            out_ += ',';
        if (indented_)
            new_line();
    }
    fresh_ = false;
}

void writer::new_line() {
    out_ += '\n';
    out_.append(2 * static_cast<std::size_t>(depth_), ' ');
}

void writer::open(char bracket) {
    element();
    out_ += bracket;
    ++depth_;
    fresh_ = true;
}

void writer::close(char bracket) {
    --depth_;
    DCHECK(depth_ >= 0 && !named_);
    if (indented_ && !fresh_)
        new_line();
    out_ += bracket;
    fresh_ = false;
}

void writer::key(std::string_view name) {
    DCHECK(!named_ && depth_ > 0);
    element();
    quote(name);
    out_ += ':';
    if (indented_)
        out_ += ' ';
    named_ = true;
}

void writer::literal(std::string_view word) {
    element();
    out_ += word;
}

namespace {
template <class T>
void append_number(std::string& out, T n, bool in_quotes) {
    char text[24];
    char* at = text;
    if (in_quotes)
        *at++ = '"';
    at = std::to_chars(at, text + sizeof text, n).ptr;
    if (in_quotes)
        *at++ = '"';
    out.append(text, static_cast<std::size_t>(at - text));
}
}  // namespace

void writer::number(std::int64_t n) {
    element();
    append_number(out_, n, false);
}

void writer::number(std::uint64_t n) {
    element();
    append_number(out_, n, false);
}

void writer::quoted(std::int64_t n) {
    element();
    append_number(out_, n, true);
}

void writer::quoted(std::uint64_t n) {
    element();
    append_number(out_, n, true);
}

// The fewest digits that give v back; as encoding/json lays them out, with an exponent only far from one.
void writer::floating(double v) {
    element();
    if (!std::isfinite(v)) {
        out_ += "null";  // JSON has no such number
        return;
    }
    char text[40];
    const auto size = std::abs(v);
    constexpr double exact_to = 9007199254740992;  // 2^53: past it to_chars' fixed form has digits where Go has zeros
    if (size == 0 || (size >= 1e-6 && size < exact_to)) {
        const auto end = std::to_chars(text, text + sizeof text, v, std::chars_format::fixed).ptr;
        out_.append(text, static_cast<std::size_t>(end - text));
        return;
    }
    char* end = std::to_chars(text, text + sizeof text, v, std::chars_format::scientific).ptr;  // d.ddde+XX
    if (size < 1e21 && size >= exact_to) {
        const auto mark = std::find(text, end, 'e');
        const auto places = static_cast<std::size_t>((mark[2] - '0') * 10 + (mark[3] - '0'));
        const auto point = std::find(text, mark, '.');
        const auto decimals = static_cast<std::size_t>(point == mark ? 0 : mark - point - 1);
        out_.append(text, point).append(mark - decimals, mark);
        out_.append(places - decimals, '0');
        return;
    }
    if (end[-4] == 'e' && end[-3] == '-' && end[-2] == '0') {  // e-09 is e-9
        end[-2] = end[-1];
        --end;
    }
    out_.append(text, static_cast<std::size_t>(end - text));
}

void writer::string(std::string_view text) {
    element();
    quote(text);
}

void writer::quote(std::string_view text) {
    out_ += '"';
    std::size_t from = 0, at = 0;  // [from, at) stands as it is
    while (at < text.size()) {
        if (text.size() - at >= block_size && all_plain(text.data() + at)) {
            at += block_size;
            continue;
        }
        const auto c = class_of(text[at]);
        if (c == plain) {
            ++at;
            continue;
        }
        std::size_t length = 1;
        if (c == multibyte) {
            length = utf8_length(text.substr(at));
            if (length > 0 && !is_line_separator(text.substr(at, length))) {
                at += length;
                continue;
            }
        }
        out_.append(text, from, at - from);
        if (c == special)
            append_escaped(out_, text[at]);
        else if (length == 0)
            out_ += "\\ufffd";
        else
            out_ += text[at + 2] == '\xa8' ? "\\u2028" : "\\u2029";
        from = at += std::max<std::size_t>(length, 1);
    }
    out_.append(text, from, at - from);
    out_ += '"';
}

void writer::hex(byte_view b, bool upper) {
    element();
    const auto at = out_.size();
    out_.resize(at + 2 * b.size() + 2);
    out_[at] = out_.back() = '"';
    put_hex(out_.data() + at + 1, b, upper);
}

void writer::base64(byte_view b) {
    element();
    const auto at = out_.size();
    out_.resize(at + base64_size(b.size()) + 2);
    out_[at] = out_.back() = '"';
    put_base64(out_.data() + at + 1, b);
}

void writer::verbatim(std::string_view json) {
    element();
    out_ += json;
}

void writer::raw(std::string_view json) {
    json = trim(json);
    if (json.empty())
        return null();
    element();
    bool in_string = false;
    for (std::size_t i = 0; i < json.size(); ++i) {
        if (in_string) {
            const auto from = i;
            while (json.size() - i >= block_size && all_plain(json.data() + i))
                i += block_size;
            out_.append(json, from, i - from);
            if (i == json.size())
                break;  // a string without an end
        }
        const char c = json[i];
        if (in_string) {
            if (c == '<' || c == '>' || c == '&') {
                append_code(out_, static_cast<std::uint8_t>(c));
            } else if (c == '\xe2' && is_line_separator(json.substr(i, 3))) {
                out_ += json[i + 2] == '\xa8' ? "\\u2028" : "\\u2029";
                i += 2;
            } else {
                out_ += c;
                if (c == '\\' && i + 1 < json.size())
                    out_ += json[++i];
                in_string = c != '"';
            }
            continue;
        }
        if (c == ' ' || c == '\t' || c == '\n' || c == '\r')
            continue;
        if (c == ']' || c == '}') {
            close(c);
            continue;
        }
        if (fresh_ && indented_)
            new_line();
        fresh_ = false;
        out_ += c;
        if (c == '[' || c == '{') {
            ++depth_;
            fresh_ = true;
        } else if (c == ',' && indented_) {
            new_line();
        } else if (c == ':' && indented_) {
            out_ += ' ';
        }
        in_string = c == '"';
    }
}

}  // namespace tetrad::json
