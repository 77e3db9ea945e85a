// SPDX-License-Identifier: Apache-2.0
#include "config/sections.hpp"

#include <set>
#include <string>

#include <catch2/catch.hpp>

using namespace tetrad::config;

TEST_CASE("no section lists a key twice, and every member is listed") {
    std::set<std::pair<std::string, std::string>> seen;
    settings s;
    int keys = 0;
    for_each_key(s, [&](std::string_view section, std::string_view key, auto&, unsigned) {
        ++keys;
        REQUIRE(seen.emplace(section, key).second);
    });
    REQUIRE(keys == 104);  // 101 of CometBFT's file, and ours
}
