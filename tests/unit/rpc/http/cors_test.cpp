// SPDX-License-Identifier: Apache-2.0
// What the cases of CometBFT's server do not reach: origins that are listed one by one.
#include "rpc/http/cors.hpp"

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::rpc::http;

namespace {

std::string header(const response& r, std::string_view name) {
    for (const auto& [key, value] : r.headers)
        if (key == name)
            return value;
    return "";
}
request from(std::string origin) {
    request q;
    q.method = "GET";
    q.origin = std::move(origin);
    return q;
}

}  // namespace

TEST_CASE("an origin is one of the list, in any case, or fits a star") {
    const cors_rules rules{{"http://a.example", "https://*.b.example"}, {"GET"}, {}};
    const auto allowed = [&](const std::string& origin) {
        response r;
        add_cors_headers(rules, from(origin), r);
        CHECK(header(r, "Vary") == "Origin");
        return header(r, "Access-Control-Allow-Origin");
    };
    for (const std::string origin :
         {"http://a.example", "HTTP://A.example", "https://x.b.example", "https://.b.example"})
        CHECK(allowed(origin) == origin);
    for (const std::string origin :
         {"", "https://a.example", "http://a.example.c", "https://b.example", "https://b.exampl",
          "http://x.b.example", "null"})
        CHECK(allowed(origin).empty());
}

TEST_CASE("a preflight is granted as a whole or not at all") {
    const cors_rules rules{{"http://a.example"}, {"GET", "POST"}, {"Content-Type", "X-Token"}};
    const auto granted = [&](std::string origin, std::string method, std::string headers) {
        auto q = from(std::move(origin));
        q.method = "OPTIONS";
        q.access_control_request_method = std::move(method);
        q.access_control_request_headers = std::move(headers);
        REQUIRE(is_preflight(q));
        const auto r = answer_preflight(rules, q);
        CHECK(r.status == 204);
        CHECK(r.body.empty());
        return header(r, "Access-Control-Allow-Origin") + "|" +
               header(r, "Access-Control-Allow-Methods") + "|" +
               header(r, "Access-Control-Allow-Headers");
    };
    CHECK(granted("http://a.example", "POST", "") == "http://a.example|POST|");
    CHECK(granted("http://a.example", "POST", "content-type,x-token") ==
          "http://a.example|POST|content-type,x-token");
    CHECK(granted("http://a.example", "POST", "content-type, x-token") ==
          "http://a.example|POST|content-type, x-token");
    CHECK(granted("http://a.example", "POST", "x-token,content-type") ==
          "||");  // browsers sort them
    CHECK(granted("http://a.example", "POST", "x-token,x-token") == "||");
    CHECK(granted("http://a.example", "POST", "x-other") == "||");
    CHECK(granted("http://a.example", "DELETE", "") == "||");
    CHECK(granted("http://b.example", "GET", "") == "||");
    CHECK_FALSE(is_preflight(from("http://a.example")));
}
