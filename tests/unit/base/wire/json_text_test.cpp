// SPDX-License-Identifier: Apache-2.0
#include "base/wire/json_text.hpp"

#include "base/random.hpp"
#include "base/text.hpp"

#include <vector>

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::json;

namespace {
document parsed(std::string_view text, const limits& l = {}) {
    INFO(text);
    auto d = parse(text, l);
    if (!d)
        INFO(d.error().text);
    REQUIRE(d);
    return std::move(*d);
}
std::string problem(std::string_view text, const limits& l = {}) {
    INFO(text);
    const auto d = parse(text, l);
    REQUIRE(!d);
    return d.error().text;
}
std::string string_of(std::string_view text) { return std::string(parsed(text).root().string()); }
}  // namespace

TEST_CASE("every kind of value is parsed, and gives its source") {
    const std::string text = " {\"a\" : null, \"b\":[true ,false, -12.50e+3,\"x\"] ,\"c\":{ } }\n";
    const auto d = parsed(text);
    const auto root = d.root();
    CHECK(root.type() == kind::object);
    CHECK(root.size() == 3);
    CHECK(root.raw() == std::string_view(text).substr(1, text.size() - 2));
    CHECK(root.find("a")->is_null());
    const auto b = *root.find("b");
    CHECK(b.raw() == "[true ,false, -12.50e+3,\"x\"]");
    std::vector<std::string> elements;
    for (const auto element : b.elements())
        elements.emplace_back(element.raw());
    CHECK(elements == std::vector<std::string>{"true", "false", "-12.50e+3", "\"x\""});
    CHECK(b.size() == 4);
    CHECK(root.find("c")->raw() == "{ }");
    CHECK(root.find("c")->size() == 0);
    CHECK(!root.find("d"));
    CHECK(!b.find("a"));
}

TEST_CASE("a scalar may be the whole text") {
    CHECK(parsed("null").root().is_null());
    CHECK(parsed(" true ").root().boolean());
    CHECK(!parsed("false").root().boolean());
    CHECK(parsed("\t-0.5\n").root().raw() == "-0.5");
    CHECK(string_of("\"text\"") == "text");
    CHECK(parsed("[]").root().size() == 0);
    CHECK(parsed("{}").root().size() == 0);
}

TEST_CASE("numbers stay exact") {
    const auto d = parsed("[9223372036854775807,-9223372036854775808,18446744073709551615,1e400,0.1000,9223372036854775808,1.0]");
    std::vector<value> v;
    for (const auto e : d.root().elements())
        v.push_back(e);
    CHECK(*v[0].int64() == INT64_MAX);
    CHECK(*v[1].int64() == INT64_MIN);
    CHECK(*v[2].uint64() == UINT64_MAX);
    CHECK(!v[2].int64());
    CHECK(v[3].raw() == "1e400");
    CHECK(v[4].raw() == "0.1000");
    CHECK(!v[5].int64());
    CHECK(!v[6].int64());
    CHECK(!v[0].find("x"));
    CHECK(!d.root().int64());
}

TEST_CASE("escapes are undone as Go undoes them") {
    CHECK(string_of(R"("\"\\\/\b\f\n\r\t")") == "\"\\/\b\f\n\r\t");
    CHECK(string_of(R"("\u0041\u00e9\u20AC\ud83d\ude00")") == "A\u00e9\u20ac\U0001f600");
    CHECK(string_of(R"("\u0000")") == std::string(1, '\0'));
    CHECK(string_of(R"("\ud83d")") == "\ufffd");          // half a pair
    CHECK(string_of(R"("\ude00x")") == "\ufffdx");
    CHECK(string_of(R"("\ud83d\u0041")") == "\ufffdA");
    CHECK(string_of(R"("\ud83d\ud83d\ude00")") == "\ufffd\U0001f600");
    CHECK(string_of("\"gr\u00fc\u00df\"") == "gr\u00fc\u00df");
    const auto d = parsed(R"({"a\u0062":"c\n"})");
    CHECK(d.root().find("ab")->string() == "c\n");
    CHECK(d.root().find("ab")->raw() == R"("c\n")");
}

TEST_CASE("names are found: the last of doubles, exactly before without regard to case") {
    const auto d = parsed(R"({"a":1,"A":2,"a":3,"Bc":4,"bC":5})");
    CHECK(d.root().find("a")->raw() == "3");
    CHECK(d.root().find("A")->raw() == "2");
    CHECK(!d.root().find("bc"));
    CHECK(d.root().find_fold("a")->raw() == "3");
    CHECK(d.root().find_fold("Bc")->raw() == "4");
    CHECK(d.root().find_fold("bc")->raw() == "5");
    CHECK(!d.root().find_fold("b"));
    std::string order;
    for (const auto& m : d.root().members())
        order += std::string(m.name) + std::string(m.val.raw());
    CHECK(order == "a1A2a3Bc4bC5");
}

TEST_CASE("an error says in words what is wrong and where") {
    CHECK(problem("") == "invalid JSON at byte 0: there is no value");
    CHECK(problem("  ") == "invalid JSON at byte 0: there is no value");
    CHECK(problem("nul") == "invalid JSON at byte 0: no value starts here");
    CHECK(problem("[1,tru]") == "invalid JSON at byte 3: no value starts here");
    CHECK(problem("{} {}") == "invalid JSON at byte 3: something follows the value");
    CHECK(problem("\"a") == "invalid JSON at byte 0: a string has no end");
    CHECK(problem("[\"a\\x\"]") == "invalid JSON at byte 1: a string has an escape that JSON does not know");
    CHECK(problem("\"\xff\"") == "invalid JSON at byte 0: a string is not valid UTF-8");
    CHECK(problem("\"a\nb\"") == "invalid JSON at byte 0: a control character in a string is not escaped");
    CHECK(problem("[1 2]").find("a comma, a colon or a bracket is missing") != std::string::npos);
}

TEST_CASE("what is not JSON is refused") {
    for (const auto bad :
         {"[", "]", "{", "}", "[1", "[1,", "[1,]", "[,1]", "[1,,2]", "[1 2]", "[1}", "{1}", "{\"a\"}", "{\"a\":}", "{\"a\" 1}", "{\"a\":1,}",
          "{,\"a\":1}", "{\"a\":1 \"b\":2}", "{\"a\":1]", "{a:1}", "{'a':1}", "{\"a\":1}}", "[[1]", "[]]", "{}{}", "1 2", "true false", "1,",
          "+1", "01", "-", "-01", "1.", ".5", "1.e5", "1e", "1e+", "0x10", "1x", "1.5.5", "Infinity", "NaN", "-Infinity", "True", "nulL",
          "truex", "[truefalse]", "\"\\u12\"", "\"\\u123g\"", "\"\\\"", "\"\\", "\"\\'\"", "\"\t\"", "\xef\xbb\xbf[]", "//x\n1", "[1]//x", "@",
          "[1,\"a]", "{\"a\":\"b}", "[\"\\ud83d\\u12\"]", "\"a\"b", "[1:2]", "{\"a\":\"b\":1}", "{\"a\":\"b\" :[}", "{\"a\":[\"b\":1]}",
          "{\"a\":1:2}", "{\"a\",1}", "[\"a\":1]", "{[]:1}", "{null:1}",
          "\xc0\x80", "\x01", "1\x01", "[1\v]", "\"\x7f\x80\""}) {
        INFO(bad);
        CHECK(!parse(bad));
    }
    CHECK(!parse(std::string_view("[1]\0", 4)));
    CHECK(!parse(std::string_view("\0", 1)));
}

TEST_CASE("size and depth are bounded") {
    CHECK(problem("[1,2,3]", {.bytes_max = 6}) == "JSON text of 7 bytes is over the limit of 6");
    CHECK(parse("[1,2,3]", {.bytes_max = 7}));
    auto nested = [](std::size_t n, char open, char close) { return std::string(n, open) + std::string(n, close); };
    CHECK(parse(nested(128, '[', ']')));
    CHECK(problem(nested(129, '[', ']')) == "invalid JSON at byte 128: nested too deeply");
    CHECK(problem(nested(1'000'000, '[', ']')).find("nested too deeply") != std::string::npos);
    std::string objects;
    for (int i = 0; i < 200; ++i)
        objects += "{\"a\":";
    CHECK(problem(objects + "1" + std::string(200, '}')).find("nested too deeply") != std::string::npos);
    CHECK(parse(nested(300, '[', ']'), {.depth_max = 300}));
    CHECK(parse(nested(1000, '[', ']'), {.depth_max = 1'000'000}));
    CHECK(!parse(nested(1001, '[', ']'), {.depth_max = 1'000'000}));
}

TEST_CASE("a document may move while its values are held") {
    auto a = parsed("{\"a\":[1,\"\\u0041\"]}");
    const auto root = a.root();
    const auto b = std::move(a);
    CHECK(root.find("a")->raw() == "[1,\"\\u0041\"]");
    CHECK((*++root.find("a")->elements().begin()).string() == "A");
}

TEST_CASE("a text cut or changed anywhere is refused or parsed, never more") {
    const std::string whole = R"({"jsonrpc":"2.0","id":-1,"params":{"hash":"AB\u0041\ud83d\ude00","list":[1.5e-3,true,null,{}],"x":[]},"y":"\\\""})";
    REQUIRE(parse(whole));
    for (std::size_t cut = 0; cut < whole.size(); ++cut) {
        const std::string part = whole.substr(0, cut);
        CHECK(!parse(part));
    }
    seeded_random random(23);
    int accepted = 0;
    for (int round = 0; round < 20'000; ++round) {
        auto text = whole;
        for (auto changes = 1 + random.below(3); changes > 0; --changes)
            text[random.below(text.size())] = static_cast<char>(random.below(4) == 0 ? random.below(256) : whole[random.below(whole.size())]);
        if (const auto d = parse(text)) {
            ++accepted;
            const auto again = parse(d->root().raw());
            REQUIRE(again);
            REQUIRE(again->root().raw() == d->root().raw());
        }
    }
    CHECK(accepted > 500);
}
