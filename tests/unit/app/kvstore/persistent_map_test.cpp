// SPDX-License-Identifier: Apache-2.0
#include "app/kvstore/persistent_map.hpp"

#include "base/random.hpp"

#include <map>
#include <vector>

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::app;

TEST_CASE("persistent_map: behaves as a map does, and copies keep what they had") {
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
        INFO("seed " << seed);
        seeded_random random(seed);
        persistent_map map;
        std::map<std::string, std::string> model;
        std::vector<std::pair<persistent_map, std::map<std::string, std::string>>> copies;
        const auto key = [&] { return std::to_string(random.below(60)); };
        const auto agree = [&](const persistent_map& m,
                               const std::map<std::string, std::string>& expected) {
            if (m.empty() != expected.empty())
                return false;
            for (int i = 0; i < 60; ++i) {
                const auto there = expected.find(std::to_string(i));
                const std::string* found = m.find(std::to_string(i));
                if ((found != nullptr) != (there != expected.end()) ||
                    (found && *found != there->second))
                    return false;
            }
            return true;
        };
        for (int i = 0; i < 500; ++i) {
            const std::string k = key();
            if (random.below(3) == 0) {
                CHECK(map.erase(k) == (model.erase(k) == 1));
            } else {
                const std::string v = std::to_string(i);
                map.put(k, v);
                model[k] = v;
            }
            if (i % 50 == 0)
                copies.emplace_back(map, model);
        }
        CHECK(agree(map, model));
        for (const auto& [copy, expected] : copies)
            CHECK(agree(copy, expected));
        while (!model.empty()) {
            CHECK(map.erase(model.begin()->first));
            model.erase(model.begin());
        }
        CHECK(map.empty());
        CHECK_FALSE(map.erase("x"));
    }
}

TEST_CASE("persistent_map: keys in order do not make it deep") {
    persistent_map map;  // an unbalanced one would recurse 200000 deep
    for (int i = 0; i < 200'000; ++i)
        map.put(std::to_string(1'000'000 + i), "x");
    CHECK(map.find("1000000"));
    CHECK(map.find("1199999"));
    CHECK_FALSE(map.find("1200000"));
}
