// SPDX-License-Identifier: Apache-2.0
#include "daemon/reset.hpp"

#include <catch2/catch.hpp>

#include "config/files.hpp"
#include "config/home.hpp"
#include "daemon/init.hpp"
#include "daemon/keys.hpp"
#include "tests/unit/temporary_directory.hpp"

using namespace tetrad;
using namespace tetrad::daemon;

namespace {

struct fixture {
    testing::temporary_directory at;
    memory_log lines;
    logger log{lines, "main"};
    seeded_random random{3};
    config::settings settings;
    std::string key;

    fixture() {
        settings.home = at.path();
        REQUIRE(config::prepare_home(at.path(), settings));
        REQUIRE(init_files(settings, log, random, timestamp::unix_epoch()));
        at.put("data/priv_validator_state.json",
               R"({"height":"9","round":0,"step":3,"signature":"AA==","signbytes":"00"})");
        for (const char* store : {"tetrad.db/CURRENT", "blockstore.db/CURRENT", "state.db/x",
                                  "tx_index.db/x", "evidence.db/x", "cs.wal/wal"})
            at.put(std::string("data/") + store, "x");
        at.put("config/addrbook.json", "{}");
        key = at.get("config/priv_validator_key.json");
        lines.clear();
    }
    bool exists(const std::string& name) const { return config::file_exists(at.file(name)); }
    std::int64_t signed_height() const {
        return load_validator_state(at.file("data/priv_validator_state.json"))->height;
    }
};

}  // namespace

TEST_CASE_METHOD(
    fixture, "reset-state removes every store, ours too, and leaves what protects the validator") {
    REQUIRE(reset_state(settings, log));
    for (const char* store :
         {"tetrad.db", "blockstore.db", "state.db", "tx_index.db", "evidence.db", "cs.wal"})
        REQUIRE_FALSE(exists(std::string("data/") + store));
    REQUIRE(signed_height() == 9);
    REQUIRE(exists("config/addrbook.json"));
    REQUIRE(lines.lines().size() == 6);
    REQUIRE(lines.contains("Removed all tetrad.db"));
    lines.clear();
    REQUIRE(reset_state(settings, log));
    REQUIRE(lines.lines().empty());
}

TEST_CASE_METHOD(fixture,
                 "unsafe-reset-all removes data and address book, and resets the validator") {
    REQUIRE(reset_all(settings, false, log, random));
    REQUIRE_FALSE(exists("data/tetrad.db"));
    REQUIRE_FALSE(exists("config/addrbook.json"));
    REQUIRE(signed_height() == 0);
    REQUIRE(at.get("config/priv_validator_key.json") == key);
    REQUIRE(lines.contains("Removed existing address book"));
    REQUIRE(lines.contains("Removed all blockchain history"));
    REQUIRE(lines.contains("Reset private validator file to genesis state module=main"));
}

TEST_CASE_METHOD(fixture, "the address book can be kept") {
    REQUIRE(reset_all(settings, true, log, random));
    REQUIRE(exists("config/addrbook.json"));
    REQUIRE(lines.contains("The address book remains intact"));
}

TEST_CASE_METHOD(fixture, "without a key a new validator is made") {
    REQUIRE(config::remove_all(at.file("config/priv_validator_key.json")));
    REQUIRE(reset_validator(settings, log, random));
    REQUIRE(lines.contains("Generated private validator file"));
    REQUIRE(exists("config/priv_validator_key.json"));
    REQUIRE(signed_height() == 0);
    REQUIRE(exists("data/tetrad.db"));
}

TEST_CASE_METHOD(fixture, "a key that cannot be read is not replaced") {
    at.put("config/priv_validator_key.json", "{");
    REQUIRE_FALSE(reset_validator(settings, log, random));
    REQUIRE(at.get("config/priv_validator_key.json") == "{");
}
