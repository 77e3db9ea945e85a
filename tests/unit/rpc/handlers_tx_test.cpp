// SPDX-License-Identifier: Apache-2.0
// Transactions that wait, are sent and are found again; the application.
#include "rpc/handlers.hpp"

#include "tests/unit/rpc/api.hpp"

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::rpc;
using namespace tetrad::rpc::test;

TEST_CASE("unconfirmed transactions are as many as a page and one, and counted") {
    api a;
    for (int i = 0; i < 200; ++i)
        a.pool.txs.push_back(slice(to_bytes("t")));
    a.pool.total = 200;
    a.pool.total_bytes = 400;
    const std::pair<std::string, int> table[] = {{"{}", 31},
                                                 {R"({"limit":"0"})", 31},
                                                 {R"({"limit":"-1"})", 31},
                                                 {R"({"limit":"1"})", 2},
                                                 {R"({"limit":"1000"})", 101}};
    for (const auto& [params, count] : table) {
        const auto r = a.call("unconfirmed_txs", params);
        INFO(params);
        CHECK(member(r, "n_txs") == format("\"{}\"", count));
        CHECK(member(r, "total") == "\"200\"");
        CHECK(member(r, "total_bytes") == "\"400\"");
    }
    CHECK(a.call("num_unconfirmed_txs") ==
          R"({"n_txs":"200","total":"200","total_bytes":"400","txs":null})");
    CHECK(a.listed.back().limit == 0);
}

TEST_CASE("a transaction is found by its hash, with a proof where one is asked for") {
    api a;
    a.grow(3);
    const auto id = chain::tx_hash(slice(to_bytes("tx 2.1")));
    const auto asked = [&](byte_view hash, const char* prove) {
        return a.call("tx", format(R"({{"hash":"{}","prove":{}}})", to_base64(hash), prove));
    };
    const auto plain = asked(id, "false"), proven = asked(id, "true");
    CHECK(member(plain, "hash") == "\"" + to_hex_upper(id) + "\"");
    CHECK(member(plain, "height") == "\"2\"");
    CHECK(member(plain, "index") == "1");
    CHECK(member(plain, "tx") == "\"" + base64_of("tx 2.1") + "\"");
    CHECK(member(plain, "tx_result.log") == "\"log 2.1\"");
    CHECK(plain.find("\"proof\"") == plain.npos);
    CHECK(a.call("tx", format(R"({{"hash":"{}"}})", to_base64(id))) == plain);

    const auto proof = from_json<chain::tx_proof>(member(proven, "proof"));
    REQUIRE(proof);
    const auto data_hash =
        *from_hex(member(a.call("block", at_height(2)), "block.header.data_hash").substr(1, 64));
    CHECK(chain::check_proof(*proof, data_hash));
    CHECK(text(proof->data) == "tx 2.1");

    CHECK(asked(bytes(32, 0xab), "true") ==
          "error: tx (" + to_hex_upper(bytes(32, 0xab)) + ") not found");
    CHECK(asked(bytes(3, 0xab), "true") == "error: tx (ABABAB) not found");
    CHECK(asked({}, "true") == "error: transaction hash cannot be empty");

    REQUIRE(a.stored.in->prune(height_t(3)));
    const auto pruned = asked(id, "true");  // the index outlives the block
    CHECK((pruned == plain || pruned.find("not found") != pruned.npos));

    a.begin({}, [](environment& e) { e.indexes_txs = false; });
    CHECK(asked(id, "true") == "error: transaction indexing is disabled");
}

TEST_CASE("a transaction that is sent is checked or not waited for") {
    api a;
    a.checked = app::submitted_tx{{}, {5, to_bytes("d"), "a log", "", 0, 0, {}, "space"}};
    const auto params = R"({"tx":"dHg="})";  // "tx"
    const auto id = to_hex_upper(chain::tx_hash(slice(to_bytes("tx"))));
    CHECK(a.call("broadcast_tx_async", params) ==
          R"({"code":0,"data":"","log":"","codespace":"","hash":")" + id + "\"}");
    CHECK(a.call("broadcast_tx_sync", params) ==
          R"({"code":5,"data":"64","log":"a log","codespace":"space","hash":")" + id + "\"}");
    REQUIRE(a.submitted.size() == 2);
    CHECK(text(a.submitted[1].tx) == "tx");
    a.checked = fail(errc::invalid, "tx already exists in cache");
    CHECK(a.call("broadcast_tx_async", params) == "error: tx already exists in cache");
    CHECK(a.call("broadcast_tx_sync", params) == "error: tx already exists in cache");
    CHECK(a.call("broadcast_tx_commit", params) ==
          "error: error on broadcastTxCommit: tx already exists in cache");
}

TEST_CASE("broadcast_tx_commit answers at once where the check failed") {
    api a;
    a.checked = app::submitted_tx{{}, {7, {}, "bad", "", 0, 0, {}, ""}};
    const auto r = a.call("broadcast_tx_commit", R"({"tx":"dHg="})");
    CHECK(member(r, "check_tx.code") == "7");
    CHECK(member(r, "tx_result.code") == "0");
    CHECK(member(r, "height") == "\"0\"");
}

TEST_CASE("broadcast_tx_commit waits for the block, exactly as long as it may") {
    api a;
    a.grow(1);
    const auto limit = config::rpc_section{}.timeout_broadcast_tx_commit;
    std::string answer;
    a.start("broadcast_tx_commit", format(R"({{"tx":"{}"}})", base64_of("tx 3.1")), answer);
    const auto begin = a.world.now();
    a.grow(1);  // not in this one
    a.world.run_for(limit / 2);
    CHECK(answer.empty());
    a.grow(1);
    a.world.run_for(1ms);
    CHECK(member(answer, "height") == "\"3\"");
    CHECK(member(answer, "tx_result.log") == "\"log 3.1\"");
    CHECK(member(answer, "check_tx.code") == "0");

    answer.clear();
    a.start("broadcast_tx_commit", R"({"tx":"bmV2ZXI="})", answer);
    a.world.run_for(limit - 200ms);
    CHECK(answer.empty());
    a.world.run_for(200ms);
    CHECK(answer == "error: timed out waiting for tx to be included in a block");
    CHECK(a.world.now() - begin < 2 * limit);
}

TEST_CASE("all who wait for the same transaction are answered, and those who wait are bounded") {
    std::string after;  // written at the end of the api
    api a;
    config::rpc_section config;
    config.max_subscription_clients = 4;
    a.begin(config, {});
    const auto params = format(R"({{"tx":"{}"}})", base64_of("tx 1.0"));
    std::string answers[3];
    for (auto& each : answers)
        a.start("broadcast_tx_commit", params, each);
    CHECK(a.call("broadcast_tx_commit", params) == "error: max_subscription_clients 4 reached");
    a.grow(1);
    a.world.run_for(1ms);
    for (const auto& each : answers)
        CHECK(member(each, "height") == "\"1\"");
    a.start("broadcast_tx_commit", params, after);  // their places are free again
    CHECK(after.empty());
}

TEST_CASE("the application is asked as it was asked for") {
    api a;
    a.application.answer = app::abci::response_query{};
    a.application.answer->log = "exists";
    const auto r =
        a.call("abci_query", R"({"path":"/store","data":"6b6579","height":"7","prove":true})");
    CHECK(member(r, "response.log") == "\"exists\"");
    REQUIRE(a.application.queries.size() == 1);
    CHECK(a.application.queries[0].path == "/store");
    CHECK(text(a.application.queries[0].data) == "key");
    CHECK(a.application.queries[0].height == 7);
    CHECK(a.application.queries[0].prove);
    a.application.answer = fail(errc::io, "the application is gone");
    CHECK(a.call("abci_query") == "error: the application is gone");
    CHECK(member(a.call("abci_info"), "response.last_block_height") == "\"7\"");
}

TEST_CASE(
    "evidence of misbehaviour is handed on where it is well-formed, and its hash is the answer") {
    api a;
    const auto cases = chain::test::oracle("evidence");
    std::size_t given = 0;
    for (const auto c : cases.elements()) {
        if (!vectors::has(c, "json"))
            continue;
        const auto params = format(R"({{"evidence":{}}})", vectors::text(c, "json"));
        const auto malformed = vectors::text(c, "validate_basic");
        INFO(vectors::text(c, "name"));
        if (!malformed.empty()) {
            CHECK(a.call("broadcast_evidence", params) ==
                  "error: evidence.ValidateBasic failed: " + malformed);
            continue;
        }
        CHECK(a.call("broadcast_evidence", params) ==
              format(R"({{"hash":"{}"}})", to_base64(vectors::hex(c, "hash"))));
        REQUIRE(a.accused.size() == ++given);
        CHECK(wire::encode(a.accused.back()) == vectors::hex(c, "proto"));
        a.added = fail(errc::invalid, "Invalid evidence: why. Evidence: what");
        CHECK(a.call("broadcast_evidence", params) ==
              "error: failed to add evidence: Invalid evidence: why. Evidence: what");
        a.added = {};
        ++given;
    }
    CHECK(given > 0);
    for (const auto nothing : {"{}", R"({"evidence":null})"})
        CHECK(a.call("broadcast_evidence", nothing) == "error: no evidence was provided");
    CHECK(a.accused.size() == given);
}
