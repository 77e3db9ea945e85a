// SPDX-License-Identifier: Apache-2.0
// What CometBFT's reader (mapstructure with weak typing) makes of each kind of value was looked up in its source and tried with
// the real program.
#include "config/value.hpp"

#include <optional>

#include <catch2/catch.hpp>

#include "config/sections.hpp"

using namespace tetrad;
using namespace tetrad::config;

namespace {

raw_value text(std::string t) { return {std::move(t)}; }
raw_value number(std::int64_t n) { return {n}; }

template <class T>
std::optional<T> converted(const raw_value& from) {
    T to{};
    return convert(from, to) ? std::optional<T>(to) : std::nullopt;
}

template <class T>
std::string refusal(const raw_value& from) {
    T to{};
    const auto done = convert(from, to);
    REQUIRE_FALSE(done);
    return done.error().text;
}

}  // namespace

TEST_CASE("a boolean may be a word in quotes or a number") {
    struct row {
        raw_value from;
        std::optional<bool> to;
    };
    const row rows[] = {{{true}, true},
                        {{false}, false},
                        {text("true"), true},
                        {text("t"), true},
                        {text("1"), true},
                        {text("TRUE"), true},
                        {text("F"), false},
                        {text("False"), false},
                        {text(""), false},
                        {number(2), true},
                        {number(0), false},
                        {{0.5}, true},
                        {text("yes"), {}},
                        {text("tRUE"), {}},
                        {{raw_value::list{}}, {}},
                        {{raw_value::foreign{"a date"}}, {}}};
    for (const auto& [from, to] : rows) {
        CAPTURE(describe(from));
        REQUIRE(converted<bool>(from) == to);
    }
}

TEST_CASE("a whole number may stand in quotes, in any of Go's bases") {
    struct row {
        raw_value from;
        std::optional<std::int64_t> to;
    };
    const row rows[] = {{number(-5), -5},
                        {text("900"), 900},
                        {text("-900"), -900},
                        {text("+7"), 7},
                        {text(""), 0},
                        {text("0"), 0},
                        {text("0x1F"), 31},
                        {text("017"), 15},
                        {text("0o17"), 15},
                        {text("0b101"), 5},
                        {text("1_000"), 1000},
                        {text("0x_1"), 1},
                        {text("9223372036854775807"), INT64_MAX},
                        {text("-9223372036854775808"), INT64_MIN},
                        {{1.7}, 1},
                        {{-1.7}, -1},
                        {{true}, 1},
                        {text("9223372036854775808"), {}},
                        {text("-9223372036854775809"), {}},
                        {{1e30}, {}},
                        {text("1.5"), {}},
                        {text("abc"), {}},
                        {text("0x"), {}},
                        {text("08"), {}},
                        {text("_1"), {}},
                        {text("1_"), {}},
                        {text("1__0"), {}},
                        {text(" 1"), {}},
                        {text("-"), {}},
                        {{raw_value::list{number(1)}}, {}}};
    for (const auto& [from, to] : rows) {
        CAPTURE(describe(from));
        REQUIRE(converted<std::int64_t>(from) == to);
    }
}

TEST_CASE("a number that its key cannot hold is refused") {
    REQUIRE(converted<std::int32_t>(text("4")) == 4);
    REQUIRE(refusal<std::int32_t>(number(3'000'000'000)) ==
            "expected a whole number from -2147483648 to 2147483647, got the number 3000000000");
    REQUIRE(converted<std::uint32_t>(number(4'294'967'295)) == 4'294'967'295u);
    REQUIRE_FALSE(converted<std::uint32_t>(number(-1)));
}

TEST_CASE("a duration is Go's text or a number of nanoseconds") {
    REQUIRE(converted<duration>(text("1m0s")) == 60s);
    REQUIRE(converted<duration>(text("168h0m0s")) == 168h);
    REQUIRE(converted<duration>(text("1.5s")) == 1500ms);
    REQUIRE(converted<duration>(text("-5s")) == -5s);
    REQUIRE(converted<duration>(number(5)) == 5ns);
    REQUIRE(refusal<duration>(text("10")) ==
            R"(expected a duration such as "10s", "500ms" or "1h30m", got the text "10")");
    REQUIRE_FALSE(converted<duration>(text("")));
    REQUIRE_FALSE(converted<duration>({raw_value::list{}}));
}

TEST_CASE("a text may be given as a number") {
    REQUIRE(converted<std::string>(text("a b")) == "a b");
    REQUIRE(converted<std::string>(number(12)) == "12");
    REQUIRE(converted<std::string>({true}) == "1");
    REQUIRE(converted<std::string>({0.25}) == "0.25");
    REQUIRE(refusal<std::string>({raw_value::list{}}) == "expected a text in quotes, got a list");
    REQUIRE_FALSE(converted<std::string>({raw_value::foreign{"a date or time"}}));
}

TEST_CASE("a list may be one text divided by commas") {
    using list = std::vector<std::string>;
    REQUIRE(converted<list>(text("")) == list{});
    REQUIRE(converted<list>(text("a,b")) == list{"a", "b"});
    REQUIRE(converted<list>(text("a, b,")) == list{"a", " b", ""});  // as CometBFT: not trimmed
    REQUIRE(converted<list>({raw_value::list{text("a,b"), number(1)}}) == list{"a,b", "1"});
    REQUIRE(converted<list>(number(7)) == list{"7"});
    REQUIRE(refusal<list>({raw_value::list{{raw_value::list{}}}}) ==
            R"(expected a list of texts such as ["a", "b"], got a list (it holds a list))");
}

TEST_CASE("values are written as the file has them") {
    REQUIRE(to_toml(true, 0) == "true");
    REQUIRE(to_toml(std::int64_t{-3}, 0) == "-3");
    REQUIRE(to_toml(std::int32_t{4}, in_quotes) == "\"4\"");
    REQUIRE(to_toml(duration(60s), 0) == "\"1m0s\"");
    REQUIRE(to_toml(std::string("a\"\\\n\t\x01"), 0) == R"("a\"\\\n\t\u0001")");
    REQUIRE(to_toml(std::vector<std::string>{"a", "b"}, 0) == R"(["a", "b"])");
    REQUIRE(to_toml(std::vector<std::string>{"a", "b"}, comma_list) == R"("a,b")");
    REQUIRE(to_toml(std::vector<std::string>{}, 0) == "[]");
}
