// SPDX-License-Identifier: Apache-2.0
#include "daemon/init.hpp"

#include <set>

#include <catch2/catch.hpp>

#include "base/text.hpp"
#include "config/files.hpp"
#include "config/home.hpp"
#include "tests/unit/temporary_directory.hpp"

using namespace tetrad;
using namespace tetrad::daemon;

namespace {

struct fixture {
    testing::temporary_directory at;
    memory_log lines;
    logger log{lines, "main"};
    seeded_random random{3};
    timestamp now = parse_rfc3339("2024-01-02T03:04:05.678Z").value();
    config::settings settings;

    fixture() {
        settings.home = at.path();
        REQUIRE(config::prepare_home(at.path(), settings));
    }
};

}  // namespace

TEST_CASE_METHOD(fixture, "a fresh home gets keys and a genesis document that fit together") {
    const auto validator = init_files(settings, log, random, now);
    REQUIRE(validator);
    REQUIRE(lines.lines().size() == 3);
    REQUIRE(lines.contains("Generated private validator                  module=main keyFile="));
    REQUIRE(lines.contains("Generated node key"));
    REQUIRE(lines.contains("Generated genesis file"));

    const auto text = at.get("config/genesis.json");
    auto doc = chain::genesis_from_json(text);
    REQUIRE(doc);
    REQUIRE(chain::genesis_to_json(*doc) == text);
    REQUIRE(doc->chain_id.starts_with("test-chain-"));
    REQUIRE(doc->chain_id.size() == 17);
    REQUIRE(doc->time == now);
    REQUIRE(doc->validators.size() == 1);
    REQUIRE(doc->validators[0].key == validator->key.pub_key);
    REQUIRE(doc->validators[0].power.v == 10);
    REQUIRE(chain::validate_and_complete(*doc, now));
    REQUIRE(text.find("\"initial_height\": \"0\"") != std::string::npos);
    REQUIRE_FALSE(text.ends_with('\n'));
}

TEST_CASE_METHOD(fixture, "what is there is found and left as it is") {
    REQUIRE(init_files(settings, log, random, now));
    const auto genesis = at.get("config/genesis.json"),
               key = at.get("config/priv_validator_key.json"),
               node = at.get("config/node_key.json");
    lines.clear();
    REQUIRE(init_files(settings, log, random, now + 1s));
    REQUIRE(lines.contains("Found private validator"));
    REQUIRE(lines.contains("Found node key"));
    REQUIRE(lines.contains("Found genesis file"));
    REQUIRE(at.get("config/genesis.json") == genesis);
    REQUIRE(at.get("config/priv_validator_key.json") == key);
    REQUIRE(at.get("config/node_key.json") == node);
}

TEST_CASE_METHOD(fixture, "a validator that cannot be read stops init before it makes anything") {
    at.put("config/priv_validator_key.json", "{");
    REQUIRE_FALSE(init_files(settings, log, random, now));
    REQUIRE_FALSE(config::file_exists(at.file("config/genesis.json")));
}

TEST_CASE("random words are letters and digits, and differ") {
    seeded_random random(1);
    std::set<std::string> seen;
    for (int i = 0; i < 100; ++i) {
        const auto word = random_word(random, 6);
        REQUIRE(word.size() == 6);
        REQUIRE(
            std::all_of(word.begin(), word.end(), [](unsigned char c) { return std::isalnum(c); }));
        seen.insert(word);
    }
    REQUIRE(seen.size() == 100);
}
