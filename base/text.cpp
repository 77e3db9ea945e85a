// SPDX-License-Identifier: Apache-2.0
#include "base/text.hpp"

#include <array>

namespace tetrad {

namespace {

constexpr std::string_view hex_lower = "0123456789abcdef", hex_upper = "0123456789ABCDEF";
constexpr std::string_view base64_alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr std::array<std::int8_t, 256> inverse(std::string_view alphabet) {
    std::array<std::int8_t, 256> table{};
    table.fill(-1);
    for (std::size_t i = 0; i < alphabet.size(); ++i)
        table[static_cast<std::uint8_t>(alphabet[i])] = static_cast<std::int8_t>(i);
    return table;
}

constexpr auto base64_values = inverse(base64_alphabet);
constexpr auto hex_values = [] {
    auto table = inverse(hex_lower);
    for (std::size_t i = 10; i < 16; ++i)
        table[static_cast<std::uint8_t>(hex_upper[i])] = static_cast<std::int8_t>(i);
    return table;
}();

// The two characters of each byte, and of each twelve bits: coding by pairs is several times faster than one by one.
using pair = std::array<char, 2>;
constexpr auto hex_pairs = [] {
    std::array<std::array<pair, 256>, 2> table{};
    for (std::size_t b = 0; b < 256; ++b) {
        table[0][b] = {hex_lower[b >> 4], hex_lower[b & 15]};
        table[1][b] = {hex_upper[b >> 4], hex_upper[b & 15]};
    }
    return table;
}();
constexpr auto base64_pairs = [] {
    std::array<pair, 4096> table{};
    for (std::size_t bits = 0; bits < 4096; ++bits)
        table[bits] = {base64_alphabet[bits >> 6], base64_alphabet[bits & 63]};
    return table;
}();

char* put(char* to, pair p) {
    std::memcpy(to, p.data(), 2);
    return to + 2;
}

int hex_value(char c) { return hex_values[static_cast<std::uint8_t>(c)]; }
int base64_value(char c) { return base64_values[static_cast<std::uint8_t>(c)]; }

constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }
constexpr char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; }
constexpr bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

std::unexpected<error> corrupt_base64(std::size_t at) {
    return fail(errc::invalid, format("illegal base64 data at input byte {}", at));
}

void put_hex_escape(std::string& out, std::uint32_t code, int digits) {
    for (int shift = (digits - 1) * 4; shift >= 0; shift -= 4)
        out += hex_lower[code >> shift & 15];
}

// Of well-formed UTF-8.
std::uint32_t code_point(std::string_view c) {
    std::uint32_t code = static_cast<std::uint8_t>(c[0]);
    if (c.size() > 1)
        code &= 0xffu >> (c.size() + 1);
    for (const char next : c.substr(1))
        code = code << 6 | (static_cast<std::uint8_t>(next) & 0x3f);
    return code;
}

}  // namespace

void put_hex(char* to, byte_view in, bool in_upper) {
    const auto& pairs = hex_pairs[in_upper];
    for (const auto b : in)
        to = put(to, pairs[b]);
}

std::string to_hex(byte_view in) {
    std::string out(2 * in.size(), '\0');
    put_hex(out.data(), in, false);
    return out;
}

std::string to_hex_upper(byte_view in) {
    std::string out(2 * in.size(), '\0');
    put_hex(out.data(), in, true);
    return out;
}

result<bytes> from_hex(std::string_view in) {
    bytes out(in.size() / 2);
    bool good = in.size() % 2 == 0;
    for (std::size_t i = 0; i < out.size(); ++i) {
        const int high = hex_value(in[2 * i]), low = hex_value(in[2 * i + 1]);
        good = good && (high | low) >= 0;
        out[i] = static_cast<std::uint8_t>(high << 4 | low);
    }
    if (good)
        return out;
    for (std::size_t i = 0; i < in.size(); ++i)
        if (hex_value(in[i]) < 0)
            return fail(errc::invalid, format("invalid hex character {} at byte {}", quote(in.substr(i, 1)), i));
    return fail(errc::invalid, "odd length hex string");
}

result<void> from_hex(std::string_view in, byte_span out) {
    TRY(const auto decoded, from_hex(in));
    if (decoded.size() != out.size())
        return fail(errc::invalid, format("got {} bytes, expected {}", decoded.size(), out.size()));
    std::copy(decoded.begin(), decoded.end(), out.begin());
    return {};
}

void put_base64(char* to, byte_view in) {
    for (; in.size() >= 3; in = in.subspan(3)) {
        const std::uint32_t three = in[0] << 16 | in[1] << 8 | in[2];
        to = put(put(to, base64_pairs[three >> 12]), base64_pairs[three & 4095]);
    }
    if (in.empty())
        return;
    const std::uint32_t rest = in[0] << 16 | (in.size() == 2 ? in[1] << 8 : 0);
    *to++ = base64_alphabet[rest >> 18];
    *to++ = base64_alphabet[rest >> 12 & 63];
    *to++ = in.size() == 2 ? base64_alphabet[rest >> 6 & 63] : '=';
    *to++ = '=';
}

std::string to_base64(byte_view in) {
    std::string out(base64_size(in.size()), '\0');
    put_base64(out.data(), in);
    return out;
}

result<bytes> from_base64(std::string_view in) {
    bytes out(in.size() / 4 * 3 + 3);
    std::size_t at = 0, written = 0;
    auto put_three = [&](std::uint32_t bits) {
        out[written] = static_cast<std::uint8_t>(bits >> 16);
        out[written + 1] = static_cast<std::uint8_t>(bits >> 8);
        out[written + 2] = static_cast<std::uint8_t>(bits);
        written += 3;
    };
    auto skip_line_ends = [&] {
        while (at < in.size() && (in[at] == '\r' || in[at] == '\n'))
            ++at;
    };
    for (;;) {
        for (; in.size() - at >= 4; at += 4) {
            const int a = base64_value(in[at]), b = base64_value(in[at + 1]), c = base64_value(in[at + 2]), d = base64_value(in[at + 3]);
            if ((a | b | c | d) < 0)
                break;
            put_three(static_cast<std::uint32_t>(a << 18 | b << 12 | c << 6 | d));
        }
        // One group with line ends or padding in it, or the end.
        std::uint32_t four = 0;
        int have = 0;
        for (; have < 4; ++at) {
            if (at == in.size()) {
                if (have > 0)
                    return corrupt_base64(at - static_cast<std::size_t>(have));
                out.resize(written);
                return out;
            }
            if (const int v = base64_value(in[at]); v >= 0) {
                four = four << 6 | static_cast<std::uint32_t>(v);
                ++have;
            } else if (in[at] == '=') {
                break;
            } else if (in[at] != '\r' && in[at] != '\n') {
                return corrupt_base64(at);
            }
        }
        if (have == 4) {
            put_three(four);
            continue;
        }
        // Padding: after two characters it is two signs, after three one; nothing may follow.
        if (have < 2)
            return corrupt_base64(at);
        ++at;
        if (have == 2) {
            skip_line_ends();
            if (at == in.size())
                return corrupt_base64(at);
            if (in[at] != '=')
                return corrupt_base64(at - 1);
            ++at;
        }
        skip_line_ends();
        if (at != in.size())
            return corrupt_base64(at);
        put_three(four << (6 * (4 - have)));
        out.resize(written - static_cast<std::size_t>(4 - have));
        return out;
    }
}

error not_a_number(std::string_view in, bool out_of_range) {
    return error(errc::invalid, out_of_range ? format("number out of range: {}", in) : format("not a decimal number: {}", quote(in)));
}

result<std::string> percent_decode(std::string_view in, bool plus_is_space) {
    std::string out;
    out.reserve(in.size());
    for (std::size_t i = 0; i < in.size(); ++i) {
        if (in[i] == '%') {
            if (i + 2 >= in.size() || hex_value(in[i + 1]) < 0 || hex_value(in[i + 2]) < 0)
                return fail(errc::invalid, format("invalid URL escape {}", quote(in.substr(i, 3))));
            out += static_cast<char>(hex_value(in[i + 1]) << 4 | hex_value(in[i + 2]));
            i += 2;
        } else {
            out += in[i] == '+' && plus_is_space ? ' ' : in[i];
        }
    }
    return out;
}

std::size_t utf8_length(std::string_view in) {
    if (in.empty())
        return 0;
    const auto byte = [&](std::size_t i) { return i < in.size() ? static_cast<std::uint8_t>(in[i]) : 0u; };
    const auto follows = [&](std::size_t i, unsigned low = 0x80, unsigned high = 0xbf) { return byte(i) >= low && byte(i) <= high; };
    const auto first = byte(0);
    if (first < 0x80)
        return 1;
    if (first >= 0xc2 && first <= 0xdf)
        return follows(1) ? 2 : 0;
    if (first >= 0xe0 && first <= 0xef)  // neither overlong nor a surrogate
        return follows(1, first == 0xe0 ? 0xa0 : 0x80, first == 0xed ? 0x9f : 0xbf) && follows(2) ? 3 : 0;
    if (first >= 0xf0 && first <= 0xf4)  // neither overlong nor past U+10FFFF
        return follows(1, first == 0xf0 ? 0x90 : 0x80, first == 0xf4 ? 0x8f : 0xbf) && follows(2) && follows(3) ? 4 : 0;
    return 0;
}

bool is_valid_utf8(std::string_view in) {
    while (!in.empty()) {
        const auto n = utf8_length(in);
        if (n == 0)
            return false;
        in.remove_prefix(n);
    }
    return true;
}

std::string quote(std::string_view in) {
    std::string out = "\"";
    while (!in.empty()) {
        const auto length = utf8_length(in);
        const auto c = in.substr(0, std::max<std::size_t>(length, 1));
        in.remove_prefix(c.size());
        const auto code = length == 0 ? static_cast<std::uint8_t>(c[0]) : code_point(c);
        constexpr std::string_view named = "\a\b\f\n\r\t\v", letters = "abfnrtv";
        if (const auto which = named.find(c[0]); which != std::string_view::npos) {
            out += '\\';
            out += letters[which];
        } else if (c == "\"" || c == "\\") {
            out += '\\';
            out += c;
        } else if (length == 0 || code < 0x20 || code == 0x7f) {
            out += "\\x";
            put_hex_escape(out, code, 2);
        } else if ((code >= 0x80 && code <= 0xa0) || code == 0xad || code == 0x2028 || code == 0x2029 || code == 0xfeff) {
            out += "\\u";
            put_hex_escape(out, code, 4);
        } else {
            out += c;
        }
    }
    return out += '"';
}

std::string_view trim(std::string_view in) {
    while (!in.empty() && is_space(in.front()))
        in.remove_prefix(1);
    while (!in.empty() && is_space(in.back()))
        in.remove_suffix(1);
    return in;
}

std::vector<std::string_view> split(std::string_view in, char separator) {
    std::vector<std::string_view> out;
    for (;;) {
        const auto end = in.find(separator);
        out.push_back(in.substr(0, end));
        if (end == std::string_view::npos)
            return out;
        in.remove_prefix(end + 1);
    }
}

std::vector<std::string_view> split_list(std::string_view in, char separator) {
    std::vector<std::string_view> out;
    for (const auto part : split(in, separator))
        if (const auto trimmed = trim(part); !trimmed.empty())
            out.push_back(trimmed);
    return out;
}

std::string to_lower(std::string_view in) {
    std::string out(in);
    for (auto& c : out)
        c = lower(c);
    return out;
}

std::string to_upper(std::string_view in) {
    std::string out(in);
    for (auto& c : out)
        c = upper(c);
    return out;
}

bool equal_fold(std::string_view a, std::string_view b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lower(x) == lower(y); });
}

}  // namespace tetrad
