// SPDX-License-Identifier: Apache-2.0
#include "base/wire/json_text.hpp"

#include "base/random.hpp"
#include "base/text.hpp"

#include <limits>

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::json;

namespace {
template <class F>
std::string written(F&& f, layout form = layout::compact) {
    std::string out;
    writer w(out, form);
    f(w);
    return out;
}
std::string string_written(std::string_view text) {
    return written([&](writer& w) { w.string(text); });
}
void sample(writer& w) {
    w.begin_object();
    w.key("a");
    w.number(std::int64_t{-1});
    w.key("none");
    w.begin_array();
    w.end_array();
    w.key("list");
    w.begin_array();
    w.quoted(std::uint64_t{UINT64_MAX});
    w.begin_object();
    w.end_object();
    w.boolean(true);
    w.begin_array();
    w.null();
    w.end_array();
    w.end_array();
    w.key("b");
    w.string("x");
    w.end_object();
}
}  // namespace

TEST_CASE("values are separated by commas, members have names") {
    CHECK(written(sample) == R"({"a":-1,"none":[],"list":["18446744073709551615",{},true,[null]],"b":"x"})");
}

TEST_CASE("the indented form is MarshalIndent's with two spaces") {
    CHECK(written(sample, layout::indented) == R"({
  "a": -1,
  "none": [],
  "list": [
    "18446744073709551615",
    {},
    true,
    [
      null
    ]
  ],
  "b": "x"
})");
    CHECK(written([](writer& w) { w.begin_array(); w.end_array(); }, layout::indented) == "[]");
    CHECK(written([](writer& w) { w.string("x"); }, layout::indented) == "\"x\"");
}

TEST_CASE("strings are escaped as encoding/json escapes them") {
    CHECK(string_written("") == R"("")");
    CHECK(string_written("plain 'text' /") == R"("plain 'text' /")");
    CHECK(string_written("\"\\\n\r\t\b\f") == R"("\"\\\n\r\t\b\f")");
    CHECK(string_written(std::string("\0\x01\x1f\x7f", 4)) == "\"\\u0000\\u0001\\u001f\x7f\"");
    CHECK(string_written("<a href='x'>&amp;") == R"("\u003ca href='x'\u003e\u0026amp;")");
    CHECK(string_written("gr\u00fc\u00df \U0001f600") == "\"gr\u00fc\u00df \U0001f600\"");
    CHECK(string_written("a\u2028b\u2029c\u2027") == "\"a\\u2028b\\u2029c\u2027\"");
    CHECK(string_written("\xff" "a\xc3(\xe2\x82") == R"("\ufffda\ufffd(\ufffd\ufffd")");
    CHECK(written([](writer& w) { w.begin_object(); w.key("<\n>"); w.null(); w.end_object(); }) == R"({"\u003c\n\u003e":null})");
}

TEST_CASE("what is written is read back as it was") {
    seeded_random random(31);
    for (int round = 0; round < 2000; ++round) {
        std::string text;
        for (auto n = random.below(40); n > 0; --n) {
            constexpr std::string_view pieces[] = {"\"", "\\", "\n", "<", "\u2028", "\u00e9", "\U0001f600", "a", "bcd", "\x01", "/"};
            text += pieces[random.below(std::size(pieces))];
        }
        const auto d = parse(string_written(text));
        REQUIRE(d);
        REQUIRE(d->root().string() == text);
    }
}

TEST_CASE("numbers are exact, floats are Go's") {
    CHECK(written([](writer& w) { w.number(INT64_MIN); }) == "-9223372036854775808");
    CHECK(written([](writer& w) { w.number(std::uint64_t{UINT64_MAX}); }) == "18446744073709551615");
    CHECK(written([](writer& w) { w.number(std::int32_t{-5}); }) == "-5");
    CHECK(written([](writer& w) { w.quoted(INT64_MIN); }) == "\"-9223372036854775808\"");
    const std::pair<double, std::string> table[] = {
        {0, "0"}, {-0.0, "-0"}, {1, "1"}, {3.14, "3.14"}, {-3.14, "-3.14"}, {0.1, "0.1"}, {1e20, "100000000000000000000"}, {1e21, "1e+21"},
        {1e-6, "0.000001"}, {1e-7, "1e-7"}, {1.5e-9, "1.5e-9"}, {1e-10, "1e-10"}, {1e100, "1e+100"}, {18683030230495488.0, "18683030230495490"}, {-212476918275167936.0, "-212476918275167940"},
        {9007199254740992.0, "9007199254740992"}, {1234567890123456.75, "1234567890123456.8"}, {2e16, "20000000000000000"}, {123456789.125, "123456789.125"},
        {std::numeric_limits<double>::infinity(), "null"}, {std::numeric_limits<double>::quiet_NaN(), "null"},
    };
    for (const auto& [v, text] : table)
        CHECK(written([&](writer& w) { w.floating(v); }) == text);
}

TEST_CASE("bytes are hex or base64") {
    const bytes raw{0xfb, 0xff, 0x00};
    CHECK(written([&](writer& w) { w.hex(raw); }) == "\"FBFF00\"");
    CHECK(written([&](writer& w) { w.hex(raw, false); }) == "\"fbff00\"");
    CHECK(written([&](writer& w) { w.base64(raw); }) == "\"+/8A\"");
    CHECK(written([&](writer& w) { w.hex({}); }) == "\"\"");
    CHECK(written([&](writer& w) { w.base64({}); }) == "\"\"");
}

TEST_CASE("raw JSON is laid out anew, verbatim JSON is not") {
    const std::string_view source = " { \"a\" : [ 1.0 , { } , [ ] , \"x<\\\"&\u2028 y\" ] ,\n\t\"b\":null } ";
    auto around = [&](writer& w) {
        w.begin_object();
        w.key("state");
        w.raw(source);
        w.key("after");
        w.raw("  7 ");
        w.key("empty");
        w.raw("");
        w.end_object();
    };
    CHECK(written(around) == R"({"state":{"a":[1.0,{},[],"x\u003c\"\u0026\u2028 y"],"b":null},"after":7,"empty":null})");
    CHECK(written(around, layout::indented) == R"({
  "state": {
    "a": [
      1.0,
      {},
      [],
      "x\u003c\"\u0026\u2028 y"
    ],
    "b": null
  },
  "after": 7,
  "empty": null
})");
    CHECK(written([](writer& w) { w.begin_array(); w.verbatim("{ \"<\":1 }"); w.verbatim("2"); w.end_array(); }) == "[{ \"<\":1 },2]");
}

TEST_CASE("raw JSON of every shape stays the same value") {
    for (const auto text : {"1", "\"\\\\\"", "[]", "{}", "[[],[[]],{}]", "{\"a\":{\"b\":{}},\"c\":[{}]}", "[\"\\\"\",\"a\\\\\",\"]\",\"}\"]", "[1,2,3]"}) {
        const auto compact = written([&](writer& w) { w.raw(text); });
        CHECK(compact == text);
        const auto indented = written([&](writer& w) { w.raw(text); }, layout::indented);
        CHECK(parse(indented));
        CHECK(written([&](writer& w) { w.raw(indented); }) == text);
    }
}
