// SPDX-License-Identifier: Apache-2.0
#include "chain/validator.hpp"

#include "base/wire/json.hpp"
#include "tests/unit/chain/support.hpp"

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::chain;
using namespace tetrad::chain::test;

TEST_CASE("the leaf of a validator is its key and power") {
    for (const auto& c : vectors::group("validators_hash"))
        for (const auto v : vectors::at(c, "validators").elements()) {
            const crypto::public_key key(fixed<32>::from(vectors::hex(v, "pub")));
            auto m = validator::of(key, power_t(vectors::int64(v, "power")));
            m.priority = -77;
            CHECK(m.leaf() == vectors::hex(v, "simple_validator"));
        }
}

TEST_CASE("the shape of a validator is its key, address and power") {
    auto v = member(3, 10);
    CHECK(check_shape(v));
    v.power = power_t(0);
    CHECK(check_shape(v));
    v.power = power_t(-1);
    CHECK(error_of(check_shape(v)) == "validator has negative voting power");
    v = member(3, 10);
    v.address = public_key(4).address();
    CHECK(error_of(check_shape(v)) ==
          format("validator address is incorrectly derived from pubkey. Exp: {}, got {}",
                 to_hex_upper(public_key(3).address()), to_hex_upper(public_key(4).address())));
    CHECK(error_of(check_shape(validator{})) == "validator does not have a public key");
}

TEST_CASE("a validator prints as CometBFT's") {
    auto v = member(0, 10);
    v.priority = -5;
    const auto address = to_hex_upper(v.address), key = to_hex_upper(v.key.raw());
    CHECK(to_string(v) == format("Validator{{{} PubKeyEd25519{{{}}} VP:10 A:-5}}", address, key));
    CHECK(to_json(v) ==
          format(R"({{"address":"{}","pub_key":{{"type":"tendermint/PubKeyEd25519","value":"{}"}},)"
                 R"("voting_power":"10","proposer_priority":"-5"}})",
                 address, to_base64(v.key.raw())));
    CHECK(to_string(crypto::public_key()) == "<nil>");
}

TEST_CASE("a validator is encoded with its key also where that is missing") {
    CHECK(to_hex(wire::encode(validator{})) == "1200");
    const auto v = member(1, INT64_MAX);
    CHECK(decoded<validator>(wire::encode(v)) == v);
    CHECK(decoded<validator_update>(wire::encode(validator_update{v.key, v.power})) ==
          validator_update{v.key, v.power});
}
