// SPDX-License-Identifier: Apache-2.0
#include "config/toml.hpp"

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::config;

TEST_CASE("keys carry their sections, in lower case, and their line") {
    const auto found = read_toml(
        "a = 1\n[RPC]\n\nLaddr = \"x\"\n[deep.er]\nkey = [true, 2.5, \"t\", [1]]\n", "c.toml");
    REQUIRE(found);
    REQUIRE(found->size() == 3);
    REQUIRE(std::get<std::int64_t>(found->at("a").value.v) == 1);
    REQUIRE(std::get<std::string>(found->at("rpc.laddr").value.v) == "x");
    REQUIRE(found->at("rpc.laddr").place == "c.toml:4");
    const auto& list = std::get<raw_value::list>(found->at("deep.er.key").value.v);
    REQUIRE(list.size() == 4);
    REQUIRE(std::get<double>(list[1].v) == 2.5);
    REQUIRE(std::holds_alternative<raw_value::list>(list[3].v));
}

TEST_CASE("dates and tables in lists are foreign to settings") {
    const auto found = read_toml("when = 2024-01-02\n[[many]]\nx = 1\n", "c.toml");
    REQUIRE(found);
    REQUIRE(describe(found->at("when").value) == "a date or time");
    REQUIRE(describe(std::get<raw_value::list>(found->at("many").value.v).at(0)) == "a table");
}

TEST_CASE("text that is no TOML is refused with line and column") {
    struct row {
        const char* text;
        const char* place;
    };
    for (const auto& [text, place] :
         {row{"moniker = \n", "c.toml:1:1"}, row{"a = 1\nb = \"open\nc = 2\n", "c.toml:2:"},
          row{"a = 1\na = 2\n", "c.toml:2:"}, row{"[rpc\n", "c.toml:1:"},
          row{"x = 5s\n", "c.toml:1:"}, row{"\xff\xfe = 1\n", "c.toml:1:"}}) {
        CAPTURE(text);
        const auto found = read_toml(text, "c.toml");
        REQUIRE_FALSE(found);
        CAPTURE(found.error().text);
        REQUIRE(found.error().text.starts_with(place));
    }
}

TEST_CASE("nesting without end is refused, not recursed into") {
    REQUIRE_FALSE(read_toml("a = " + std::string(100'000, '['), "c.toml"));
    std::string dotted;
    for (int i = 0; i < 100'000; ++i)
        dotted += "a.";
    REQUIRE(read_toml("[" + dotted + "a]\nx = 1\n", "c.toml").error().code == errc::too_large);
    REQUIRE(
        read_toml("x = 1\n " + dotted + "a = 1\n", "c.toml").error().text.starts_with("c.toml:2:"));
    REQUIRE_FALSE(read_toml("x = { " + dotted + "a = 1 }\n", "c.toml"));
    std::string peers;
    for (int i = 0; i < 1000; ++i)
        peers += "id@10.0.0.1:26656,";
    REQUIRE(read_toml("peers = \"" + peers + "\"\n", "c.toml"));
}

TEST_CASE("an empty text has no keys") {
    REQUIRE(read_toml("", "c.toml")->empty());
    REQUIRE(read_toml("# only this\n[rpc]\n", "c.toml")->empty());
}
