// SPDX-License-Identifier: Apache-2.0
// The golden cases of tests/vectors/vectors.json for unit tests:
//
//     for (const auto& c : vectors::group("timestamp_proto"))
//         CHECK(encode(...) == vectors::hex(c, "proto"));
//
// A group owns the parsed file; its cases are values of it. Whatever is missing or of another kind fails the test.
#pragma once

#include "base/text.hpp"
#include "base/time.hpp"
#include "base/wire/json_text.hpp"

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

namespace tetrad::vectors {

class group {
public:
    explicit group(std::string_view name) : file_(load()) {
        INFO("vectors.json, group " << name);
        const auto found = file_.root().find(name);
        REQUIRE(found);
        const auto cases = found->find("cases");
        REQUIRE(cases);
        for (const auto c : cases->elements())
            cases_.push_back(c);
        REQUIRE(!cases_.empty());
    }
    auto begin() const { return cases_.begin(); }
    auto end() const { return cases_.end(); }
    std::size_t size() const { return cases_.size(); }
    const json::value& operator[](std::size_t i) const { return cases_.at(i); }

private:
    static json::document load() {
        std::ifstream in(TETRAD_TESTS_DIR "/vectors/vectors.json", std::ios::binary);
        REQUIRE(in);
        auto parsed = json::parse(std::string(std::istreambuf_iterator<char>(in), {}));
        REQUIRE(parsed);
        return std::move(*parsed);
    }

    json::document file_;
    std::vector<json::value> cases_;
};

inline bool has(const json::value& c, std::string_view name) { return c.find(name).has_value(); }

inline json::value at(const json::value& c, std::string_view name) {
    INFO("member " << name << " of " << c.raw());
    const auto found = c.find(name);
    REQUIRE(found);
    return *found;
}

inline json::value at(const json::value& list, std::size_t index) {
    for (const auto element : list.elements())
        if (index-- == 0)
            return element;
    FAIL("no such element of " << list.raw());
    std::abort();
}

inline std::string text(const json::value& v) {
    INFO(v.raw());
    REQUIRE(v.is(json::kind::string));
    return std::string(v.string());
}
inline std::string text(const json::value& c, std::string_view name) { return text(at(c, name)); }

/// Exact, also past 2^53.
inline std::int64_t int64(const json::value& v) {
    const auto parsed = v.int64();
    INFO(v.raw());
    REQUIRE(parsed);
    return *parsed;
}
inline std::int64_t int64(const json::value& c, std::string_view name) { return int64(at(c, name)); }

inline bool boolean(const json::value& c, std::string_view name) {
    REQUIRE(at(c, name).is(json::kind::boolean));
    return at(c, name).boolean();
}

inline bytes hex(const json::value& v) {
    const auto decoded = from_hex(text(v));
    REQUIRE(decoded);
    return *decoded;
}
inline bytes hex(const json::value& c, std::string_view name) { return hex(at(c, name)); }

inline timestamp time(const json::value& c, std::string_view name) {
    const auto parsed = parse_rfc3339(text(c, name));
    REQUIRE(parsed);
    return *parsed;
}

}  // namespace tetrad::vectors
