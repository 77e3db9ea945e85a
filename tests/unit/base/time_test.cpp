// SPDX-License-Identifier: Apache-2.0
#include "base/time.hpp"

#include "base/random.hpp"

#include <catch2/catch.hpp>

using namespace tetrad;

TEST_CASE("a time is written as RFC 3339 without trailing zeros") {
    const std::pair<timestamp, std::string> table[] = {
        {{}, "0001-01-01T00:00:00Z"},
        {timestamp::unix_epoch(), "1970-01-01T00:00:00Z"},
        {{1704164645, 123'000'000}, "2024-01-02T03:04:05.123Z"},
        {{1571012084, 1}, "2019-10-14T00:14:44.000000001Z"},
        {{-1, 999'999'999}, "1969-12-31T23:59:59.999999999Z"},
        {{951782400, 0}, "2000-02-29T00:00:00Z"},
        {{-2203891200, 0}, "1900-03-01T00:00:00Z"},
        {{timestamp::seconds_end - 1, 120}, "9999-12-31T23:59:59.00000012Z"},
    };
    for (const auto& [t, text] : table) {
        CHECK(to_rfc3339(t) == text);
        const auto back = parse_rfc3339(text);
        REQUIRE(back);
        CHECK(*back == t);
    }
}

TEST_CASE("a time that does not encode is written as the nearest that does") {
    CHECK(to_rfc3339({INT64_MAX, 0}) == "9999-12-31T23:59:59.999999999Z");
    CHECK(to_rfc3339({INT64_MIN, 5}) == "0001-01-01T00:00:00Z");
    CHECK(to_rfc3339({0, -7}) == "1970-01-01T00:00:00Z");
    CHECK(to_rfc3339({0, INT32_MAX}) == "1970-01-01T00:00:00.999999999Z");
}

TEST_CASE("times are read as Go reads RFC3339Nano") {
    const std::pair<std::string, timestamp> good[] = {
        {"2020-06-02T18:05:13.004346374+02:00", {1591113913, 4'346'374}},
        {"2020-06-02T16:05:13.004346374-00:30", {1591115713, 4'346'374}},
        {"2020-06-02T16:05:13.1234567899999Z", {1591113913, 123'456'789}},
        {"2020-06-02T16:05:13.50Z", {1591113913, 500'000'000}},
        {"2020-06-02T16:05:13,5Z", {1591113913, 500'000'000}},
        {"2020-06-02T6:05:13Z", {1591077913, 0}},
        {"2020-06-03T17:05:13+24:60", {1591113913, 0}},
    };
    for (const auto& [text, t] : good) {
        INFO(text);
        const auto parsed = parse_rfc3339(text);
        REQUIRE(parsed);
        CHECK(*parsed == t);
    }
    for (const auto text :
         {"", "Z", "2020-06-02", "2020-06-02T16:05:13", "2020-06-02t16:05:13Z", "2020-06-02T16:05:13z", "2020-06-02T16:05:13.Z",
          "2020-06-02T:05:13Z", "2020-06-02T006:05:13Z", "2020-06-02T24:05:13Z", "2020-06-02T16:60:13Z", "2020-06-02T16:05:60Z",
          "2020-06-31T16:05:13Z", "2021-02-29T16:05:13Z", "2020-00-02T16:05:13Z", "2020-13-02T16:05:13Z", "0000-01-01T00:00:00Z",
          "0001-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01", "2020-06-02T16:05:13+25:00", "2020-06-02T16:05:13+02:61", "2020-06-02T16:05:13+02",
          "2020-06-02T16:05:13Zx", " 2020-06-02T16:05:13Z", "20200602T160513Z", "2020-06-02 16:05:13Z"}) {
        INFO(text);
        CHECK(!parse_rfc3339(text));
    }
}

TEST_CASE("every encodable time survives text") {
    seeded_random random(1);
    for (int i = 0; i < 2000; ++i) {
        const auto span = static_cast<std::uint64_t>(timestamp::seconds_end - timestamp::zero_seconds);
        const timestamp t{timestamp::zero_seconds + static_cast<std::int64_t>(random.below(span)),
                          static_cast<std::int32_t>(random.below(1'000'000'000))};
        const auto back = parse_rfc3339(to_rfc3339(t));
        REQUIRE(back);
        REQUIRE(*back == t);
    }
}

TEST_CASE("arithmetic on times carries, and saturates at the ends") {
    const timestamp t{100, 999'999'999};
    CHECK(t + 1ns == timestamp{101, 0});
    CHECK(t + -1s == timestamp{99, 999'999'999});
    CHECK(timestamp{100, 0} + -1ns == timestamp{99, 999'999'999});
    CHECK((timestamp{101, 0} - t) == 1ns);
    CHECK((t - timestamp{101, 0}) == -1ns);

    const timestamp last{timestamp::seconds_end - 1, 999'999'999};
    CHECK(last + 1ns == last);
    CHECK(timestamp{} + -1ns == timestamp{});
    CHECK(timestamp{INT64_MAX, INT32_MAX} + duration::max() == last);
    CHECK(timestamp{INT64_MIN, INT32_MIN} + duration::min() == timestamp{});
    CHECK((last - timestamp{}) == duration::max());
    CHECK((timestamp{} - last) == duration::min());
    CHECK((timestamp{INT64_MAX, 0} - timestamp{INT64_MIN, 0}) == duration::max());
}

TEST_CASE("what encodes is what protobuf accepts") {
    CHECK(timestamp{}.is_encodable());
    CHECK(timestamp{timestamp::seconds_end - 1, 999'999'999}.is_encodable());
    CHECK(!timestamp{timestamp::seconds_end, 0}.is_encodable());
    CHECK(!timestamp{timestamp::zero_seconds - 1, 0}.is_encodable());
    CHECK(!timestamp{0, -1}.is_encodable());
    CHECK(!timestamp{0, 1'000'000'000}.is_encodable());
    CHECK(timestamp{}.is_zero());
    CHECK(!timestamp::unix_epoch().is_zero());
}

TEST_CASE("an instant does not pass never") {
    CHECK(instant{5} + 3ns == instant{8});
    CHECK(instant::never() + 1h == instant::never());
    CHECK(instant{INT64_MAX - 5} + 6ns == instant::never());
    CHECK(instant{8} - instant{5} == 3ns);
}

TEST_CASE("durations are written as Go writes them") {
    const std::pair<duration, std::string> table[] = {
        {0ns, "0s"},           {1ns, "1ns"},           {1100ns, "1.1\u00b5s"}, {2200us, "2.2ms"},
        {3300ms, "3.3s"},      {4min + 5s, "4m5s"},    {4min + 5001ms, "4m5.001s"}, {5h + 6min + 7001ms, "5h6m7.001s"},
        {8min + 1ns, "8m0.000000001s"}, {-1ns, "-1ns"}, {-3300ms, "-3.3s"},   {1h, "1h0m0s"},
        {100ms, "100ms"},      {999us, "999\u00b5s"},
        {duration::max(), "2562047h47m16.854775807s"}, {duration::min(), "-2562047h47m16.854775808s"},
    };
    for (const auto& [d, text] : table) {
        CHECK(to_go_duration(d) == text);
        const auto back = parse_go_duration(text);
        REQUIRE(back);
        CHECK(*back == d);
    }
}

TEST_CASE("durations are read as Go reads them") {
    const std::pair<std::string, duration> good[] = {
        {"0", 0ns}, {"5s", 5s}, {"30s", 30s}, {"1478s", 1478s}, {"-5s", -5s}, {"+5s", 5s}, {"-0", 0ns}, {"+0", 0ns},
        {"5.0s", 5s}, {"5.6s", 5600ms}, {"5.s", 5s}, {".5s", 500ms}, {"1.0s", 1s}, {"1.00s", 1s}, {"1.004s", 1004ms},
        {"1.0040s", 1004ms}, {"100.00100s", 100001ms}, {"10ns", 10ns}, {"11us", 11us}, {"12\u00b5s", 12us}, {"12\u03bcs", 12us},
        {"13ms", 13ms}, {"14s", 14s}, {"15m", 15min}, {"16h", 16h}, {"3h30m", 3h + 30min}, {"10.5s4m", 4min + 10500ms},
        {"-2m3.4s", -(2min + 3400ms)}, {"1h2m3s4ms5us6ns", 1h + 2min + 3s + 4ms + 5us + 6ns}, {"39h9m14.425s", 39h + 9min + 14425ms},
        {"52763797000ns", 52763797000ns}, {"0.3333333333333333333h", 20min}, {"9007199254740993ns", 9007199254740993ns},
        {"9223372036854775807ns", duration::max()}, {"9223372036854775.807us", duration::max()}, {"9223372036s854ms775us807ns", duration::max()},
        {"-9223372036854775808ns", duration::min()}, {"0.100000000000000000000h", 6min}, {"0.830103483285477580700h", 49min + 48s + 372539827ns},
    };
    for (const auto& [text, d] : good) {
        INFO(text);
        const auto parsed = parse_go_duration(text);
        REQUIRE(parsed);
        CHECK(*parsed == d);
    }
    const std::pair<std::string, std::string> bad[] = {
        {"", "time: invalid duration \"\""},
        {"3", "time: missing unit in duration \"3\""},
        {"-", "time: invalid duration \"-\""},
        {"s", "time: invalid duration \"s\""},
        {".", "time: invalid duration \".\""},
        {"-.", "time: invalid duration \"-.\""},
        {".s", "time: invalid duration \".s\""},
        {"+.s", "time: invalid duration \"+.s\""},
        {"1d", "time: unknown unit \"d\" in duration \"1d\""},
        {"10s ", "time: unknown unit \"s \" in duration \"10s \""},
        {"9223372036854775808ns", "time: invalid duration \"9223372036854775808ns\""},
        {"9223372036854775.808us", "time: invalid duration \"9223372036854775.808us\""},
        {"9223372036s854ms775us808ns", "time: invalid duration \"9223372036s854ms775us808ns\""},
        {"3000000h", "time: invalid duration \"3000000h\""},
        {"18446744073709551616ns", "time: invalid duration \"18446744073709551616ns\""},
    };
    for (const auto& [text, problem] : bad) {
        INFO(text);
        const auto parsed = parse_go_duration(text);
        REQUIRE(!parsed);
        CHECK(parsed.error().text == problem);
    }
}
