// SPDX-License-Identifier: Apache-2.0
#include "chain/results.hpp"

#include "base/wire/protobuf.hpp"
#include "tests/unit/chain/support.hpp"

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::chain;
using namespace tetrad::chain::test;

namespace {

struct full_result {
    std::uint32_t code = 0;
    bytes data;
    std::string log;
    std::int64_t gas_wanted = 0;
    std::int64_t gas_used = 0;
};

}  // namespace

TEST_CASE("the hash of results is CometBFT's, over four fields only") {
    for (const auto& c : vectors::group("last_results_hash")) {
        std::vector<full_result> results;
        for (const auto r : vectors::at(c, "results").elements()) {
            results.push_back({static_cast<std::uint32_t>(vectors::int64(r, "code")),
                               vectors::hex(r, "data"), "not hashed",
                               vectors::int64(r, "gas_wanted"), vectors::int64(r, "gas_used")});
            const auto& last = results.back();
            CHECK(wire::encode(result_core{last.code, last.data, last.gas_wanted, last.gas_used}) ==
                  vectors::hex(r, "leaf"));
        }
        CHECK(equal(results_hash(results), vectors::hex(c, "hash")));
    }
    CHECK(results_hash(std::vector<full_result>{}) == crypto::sha256(byte_view()));
}
