// SPDX-License-Identifier: Apache-2.0
#include "chain/genesis.hpp"

#include "tests/unit/chain/support.hpp"

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::chain;
using namespace tetrad::chain::test;

namespace {

const timestamp now{1700000000, 0};
const std::string key_text =
    R"("pub_key":{"type":"tendermint/PubKeyEd25519","value":"AT/+aaL1eB0477Mud9JMm8Sh8BIvOYlPGC9KkIUmFaE="})";

std::string completed_error(std::string_view json) {
    auto doc = genesis_from_json(json);
    if (!doc)
        return "parse: " + doc.error().text;
    return error_of(validate_and_complete(*doc, now));
}

genesis_doc completed(std::string_view json) {
    auto doc = genesis_from_json(json);
    REQUIRE(doc);
    REQUIRE(error_of(validate_and_complete(*doc, now)).empty());
    return *doc;
}

}  // namespace

TEST_CASE("documents that nothing can be started from are refused with CometBFT's words") {
    const std::string fifty_one(51, 'c');
    const std::pair<std::string, std::string> table[] = {
        {"", "parse: "},
        {"\x01\x01\x01", "parse: "},
        {"[]", "parse: "},
        {"{}", "genesis doc must include non-empty chain_id"},
        {R"({"chain_id":"mychain","validators":[{}]})",
         "the genesis file cannot contain validators without a public key: { <nil> 0 }"},
        {R"({"chain_id":"chain","initial_height":"-1"})",
         "initial_height cannot be negative (got -1)"},
        {R"({"chain_id":"chain","initial_height":1})", "parse: initial_height: "},
        {R"({"validators":[{"pub_key":{"value":"AT/+aaL1eB0477Mud9JMm8Sh8BIvOYlPGC9KkIUmFaE="},"power":"10"}]})",
         "parse: validators[0].pub_key: "},
        {"{\"validators\":[{" + key_text + R"(,"power":"10","name":""}]})",
         "genesis doc must include non-empty chain_id"},
        {R"({"chain_id":")" + fifty_one + "\"}", "chain_id in genesis doc is too long (max: 50)"},
        {"{\"chain_id\":\"mychain\",\"validators\":[{\"address\":\"A\"," + key_text +
             R"(,"power":"10"}]})",
         "parse: validators[0].address: "},
        {"{\"chain_id\":\"mychain\",\"validators\":[{\"address\":\"AA\"," + key_text +
             R"(,"power":"10","name":"n"}]})",
         "incorrect address for validator {AA "
         "PubKeyEd25519{013FFE69A2F5781D38EFB32E77D24C9BC4A1F0122F39894F182F4A90852615A1}"
         " 10 n} in the genesis file, should be "},
        {"{\"chain_id\":\"mychain\",\"validators\":[{" + key_text + R"(,"power":"0","name":"n"}]})",
         "the genesis file cannot contain validators with no voting power: { "
         "PubKeyEd25519{013FFE69"},
        {R"({"chain_id":"c","consensus_params":{}})", "block.MaxBytes cannot be 0"},
        {R"({"chain_id":"c","genesis_time":"yesterday"})", "parse: genesis_time: "},
    };
    for (const auto& [json, wanted] : table) {
        const auto got = completed_error(json);
        INFO(json << "\n" << got);
        CHECK(got.starts_with(wanted));
        CHECK(!got.empty());
    }
}

TEST_CASE("what may be left out is filled in") {
    const auto doc =
        completed("{\"chain_id\":\"c\",\"validators\":[{" + key_text + R"(,"power":"10"}]})");
    CHECK(doc.time == now);
    CHECK(doc.initial_height == height_t(1));
    CHECK(doc.params == consensus_params::defaults());
    REQUIRE(doc.validators.size() == 1);
    CHECK(doc.validators[0].address == doc.validators[0].key.address());
    CHECK(doc.app_state.empty());
    const auto again = completed(genesis_to_json(doc));
    CHECK(again == doc);
}

TEST_CASE("a document that CometBFT wrote is read and written the same") {
    const auto json = vectors::text(oracle("chain"), "genesis");
    const auto doc = completed(json);
    CHECK(doc.chain_id == vectors::text(oracle("chain_id")));
    CHECK(doc.initial_height == height_t(5));
    CHECK(doc.validators.size() == 4);
    CHECK(genesis_to_json(doc) == json);
}

TEST_CASE("app_state is kept byte for byte") {
    const std::string state = "{ \"a\" : [1.50, 1e3,\t\"<\\u003c\"] ,\"a\":{}}";
    const auto doc = completed(R"({"chain_id":"c","app_state": )" + state + "  }");
    CHECK(text(doc.app_state) == state);
}

TEST_CASE("the initial set is made of distinct members with power") {
    const auto set = completed(vectors::text(oracle("chain"), "genesis")).initial_validators();
    REQUIRE(set);
    CHECK(set->size() == 4);
    CHECK(set->total_power().v == 57);
    const auto twice = "{\"chain_id\":\"c\",\"validators\":[{" + key_text + R"(,"power":"10"},{)" +
                       key_text + R"(,"power":"5"}]})";
    CHECK(error_of(completed(twice).initial_validators())
              .starts_with("Cannot create validator set: duplicate entry"));
    const auto negative =
        "{\"chain_id\":\"c\",\"validators\":[{" + key_text + R"(,"power":"-10"}]})";
    CHECK(error_of(completed(negative).initial_validators()) ==
          "Cannot create validator set: voting power can't be negative: -10");
    const auto none = completed(R"({"chain_id":"c"})").initial_validators();
    REQUIRE(none);
    CHECK(none->empty());
}

TEST_CASE("the form of Cosmos SDK applications is read too") {
    const auto doc = completed(
        R"({"app_name":"gaiad","app_version":"1","genesis_time":"2024-02-29T23:59:58Z","chain_id":"cosmos",)"
        R"("initial_height":7,"app_hash":"AQI=","app_state":{"bank": {}},"consensus":{"validators":[{"address":"",)" +
        key_text +
        R"(,"power":"10","name":"n"}],"params":{"block":{"max_bytes":"1000000","max_gas":"-1"},)"
        R"("evidence":{"max_age_num_blocks":"100","max_age_duration":"1000","max_bytes":"10"},)"
        R"("validator":{"pub_key_types":["ed25519"]},"version":{"app":"4"},"abci":{"vote_extensions_enable_height":"2"}}}})");
    CHECK(doc.chain_id == "cosmos");
    CHECK(doc.time == timestamp{1709251198, 0});
    CHECK(doc.initial_height == height_t(7));
    CHECK(doc.app_hash == bytes{1, 2});
    CHECK(text(doc.app_state) == R"({"bank": {}})");
    REQUIRE(doc.params);
    CHECK(doc.params->block.max_bytes == 1000000);
    CHECK(doc.params->version.app == 4);
    CHECK(doc.validators.size() == 1);

    const auto bare =
        completed(R"({"chain_id":"c","initial_height":"3","app_hash":null,"consensus":{}})");
    CHECK(bare.initial_height == height_t(3));
    CHECK(bare.params == consensus_params::defaults());
}
