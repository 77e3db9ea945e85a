// SPDX-License-Identifier: Apache-2.0
// What nodes say of themselves: the golden bytes, what makes an info invalid, and who may be whose peer.
#include "p2p/node_info.hpp"

#include "base/text.hpp"
#include "base/wire/protobuf.hpp"
#include "tests/vectors/vectors.hpp"

#include <functional>
#include <string>

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::p2p;

namespace {

node_info sound() {
    return {{8, 11, 0},
            "dc52d5cf8dfd1793d71038b342a29b01ad8a5d63",
            "tcp://0.0.0.0:26656",
            "test-chain",
            "0.38.25",
            *from_hex("40202122233038606100"),
            "tetrad",
            {"on", "tcp://127.0.0.1:26657"}};
}

bool is_sound(const std::function<void(node_info&)>& change) {
    auto info = sound();
    change(info);
    return check_shape(info).has_value();
}

bool fits(const std::function<void(node_info& ours, node_info& theirs)>& change) {
    auto ours = sound(), theirs = sound();
    change(ours, theirs);
    return check_compatible(ours, theirs).has_value();
}

}  // namespace

TEST_CASE("vectors: node_info") {
    for (const auto& c : vectors::group("node_info")) {
        const node_info info{{static_cast<std::uint64_t>(vectors::int64(c, "p2p")),
                              static_cast<std::uint64_t>(vectors::int64(c, "block")),
                              static_cast<std::uint64_t>(vectors::int64(c, "app"))},
                             vectors::text(c, "id"),
                             vectors::text(c, "listen_addr"),
                             vectors::text(c, "network"),
                             vectors::text(c, "version"),
                             vectors::hex(c, "channels"),
                             vectors::text(c, "moniker"),
                             {vectors::text(c, "tx_index"), vectors::text(c, "rpc_address")}};
        const auto delimited = vectors::hex(c, "delimited");
        CHECK(wire::encode_delimited(info) == delimited);
        const auto prefix = wire::read_prefix(delimited);
        const auto read = wire::decode<node_info>(byte_view(delimited).subspan(prefix.size));
        REQUIRE(read);
        CHECK(*read == info);
        CHECK(check_shape(*read));
        CHECK(info == sound());
    }
}

TEST_CASE(
    "an info whose address, texts or channels are malformed is refused "
    "(DefaultNodeInfo.Validate)") {
    CHECK(is_sound([](node_info&) {}));
    CHECK_FALSE(is_sound([](auto& i) { i.id = ""; }));
    CHECK_FALSE(is_sound([](auto& i) { i.id.pop_back(); }));
    CHECK_FALSE(is_sound([](auto& i) { i.id.back() = 'g'; }));
    CHECK_FALSE(is_sound([](auto& i) { i.listen_addr = ""; }));
    CHECK_FALSE(is_sound([](auto& i) { i.listen_addr = "tcp://0.0.0.0"; }));
    CHECK_FALSE(is_sound([](auto& i) { i.listen_addr = "tcp://0.0.0.0:65536"; }));
    CHECK(is_sound(
        [](auto& i) { i.listen_addr = "example.com:26656"; }));  // nobody dials it: not resolved

    CHECK(is_sound([](auto& i) { i.version = ""; }));
    CHECK_FALSE(is_sound([](auto& i) { i.version = "  "; }));
    CHECK_FALSE(is_sound([](auto& i) { i.version = "1\t2"; }));
    CHECK_FALSE(is_sound([](auto& i) { i.moniker = ""; }));
    CHECK_FALSE(is_sound([](auto& i) { i.moniker = " "; }));
    CHECK_FALSE(is_sound([](auto& i) { i.moniker = "caf\xc3\xa9"; }));
    CHECK_FALSE(is_sound([](auto& i) { i.moniker = "\x7f"; }));

    CHECK(is_sound([](auto& i) { i.other.tx_index = "off"; }));
    CHECK(is_sound([](auto& i) { i.other.tx_index = ""; }));
    CHECK_FALSE(is_sound([](auto& i) { i.other.tx_index = "maybe"; }));
    CHECK(is_sound([](auto& i) { i.other.rpc_address = ""; }));
    CHECK_FALSE(is_sound([](auto& i) { i.other.rpc_address = "\n"; }));

    CHECK(is_sound([](auto& i) { i.channels.clear(); }));
    CHECK(is_sound([](auto& i) { i.channels = *from_hex("000102030405060708090a0b0c0d0e0f"); }));
    CHECK_FALSE(
        is_sound([](auto& i) { i.channels = *from_hex("000102030405060708090a0b0c0d0e0f10"); }));
    CHECK_FALSE(is_sound([](auto& i) { i.channels = *from_hex("4040"); }));
}

TEST_CASE(
    "peers need the same block protocol, the same network and a channel in common; nothing else") {
    CHECK(fits([](auto&, auto&) {}));
    CHECK_FALSE(fits([](auto&, auto& i) { i.protocol_version.block = 10; }));
    CHECK_FALSE(fits([](auto&, auto& i) { i.network = "test-chain-2"; }));
    CHECK_FALSE(fits([](auto&, auto& i) { i.channels = *from_hex("0102"); }));
    CHECK_FALSE(fits([](auto&, auto& i) { i.channels.clear(); }));
    CHECK(fits([](auto&, auto& i) { i.channels = *from_hex("0140"); }));
    CHECK(fits([](auto& ours, auto& i) {
        ours.channels.clear();  // then it is not looked at
        i.channels = *from_hex("01");
    }));
    CHECK(fits([](auto&, auto& i) {
        i.protocol_version.p2p = 7;
        i.protocol_version.app = 99;
        i.version = "1.0.0";
        i.moniker = "other";
    }));
}
