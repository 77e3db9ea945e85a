// SPDX-License-Identifier: Apache-2.0
#include "config/load.hpp"

#include <catch2/catch.hpp>

#include "base/text.hpp"
#include "tests/unit/temporary_directory.hpp"

using namespace tetrad;
using namespace tetrad::config;

namespace {

struct fixture {
    testing::temporary_directory home;
    sources from{home.path(), {}, {}, {}};

    std::string file() const { return home.file("config/config.toml"); }
    void put(const std::string& toml) { home.put("config/config.toml", toml); }
    std::string refusal() const {
        const auto loaded = load(from);
        REQUIRE_FALSE(loaded);
        return loaded.error().text;
    }
};

}  // namespace

TEST_CASE_METHOD(fixture, "without a file the defaults hold") {
    auto expected = settings{};
    expected.home = home.path();
    REQUIRE(load(from).value() == expected);
}

TEST_CASE_METHOD(
    fixture, "a file of CometBFT with all its defaults changes nothing but version and moniker") {
    std::ostringstream text;
    text << std::ifstream(TETRAD_TESTS_DIR "/unit/config/data/cometbft_default.toml").rdbuf();
    put(text.str());
    auto expected = settings{};
    expected.home = home.path();
    expected.base.version = "0.38.25";
    expected.base.moniker = "a-machine";
    REQUIRE(load(from).value() == expected);
}

TEST_CASE_METHOD(fixture, "a flag beats the environment, that the file, that the defaults") {
    from.defaults.base.moniker = "default";
    REQUIRE(load(from)->base.moniker == "default");
    put("moniker = \"file\"\n");
    REQUIRE(load(from)->base.moniker == "file");
    from.env["CMT_MONIKER"] = "variable";
    REQUIRE(load(from)->base.moniker == "variable");
    from.flags.push_back({"moniker", "moniker", "flag"});
    REQUIRE(load(from)->base.moniker == "flag");
}

TEST_CASE_METHOD(fixture, "variables are named by section and key") {
    from.env = {{"CMT_RPC_LADDR", "tcp://1.2.3.4:5"},
                {"CMT_CONSENSUS_TIMEOUT_COMMIT", "50ms"},
                {"CMT_MEMPOOL_KEEP_INVALID_TXS_IN_CACHE", "true"},
                {"CMT_TX_INDEX_PSQL_CONN", "p"},
                {"CMT_RPC_CORS_ALLOWED_ORIGINS", "a,b"},
                {"CMT_STATESYNC_RPC_SERVERS", "x:1,y:2"},
                {"CMT_P2P_MAX_NUM_INBOUND_PEERS", "0x10"},
                {"CMT_DB_DIR", ""},
                {"TM_MONIKER", "deprecated"},
                {"CMT_NO_SUCH_KEY", "x"}};
    const auto s = load(from).value();
    REQUIRE(s.rpc.laddr == "tcp://1.2.3.4:5");
    REQUIRE(s.consensus.timeout_commit == 50ms);
    REQUIRE(s.mempool.keep_invalid_txs_in_cache);
    REQUIRE(s.tx_index.psql_conn == "p");
    REQUIRE(s.rpc.cors_allowed_origins == std::vector<std::string>{"a", "b"});
    REQUIRE(s.statesync.rpc_servers == std::vector<std::string>{"x:1", "y:2"});
    REQUIRE(s.p2p.max_num_inbound_peers == 16);
    REQUIRE(s.base.db_dir == "data");  // an empty variable is not set
    REQUIRE(s.base.moniker == settings{}.base.moniker);
}

TEST_CASE_METHOD(fixture, "CMTRPC_LADDR is CMT_RPC_LADDR, and wins") {
    from.env = {{"CMTRPC_LADDR", "tcp://a:1"}, {"CMT_RPC_LADDR", "tcp://b:2"}, {"CMTMONIKER", "m"}};
    const auto s = load(from).value();
    REQUIRE(s.rpc.laddr == "tcp://a:1");
    REQUIRE(s.base.moniker == "m");
}

TEST_CASE("the name of a variable") {
    REQUIRE(variable_of("moniker") == "CMT_MONIKER");
    REQUIRE(variable_of("tx_index.psql-conn") == "CMT_TX_INDEX_PSQL_CONN");
}

TEST_CASE_METHOD(fixture, "keys are read without regard to case, and unknown ones are ignored") {
    put("MONIKER = \"m\"\nno_such = 1\n[RPC]\nLaddr = \"x\"\n[fastsync]\nversion = "
        "\"v0\"\n[p2p.libp2p]\nenabled = true\n"
        "[mempool]\nKeep-Invalid-Txs-In-Cache = true\n");
    const auto s = load(from).value();
    REQUIRE(s.base.moniker == "m");
    REQUIRE(s.rpc.laddr == "x");
    REQUIRE(s.mempool.keep_invalid_txs_in_cache);
}

TEST_CASE_METHOD(fixture, "a config.toml in the home itself comes before the one in config") {
    put("moniker = \"inner\"\n");
    home.put("config.toml", "moniker = \"outer\"\n");
    REQUIRE(load(from)->base.moniker == "outer");
}

TEST_CASE_METHOD(fixture, "values that do not fit are all named, with place and example") {
    put("filter_peers = \"maybe\"\n[rpc]\nmax_open_connections = [1]\ntimeout_broadcast_tx_commit "
        "= \"10\"\n[statesync]\n"
        "chunk_fetchers = 3000000000\n");
    from.env["CMT_P2P_PEX"] = "perhaps";
    from.flags.push_back(
        {"consensus.double_sign_check_height", "consensus.double_sign_check_height", "many"});
    const auto text = refusal();
    const auto lines = split(text, '\n');
    REQUIRE(lines.size() == 6);
    REQUIRE(lines[0] == file() +
                            ":1: filter_peers: expected true or false, got the text \"maybe\"; for "
                            "example filter_peers = false");
    REQUIRE(lines[1] == file() +
                            ":3: rpc.max_open_connections: expected a whole number, got a list; "
                            "for example max_open_connections = 900");
    REQUIRE(
        lines[2].starts_with(file() + ":4: rpc.timeout_broadcast_tx_commit: expected a duration"));
    REQUIRE(lines[3] ==
            "environment variable CMT_P2P_PEX: p2p.pex: expected true or false, got the text "
            "\"perhaps\"; "
            "for example pex = true");
    REQUIRE(lines[4].starts_with(
        file() + ":6: statesync.chunk_fetchers: expected a whole number from -2147483648"));
    REQUIRE(lines[4].ends_with("for example chunk_fetchers = \"4\""));
    REQUIRE(lines[5].starts_with("flag --consensus.double_sign_check_height: "));
}

TEST_CASE_METHOD(fixture, "bounds are reported with the place of what broke them") {
    put("[p2p]\nsend_rate = -1\n[mempool]\ntype = \"nop\"\n");
    from.env["CMT_CONSENSUS_TIMEOUT_COMMIT"] = "-5s";
    from.flags.push_back(
        {"consensus.create_empty_blocks", "consensus.create_empty_blocks", "false"});
    const auto text = refusal();
    const auto lines = split(text, '\n');
    REQUIRE(lines.size() == 3);
    REQUIRE(lines[0] ==
            "error in config file: error in [p2p] section: send_rate can't be negative (" + file() +
                ":2)");
    REQUIRE(lines[1] ==
            "error in config file: error in [consensus] section: timeout_commit can't be negative "
            "(environment variable CMT_CONSENSUS_TIMEOUT_COMMIT)");
    REQUIRE(lines[2] ==
            "error in config file: `nop` mempool does not support create_empty_blocks = false "
            "(flag --consensus.create_empty_blocks)");
}

TEST_CASE_METHOD(fixture, "a key where a section belongs, and a section where a key belongs") {
    put("rpc = 3\n[moniker]\nx = 1\n");
    const auto text = refusal();
    const auto lines = split(text, '\n');
    REQUIRE(lines.size() == 2);
    REQUIRE(lines[0].starts_with(file() + ":3: moniker is a key, no section"));
    REQUIRE(lines[1].starts_with(file() + ":1: rpc: expected a section, got the number 3"));
}

TEST_CASE_METHOD(fixture, "a file that is no TOML is refused with its place and a way out") {
    put("moniker = \"m\"\nlog_level = info\n");
    const auto text = refusal();
    REQUIRE(text.starts_with(file() + ":2:"));
    REQUIRE(text.find("move the file away") != std::string::npos);
}

TEST_CASE_METHOD(fixture, "a file that cannot be read is named") {
    home.put("config/config.toml/inside", "");  // a directory of that name: as if there were none
    REQUIRE(load(from));
    REQUIRE(load_file(home.file("none.toml"), from).error().text ==
            "open " + home.file("none.toml") + ": No such file or directory");
    home.put("huge.toml", std::string(9u << 20, '#'));
    REQUIRE(load_file(home.file("huge.toml"), from).error().code == errc::too_large);
}

TEST_CASE_METHOD(fixture, "a file named takes the place of the home's") {
    put("moniker = \"home\"\n");
    home.put("t.toml", "[consensus]\ntimeout_commit = \"50ms\"\n");
    from.env["CMT_DB_DIR"] = "elsewhere";
    const auto s = load_file(home.file("t.toml"), from).value();
    REQUIRE(s.consensus.timeout_commit == 50ms);
    REQUIRE(s.base.moniker == settings{}.base.moniker);
    REQUIRE(s.base.db_dir == "elsewhere");
    home.put("t.toml", "[consensus]\ntimeout_commit = \"-50ms\"\n");
    REQUIRE_FALSE(load_file(home.file("t.toml"), from));
}
