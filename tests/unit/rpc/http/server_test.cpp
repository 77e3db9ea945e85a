// SPDX-License-Identifier: Apache-2.0
#include "rpc/http/server.hpp"

#include "tests/unit/rpc/oracle.hpp"

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::rpc::test;

TEST_CASE("good and broken HTTP is answered as CometBFT does") {
    const std::string strict =
        "HTTP/1.0 and 1.1 with whole line ends only: whoever sends otherwise is no client of ours";
    const std::string late = "what does not come in time is closed without a word";
    check_oracle("http",
                 {
                     {"a body that waits", "a body that is here already is not asked for"},
                     {"another expectation", "an expectation that is not known is not looked at"},
                     {"lines without CR", strict},
                     {"line: GET /nothing HTTP/1.2", strict},
                     {"line: GET nothing HTTP/1.1", "no path of ours"},
                     {"line: PRI * HTTP/2.0", strict},
                     {"header: A : b", "the words beside 400"},
                     {"header: Content-Length: 9223372036854775808",
                      "a number over the limit, however large"},
                     {"a length and chunks", "two lengths are how requests are smuggled"},
                     {"a line that does not end in time", late},
                     {"a body that does not end in time", late},
                 });
}
