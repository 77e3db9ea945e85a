// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/harness/report.hpp"

#include "base/wire/json_text.hpp"

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::bench;

namespace {

row example() {
    row r;
    r.name = "echo_64";
    r.unit = "req/s";
    r.value = 118'900;
    r.bare = 120'000;
    r.ratio = 0.99;
    r.low = 0.9;
    r.high = 1.05;
    r.wanted = {aim::side::at_least, aim::of::ratio, 0.92};
    r.ok = true;
    r.rounds = 7;
    r.spoilt = 2;
    r.spoilt_by = "tick 2";
    r.left_out = 1;
    r.cpu_us = 7.5;
    r.bare_cpu_us = 7.76;
    r.client = 0.9;
    r.note = "a note";
    return r;
}

row missing() {
    row r;
    r.name = "stream";
    r.missing = "no \"disk\"";
    return r;
}

/// The value of a member, as its source text.
std::string member(const std::string& text, std::string_view name) {
    const auto parsed = json::parse(text);
    REQUIRE(parsed.has_value());
    const auto found = parsed->root().find(name);
    return found ? std::string(found->raw()) : "absent";
}

}  // namespace

TEST_CASE("figures have three or four digits, and thousands in groups") {
    CHECK(figure(0.4123) == "0.412");
    CHECK(figure(7.764) == "7.76");
    CHECK(figure(47.12) == "47.1");
    CHECK(figure(490.4) == "490");
    CHECK(figure(118'900) == "118 900");
    CHECK(figure(1'234'567) == "1 234 567");
    CHECK(figure(-1200) == "-1 200");
    CHECK(figure(1.0 / 0.0) == "?");
}

TEST_CASE("a line of the table holds what the figures are of") {
    const std::string shown = line(example());
    for (const char* part :
         {"echo_64", "118 900", "120 000", "0.99 [0.90-1.05]", ">= 0.92 x", "ok", "7.50 / 7.76",
          "7 near, 2 spoilt (tick 2), 1 far; client 90 %; a note"})
        CHECK(shown.find(part) != std::string::npos);
    row short_of_it = example();
    short_of_it.ok = false;
    CHECK(line(short_of_it).find("SHORT") != std::string::npos);
}

TEST_CASE("a row that could not run says why, in the table and in JSON") {
    CHECK(line(missing()).find("could not run: no \"disk\"") != std::string::npos);
    const std::string text = bench::json(missing());
    CHECK(member(text, "note") == R"("no \"disk\"")");
    for (const char* name : {"value", "bare", "ratio", "spread", "ok", "cores"})
        CHECK(member(text, name) == "null");
}

TEST_CASE("a row as JSON has every field that a program compares by") {
    const std::string text = bench::json(example());
    CHECK(member(text, "name") == R"("echo_64")");
    CHECK(member(text, "value") == "118900");
    CHECK(member(text, "unit") == R"("req/s")");
    CHECK(member(text, "bare") == "120000");
    CHECK(member(text, "ratio") == "0.99");
    CHECK(member(text, "spread") == "[0.9,1.05]");
    CHECK(member(text, "aim") == R"(">= 0.92 x")");
    CHECK(member(text, "ok") == "true");
    CHECK(member(text, "cores") == R"("near")");
    CHECK(member(text, "spoilt_by") == R"("tick 2")");
}

TEST_CASE("the end names the rows that do not reach their aim") {
    CHECK(closing({example()}) == "1 of 1 reach their aim\n");
    CHECK(closing({example(), missing()}) == "1 of 2 reach their aim; not: stream\n");
}
