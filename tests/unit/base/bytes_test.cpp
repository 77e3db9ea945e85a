// SPDX-License-Identifier: Apache-2.0
#include "base/bytes.hpp"

#include <catch2/catch.hpp>

using namespace tetrad;

TEST_CASE("bytes are compared as Go's bytes.Compare does") {
    const std::tuple<std::string_view, std::string_view, int> table[] = {
        {"", "", 0}, {"a", "", 1}, {"", "a", -1}, {"abc", "abc", 0}, {"abd", "abc", 1}, {"abc", "abd", -1}, {"ab", "abc", -1}, {"x", "ab", 1}, {"\xff", "a", 1},
    };
    for (const auto& [a, b, expected] : table) {
        const int c = compare(view(a), view(b));
        CHECK((c > 0) - (c < 0) == expected);
        CHECK(equal(view(a), view(b)) == (expected == 0));
    }
}

TEST_CASE("inline bytes hold up to their limit, and nothing of what they held before") {
    inline_bytes<4> b;
    CHECK(b.empty());
    CHECK(b.assign(bytes{1, 2, 3, 4}));
    CHECK(b.size() == 4);
    CHECK(!b.assign(bytes(5)));
    CHECK(b == inline_bytes<4>(bytes{1, 2, 3, 4}));
    CHECK(b.assign(bytes{9}));
    CHECK(b == inline_bytes<4>(bytes{9}));
    CHECK(b.assign({}));
    CHECK(b == inline_bytes<4>());
    CHECK(inline_bytes<4>(fixed<2>{{1, 2}}) == inline_bytes<4>(bytes{1, 2}));
}

TEST_CASE("inline bytes are ordered as the bytes they hold") {
    const auto of = [](std::string_view t) { return inline_bytes<4>(view(t)); };
    CHECK(of("") < of("a"));
    CHECK(of("a") < of("ab"));
    CHECK(of("ab") < of("b"));
    CHECK(of("b") > of("abcd"));
    CHECK(of("a") != of(std::string_view("a\0", 2)));
}

TEST_CASE("a part of a slice keeps the whole buffer alive") {
    slice part;
    {
        slice whole(to_bytes("hello world"));
        part = whole.sub(6, 5);
        CHECK(part.data() == whole.data() + 6);
        const auto shared = whole.share(whole.view().first(5));
        CHECK(text(shared) == "hello");
    }
    CHECK(text(part) == "world");
    CHECK(part == slice(to_bytes("world")));
    CHECK(!(part == slice(to_bytes("word"))));
    CHECK(slice().empty());
    CHECK(slice() == slice(bytes{}));
}
