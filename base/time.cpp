// SPDX-License-Identifier: Apache-2.0
#include "base/time.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"

namespace tetrad {

namespace {

constexpr std::int64_t second_ns = 1'000'000'000;
constexpr timestamp latest{timestamp::seconds_end - 1, 999'999'999};

timestamp from_total(__int128 ns) {
    auto seconds = ns / second_ns;
    auto nanos = static_cast<std::int64_t>(ns % second_ns);
    if (nanos < 0) {
        nanos += second_ns;
        --seconds;
    }
    if (seconds < timestamp::zero_seconds)
        return {};
    if (seconds >= timestamp::seconds_end)
        return latest;
    return {static_cast<std::int64_t>(seconds), static_cast<std::int32_t>(nanos)};
}

__int128 total(timestamp t) { return static_cast<__int128>(t.seconds) * second_ns + t.nanos; }

char* put_digits(char* to, std::uint32_t value, int width) {
    for (int i = width - 1; i >= 0; --i, value /= 10)
        to[i] = static_cast<char>('0' + value % 10);
    return to + width;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Takes digits and fixed characters off a text.
struct scanner {
    std::string_view rest;
    bool good = true;

    int number(std::size_t width, int low, int high) {
        int value = 0;
        if (rest.size() < width)
            return good = false, 0;
        for (std::size_t i = 0; i < width; ++i) {
            good = good && is_digit(rest[i]);
            value = value * 10 + (rest[i] - '0');
        }
        rest.remove_prefix(width);
        good = good && value >= low && value <= high;
        return value;
    }
    void literal(char c) {
        good = good && rest.starts_with(c);
        rest.remove_prefix(rest.empty() ? 0 : 1);
    }
};

struct unit {
    std::string_view name;
    std::uint64_t ns;
};
constexpr std::array<unit, 8> units{{{"ns", 1},
                                     {"us", 1'000},
                                     {"\u00b5s", 1'000},  // micro sign
                                     {"\u03bcs", 1'000},  // Greek mu
                                     {"ms", 1'000'000},
                                     {"s", 1'000'000'000},
                                     {"m", 60'000'000'000},
                                     {"h", 3'600'000'000'000}}};

}  // namespace

timestamp timestamp::operator+(duration d) const { return from_total(total(*this) + d.count()); }

duration timestamp::operator-(timestamp o) const {
    const auto ns = total(*this) - total(o);
    return duration(static_cast<std::int64_t>(std::clamp<__int128>(ns, INT64_MIN, INT64_MAX)));
}

std::size_t put_rfc3339(char* to, timestamp t) {
    t = from_total(static_cast<__int128>(t.seconds) * second_ns + std::clamp(t.nanos, 0, 999'999'999));
    using namespace std::chrono;
    const sys_seconds whole{seconds(t.seconds)};
    const auto day = floor<days>(whole);
    const year_month_day date(day);
    const auto in_day = static_cast<std::uint32_t>((whole - day).count());

    char* at = put_digits(to, static_cast<std::uint32_t>(int(date.year())), 4);
    *at++ = '-';
    at = put_digits(at, unsigned(date.month()), 2);
    *at++ = '-';
    at = put_digits(at, unsigned(date.day()), 2);
    *at++ = 'T';
    at = put_digits(at, in_day / 3600, 2);
    *at++ = ':';
    at = put_digits(at, in_day / 60 % 60, 2);
    *at++ = ':';
    at = put_digits(at, in_day % 60, 2);
    if (t.nanos != 0) {
        *at++ = '.';
        at = put_digits(at, static_cast<std::uint32_t>(t.nanos), 9);
        while (at[-1] == '0')
            --at;
    }
    *at++ = 'Z';
    return static_cast<std::size_t>(at - to);
}

std::string to_rfc3339(timestamp t) {
    char text[rfc3339_max];
    return std::string(text, put_rfc3339(text, t));
}

result<timestamp> parse_rfc3339(std::string_view in) {
    scanner s{in};
    const int year = s.number(4, 1, 9999);
    s.literal('-');
    const int month = s.number(2, 1, 12);
    s.literal('-');
    const int day = s.number(2, 1, 31);
    s.literal('T');
    const bool short_hour = s.rest.size() >= 2 && s.rest[1] == ':';  // Go takes one digit
    const int hour = s.number(short_hour ? 1 : 2, 0, 23);
    s.literal(':');
    const int minute = s.number(2, 0, 59);
    s.literal(':');
    const int second = s.number(2, 0, 59);

    std::int32_t nanos = 0;
    if (s.rest.size() >= 2 && (s.rest[0] == '.' || s.rest[0] == ',') && is_digit(s.rest[1])) {
        std::size_t count = 1;
        for (; count < s.rest.size() && is_digit(s.rest[count]); ++count)
            nanos = count <= 9 ? nanos * 10 + (s.rest[count] - '0') : nanos;  // Go drops what is finer than nanoseconds
        for (std::size_t i = count; i <= 9; ++i)
            nanos *= 10;
        s.rest.remove_prefix(count);
    }

    std::int64_t offset = 0;
    if (s.rest.starts_with('Z')) {
        s.rest.remove_prefix(1);
    } else {
        const bool west = s.rest.starts_with('-');
        s.literal(west ? '-' : '+');
        const int hours = s.number(2, 0, 24);  // Go's limits, both one too far
        s.literal(':');
        offset = hours * 3600 + s.number(2, 0, 60) * 60;
        offset = west ? -offset : offset;
    }

    using namespace std::chrono;
    const year_month_day date(std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                              std::chrono::day(static_cast<unsigned>(day)));
    if (!s.good || !s.rest.empty() || !date.ok())
        return fail(errc::invalid, format("cannot parse {} as an RFC 3339 time", quote(in)));
    const timestamp t{sys_days(date).time_since_epoch().count() * std::int64_t{86400} + hour * 3600 + minute * 60 + second - offset,
                      nanos};
    if (!t.is_encodable())
        return fail(errc::invalid, format("time {} is outside of the years 1 to 9999", quote(in)));
    return t;
}

std::string to_go_duration(duration d) {
    // From the end of a buffer towards its start, as the largest unit is known last.
    std::array<char, 40> buffer;
    std::size_t at = buffer.size();
    auto put = [&](char c) { buffer[--at] = c; };
    auto put_number = [&](std::uint64_t v) {
        do
            put(static_cast<char>('0' + v % 10));
        while ((v /= 10) != 0);
    };
    // Writes the last `digits` decimals of v as a fraction without trailing zeros; returns what is before them.
    auto put_fraction = [&](std::uint64_t v, int digits) {
        bool significant = false;
        for (int i = 0; i < digits; ++i, v /= 10) {
            significant = significant || v % 10 != 0;
            if (significant)
                put(static_cast<char>('0' + v % 10));
        }
        if (significant)
            put('.');
        return v;
    };

    const bool negative = d.count() < 0;
    std::uint64_t u = negative ? 0 - static_cast<std::uint64_t>(d.count()) : static_cast<std::uint64_t>(d.count());
    if (u == 0)
        return "0s";
    put('s');
    if (u < second_ns) {
        int digits = 0;
        if (u < 1'000) {
            put('n');
        } else if (u < 1'000'000) {
            put('\xb5');
            put('\xc2');
            digits = 3;
        } else {
            put('m');
            digits = 6;
        }
        put_number(put_fraction(u, digits));
    } else {
        u = put_fraction(u, 9);
        put_number(u % 60);
        if (u /= 60; u > 0) {
            put('m');
            put_number(u % 60);
            if (u /= 60; u > 0) {
                put('h');
                put_number(u);
            }
        }
    }
    if (negative)
        put('-');
    return std::string(buffer.data() + at, buffer.size() - at);
}

result<duration> parse_go_duration(std::string_view in) {
    auto invalid = [&] { return fail(errc::invalid, format("time: invalid duration {}", quote(in))); };
    constexpr std::uint64_t limit = std::uint64_t{1} << 63;
    auto rest = in;
    const bool negative = rest.starts_with('-');
    if (negative || rest.starts_with('+'))
        rest.remove_prefix(1);
    if (rest == "0")
        return duration(0);
    if (rest.empty())
        return invalid();

    std::uint64_t sum = 0;
    while (!rest.empty()) {
        if (rest[0] != '.' && !is_digit(rest[0]))
            return invalid();
        std::uint64_t whole = 0;
        bool some_digits = false;
        for (; !rest.empty() && is_digit(rest[0]); rest.remove_prefix(1), some_digits = true) {
            if (whole > limit / 10)
                return invalid();
            whole = whole * 10 + static_cast<std::uint64_t>(rest[0] - '0');
            if (whole > limit)
                return invalid();
        }
        // A fraction's digits past what 63 bits hold are dropped.
        std::uint64_t fraction = 0;
        double scale = 1;
        if (rest.starts_with('.')) {
            bool full = false;
            for (rest.remove_prefix(1); !rest.empty() && is_digit(rest[0]); rest.remove_prefix(1), some_digits = true) {
                const auto next = fraction * 10 + static_cast<std::uint64_t>(rest[0] - '0');
                full = full || fraction > (limit - 1) / 10 || next > limit;
                if (!full) {
                    fraction = next;
                    scale *= 10;
                }
            }
        }
        if (!some_digits)
            return invalid();

        const auto name = rest.substr(0, std::min(rest.size(), rest.find_first_of(".0123456789")));
        if (name.empty())
            return fail(errc::invalid, format("time: missing unit in duration {}", quote(in)));
        const auto found = std::find_if(units.begin(), units.end(), [&](const unit& u) { return u.name == name; });
        if (found == units.end())
            return fail(errc::invalid, format("time: unknown unit {} in duration {}", quote(name), quote(in)));
        rest.remove_prefix(name.size());

        if (whole > limit / found->ns)
            return invalid();
        auto value = whole * found->ns;
        if (fraction > 0)
            value += static_cast<std::uint64_t>(static_cast<double>(fraction) * (static_cast<double>(found->ns) / scale));
        if (value > limit || (sum += value) > limit)
            return invalid();
    }
    if (negative)
        return duration(static_cast<std::int64_t>(0 - sum));
    if (sum > limit - 1)
        return invalid();
    return duration(static_cast<std::int64_t>(sum));
}

}  // namespace tetrad
