// SPDX-License-Identifier: Apache-2.0
// The rules are pflag's, tried with the real program.
#include "daemon/cli_flags.hpp"

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::daemon;

namespace {

const std::vector<flag> known = {
    {"name", 0, flag_kind::text, "fallback", "a text", "base.name"},
    {"verbose", 'v', flag_kind::boolean, "false", "a boolean"},
    {"pex", 0, flag_kind::boolean, "true", "another", "p2p.pex"},
    {"v", 0, flag_kind::integer, "4", "a number"},
    {"p2p.external-address", 0, flag_kind::text, "", "with a dot and a dash"},
    {"hash", 0, flag_kind::hex, "", "bytes"},
    {"host", 0, flag_kind::texts, "", "many"}};

result<given_flags> parse(std::vector<std::string> args) {
    return parse_flags(known, std::move(args));
}
std::string refusal(std::vector<std::string> args) {
    const auto parsed = parse(std::move(args));
    REQUIRE_FALSE(parsed);
    return parsed.error().text;
}

}  // namespace

TEST_CASE("what is not given has its fallback") {
    const auto f = parse({}).value();
    REQUIRE(f.text("name") == "fallback");
    REQUIRE_FALSE(f.boolean("verbose"));
    REQUIRE(f.boolean("pex"));
    REQUIRE(f.integer("v") == 4);
    REQUIRE(f.hex("hash").empty());
    REQUIRE(f.texts("host").empty());
    REQUIRE_FALSE(f.has("name"));
    REQUIRE(f.settings().empty());
}

TEST_CASE("values stand behind a blank or an equals sign") {
    const auto f =
        parse({"--name", "a", "--v=7", "--p2p.external-address", "1.2.3.4:5", "--hash", "00aB"})
            .value();
    REQUIRE(f.text("name") == "a");
    REQUIRE(f.integer("v") == 7);
    REQUIRE(f.text("p2p.external-address") == "1.2.3.4:5");
    REQUIRE(f.hex("hash") == bytes{0, 0xab});
}

TEST_CASE("a boolean takes its value only behind an equals sign") {
    REQUIRE(parse({"--verbose", "false"})->boolean("verbose"));
    REQUIRE_FALSE(parse({"--pex=false"})->boolean("pex"));
    REQUIRE_FALSE(parse({"--pex=F"})->boolean("pex"));
    REQUIRE(parse({"-v"})->boolean("verbose"));
}

TEST_CASE("a flag takes the next word whatever it looks like") {
    REQUIRE(parse({"--name", "--verbose"})->text("name") == "--verbose");
    REQUIRE(parse({"--name", "--"})->text("name") == "--");
    REQUIRE(parse({"--v", "-1"})->integer("v") == -1);
    REQUIRE(parse({"--name", "[a]"})->text("name") == "[a]");
    REQUIRE(parse({"--name=a=b"})->text("name") == "a=b");
}

TEST_CASE("an empty value is a value") {
    REQUIRE(parse({"--name=", "--verbose"})->text("name").empty());
    REQUIRE(parse({"--name=", "--verbose"})->boolean("verbose"));
    REQUIRE(parse({"--name", ""})->text("name").empty());
}

TEST_CASE("the last of several counts, but a list takes all") {
    const auto f =
        parse({"--name", "a", "--name", "b", "--host", "x", "word", "--host=y,z"}).value();
    REQUIRE(f.text("name") == "b");
    REQUIRE(f.texts("host") == std::vector<std::string>{"x", "y,z"});
}

TEST_CASE("words are ignored, and flags end at two dashes") {
    REQUIRE(parse({"word", "-", "--name", "a", "more"})->text("name") == "a");
    REQUIRE(parse({"--", "--nosuch", "--name", "a"})->text("name") == "fallback");
}

TEST_CASE("settings are those flags that have a key") {
    const auto given = parse({"--name", "a", "--verbose", "--pex=false"})->settings();
    REQUIRE(given.size() == 2);
    REQUIRE(given[0].name == "name");
    REQUIRE(given[0].key == "base.name");
    REQUIRE(given[0].value == "a");
    REQUIRE(given[1].key == "p2p.pex");
    REQUIRE(given[1].value == "false");
}

TEST_CASE("errors are pflag's") {
    REQUIRE(refusal({"--nosuch"}) == "unknown flag: --nosuch");
    REQUIRE(refusal({"--nosuch=1"}) == "unknown flag: --nosuch");
    REQUIRE(refusal({"--p2p.external_address", "x"}) == "unknown flag: --p2p.external_address");
    REQUIRE(refusal({"-x"}) == "unknown shorthand flag: 'x' in -x");
    REQUIRE(refusal({"--name"}) == "flag needs an argument: --name");
    REQUIRE(refusal({"--v", "x"}).starts_with("invalid argument \"x\" for \"--v\" flag: "));
    REQUIRE(refusal({"--verbose=maybe"})
                .starts_with("invalid argument \"maybe\" for \"-v, --verbose\" flag: "));
    REQUIRE(refusal({"--hash", "zz"}).starts_with("invalid argument \"zz\" for \"--hash\" flag: "));
    REQUIRE(refusal({"--v", "1", "--v", "x"}).starts_with("invalid argument \"x\""));
    REQUIRE(refusal({"-name", "x"}).starts_with("unknown shorthand flag: 'n' in -name"));
}

TEST_CASE("the help names every flag with its default") {
    const auto help = describe_flags(known);
    REQUIRE(help.find("      --name text                   a text (default \"fallback\")\n") !=
            std::string::npos);
    REQUIRE(help.find("  -v, --verbose                     a boolean\n") != std::string::npos);
    REQUIRE(help.find("another (default true)\n") != std::string::npos);
    REQUIRE(help.find("a number (default 4)\n") != std::string::npos);
}
