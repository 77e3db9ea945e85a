// SPDX-License-Identifier: Apache-2.0
// Pages, and the genesis document.
#include "rpc/handlers.hpp"

#include "tests/unit/rpc/api.hpp"

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::rpc;
using namespace tetrad::rpc::test;

TEST_CASE("pages and their sizes are CometBFT's") {
    // rpc/core/env_test.go: total, per page, page; 0: an error.
    struct {
        std::size_t total, per_page;
        std::int64_t page;
        std::size_t wanted;
    } const pages[] = {{0, 10, 1, 1},       {0, 10, 0, 0}, {0, 10, 2, 0}, {5, 10, -1, 0},
                       {5, 10, 1, 1},       {5, 10, 2, 0}, {5, 5, 1, 1},  {5, 5, 2, 0},
                       {5, 3, 2, 2},        {5, 3, 3, 0},  {5, 2, 3, 3},  {5, 2, 4, 0},
                       {5, 2, INT64_MAX, 0}};
    for (const auto& c : pages) {
        const auto page = resolve_page(c.page, c.per_page, c.total);
        INFO(c.total << " by " << c.per_page << ", page " << c.page);
        CHECK((page ? *page : 0) == c.wanted);
    }
    CHECK(*resolve_page({}, 1, 1) == 1);
    CHECK(chain::test::error_of(resolve_page(4, 2, 5)) ==
          "page should be within [1, 3] range, given 4");
    CHECK(resolve_per_page({}) == 30);
    const std::pair<std::int64_t, std::size_t> sizes[] = {
        {-5, 30}, {0, 30}, {1, 1}, {30, 30}, {99, 99}, {100, 100}, {101, 100}, {INT64_MAX, 100}};
    for (const auto& [asked, wanted] : sizes)
        CHECK(resolve_per_page(asked) == wanted);
}

TEST_CASE("the genesis document comes whole and in chunks") {
    api a;
    CHECK(a.call("genesis") == R"({"genesis":{"chain_id":"growing"}})");
    CHECK(a.call("genesis_chunked") ==
          R"({"chunk":"0","total":"1","data":")" + base64_of(R"({"chain_id":"growing"})") + "\"}");
    CHECK(a.call("genesis_chunked", R"({"chunk":"1"})") ==
          "error: there are 0 chunks, 1 is invalid");
    const std::size_t chunk = 16 * 1024 * 1024;
    a.begin({}, [](environment& e) { e.genesis_json.assign(chunk + 1, 'x'); });
    CHECK(a.call("genesis") ==
          "error: genesis response is large, please use the genesis_chunked API instead");
    CHECK(a.call("genesis_chunked", R"({"chunk":"1"})") ==
          R"({"chunk":"1","total":"2","data":"eA=="})");
    CHECK(a.call("genesis_chunked", R"({"chunk":"2"})") ==
          "error: there are 1 chunks, 2 is invalid");
    CHECK(a.call("genesis_chunked", R"({"chunk":"18446744073709551615"})")
              .starts_with("error: there are 1 chunks, "));
}
