// SPDX-License-Identifier: Apache-2.0
#include "base/text.hpp"

#include "base/random.hpp"

#include <catch2/catch.hpp>

using namespace tetrad;

namespace {
bytes decoded(result<bytes> r) {
    REQUIRE(r);
    return *r;
}
}  // namespace

TEST_CASE("hex goes both ways and takes either case") {
    const bytes raw{0x00, 0x01, 0xab, 0xff};
    CHECK(to_hex(raw) == "0001abff");
    CHECK(to_hex_upper(raw) == "0001ABFF");
    CHECK(decoded(from_hex("0001aBFf")) == raw);
    CHECK(decoded(from_hex("")).empty());
    for (const auto bad : {"0", "000", "0g", "g0", " 00", "0x00", "00\n", "\xff\xff"})
        CHECK(!from_hex(bad));

    std::array<std::uint8_t, 2> two{};
    CHECK(from_hex("0102", two));
    CHECK(two == std::array<std::uint8_t, 2>{1, 2});
    CHECK(!from_hex("010203", two));
    CHECK(!from_hex("01", two));
    CHECK(two == std::array<std::uint8_t, 2>{1, 2});
}

TEST_CASE("base64 has the standard alphabet with padding") {
    // RFC 4648 section 10, and the alphabet's end.
    const std::pair<std::string, std::string> table[] = {
        {"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}, {"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"},
        {"\xfb\xff\xbf", "+/+/"}, {"\x14\xfb\x9c\x03\xd9\x7e", "FPucA9l+"},
    };
    for (const auto& [raw, coded] : table) {
        CHECK(to_base64(view(raw)) == coded);
        CHECK(text(decoded(from_base64(coded))) == raw);
    }
}

TEST_CASE("base64 is read as strictly and as loosely as Go's StdEncoding") {
    CHECK(text(decoded(from_base64("Zm9v\r\nYmFy\n"))) == "foobar");
    CHECK(text(decoded(from_base64("Zg=\n=\n"))) == "f");
    CHECK(text(decoded(from_base64("Zh=="))) == "f");  // unused bits are not looked at
    // As base64_test.go's table of corrupt inputs: the byte of the error, -1 for none.
    const std::pair<std::string, int> table[] = {
        {"", -1}, {"\n", -1}, {"AAA=\n", -1}, {"AAAA\n", -1}, {"!!!!", 0}, {"====", 0}, {"x===", 1}, {"=AAA", 0}, {"A=AA", 1},
        {"AA=A", 2}, {"AA==A", 4}, {"AAA=AAAA", 4}, {"AAAAA", 4}, {"AAAAAA", 4}, {"A=", 1}, {"A==", 1}, {"AA=", 3}, {"AA==", -1},
        {"AAA=", -1}, {"AAAA", -1}, {"AAAAAA=", 7}, {"YWJjZA=====", 8}, {"A!\n", 1}, {"A=\n", 1}, {"AB-_", 2}, {"A A=", 1},
    };
    for (const auto& [in, problem] : table) {
        INFO(in);
        const auto out = from_base64(in);
        CHECK(out.has_value() == (problem < 0));
        if (!out)
            CHECK(out.error().text == format("illegal base64 data at input byte {}", problem));
    }
}

TEST_CASE("bytes survive both codings") {
    seeded_random random(7);
    for (std::size_t size = 0; size < 300; ++size) {
        bytes raw(size);
        random.fill(raw);
        REQUIRE(decoded(from_hex(to_hex(raw))) == raw);
        REQUIRE(decoded(from_base64(to_base64(raw))) == raw);
        REQUIRE(to_base64(raw).size() == base64_size(size));
    }
}

TEST_CASE("a decimal number is digits and nothing else") {
    CHECK(*parse_decimal<std::int64_t>("9223372036854775807") == INT64_MAX);
    CHECK(*parse_decimal<std::int64_t>("-9223372036854775808") == INT64_MIN);
    CHECK(*parse_decimal<std::uint64_t>("18446744073709551615") == UINT64_MAX);
    CHECK(*parse_decimal<std::int32_t>("-2147483648") == INT32_MIN);
    CHECK(*parse_decimal<std::uint16_t>("65535") == 65535);
    CHECK(*parse_decimal<std::int64_t>("007") == 7);
    for (const auto bad : {"", "-", "+1", " 1", "1 ", "1.0", "1e3", "0x10", "a", "1a", "--1"}) {
        INFO(bad);
        const auto r = parse_decimal<std::int64_t>(bad);
        REQUIRE(!r);
        CHECK(r.error().text == format("not a decimal number: \"{}\"", bad));
    }
    CHECK(!parse_decimal<std::uint64_t>("-1"));
    CHECK(!parse_decimal<std::uint32_t>("-0"));
    CHECK(parse_decimal<std::int64_t>("9223372036854775808").error().text == "number out of range: 9223372036854775808");
    CHECK(!parse_decimal<std::uint16_t>("65536"));
    CHECK(!parse_decimal<std::uint64_t>("18446744073709551616"));
}

TEST_CASE("percent escapes are undone, and broken ones refused") {
    CHECK(*percent_decode("a%20b%2Fc", false) == "a b/c");
    CHECK(*percent_decode("a+b%2b", false) == "a+b+");
    CHECK(*percent_decode("a+b%2b", true) == "a b+");
    CHECK(*percent_decode("%00%ff", false) == std::string("\0\xff", 2));
    CHECK(percent_decode("%zz", false).error().text == "invalid URL escape \"%zz\"");
    CHECK(percent_decode("x%2", false).error().text == "invalid URL escape \"%2\"");
    CHECK(percent_decode("%", false).error().text == "invalid URL escape \"%\"");
    CHECK(percent_decode("1%2g3", false).error().text == "invalid URL escape \"%2g\"");
}

TEST_CASE("quoted text is Go's") {
    CHECK(quote("") == R"("")");
    CHECK(quote("plain text") == R"("plain text")");
    CHECK(quote("say \"hi\" \\ 'x'") == R"("say \"hi\" \\ 'x'")");
    CHECK(quote("\a\b\f\n\r\t\v") == R"("\a\b\f\n\r\t\v")");
    CHECK(quote(std::string("\0\x1f\x7f", 3)) == R"("\x00\x1f\x7f")");
    CHECK(quote("\xff\xc3\x28") == R"("\xff\xc3(")");
    CHECK(quote("gr\u00fc\u00dfe \u65e5\u672c \U0001f600") == "\"gr\u00fc\u00dfe \u65e5\u672c \U0001f600\"");
    CHECK(quote("\u0085\u00ad\u2028\ufeff") == R"("\u0085\u00ad\u2028\ufeff")");
}

TEST_CASE("UTF-8 is well-formed or it is not") {
    for (const auto good : {"", "a", "\u00e9", "\u20ac", "\ud7ff", "\ue000", "\U0001f600", "\U0010ffff"})
        CHECK(is_valid_utf8(good));
    for (const auto bad : {"\x80", "\xc0\x80", "\xc1\xbf", "\xe0\x80\x80", "\xed\xa0\x80", "\xf0\x80\x80\x80", "\xf4\x90\x80\x80",
                           "\xf5\x80\x80\x80", "\xe2\x82", "\xff", "a\xc3"})
        CHECK(!is_valid_utf8(bad));
    CHECK(utf8_length("\u20acx") == 3);
    CHECK(utf8_length("\xe2\x82") == 0);
    CHECK(utf8_length("") == 0);
}

TEST_CASE("texts are cut, trimmed and put together") {
    using parts = std::vector<std::string_view>;
    CHECK(split("a,b,,c", ',') == parts{"a", "b", "", "c"});
    CHECK(split("", ',') == parts{""});
    CHECK(split(",", ',') == parts{"", ""});
    CHECK(split_list(" a , b,, ") == parts{"a", "b"});
    CHECK(split_list("").empty());
    CHECK(trim(" \t a b \r\n") == "a b");
    CHECK(trim("  ").empty());
    CHECK(join(parts{"a", "b", "c"}, ", ") == "a, b, c");
    CHECK(join(parts{}, ", ").empty());
    CHECK(to_lower("AbC-1\u00c4") == "abc-1\u00c4");
    CHECK(to_upper("AbC-1") == "ABC-1");
    CHECK(equal_fold("JsonRPC", "jsonrpc"));
    CHECK(!equal_fold("jsonrpc", "jsonrp"));
    CHECK(!equal_fold("a[", "a{"));
}
