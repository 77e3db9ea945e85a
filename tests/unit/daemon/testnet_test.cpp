// SPDX-License-Identifier: Apache-2.0
#include "daemon/testnet.hpp"

#include <catch2/catch.hpp>

#include "base/text.hpp"
#include "chain/genesis.hpp"
#include "config/files.hpp"
#include "config/home.hpp"
#include "config/load.hpp"
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
    timestamp now = parse_rfc3339("2024-01-02T03:04:05.678Z").value();
    testnet_options o;

    fixture() { o.directory = at.file("t"); }
    result<std::size_t> make() { return make_testnet(o, log, random, now); }
    config::settings settings_of(int node) const {
        return config::load({at.file(format("t/node{}", node)), {}, {}, {}}).value();
    }
    std::string id_of(int node) const {
        return node_id(
            load_node_key(at.file(format("t/node{}/config/node_key.json", node))).value());
    }
    std::string refusal() {
        const auto made = make();
        REQUIRE_FALSE(made);
        return made.error().text;
    }
};

}  // namespace

TEST_CASE_METHOD(fixture,
                 "all nodes share one genesis document, whose validators are the first of them") {
    o.validators = 2;
    o.others = 1;
    o.initial_height = 10;
    REQUIRE(make().value() == 3);
    const auto genesis = at.get("t/node0/config/genesis.json");
    REQUIRE(at.get("t/node1/config/genesis.json") == genesis);
    REQUIRE(at.get("t/node2/config/genesis.json") == genesis);
    const auto doc = chain::genesis_from_json(genesis).value();
    REQUIRE(doc.chain_id.starts_with("chain-"));
    REQUIRE(doc.initial_height.v == 10);
    REQUIRE(doc.validators.size() == 2);
    for (int i = 0; i < 2; ++i) {
        const auto s = settings_of(i);
        REQUIRE(doc.validators[i].name == format("node{}", i));
        REQUIRE(doc.validators[i].power.v == 1);
        REQUIRE(doc.validators[i].key ==
                load_validator_key(config::validator_key_file(s))->pub_key);
    }
}

TEST_CASE_METHOD(fixture, "every node knows all peers, and begins at a core of its own") {
    o.validators = 2;
    o.p2p_port = 7;
    REQUIRE(make());
    for (int i = 0; i < 2; ++i) {
        const auto s = settings_of(i);
        REQUIRE(s.p2p.persistent_peers == format("{}@node0:7,{}@node1:7", id_of(0), id_of(1)));
        REQUIRE_FALSE(s.p2p.addr_book_strict);
        REQUIRE(s.p2p.allow_duplicate_ip);
        REQUIRE(s.base.moniker == format("node{}", i));
        REQUIRE(s.shards.rotate == i);
    }
}

TEST_CASE_METHOD(
    fixture, "peers may be named by address, by host name, by prefix and suffix, or not at all") {
    o.validators = 2;
    SECTION("address") {
        o.starting_ip_address = "192.168.1.254";
        REQUIRE(make());
        REQUIRE(settings_of(0).p2p.persistent_peers ==
                format("{}@192.168.1.254:26656,{}@192.168.1.255:26656", id_of(0), id_of(1)));
        REQUIRE(settings_of(0).base.moniker.size() == 16);  // at random, as CometBFT does then
        REQUIRE(settings_of(0).base.moniker != settings_of(1).base.moniker);
    }
    SECTION("host names") {
        o.hostnames = {"a", "b"};
        REQUIRE(make());
        REQUIRE(settings_of(1).p2p.persistent_peers ==
                format("{}@a:26656,{}@b:26656", id_of(0), id_of(1)));
        REQUIRE(settings_of(1).base.moniker == "b");
    }
    SECTION("prefix and suffix") {
        o.hostname_prefix = "p";
        o.hostname_suffix = ".example.com";
        REQUIRE(make());
        REQUIRE(settings_of(0).base.moniker == "p0.example.com");
        REQUIRE(settings_of(0).p2p.persistent_peers.ends_with("@p1.example.com:26656"));
    }
    SECTION("not at all") {
        o.populate_persistent_peers = false;
        o.settings.p2p.persistent_peers = "from --config";
        REQUIRE(make());
        REQUIRE(settings_of(0).p2p.persistent_peers == "from --config");
    }
}

TEST_CASE_METHOD(fixture, "made again, the nodes keep their keys") {
    o.validators = 1;
    REQUIRE(make());
    const auto id = id_of(0);
    lines.clear();
    REQUIRE(make());
    REQUIRE(lines.contains("Found node key"));
    REQUIRE(id_of(0) == id);
}

TEST_CASE_METHOD(fixture, "what cannot be made is refused before anything is written") {
    SECTION("host names") {
        o.hostnames = {"a"};
        REQUIRE(refusal() ==
                "testnet needs precisely 4 hostnames (number of validators plus non-validators) if "
                "--hostname parameter is used");
    }
    SECTION("addresses") {
        for (const auto* bad :
             {"::1", "zz", "1.2.3", "1.2.3.256", "1.2.3.04", "1.2.3.4.5", "1.2.3.-1", "1..2.3"}) {
            o.starting_ip_address = bad;
            REQUIRE(refusal() == format("{}: non ipv4 address", bad));
        }
        o.starting_ip_address = "10.0.0.253";
        REQUIRE(refusal().find("lower address") != std::string::npos);
    }
    SECTION("negative numbers") {
        o.validators = -1;
        REQUIRE(refusal().find("--v") != std::string::npos);
    }
    SECTION("too many") {
        o.others = INT64_MAX;
        REQUIRE(refusal().find("at most") != std::string::npos);
    }
    REQUIRE_FALSE(config::file_exists(at.file("t")));
}

TEST_CASE_METHOD(fixture, "a directory that cannot be made is named, and nothing is removed") {
    at.put("t", "a file");
    REQUIRE(refusal().find(at.file("t")) != std::string::npos);
    REQUIRE(at.get("t") == "a file");
}
