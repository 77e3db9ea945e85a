// SPDX-License-Identifier: Apache-2.0
// Packets out of a byte stream: the golden bytes, any cut of the stream, and what ends a connection.
#include "p2p/packets.hpp"

#include "base/crypto/hash.hpp"
#include "base/random.hpp"
#include "base/text.hpp"
#include "base/wire/protobuf.hpp"
#include "base/wire/varint.hpp"
#include "tests/vectors/vectors.hpp"

#include <string>

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::p2p;

namespace {

bytes delimited(byte_view packet_bytes) {
    bytes out;
    wire::append_uvarint(out, packet_bytes.size());
    append(out, packet_bytes);
    return out;
}

packet data_packet(std::int32_t channel, bool eof, byte_view data) {
    return {packet_data{channel, eof, data}};
}

std::string describe(const packet& p) {
    if (std::holds_alternative<ping>(p.sum))
        return "ping";
    if (std::holds_alternative<pong>(p.sum))
        return "pong";
    const auto& d = std::get<packet_data>(p.sum);
    return format("{} {} {}", d.channel, d.eof, to_hex(d.bytes));
}

/// Everything that comes out of these bytes, and at the end why no more.
std::vector<std::string> read_all(byte_view stream, std::size_t data_max = 1024) {
    packet_reader reader(data_max);
    reader.feed(stream);
    std::vector<std::string> out;
    for (;;) {
        const auto next = reader.next();
        if (!next)
            out.push_back("error: " + next.error().text);
        if (!next || !*next)
            return out;
        out.push_back(describe(**next));
    }
}
std::string read_one(byte_view stream, std::size_t data_max = 1024) {
    const auto all = read_all(stream, data_max);
    return all.size() == 1 ? all[0] : format("{} packets", all.size());
}

}  // namespace

TEST_CASE("vectors: mconn_packets, written and read") {
    const vectors::group cases("mconn_packets");
    REQUIRE(cases.size() == 3);
    const auto text = view("data transmitted over the wire");
    CHECK(wire::encode(packet{ping{}}) == vectors::hex(cases[0], "hex"));
    CHECK(wire::encode(packet{pong{}}) == vectors::hex(cases[1], "hex"));
    CHECK(wire::encode(data_packet(1, false, text)) == vectors::hex(cases[2], "hex"));
    CHECK(read_one(delimited(vectors::hex(cases[0], "hex"))) == "ping");
    CHECK(read_one(delimited(vectors::hex(cases[1], "hex"))) == "pong");
    CHECK(read_one(delimited(vectors::hex(cases[2], "hex"))) == "1 false " + to_hex(text));
}

TEST_CASE("vectors: mconn_delimited, written and read") {
    const vectors::group cases("mconn_delimited");
    REQUIRE(cases.size() == 5);
    const auto step = *from_hex("0a0a08011001180120012801"), request = *from_hex("0a00");
    const bytes full(1024, 0xaa);
    CHECK(wire::encode_delimited(packet{ping{}}) == vectors::hex(cases[0], "hex"));
    CHECK(wire::encode_delimited(packet{pong{}}) == vectors::hex(cases[1], "hex"));
    CHECK(wire::encode_delimited(data_packet(0x20, true, step)) == vectors::hex(cases[2], "hex"));
    CHECK(wire::encode_delimited(data_packet(0, true, request)) == vectors::hex(cases[3], "hex"));
    const auto largest = wire::encode_delimited(data_packet(0x20, true, full));
    const auto head = vectors::hex(cases[4], "head");
    CHECK(equal(byte_view(largest).first(head.size()), head));
    CHECK(to_hex(crypto::sha256(largest)) == vectors::text(cases[4], "sha256"));
    CHECK(packet_bytes_max(1024) ==
          static_cast<std::size_t>(vectors::int64(cases[4], "packet_len")));

    CHECK(read_one(vectors::hex(cases[0], "hex")) == "ping");
    CHECK(read_one(vectors::hex(cases[1], "hex")) == "pong");
    CHECK(read_one(vectors::hex(cases[2], "hex")) == "32 true " + to_hex(step));
    CHECK(read_one(vectors::hex(cases[3], "hex")) == "0 true 0a00");
    CHECK(read_one(largest) == "32 true " + to_hex(full));
}

TEST_CASE("a stream may be cut anywhere") {
    seeded_random random(4);
    bytes stream;
    std::vector<std::string> wanted;
    for (int i = 0; i < 200; ++i) {
        bytes data(random.below(1025));
        random.fill(data);
        const auto kind = random.below(4);
        const packet p = kind == 0   ? packet{ping{}}
                         : kind == 1 ? packet{pong{}}
                                     : data_packet(static_cast<std::int32_t>(random.below(256)),
                                                   kind == 2, data);
        if (const auto coded = wire::encode(p); coded.size() <= packet_bytes_max(1024)) {
            wanted.push_back(describe(p));
            append(stream, delimited(coded));
        }
    }
    for (const std::size_t largest_cut : {1UL, 2UL, 700UL, 1024UL, 5000UL}) {
        packet_reader reader(1024);
        std::vector<std::string> got;
        for (byte_view rest = stream; !rest.empty();) {
            const auto cut = std::min<std::size_t>(rest.size(), 1 + random.below(largest_cut));
            reader.feed(rest.first(cut));
            rest = rest.subspan(cut);
            for (;;) {
                const auto next = reader.next();
                REQUIRE(next);
                if (!*next)
                    break;
                got.push_back(describe(**next));
            }
        }
        CHECK(got == wanted);
    }
}

TEST_CASE("a packet longer than a full one of ours is refused by its length alone") {
    const auto at_most = packet_bytes_max(1024);
    bytes prefix;
    wire::append_uvarint(prefix, at_most);
    CHECK(read_all(prefix).empty());  // the rest may still come
    prefix.clear();
    wire::append_uvarint(prefix, at_most + 1);
    CHECK(read_one(prefix) == "error: a packet is longer than 1034 bytes");
    CHECK(read_one(*from_hex("ffffffffffffffffff01")) ==
          "error: a packet is longer than 1034 bytes");
    CHECK(read_one(*from_hex("ffffffffffffffffffffff")) ==
          "error: a packet is longer than 1034 bytes");
    // A peer whose max_packet_msg_payload_size is larger than ours ends the connection with its first full packet.
    CHECK(read_one(wire::encode_delimited(data_packet(1, true, bytes(1024, 1))), 1000)
              .starts_with("error: "));
}

TEST_CASE("a packet of no known kind, or one that does not decode, is refused") {
    CHECK(read_one(*from_hex("00")) == "error: a packet of no known kind");
    CHECK(read_one(*from_hex("022200")) == "error: a packet of no known kind");  // field 4
    CHECK(read_one(*from_hex("020a01"))
              .starts_with("error: packet"));  // a ping longer than its packet
    CHECK(read_one(*from_hex("0108")).starts_with("error: packet"));  // a tag and no more
}

TEST_CASE("a channel of any number comes through: whoever reads the packet checks it") {
    CHECK(read_one(wire::encode_delimited(data_packet(-1, true, view("x")))) == "-1 true 78");
    CHECK(read_one(wire::encode_delimited(data_packet(256, true, view("x")))) == "256 true 78");
}

TEST_CASE("whatever bytes come, the reader gives packets within their limit, or refuses") {
    const auto seed = GENERATE(range(1, 41));
    INFO("seed " << seed);
    seeded_random random(static_cast<std::uint64_t>(seed));
    int refused = 0;
    for (int round = 0; round < 50; ++round) {
        bytes stream;
        for (int i = 0; i < 5; ++i)
            append(stream,
                   wire::encode_delimited(data_packet(static_cast<std::int32_t>(random.below(256)),
                                                      true, bytes(random.below(300), 7))));
        for (auto flips = random.below(4); flips > 0; --flips)
            stream[random.below(stream.size())] ^= static_cast<std::uint8_t>(1 + random.below(255));
        packet_reader reader(1024);
        reader.feed(stream);
        for (std::size_t packets = 0;; ++packets) {
            REQUIRE(packets <= stream.size());
            const auto next = reader.next();
            refused += !next;
            if (!next || !*next)
                break;
            if (const auto* data = std::get_if<packet_data>(&(*next)->sum))
                REQUIRE(data->bytes.size() <= 1034);
        }
    }
    CHECK(refused > 0);
}

TEST_CASE("a message is put together from its packets, up to its channel's limit") {
    message_builder messages(5);
    const auto add = [&](bool eof, std::string_view said) {
        const auto whole = messages.add({0x20, eof, view(said)});
        return !whole    ? whole.error().text
               : !*whole ? std::string("more")
                         : std::string(text(**whole));
    };
    CHECK(add(false, "ab") == "more");
    CHECK(add(true, "cde") == "abcde");
    CHECK(add(true, "") == "");  // empty ones are messages too
    CHECK(add(true, "fghij") == "fghij");
    CHECK(add(false, "abcd") == "more");
    CHECK(add(true, "ef") == "message on channel 32 is longer than 5 bytes");
}
