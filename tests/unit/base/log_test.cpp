// SPDX-License-Identifier: Apache-2.0
#include "base/log.hpp"

#include "base/bit_array.hpp"
#include "base/text.hpp"
#include "base/wire/json_text.hpp"

#include <catch2/catch.hpp>

using namespace tetrad;

namespace {
constexpr timestamp noon{1704164645, 7'999'999};  // 2024-01-02T03:04:05.007999999Z

memory_log memory(std::string_view levels = "info", log_format format = log_format::plain) {
    const auto parsed = log_levels::parse(levels);
    REQUIRE(parsed);
    return memory_log([] { return noon; }, *parsed, format);
}
std::string padded(std::string_view message) {
    std::string out(message);
    out.resize(std::max<std::size_t>(44, out.size()), ' ');
    return out;
}
}  // namespace

TEST_CASE("a plain line is laid out as CometBFT's") {
    auto sink = memory("debug");
    const logger log(sink, "state");
    log.info("Executed block", "height", height_t(5), "num_txs_res", 3u);
    log.error("Stopping");
    log.debug("a message that is longer than its column is wide", "k", "v");
    CHECK(sink.lines() == std::vector<std::string>{
                              "I[2024-01-02|03:04:05.007] " + padded("Executed block") + " module=state height=5 num_txs_res=3",
                              "E[2024-01-02|03:04:05.007] " + padded("Stopping") + " module=state",
                              "D[2024-01-02|03:04:05.007] a message that is longer than its column is wide module=state k=v"});
}

TEST_CASE("every kind of value has its text") {
    auto sink = memory();
    const logger log(sink, "m");
    const error problem(errc::io, "disk full");
    log.info("x", "i", -1, "u", UINT64_MAX, "c", std::int8_t{-5}, "b", true, "d", 0.5, "s", std::string("text"), "v", std::string_view("view"),
             "h", bytes{0xab, 0xcd}, "f", fixed<2>{{1, 2}}, "err", problem, "t", timestamp{}, "wait", 1500ms, "r", round_t(2), "a", bit_array(3));
    CHECK(sink.lines().at(0).substr(27 + 45) ==
          "module=m i=-1 u=18446744073709551615 c=-5 b=true d=0.5 s=text v=view h=ABCD f=0102 err=\"disk full\" t=0001-01-01T00:00:00Z wait=1.5s "
          "r=2 a=BA{3:___}");
}

TEST_CASE("values that would break the line stand in quotes") {
    auto sink = memory();
    const logger log(sink, "m");
    log.info("two\nlines\x1b", "a", "two words", "b", "a=b", "c", "say \"hi\"", "d", "line\nend", "e", "", "f", "null", "g", "gr\u00fc\u00df", "h", "\xff",
             "i", "\x1b[31m");
    CHECK(sink.lines().at(0).substr(27) ==
          padded("two lines ") + R"( module=m a="two words" b="a=b" c="say \"hi\"" d="line\nend" e= f="null" g=)" "gr\u00fc\u00df" R"( h="\xff" i="\x1b[31m")");
}

TEST_CASE("a JSON line is one object") {
    auto sink = memory("info", log_format::json);
    const logger log(sink, "state");
    log.info("executed \"block\"", "height", height_t(5), "ok", true, "hash", bytes{0xab}, "err", "a\nb", "nan", 0.0 / 0.0, "f", 2.5);
    CHECK(sink.lines().at(0) ==
          R"({"_msg":"executed \"block\"","level":"info","module":"state","height":5,"ok":true,"hash":"AB","err":"a\nb","nan":"NaN","f":2.5,"ts":"2024-01-02T03:04:05.007999999Z"})");
    CHECK(json::parse(sink.lines().at(0)));
}

TEST_CASE("a level lets through what is at or above it, module by module") {
    auto sink = memory("consensus:debug,p2p:none,mempool:error,*:info");
    const logger root(sink, "main");
    root.debug("1");
    root.info("2");
    root.module("consensus").debug("3");
    root.module("p2p").error("4");
    root.module("mempool").info("5");
    root.module("mempool").error("6");
    CHECK(sink.lines().size() == 3);
    CHECK(sink.contains("] 2 "));
    CHECK(sink.contains("] 3 "));
    CHECK(sink.contains("] 6 "));
    CHECK(root.enabled(log_level::error));
    CHECK(!root.enabled(log_level::debug));
    CHECK(!root.enabled(log_level::none));
    CHECK(!root.module("p2p").enabled(log_level::error));
}

struct loud {
    int* laid_out;
};
static std::string to_string(const loud& l) {
    ++*l.laid_out;
    return "loud";
}

TEST_CASE("a value is not laid out where its level is off") {
    int laid_out = 0;
    auto sink = memory("error");
    const logger log(sink, "m");
    log.info("x", "v", loud{&laid_out});
    CHECK(laid_out == 0);
    log.error("x", "v", loud{&laid_out});
    CHECK(laid_out == 1);
    CHECK(sink.lines().size() == 1);
    const logger nowhere;
    nowhere.error("x", "v", loud{&laid_out});
    nowhere.module("m").error("x", "v", loud{&laid_out});
    CHECK(laid_out == 1);
}

TEST_CASE("log_level settings are read as CometBFT reads them") {
    CHECK(log_levels::parse("debug")->of("any") == log_level::debug);
    CHECK(log_levels::parse("none")->of("any") == log_level::none);
    const auto some = log_levels::parse("mempool:error,*:debug,mempool:info", log_level::info);
    CHECK(some->of("mempool") == log_level::info);
    CHECK(some->of("wire") == log_level::debug);
    CHECK(log_levels::parse("mempool:error")->of("state") == log_level::info);
    CHECK(log_levels::parse("").error().text == "empty log level");
    for (const auto bad : {"some", "mempool:some", "*:some,mempool:error", "a:b:c", "a:info,", "INFO", " info"})
        CHECK(!log_levels::parse(bad));
    CHECK(log_levels::parse("a:info,b").error().text == "expected list in a form of \"module:level\" pairs, given pair b, list a:info,b");
    CHECK(*parse_log_format("json") == log_format::json);
    CHECK(*parse_log_format("plain") == log_format::plain);
    CHECK(!parse_log_format("xml"));
}

TEST_CASE("a record is bounded: a value is cut, what follows is left out, and the line says so") {
    auto sink = memory();
    const logger log(sink, std::string(100, 'm'));
    log.info("x", "long", std::string(10'000, 'a'), "after", 1);
    const auto& line = sink.lines().at(0);
    CHECK(line.size() < 27 + 45 + 8 + log_record::module_max + log_record::body_max + 10);
    CHECK(line.find("aaa... ...") == line.size() - 10);
    CHECK(line.find("after") == std::string::npos);
    CHECK(line.find("module=" + std::string(log_record::module_max, 'm') + " ") != std::string::npos);

    log.info(std::string(10'000, 'b'), "k", 1);
    CHECK(sink.lines().at(1).find("bbb... module=") != std::string::npos);
    CHECK(sink.lines().at(1).ends_with(" k=1"));

    log.info("x", "hash", bytes(2000, 0xee));
    CHECK(sink.lines().at(2).ends_with("EEE..."));

    // Every length around the limit.
    for (std::size_t size = 400; size < 520; ++size) {
        sink.clear();
        log.info("m", "a", std::string(size, 'x'), "n", 123456789);
        const auto& l = sink.lines().at(0);
        const bool whole = l.ends_with(std::string(size, 'x') + " n=123456789");
        const bool without_number = l.ends_with(std::string(size, 'x') + " ...");
        const bool cut = l.ends_with("x... ...");
        CHECK(whole + without_number + cut == 1);
    }
}

TEST_CASE("a log in memory is bounded: the older half goes") {
    memory_log sink({}, {}, log_format::plain, 10);
    const logger log(sink, "m");
    for (int i = 0; i < 25; ++i)
        log.info("line", "i", i);
    CHECK(sink.lines().size() <= 10);
    CHECK(sink.lines().back().ends_with("i=24"));
    CHECK(sink.contains("i=20"));
    CHECK(!sink.contains("i=3"));
}
