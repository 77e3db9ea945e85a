// SPDX-License-Identifier: Apache-2.0
#include "config/home.hpp"

#include <sys/stat.h>

#include <catch2/catch.hpp>

#include "config/files.hpp"
#include "tests/unit/temporary_directory.hpp"

using namespace tetrad;
using namespace tetrad::config;

namespace {
unsigned mode_of(const std::string& path) {
    struct stat s {};
    REQUIRE(::stat(path.c_str(), &s) == 0);
    return s.st_mode & 0777;
}
}  // namespace

TEST_CASE("the home is CMTHOME, TMHOME, --home, CMT_HOME, or below the user's") {
    struct row {
        environment env;
        std::optional<std::string> flag;
        const char* path;
        bool deprecated;
    };
    const row rows[] = {
        {{{"HOME", "/users/u"}}, {}, "/users/u/.cometbft", false},
        {{{"HOME", "/users/u"}}, "/f", "/f", false},
        {{{"TMHOME", "/t"}}, "/f", "/t", true},
        {{{"TMHOME", "/t"}, {"CMTHOME", "/c"}}, "/f", "/c", false},
        {{{"CMTHOME", ""}, {"TMHOME", ""}}, "/f", "/f", false},
        {{{"CMT_HOME", "/x"}}, {}, "/x", false},
        {{{"CMT_HOME", "/x"}}, "/f", "/f", false},
    };
    for (const auto& [env, flag, path, deprecated] : rows) {
        const auto home = choose_home(env, flag);
        CAPTURE(path);
        REQUIRE(home.path == path);
        REQUIRE(home.by_deprecated_variable == deprecated);
    }
}

TEST_CASE("a home is made with private directories and a file of defaults, which stays as it is") {
    testing::temporary_directory at;
    const auto home = at.file("a/b");
    REQUIRE(prepare_home(home, settings{}));
    REQUIRE(mode_of(home) == 0700);
    REQUIRE(mode_of(home + "/config") == 0700);
    REQUIRE(mode_of(home + "/data") == 0700);
    REQUIRE(mode_of(config_file(home)) == 0644);
    REQUIRE(at.get("a/b/config/config.toml").find("proxy_app = ") != std::string::npos);

    at.put("a/b/config/config.toml", "moniker = \"mine\"\n");
    REQUIRE(prepare_home(home, settings{}));
    REQUIRE(at.get("a/b/config/config.toml") == "moniker = \"mine\"\n");
}

TEST_CASE("a home that cannot be made names the file in the way") {
    testing::temporary_directory at;
    at.put("file", "x");
    const auto made = prepare_home(at.file("file/home"), settings{});
    REQUIRE_FALSE(made);
    REQUIRE(made.error().text.find(at.file("file")) != std::string::npos);
}

TEST_CASE("paths start at the home unless they are absolute") {
    settings s;
    s.home = "h";
    REQUIRE(genesis_file(s) == "h/config/genesis.json");
    REQUIRE(validator_state_file(s) == "h/data/priv_validator_state.json");
    REQUIRE(database_directory(s) == "h/data");
    REQUIRE(wal_file(s) == "h/data/cs.wal/wal");
    REQUIRE(address_book_file(s) == "h/config/addrbook.json");
    s.home = "./h/";
    s.base.genesis_file = "/etc/g.json";
    s.base.db_dir = "../d/";
    REQUIRE(genesis_file(s) == "/etc/g.json");
    REQUIRE(database_directory(s) == "d");
    REQUIRE(node_key_file(s) == "h/config/node_key.json");
    REQUIRE(validator_key_file(s) == "h/config/priv_validator_key.json");
}
