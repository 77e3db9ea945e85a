// SPDX-License-Identifier: Apache-2.0
#include "daemon/commands.hpp"

#include <catch2/catch.hpp>

#include "base/crypto/hash.hpp"
#include "base/text.hpp"
#include "config/files.hpp"
#include "daemon/keys.hpp"
#include "daemon/version.hpp"
#include "tests/unit/daemon/fake_host.hpp"

using namespace tetrad;
using tetrad::testing::fake_host;

namespace {

struct fixture : fake_host {
    fixture() { REQUIRE(run({"init"}) == 0); }
    /// Expects a refusal with one line for each of `causes`.
    void refused(std::vector<std::string> args, std::vector<std::string> causes) {
        REQUIRE(run(std::move(args)) == 1);
        REQUIRE_FALSE(ran);
        const auto lines = split(err, '\n');
        CAPTURE(err);
        REQUIRE(lines.size() == causes.size() + 1);
        for (std::size_t i = 0; i < causes.size(); ++i) {
            REQUIRE(lines[i].starts_with("ERROR: "));
            REQUIRE(lines[i].find(causes[i]) != std::string::npos);
        }
    }
};

}  // namespace

TEST_CASE_METHOD(fixture, "start gives the node all it needs") {
    for (const char* name : {"start", "node", "run"}) {
        REQUIRE(run({name, "--proxy_app", "persistent_kvstore", "--moniker", "m",
                     "--p2p.external-address", "1.2.3.4:5", "--p2p.pex=false",
                     "--consensus.create_empty_blocks_interval", "5s", "--rpc.laddr",
                     "tcp://127.0.0.1:0"}) == 0);
        REQUIRE(ran);
        REQUIRE(ran->app == daemon::application::persistent_kvstore);
        REQUIRE(ran->settings.home == home());
        REQUIRE(ran->settings.base.moniker == "m");
        REQUIRE(ran->settings.p2p.external_address == "1.2.3.4:5");
        REQUIRE_FALSE(ran->settings.p2p.pex);
        REQUIRE(ran->settings.consensus.create_empty_blocks_interval == 5s);
        REQUIRE(ran->settings.rpc.laddr == "tcp://127.0.0.1:0");
        REQUIRE(ran->genesis_text == at.get("h/config/genesis.json"));
        REQUIRE(ran->genesis.initial_height.v == 1);  // completed
        REQUIRE(ran->genesis.validators[0].key == ran->validator_key.public_key());
        REQUIRE(ran->node_key == daemon::load_node_key(home() + "/config/node_key.json").value());
        REQUIRE(ran->version == daemon::version);
        REQUIRE(ran->levels.of("p2p") == log_level::info);
    }
}

TEST_CASE_METHOD(fixture, "a node that ends in an error ends the program in one") {
    node_ends = fail(errc::fatal, "the store cannot be written");
    REQUIRE(run({"start", "--proxy_app=kvstore"}) == 1);
    REQUIRE(ran);
    REQUIRE(err == "ERROR: the store cannot be written\n");
}

TEST_CASE_METHOD(fixture,
                 "what is not supported is refused, all at once, before the node is built") {
    refused({"start"}, {"proxy_app = \"tcp://127.0.0.1:26658\""});
    refused({"start", "--proxy_app=kvstore", "--abci=grpc", "--priv_validator_laddr", "tcp://x:1",
             "--p2p.seed_mode"},
            {"abci", "priv_validator_laddr", "seed_mode"});
}

TEST_CASE_METHOD(fixture, "missing keys are made, as CometBFT does") {
    REQUIRE(config::remove_all(home() + "/config/node_key.json"));
    REQUIRE(config::remove_all(home() + "/config/priv_validator_key.json"));
    REQUIRE(run({"start", "--proxy_app=kvstore"}) == 0);
    REQUIRE(ran);
    REQUIRE(config::file_exists(home() + "/config/node_key.json"));
    REQUIRE(ran->validator_key ==
            daemon::load_validator_key(home() + "/config/priv_validator_key.json")->priv_key);
    REQUIRE(ran->genesis.validators[0].key != ran->validator_key.public_key());
}

TEST_CASE_METHOD(fixture,
                 "a genesis document that is missing, broken, against the rules or another one is "
                 "refused with its path") {
    const auto path = home() + "/config/genesis.json";
    const auto text = at.get("h/config/genesis.json");

    const auto hash = to_hex(crypto::sha256(view(text)));
    REQUIRE(run({"start", "--proxy_app=kvstore", "--genesis_hash", hash}) == 0);
    refused({"start", "--proxy_app=kvstore", "--genesis_hash", "00"},
            {"--genesis_hash=00 does not match " + path + " hash: " + to_upper(hash)});

    at.put("h/config/genesis.json", text.substr(0, text.size() / 2));
    refused({"start", "--proxy_app=kvstore"}, {"error reading GenesisDoc at " + path});
    at.put("h/config/genesis.json", R"({"chain_id":""})");
    refused({"start", "--proxy_app=kvstore"},
            {path + ": genesis doc must include non-empty chain_id"});
    auto powerless = text;
    powerless.replace(powerless.find("\"10\""), 4, "\"0\"");
    at.put("h/config/genesis.json", powerless);
    refused({"start", "--proxy_app=kvstore"}, {"no voting power"});
    REQUIRE(config::remove_all(path));
    refused({"start", "--proxy_app=kvstore"}, {"couldn't read GenesisDoc file: open " + path});
}

TEST_CASE_METHOD(fixture, "broken keys are refused with their path") {
    at.put("h/config/node_key.json", "{}");
    refused({"start", "--proxy_app=kvstore"},
            {"error reading node key from " + home() + "/config/node_key.json"});
}

TEST_CASE_METHOD(fixture, "stores of CometBFT are named and left alone") {
    at.put("h/data/blockstore.db/CURRENT", "MANIFEST-000001\n");
    REQUIRE(run({"start", "--proxy_app=kvstore"}) == 0);
    REQUIRE(out.find("blockstore.db") != std::string::npos);
    REQUIRE(at.get("h/data/blockstore.db/CURRENT") == "MANIFEST-000001\n");
}

TEST_CASE_METHOD(fixture, "the environment reaches the node, a flag beats it") {
    REQUIRE(run({"start", "--proxy_app=kvstore", "--p2p.laddr", "tcp://flag:1"},
                {{"CMT_P2P_LADDR", "tcp://variable:1"},
                 {"CMT_CONSENSUS_TIMEOUT_COMMIT", "50ms"}}) == 0);
    REQUIRE(ran->settings.p2p.laddr == "tcp://flag:1");
    REQUIRE(ran->settings.consensus.timeout_commit == 50ms);
}
