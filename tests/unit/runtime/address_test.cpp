// SPDX-License-Identifier: Apache-2.0
#include "runtime/address.hpp"

#include <string>

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::runtime;

TEST_CASE("endpoints are read and written alike") {
    for (const char* text : {"127.0.0.1:26656", "0.0.0.0:0", "[::1]:26656", "[fe80::1:2]:65535", "unix:///run/x.sock"}) {
        const auto e = parse_endpoint(text);
        REQUIRE(e.has_value());
        REQUIRE(to_string(*e) == text);
    }
    REQUIRE(ip_to_string(*parse_endpoint("[2001:db8:0:0::1]:5")) == "2001:db8::1");
    REQUIRE(to_string(endpoint{}) == "none");
}

TEST_CASE("what is no endpoint says why") {
    const auto code = [](const char* text) {
        const auto e = parse_endpoint(text);
        return e ? errc::fatal : e.error().code;
    };
    REQUIRE(code("example.org:26656") == errc::not_found);  // a name: to be resolved
    REQUIRE(code("127.0.0.256:1") == errc::not_found);
    REQUIRE(code("127.0.0.1") == errc::invalid);
    REQUIRE(code("127.0.0.1:") == errc::invalid);
    REQUIRE(code("127.0.0.1:65536") == errc::invalid);
    REQUIRE(code("127.0.0.1:-1") == errc::invalid);
    REQUIRE(code("127.0.0.1:1x") == errc::invalid);
    REQUIRE(code("::1:26656") == errc::invalid);
    REQUIRE(code("[::1:26656") == errc::invalid);
    REQUIRE(code("unix://") == errc::invalid);
    REQUIRE(parse_endpoint("unix:///" + std::string(106, 'a')).has_value());
    REQUIRE_FALSE(parse_endpoint("unix:///" + std::string(107, 'a')).has_value());
    REQUIRE_FALSE(parse_endpoint("").has_value());
}

TEST_CASE("loopback and unspecified addresses are known") {
    const auto at = [](const char* text) { return *parse_endpoint(text); };
    REQUIRE(at("127.0.0.1:1").is_loopback());
    REQUIRE(at("127.9.9.9:1").is_loopback());
    REQUIRE(at("[::1]:1").is_loopback());
    REQUIRE(at("[::ffff:127.0.0.1]:1").is_loopback());
    REQUIRE_FALSE(at("[::ffff:1.2.3.4]:1").is_loopback());
    REQUIRE_FALSE(at("128.0.0.1:1").is_loopback());
    REQUIRE_FALSE(at("[::]:1").is_loopback());
    REQUIRE_FALSE(at("unix:///x").is_loopback());
    REQUIRE(at("0.0.0.0:1").is_unspecified());
    REQUIRE(at("[::]:1").is_unspecified());
    REQUIRE_FALSE(at("0.0.0.1:1").is_unspecified());
    REQUIRE_FALSE(at("[::1]:1").is_unspecified());
}

TEST_CASE("listen addresses are taken apart as CometBFT's configuration writes them") {
    const auto tcp = parse_listen_address("tcp://0.0.0.0:26656");
    REQUIRE(tcp.has_value());
    REQUIRE(tcp->host == "0.0.0.0");
    REQUIRE(tcp->port == 26656);
    REQUIRE_FALSE(tcp->is_unix);
    const auto any = parse_listen_address(":26657");
    REQUIRE(any.has_value());
    REQUIRE(any->host.empty());
    const auto name = parse_listen_address("tcp://localhost:1");
    REQUIRE(name.has_value());
    REQUIRE(name->host == "localhost");
    const auto v6 = parse_listen_address("tcp://[::1]:5");
    REQUIRE(v6.has_value());
    REQUIRE(v6->host == "::1");
    const auto path = parse_listen_address("unix:///var/run/abci.sock");
    REQUIRE(path.has_value());
    REQUIRE(path->is_unix);
    REQUIRE(path->host == "/var/run/abci.sock");
    for (const char* text : {"http://x:1", "tcp://x", "tcp://x:y", "", "tcp://", "unix://"})
        REQUIRE_FALSE(parse_listen_address(text).has_value());
}
