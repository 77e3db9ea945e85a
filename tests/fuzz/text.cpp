// SPDX-License-Identifier: Apache-2.0
// Codings of text, each against an implementation as plain as it can be: what one accepts the other does, with the same result, and
// what is written reads back. The first byte of an input chooses the coding.
#include "base/text.hpp"
#include "base/time.hpp"
#include "tests/fuzz/support.hpp"

#include <chrono>
#include <optional>
#include <string>

namespace tetrad::fuzz {

namespace {

int digit_of(char c, std::string_view digits) {
    const auto at = digits.find(c);
    return at == std::string_view::npos ? -1 : static_cast<int>(at);
}
int hex_digit(char c) { return digit_of(c >= 'A' && c <= 'F' ? static_cast<char>(c + 32) : c, "0123456789abcdef"); }

template <class T, class U>
bool agree(const result<T>& ours, const std::optional<U>& plain) {
    return ours.has_value() == plain.has_value() && (!ours || *ours == *plain);
}

// ---- hex, base64 ----

std::optional<bytes> plain_hex(std::string_view in) {
    bytes out;
    for (std::size_t i = 0; i + 1 < in.size(); i += 2) {
        if (hex_digit(in[i]) < 0 || hex_digit(in[i + 1]) < 0)
            return {};
        out.push_back(static_cast<std::uint8_t>(hex_digit(in[i]) * 16 + hex_digit(in[i + 1])));
    }
    return in.size() % 2 == 0 ? std::optional(out) : std::nullopt;
}

void run_hex(std::string_view in) {
    CHECK(agree(from_hex(in), plain_hex(in)));
    for (const auto& text : {to_hex(view(in)), to_hex_upper(view(in))}) {
        const auto back = from_hex(text);
        CHECK(back && equal(*back, view(in)));
        CHECK(equal_fold(text, to_hex(view(in))));
        bytes exact(in.size()), longer(in.size() + 1);
        CHECK(from_hex(text, exact) && equal(exact, view(in)));
        CHECK(!from_hex(text, longer));
    }
}

std::optional<bytes> plain_base64(std::string_view in) {
    std::string digits;
    for (const char c : in)
        if (c != '\r' && c != '\n')
            digits += c;
    std::size_t padding = 0;
    while (padding < 2 && digits.ends_with('=')) {
        digits.pop_back();
        ++padding;
    }
    if ((digits.size() + padding) % 4 != 0)
        return {};
    bytes out;
    unsigned held = 0, bits = 0;
    for (const char c : digits) {
        const int value = digit_of(c, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");
        if (value < 0)
            return {};
        held = held << 6 | static_cast<unsigned>(value);
        if ((bits += 6) >= 8) {
            bits -= 8;
            out.push_back(static_cast<std::uint8_t>(held >> bits));
        }
    }
    return out;
}

void run_base64(std::string_view in) {
    CHECK(agree(from_base64(in), plain_base64(in)));
    const auto text = to_base64(view(in));
    CHECK(text.size() == base64_size(in.size()));
    const auto back = from_base64(text);
    CHECK(back && equal(*back, view(in)));
}

// ---- numbers, durations ----

template <class T>
std::optional<T> plain_number(std::string_view in) {
    const bool minus = std::is_signed_v<T> && in.starts_with('-');
    in.remove_prefix(minus ? 1 : 0);
    __int128 value = 0;
    for (const char c : in) {
        if (c < '0' || c > '9')
            return {};
        value = std::min<__int128>(value * 10 + (c - '0'), static_cast<__int128>(1) << 100);
    }
    value = minus ? -value : value;
    if (in.empty() || value < std::numeric_limits<T>::min() || value > std::numeric_limits<T>::max())
        return {};
    return static_cast<T>(value);
}

void run_numbers(std::string_view in) {
    CHECK(agree(parse_decimal<std::int64_t>(in), plain_number<std::int64_t>(in)));
    CHECK(agree(parse_decimal<std::uint64_t>(in), plain_number<std::uint64_t>(in)));
    CHECK(agree(parse_decimal<std::int32_t>(in), plain_number<std::int32_t>(in)));
    CHECK(agree(parse_decimal<std::uint16_t>(in), plain_number<std::uint16_t>(in)));
}

void run_durations(std::string_view in) {
    if (const auto read = parse_go_duration(in)) {
        const auto again = parse_go_duration(to_go_duration(*read));
        CHECK(again && *again == *read);
    }
    const duration any(static_cast<std::int64_t>(input(view(in).data(), in.size()).number()));
    const auto back = parse_go_duration(to_go_duration(any));
    CHECK(back && *back == any);
}

// ---- percent escapes ----

std::optional<std::string> plain_percent(std::string_view in, bool plus_is_space) {
    std::string out;
    while (!in.empty()) {
        if (in[0] == '%') {
            if (in.size() < 3 || hex_digit(in[1]) < 0 || hex_digit(in[2]) < 0)
                return {};
            out += static_cast<char>(hex_digit(in[1]) * 16 + hex_digit(in[2]));
            in.remove_prefix(3);
        } else {
            out += in[0] == '+' && plus_is_space ? ' ' : in[0];
            in.remove_prefix(1);
        }
    }
    return out;
}

void run_percent(std::string_view in) {
    CHECK(agree(percent_decode(in, false), plain_percent(in, false)));
    CHECK(agree(percent_decode(in, true), plain_percent(in, true)));
    std::string escaped;
    for (const auto b : view(in))
        escaped += format("%{:02X}", b);
    const auto back = percent_decode(escaped, true);
    CHECK(back && *back == in);
}

// ---- times ----

// The form that everybody writes: YYYY-MM-DDTHH:MM:SS[.f...](Z|+HH:MM|-HH:MM).
std::optional<timestamp> plain_time(std::string_view in) {
    constexpr std::string_view form = "dddd-dd-ddTdd:dd:dd";
    auto number = [&](std::size_t at, std::size_t count) {
        int value = 0;
        for (std::size_t i = at; i < at + count; ++i)
            value = value * 10 + (in[i] - '0');
        return value;
    };
    if (in.size() <= form.size())
        return {};
    for (std::size_t i = 0; i < form.size(); ++i)
        if (form[i] == 'd' ? in[i] < '0' || in[i] > '9' : in[i] != form[i])
            return {};
    using namespace std::chrono;
    const year_month_day day(year(number(0, 4)), month(static_cast<unsigned>(number(5, 2))),
                             std::chrono::day(static_cast<unsigned>(number(8, 2))));
    const int hour = number(11, 2), minute = number(14, 2), second = number(17, 2);
    if (!day.ok() || number(0, 4) == 0 || hour > 23 || minute > 59 || second > 59)
        return {};
    in.remove_prefix(form.size());
    std::string fraction;
    if (in.starts_with('.')) {
        in.remove_prefix(1);
        while (!in.empty() && in[0] >= '0' && in[0] <= '9') {
            fraction += in[0];
            in.remove_prefix(1);
        }
        if (fraction.empty())
            return {};
    }
    fraction.resize(9, '0');
    std::int64_t offset = 0;
    if (in != "Z") {
        if (in.size() != 6 || (in[0] != '+' && in[0] != '-') || in[3] != ':')
            return {};
        for (const std::size_t i : {1, 2, 4, 5})
            if (in[i] < '0' || in[i] > '9')
                return {};
        if (number(1, 2) > 24 || number(4, 2) > 60)
            return {};
        offset = (in[0] == '-' ? -60 : 60) * (number(1, 2) * 60 + number(4, 2));
    }
    const timestamp t{sys_days(day).time_since_epoch().count() * std::int64_t{86400} + hour * 3600 + minute * 60 + second - offset,
                      static_cast<std::int32_t>(std::stoi(fraction))};
    return t.is_encodable() ? std::optional(t) : std::nullopt;
}

void round_trip(timestamp t) {
    const auto text = to_rfc3339(t);
    CHECK(text.size() <= rfc3339_max);
    const auto back = parse_rfc3339(text);
    CHECK(back && *back == t);
    CHECK(plain_time(text) == t);
}

void run_times(std::string_view in) {
    const auto ours = parse_rfc3339(in);
    const auto plain = plain_time(in);
    if (plain)
        CHECK(ours && *ours == *plain);
    if (ours) {
        // Go also takes an hour of one digit and a comma before the fraction.
        CHECK(plain || in[12] == ':' || in.find(',') != std::string_view::npos);
        round_trip(*ours);
    }
    input numbers(view(in).data(), in.size());
    timestamp t{static_cast<std::int64_t>(numbers.number() % static_cast<std::uint64_t>(timestamp::seconds_end - timestamp::zero_seconds)) +
                    timestamp::zero_seconds,
                static_cast<std::int32_t>(numbers.number() % 1'000'000'000)};
    round_trip(t);
    const duration step(static_cast<std::int64_t>(numbers.number()));
    CHECK((t + step).is_encodable());
}

// ---- UTF-8, lists ----

std::size_t plain_utf8_length(std::string_view in) {
    const auto b = view(in);
    if (b.empty())
        return 0;
    const std::size_t size = b[0] < 0x80 ? 1 : b[0] < 0xc0 ? 0 : b[0] < 0xe0 ? 2 : b[0] < 0xf0 ? 3 : b[0] < 0xf8 ? 4 : 0;
    if (size == 0 || size > b.size())
        return 0;
    std::uint32_t code = size == 1 ? b[0] : b[0] & (0xff >> (size + 1));
    for (std::size_t i = 1; i < size; ++i) {
        if (b[i] >> 6 != 2)
            return 0;
        code = code << 6 | (b[i] & 0x3f);
    }
    constexpr std::uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    return code < least[size] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000) ? 0 : size;
}

void run_characters(std::string_view in) {
    bool valid = true;
    for (auto rest = in; valid && !rest.empty();) {
        const auto length = plain_utf8_length(rest);
        CHECK(utf8_length(rest) == length);
        valid = length > 0;
        rest.remove_prefix(length);
    }
    CHECK(is_valid_utf8(in) == valid);
    const auto quoted = quote(in);
    CHECK(is_valid_utf8(quoted) && quoted.size() >= in.size() / 4 + 2 && quoted.starts_with('"') && quoted.ends_with('"'));
}

void run_lists(std::string_view in) {
    CHECK(join(split(in, ','), ",") == in);
    for (const auto part : split_list(in))
        CHECK(!part.empty() && part == trim(part) && part.find(',') == std::string_view::npos);
    CHECK(equal_fold(to_upper(in), to_lower(in)));
}

}  // namespace

}  // namespace tetrad::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace tetrad;
    constexpr void (*codings[])(std::string_view) = {fuzz::run_hex,       fuzz::run_base64, fuzz::run_numbers,    fuzz::run_percent,
                                                     fuzz::run_times,     fuzz::run_durations, fuzz::run_characters, fuzz::run_lists};
    fuzz::input in(data, size);
    const auto coding = in.below(std::size(codings));
    codings[coding](text(in.rest()));
    return 0;
}
