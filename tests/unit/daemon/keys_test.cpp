// SPDX-License-Identifier: Apache-2.0
// The golden files were written by cometbft v0.38.25; the ids and addresses are what it prints for them.
#include "daemon/keys.hpp"

#include <sys/stat.h>

#include <catch2/catch.hpp>

#include "base/text.hpp"
#include "base/wire/json.hpp"
#include "tests/unit/temporary_directory.hpp"

using namespace tetrad;
using namespace tetrad::daemon;

namespace {

constexpr const char* node_key_golden =
    R"({"priv_key":{"type":"tendermint/PrivKeyEd25519","value":"6OlIsI+LckGqaA3taPH9bhfdmjDmm88VjjEsFHdFsLdb134S78t35yJkeWCOC7Ssq5e25AQbeQ/Y7XwTrfu45Q=="}})";
constexpr const char* validator_key_golden = R"({
  "address": "61A05F7B3FC87B0AFBEA58C0135DE01986334D5E",
  "pub_key": {
    "type": "tendermint/PubKeyEd25519",
    "value": "jN9cmFfNPqEnoaMDky5DuNn+4eR96V+FkMcEdoZDIRg="
  },
  "priv_key": {
    "type": "tendermint/PrivKeyEd25519",
    "value": "F9WYgNFD49E/qYnNf0gsp9+rBxF8nKMvsbWexfdmK5eM31yYV80+oSehowOTLkO42f7h5H3pX4WQxwR2hkMhGA=="
  }
})";
constexpr const char* state_golden = R"({
  "height": "0",
  "round": 0,
  "step": 0
})";

unsigned mode_of(const std::string& path) {
    struct stat s {};
    REQUIRE(::stat(path.c_str(), &s) == 0);
    return s.st_mode & 0777;
}

}  // namespace

TEST_CASE("a node key of CometBFT is read, named, and would be written the same") {
    testing::temporary_directory at;
    const auto key = load_node_key(at.put("node_key.json", node_key_golden));
    REQUIRE(key);
    REQUIRE(node_id(*key) == "643dab77c61a1a5f1d0c2dd0affa188b06628d3e");
}

TEST_CASE("a validator's files of CometBFT are read and written byte for byte") {
    testing::temporary_directory at;
    const auto files = load_validator(at.put("key.json", validator_key_golden),
                                      at.put("state.json", state_golden));
    REQUIRE(files);
    REQUIRE(to_hex_upper(files->key.address) == "61A05F7B3FC87B0AFBEA58C0135DE01986334D5E");
    REQUIRE(files->state == last_sign_state{});
    REQUIRE(save_validator(*files, at.file("key2.json"), at.file("state2.json")));
    REQUIRE(at.get("key2.json") == validator_key_golden);
    REQUIRE(at.get("state2.json") == state_golden);
    REQUIRE(mode_of(at.file("key2.json")) == 0600);
    REQUIRE(mode_of(at.file("state2.json")) == 0600);
}

TEST_CASE("what was signed last is kept in full") {
    testing::temporary_directory at;
    const char* text = R"({"height":"5","round":2,"step":3,"signature":"AAEC","signbytes":"0AFF"})";
    const auto state = load_validator_state(at.put("state.json", text));
    REQUIRE(state);
    REQUIRE(state->height == 5);
    REQUIRE(state->round == 2);
    REQUIRE(state->step == 3);
    REQUIRE(state->signature == bytes{0, 1, 2});
    REQUIRE(state->sign_bytes == bytes{0x0a, 0xff});
    REQUIRE(to_json(*state) == text);
}

TEST_CASE("public key and address follow from the private key, whatever the file says") {
    testing::temporary_directory at;
    std::string text = validator_key_golden;
    text.replace(text.find("61A0"), 4, "0000");
    text.replace(text.find("jN9c"), 4, "AAAA");
    const auto key = load_validator_key(at.put("key.json", text));
    REQUIRE(key);
    REQUIRE(to_hex_upper(key->address) == "61A05F7B3FC87B0AFBEA58C0135DE01986334D5E");
    REQUIRE(to_base64(key->pub_key.raw()) == "jN9cmFfNPqEnoaMDky5DuNn+4eR96V+FkMcEdoZDIRg=");
}

TEST_CASE("a new key is written once, and found again") {
    testing::temporary_directory at;
    seeded_random random(7);
    const auto made = load_or_make_node_key(at.file("node_key.json"), random);
    REQUIRE(made);
    REQUIRE(mode_of(at.file("node_key.json")) == 0600);
    const auto text = at.get("node_key.json");
    REQUIRE(text.starts_with(R"({"priv_key":{"type":"tendermint/PrivKeyEd25519","value":")"));
    const auto found = load_or_make_node_key(at.file("node_key.json"), random);
    REQUIRE(found);
    REQUIRE(*found == *made);
    REQUIRE(at.get("node_key.json") == text);

    const auto validator =
        load_or_make_validator(at.file("key.json"), at.file("state.json"), random);
    REQUIRE(validator);
    REQUIRE(validator->key.priv_key != *made);
    REQUIRE(load_or_make_validator(at.file("key.json"), at.file("state.json"), random)->key ==
            validator->key);
}

TEST_CASE("a made key signs, and its public half verifies") {
    seeded_random random(7);
    const auto files = make_validator(random);
    const auto signature = files.key.priv_key.sign(view("message"));
    REQUIRE(signature);
    REQUIRE(files.key.pub_key.verify(view("message"), *signature));
}

TEST_CASE("broken key files are named, with what is wrong and what to do") {
    testing::temporary_directory at;
    struct row {
        const char* text;
        const char* complaint;
    };
    for (const auto& [text, complaint] :
         {row{"", "error reading node key from "}, row{"{", "error reading node key from "},
          row{"{}", "priv_key: it holds no usable key"}, row{R"({"priv_key":5})", "priv_key"},
          row{R"({"priv_key":{"type":"x","value":"y"}})", "unknown type \"x\""},
          row{R"({"priv_key":{"type":"tendermint/PrivKeyEd25519","value":"AA=="}})", "priv_key"},
          row{R"({"priv_key":{"type":"tendermint/PrivKeyEd25519","value":"y"}})", "priv_key"}}) {
        CAPTURE(text);
        const auto key = load_node_key(at.put("node_key.json", text));
        REQUIRE_FALSE(key);
        CAPTURE(key.error().text);
        REQUIRE(key.error().text.find(complaint) != std::string::npos);
        REQUIRE(key.error().text.find(at.file("node_key.json")) != std::string::npos);
        REQUIRE(key.error().text.find("gen-node-key") != std::string::npos);
        // What cannot be read is never written over.
        seeded_random random(7);
        REQUIRE_FALSE(load_or_make_node_key(at.file("node_key.json"), random));
        REQUIRE(at.get("node_key.json") == text);
    }
    REQUIRE(load_node_key(at.file("none")).error().code == errc::not_found);

    const auto state =
        load_validator_state(at.put("state.json", R"({"height":"5","round":2,"step":300})"));
    REQUIRE_FALSE(state);
    REQUIRE(state.error().text.find("step") != std::string::npos);
    REQUIRE(state.error().text.find("sign twice") != std::string::npos);
}

TEST_CASE("a validator key without its state is refused, not started afresh") {
    testing::temporary_directory at;
    at.put("key.json", validator_key_golden);
    seeded_random random(7);
    const auto files = load_or_make_validator(at.file("key.json"), at.file("state.json"), random);
    REQUIRE_FALSE(files);
    REQUIRE(files.error().text.find(at.file("state.json")) != std::string::npos);
}
