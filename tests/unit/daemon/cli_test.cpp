// SPDX-License-Identifier: Apache-2.0
// tests/e2e/cli compares the same with the real cometbft, as processes.
#include "daemon/cli.hpp"

#include <catch2/catch.hpp>

#include "base/text.hpp"
#include "config/files.hpp"
#include "daemon/version.hpp"
#include "tests/unit/daemon/fake_host.hpp"

using namespace tetrad;
using tetrad::testing::fake_host;

TEST_CASE_METHOD(fake_host, "init says what it made, in CometBFT's words") {
    REQUIRE(run({"init"}) == 0);
    const auto lines = split(out, '\n');
    REQUIRE(lines.size() == 4);
    REQUIRE(
        lines[0] ==
        format(
            "I[2024-01-02|03:04:05.678] Generated private validator                  module=main "
            "keyFile={0}/config/priv_validator_key.json "
            "stateFile={0}/data/priv_validator_state.json",
            home()));
    REQUIRE(
        lines[2] ==
        format(
            "I[2024-01-02|03:04:05.678] Generated genesis file                       module=main "
            "path={}/config/genesis.json",
            home()));
    REQUIRE(err.empty());
    REQUIRE(at.get("h/config/config.toml").find("moniker = \"a-machine\"") != std::string::npos);
    REQUIRE(at.get("h/config/config.toml").find(format("version = \"{}\"", daemon::version)) !=
            std::string::npos);
}

TEST_CASE_METHOD(fake_host, "an error is one line a cause on standard error, and exit code 1") {
    REQUIRE(run_bare({"nosuch"}) == 1);
    REQUIRE(err.starts_with("ERROR: unknown command \"nosuch\" for \"tetrad\""));
    REQUIRE(out.empty());
    at.put("h/config/config.toml", "[p2p]\npex = \"x\"\n[rpc]\nunsafe = \"y\"\n");
    REQUIRE(run({"show-node-id"}) == 1);
    const auto lines = split(err, '\n');
    REQUIRE(lines.size() == 3);
    REQUIRE(lines[0].starts_with("ERROR: " + home() + "/config/config.toml:4: rpc.unsafe: "));
    REQUIRE(lines[1].starts_with("ERROR: " + home() + "/config/config.toml:2: p2p.pex: "));
}

TEST_CASE_METHOD(fake_host, "a command that CometBFT has and we lack says so") {
    REQUIRE(run_bare({"light", "some-chain"}) == 1);
    REQUIRE(err == "ERROR: the command \"light\" of cometbft is not in tetrad yet\n");
}

TEST_CASE_METHOD(fake_host, "version needs no home and makes none") {
    at.put("h/config/config.toml", "broken");
    REQUIRE(run({"version"}) == 0);
    REQUIRE(out == format("{}\n", daemon::version));
    REQUIRE(daemon::version.starts_with("0.38."));
    REQUIRE(run_bare({"version", "-v"}) == 0);
    REQUIRE(out == format("{{\n  \"cometbft\": \"{}\",\n  \"abci\": \"2.0.0\",\n  "
                          "\"block_protocol\": 11,\n  \"p2p_protocol\": 8\n}}\n",
                          daemon::version));
    REQUIRE_FALSE(config::file_exists(at.file("user/.cometbft")));
}

TEST_CASE_METHOD(fake_host,
                 "help is shown for the program and for each command, and makes no home") {
    for (const std::vector<std::string>& args :
         {std::vector<std::string>{}, {"help"}, {"-h"}, {"--help"}, {"--trace"}, {"--home", "x"}}) {
        REQUIRE(run_bare(args) == 0);
        REQUIRE(out.find("Available Commands:\n  init") != std::string::npos);
    }
    for (const std::vector<std::string>& args :
         {std::vector<std::string>{"help", "node"}, {"start", "-h"}, {"--help", "run"}}) {
        REQUIRE(run_bare(args) == 0);
        REQUIRE(out.find("Aliases:\n  start, node, run\n") != std::string::npos);
        REQUIRE(out.find("Examples:\n  tetrad start") != std::string::npos);
        REQUIRE(out.find("--consensus.create_empty_blocks_interval text") != std::string::npos);
        REQUIRE(out.find("Global Flags:\n") != std::string::npos);
    }
    REQUIRE(run_bare({"help", "nosuch"}) == 1);
    REQUIRE(run_bare({"--nosuch"}) == 1);
    REQUIRE(err == "ERROR: unknown flag: --nosuch\n");
    REQUIRE_FALSE(config::file_exists(at.file("user/.cometbft")));
}

TEST_CASE_METHOD(fake_host, "flags may stand before the command") {
    REQUIRE(run_bare({"--home", home(), "--trace", "init", "--log_level=none"}) == 0);
    REQUIRE(out.empty());
    REQUIRE(config::file_exists(home() + "/config/genesis.json"));
}

TEST_CASE_METHOD(fake_host, "the home may come from the environment, and then wins") {
    REQUIRE(run_bare({"init", "--home", at.file("other")}, {{"CMTHOME", home()}}) == 0);
    REQUIRE(config::file_exists(home() + "/config/node_key.json"));
    REQUIRE_FALSE(config::file_exists(at.file("other")));
    REQUIRE(run_bare({"show-node-id"}, {{"TMHOME", home()}}) == 0);
    REQUIRE(out.find("TMHOME") != std::string::npos);
    REQUIRE(run_bare({"init"}) == 0);
    REQUIRE(config::file_exists(at.file("user/.cometbft/config/node_key.json")));
}

TEST_CASE_METHOD(fake_host, "the log obeys format and level") {
    at.put("h/config/config.toml", "log_format = \"json\"\n");
    REQUIRE(run({"init"}) == 0);
    REQUIRE(out.starts_with(
        R"({"_msg":"Generated private validator","level":"info","module":"main",)"));
    REQUIRE(run({"init"}, {{"CMT_LOG_LEVEL", "main:error"}}) == 0);
    REQUIRE(out.empty());
    REQUIRE(run({"init", "--log_level", "loud"}) == 1);
    REQUIRE(err.find("loud") != std::string::npos);
}

TEST_CASE_METHOD(fake_host, "keys are shown and made") {
    REQUIRE(run({"show-validator"}) == 1);
    REQUIRE(err.find("does not exist") != std::string::npos);
    REQUIRE(run({"gen-node-key"}) == 0);
    const auto id = out;
    REQUIRE(id.size() == 41);
    REQUIRE(run({"show_node_id"}) == 0);
    REQUIRE(out == id);
    REQUIRE(run({"gen-node-key"}) == 1);
    REQUIRE(err == "ERROR: node key at " + home() + "/config/node_key.json already exists\n");
    REQUIRE(run({"init"}) == 0);
    REQUIRE(run({"show-validator"}) == 0);
    REQUIRE(out.starts_with(R"({"type":"tendermint/PubKeyEd25519","value":")"));
    REQUIRE(run({"gen-validator"}) == 0);
    REQUIRE(out.starts_with(R"({"Key":{"address":")"));
    REQUIRE(out.ends_with(R"("LastSignState":{"height":"0","round":0,"step":0}})"
                          "\n"));
}

TEST_CASE_METHOD(fake_host, "testnet takes its flags and settings") {
    at.put("c.toml", "[consensus]\ntimeout_commit = \"50ms\"\n");
    REQUIRE(run({"testnet", "--v", "1", "--n", "1", "--o", at.file("t"), "--config",
                 at.file("c.toml"), "--node-dir-prefix", "x", "--hostname", "a", "--hostname", "b",
                 "--p2p-port", "7", "--initial-height", "5"}) == 0);
    REQUIRE(out.ends_with("Successfully initialized 2 node directories\n"));
    const auto toml = at.get("t/x1/config/config.toml");
    REQUIRE(toml.find("timeout_commit = \"50ms\"") != std::string::npos);
    REQUIRE(toml.find("@b:7\"") != std::string::npos);
    REQUIRE(at.get("t/x0/config/genesis.json").find("\"initial_height\": \"5\"") !=
            std::string::npos);
    REQUIRE(run({"testnet", "--o", at.file("t2"), "--config", at.file("none.toml")}) == 1);
    REQUIRE(err.starts_with("ERROR: open " + at.file("none.toml")));
}

TEST_CASE_METHOD(fake_host, "reset commands") {
    REQUIRE(run({"init"}) == 0);
    at.put("h/data/tetrad.db/CURRENT", "x");
    at.put("h/config/addrbook.json", "x");
    REQUIRE(run({"reset-state"}) == 0);
    REQUIRE_FALSE(config::file_exists(home() + "/data/tetrad.db"));
    REQUIRE(run({"unsafe_reset_all", "--keep-addr-book"}) == 0);
    REQUIRE(config::file_exists(home() + "/config/addrbook.json"));
    REQUIRE(run({"unsafe-reset-all"}) == 0);
    REQUIRE_FALSE(config::file_exists(home() + "/config/addrbook.json"));
    REQUIRE(run({"unsafe-reset-priv-validator"}) == 0);
    REQUIRE(out.find("Reset private validator file to genesis state") != std::string::npos);
}
