// SPDX-License-Identifier: Apache-2.0
// How peers are named in settings, and what is no name.
#include "p2p/address.hpp"

#include "base/text.hpp"

#include <string>

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::p2p;

namespace {

const std::string id = "dc52d5cf8dfd1793d71038b342a29b01ad8a5d63";

}  // namespace

TEST_CASE("a peer is id@host:port, with a scheme that is dropped and an id of either case") {
    const peer_address wanted{id, "10.0.0.1", 26656};
    for (const auto& text :
         {id + "@10.0.0.1:26656", "tcp://" + id + "@10.0.0.1:26656", id + "@tcp://10.0.0.1:26656",
          std::string("DC52D5CF8DFD1793D71038B342A29B01AD8A5D63@10.0.0.1:26656")}) {
        INFO(text);
        const auto address = parse_peer_address(text);
        REQUIRE(address);
        CHECK(*address == wanted);
        CHECK(to_string(*address) == id + "@10.0.0.1:26656");
    }
    CHECK(parse_peer_address(id + "@validator-0.example.com:1")->host == "validator-0.example.com");
    const auto six = parse_peer_address(id + "@[::1]:26656");
    REQUIRE(six);
    CHECK(six->host == "::1");
    CHECK(to_string(*six) == id + "@[::1]:26656");
}

TEST_CASE("what is no id@host:port is refused, and the answer says what is missing") {
    const std::pair<std::string, const char*> cases[] = {
        {"", "no id"},
        {"10.0.0.1:26656", "no id"},
        {"@10.0.0.1:26656", "40 hex digits"},
        {id.substr(1) + "@10.0.0.1:26656", "40 hex digits"},
        {id + "0@10.0.0.1:26656", "40 hex digits"},
        {"x" + id.substr(1) + "@10.0.0.1:26656", "40 hex digits"},
        {id + "@10.0.0.1", "no port"},
        {id + "@:26656", "no host"},
        {id + "@::1:26656", "brackets"},
        {id + "@10.0.0.1:", "port"},
        {id + "@10.0.0.1:65536", "port"},
        {id + "@10.0.0.1:-1", "port"},
        {id + "@10.0.0.1:1x", "port"}};
    for (const auto& [text, why] : cases) {
        INFO(text);
        const auto address = parse_peer_address(text);
        REQUIRE_FALSE(address);
        CHECK(address.error().text.find(why) != std::string::npos);
        CHECK(address.error().text.find("\"" + text + "\"") != std::string::npos);
    }
}

TEST_CASE("a list of peers skips blanks, and names every entry that is wrong") {
    const auto list = parse_peer_addresses(" " + id + "@a:1 ,, " + id + "@b:2,");
    REQUIRE(list);
    REQUIRE(list->size() == 2);
    CHECK((*list)[0].host == "a");
    CHECK((*list)[1].host == "b");
    CHECK(parse_peer_addresses("")->empty());
    const auto wrong = parse_peer_addresses("first," + id + "@a:1,second");
    REQUIRE_FALSE(wrong);
    CHECK(wrong.error().text.find("first") != std::string::npos);
    CHECK(wrong.error().text.find("second") != std::string::npos);
}
