// SPDX-License-Identifier: Apache-2.0
#include "daemon/support.hpp"

#include <functional>

#include <catch2/catch.hpp>

#include "tests/unit/temporary_directory.hpp"

using namespace tetrad;
using namespace tetrad::daemon;

namespace {

config::settings good() {
    config::settings s;
    s.base.proxy_app = "kvstore";
    return s;
}

}  // namespace

TEST_CASE("defaults with a built-in application are not refused") {
    REQUIRE(refusals(good()).empty());
    REQUIRE(notes(good()).empty());
}

TEST_CASE("what is not there yet is refused in one line that names the key and the remedy") {
    struct row {
        std::function<void(config::settings&)> ask;
        const char* key;
        const char* remedy;
    };
    const row rows[] = {
        {[](auto& s) { s.base.proxy_app = "tcp://127.0.0.1:26658"; }, "proxy_app",
         "kvstore or persistent_kvstore"},
        {[](auto& s) { s.base.proxy_app = "noop"; }, "proxy_app", "kvstore or persistent_kvstore"},
        {[](auto& s) { s.base.db_backend = "paper"; }, "db_backend", "rocksdb"},
        {[](auto& s) { s.p2p.persistent_peers = "somewhere"; }, "persistent_peers", "somewhere"},
        {[](auto& s) { s.p2p.unconditional_peer_ids = "abc"; }, "unconditional_peer_ids",
         "40 hex digits"},
        {[](auto& s) { s.base.abci = "grpc"; }, "abci", "socket"},
        {[](auto& s) { s.base.abci = "pigeon"; }, "abci", "socket"},
        {[](auto& s) { s.base.priv_validator_laddr = "tcp://x:1"; }, "priv_validator_laddr",
         "leave it empty"},
        {[](auto& s) { s.statesync.enable = true; }, "[statesync] enable", "enable = false"},
        {[](auto& s) { s.p2p.seed_mode = true; }, "seed_mode", "seed_mode = false"},
        {[](auto& s) { s.rpc.grpc_laddr = "tcp://x:1"; }, "grpc_laddr", "leave it empty"},
        {[](auto& s) { s.rpc.tls_cert_file = "c", s.rpc.tls_key_file = "k"; }, "tls_cert_file",
         "leave them empty"},
        {[](auto& s) { s.mempool.type = "nop"; }, "type", "flood"},
        {[](auto& s) { s.tx_index.indexer = "psql"; }, "indexer", "kv"},
    };
    for (const auto& [ask, key, remedy] : rows) {
        auto s = good();
        ask(s);
        const auto reasons = refusals(s);
        CAPTURE(key);
        REQUIRE(reasons.size() == 1);
        REQUIRE(reasons[0].find(key) != std::string::npos);
        REQUIRE(reasons[0].find(remedy) != std::string::npos);
        REQUIRE(reasons[0].find('\n') == std::string::npos);
    }
}

TEST_CASE("all refusals are told at once") {
    auto s = good();
    s.base.abci = "grpc";
    s.statesync.enable = true;
    REQUIRE(refusals(s).size() == 2);
}

TEST_CASE("CometBFT's databases are accepted; half a certificate means plain HTTP, as there") {
    auto s = good();
    s.base.db_backend = "badgerdb";
    s.base.abci = "";
    s.rpc.tls_cert_file = "c";
    REQUIRE(refusals(s).empty());
}

TEST_CASE("built-in applications by CometBFT's names") {
    REQUIRE(choose_application("kvstore").value() == application::kvstore);
    REQUIRE(choose_application("kvstore_connsync").value() == application::kvstore);
    REQUIRE(choose_application("persistent_kvstore").value() == application::persistent_kvstore);
    REQUIRE(choose_application("unix:///x").error().code == errc::unsupported);
    REQUIRE_FALSE(choose_application(""));
}

TEST_CASE("CometBFT's stores are named, with what to do") {
    testing::temporary_directory at;
    auto s = good();
    s.home = at.path();
    at.put("data/blockstore.db/CURRENT", "MANIFEST-000001\n");
    at.put("data/state.db/CURRENT", "MANIFEST-000001\n");
    at.put("data/tx_index.db/LOG", "no store");
    REQUIRE(foreign_stores(s) == std::vector<std::string>{"blockstore.db", "state.db"});
    const auto said = notes(s);
    REQUIRE(said.size() == 1);
    REQUIRE(said[0].find("blockstore.db, state.db") != std::string::npos);
    REQUIRE(said[0].find("tetrad.db") != std::string::npos);
    REQUIRE(said[0].find("remove them") != std::string::npos);
}

TEST_CASE("settings without effect are noted") {
    auto s = good();
    s.base.db_backend = "badgerdb";
    s.p2p.seeds = "x@y:1";
    s.rpc.unsafe = true;
    s.rpc.pprof_laddr = "x";
    s.instrumentation.prometheus = true;
    REQUIRE(notes(s).size() == 5);
    REQUIRE(refusals(s).empty());
}
