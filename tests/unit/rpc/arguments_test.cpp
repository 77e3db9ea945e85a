// SPDX-License-Identifier: Apache-2.0
#include "rpc/arguments.hpp"

#include "tests/unit/rpc/oracle.hpp"

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::rpc::test;

TEST_CASE("arguments of every kind, in a URL and in JSON, are taken and refused as CometBFT does") {
    const std::string list = "bytes are base64: a list of numbers is not taken";
    check_oracle("arguments", {
                                  {"url: raw 0x", "no bytes and no value are the same here"},
                                  {"object: raw [97]", list},
                                  {"array: raw [97]", list},
                              });
}
