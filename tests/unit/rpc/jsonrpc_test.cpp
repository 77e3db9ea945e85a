// SPDX-License-Identifier: Apache-2.0
#include "rpc/jsonrpc.hpp"

#include "tests/unit/rpc/oracle.hpp"

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::rpc::test;

TEST_CASE("paths, bodies, batches and ids are answered as CometBFT does") {
    const std::string defaults = "no parameters at all are none given, not a failure";
    check_oracle("jsonrpc",
                 {
                     {"path: *", "no path of ours"},
                     {"id: 9007199254740993", "a large id comes back as it is, not rounded"},
                     {R"(body: {"id":1,"method":"number"})", defaults},
                     {R"(body: {"id":1,"method":"plain"})", defaults},
                     {R"(body: {"id":1,"method":"two"})", defaults},
                 });
}
