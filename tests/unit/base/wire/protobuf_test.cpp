// SPDX-License-Identifier: Apache-2.0
// The bytes were made by protoc 3.21 from a .proto of the same shape; where gogoproto differs (a plain member message is
// always written) the message was written explicitly.
#include "base/wire/protobuf.hpp"

#include "base/crypto/hash.hpp"
#include "base/random.hpp"
#include "base/strong.hpp"
#include "base/text.hpp"
#include "tests/vectors/vectors.hpp"

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::wire;

namespace {

enum class kind_t : std::int32_t { none, one, two };

struct inner {
    std::uint32_t total = 0;
    inline_bytes<4> hash;
    static constexpr auto schema = fields(field<1>("total", &inner::total), field<2>("hash", &inner::hash));
    bool operator==(const inner&) const = default;
};

struct all {
    bool flag = false;
    std::int32_t i32 = 0;
    std::uint32_t u32 = 0;
    std::int64_t i64 = 0;
    std::uint64_t u64 = 0;
    kind_t kind{};
    std::string name;
    bytes data;
    inner in;
    std::optional<inner> maybe;
    std::vector<inner> list;
    std::vector<std::int64_t> numbers;
    std::vector<bytes> blobs;
    timestamp time = timestamp::unix_epoch();
    duration span{};
    height_t height;
    std::vector<std::uint32_t> loose;
    std::variant<std::monostate, inner, bytes, std::int64_t> choice;

    static constexpr auto schema =
        fields(field<1>("flag", &all::flag), field<2>("i32", &all::i32), field<3>("u32", &all::u32), field<4>("i64", &all::i64),
               field<5>("u64", &all::u64), field<6>("kind", &all::kind), field<7>("name", &all::name), field<8>("data", &all::data),
               field<9>("in", &all::in), field<10>("maybe", &all::maybe), field<11>("list", &all::list),
               field<12>("numbers", &all::numbers), field<13>("blobs", &all::blobs), field<14>("time", &all::time),
               field<15>("span", &all::span), field<16>("height", &all::height, sfixed64),
               field<17>("loose", &all::loose, not_packed), json_field("only_json", &all::i32),
               one_of("choice", &all::choice, alternative{100}, alternative{101}, alternative{102}));
    bool operator==(const all&) const = default;
};

struct holder {
    slice body;
    fixed<2> pair;
    static constexpr auto schema = fields(field<1>("body", &holder::body), field<2>("pair", &holder::pair));
};

struct nested {
    std::vector<nested> deeper;
    static constexpr auto schema = fields(field<1>("deeper", &nested::deeper));
};

struct wide {
    std::array<fixed<32>, 8> room;
    std::uint32_t number = 0;
    static constexpr auto schema = fields(field<1>("number", &wide::number));
};

struct wide_list {
    std::vector<wide> items;
    static constexpr auto schema = fields(field<1>("items", &wide_list::items));
};

struct list_of_numbers {
    std::vector<std::uint64_t> numbers;
    std::vector<inner> inners;
    static constexpr auto schema = fields(field<1>("numbers", &list_of_numbers::numbers), field<2>("inners", &list_of_numbers::inners));
};

struct nothing {
    static constexpr auto schema = fields();
};
struct packet_data {
    std::int32_t channel = 0;
    bool eof = false;
    byte_view data;  // borrowed
    static constexpr auto schema =
        fields(field<1>("", &packet_data::channel), field<2>("", &packet_data::eof), field<3>("", &packet_data::data));
};
struct packet {
    std::variant<std::monostate, nothing, nothing, packet_data> sum;
    static constexpr auto schema = fields(one_of("", &packet::sum, alternative{1}, alternative{2}, alternative{3}));
};

const std::string full_hex =
    "080110ffffffffffffffffff0118ffffffff0f208080808080808080800128ffffffffffffffffff0130023a056ec3a46d65420200ff4a0608011202616252005a"
    "0208055a00620d01feffffffffffffffff01ac026a01786a00720808f4fb8eed0510057a1608fdffffffffffffffff011080b6ca91feffffffff018101f9ffffff"
    "ffffffff88010188018001aa0600";

all full() {
    all m;
    m.flag = true;
    m.i32 = -1;
    m.u32 = UINT32_MAX;
    m.i64 = INT64_MIN;
    m.u64 = UINT64_MAX;
    m.kind = kind_t::two;
    m.name = "n\u00e4me";
    m.data = {0x00, 0xff};
    m.in = {1, inline_bytes<4>(view("ab"))};
    m.maybe.emplace();
    m.list = {{5, {}}, {}};
    m.numbers = {1, -2, 300};
    m.blobs = {to_bytes("x"), {}};
    m.time = {1571012084, 5};
    m.span = -3500ms;
    m.height = height_t(-7);
    m.loose = {1, 128};
    m.choice.emplace<bytes>();
    return m;
}

bytes raw(std::string_view hex) {
    const auto decoded = from_hex(hex);
    REQUIRE(decoded);
    return *decoded;
}

all decoded(byte_view in) {
    auto m = decode<all>(in);
    REQUIRE(m);
    return *m;
}

}  // namespace

TEST_CASE("every kind of member is encoded as protoc does, and read back") {
    CHECK(to_hex(encode(full())) == full_hex);
    CHECK(encoded_size(full()) == full_hex.size() / 2);
    CHECK(decoded(raw(full_hex)) == full());
}

TEST_CASE("zeros are omitted, plain messages and times are not") {
    CHECK(to_hex(encode(all{})) == "4a0072007a00");
    CHECK(decoded(raw("4a0072007a00")) == all{});
    CHECK(decoded({}) == all{});
}

TEST_CASE("a oneof's member is written also when zero") {
    all m;
    m.choice.emplace<std::int64_t>(0);
    CHECK(to_hex(encode(m)) == "4a0072007a00b00600");
    m.choice.emplace<inner>(inner{7, {}});
    CHECK(to_hex(encode(m)) == "4a0072007a00a206020807");
    CHECK(decoded(encode(m)) == m);
    // The last one on the wire is the one that counts, and starts from nothing.
    CHECK(std::get<bytes>(decoded(raw("a206020807aa060178")).choice) == to_bytes("x"));
    CHECK(std::get<inner>(decoded(raw("a206020807a206020800")).choice) == inner{});
}

TEST_CASE("a delimited message has its length in front") {
    const auto out = encode_delimited(full());
    CHECK(read_prefix(out).value == full_hex.size() / 2);
    CHECK(to_hex(byte_view(out).subspan(read_prefix(out).size)) == full_hex);
    bytes appended{0xee};
    encode_to(appended, inner{3, {}});
    CHECK(to_hex(appended) == "ee0803");
}

TEST_CASE("a decoder takes every valid encoding") {
    CHECK(decoded(raw("30021001")).kind == kind_t::two);                     // any order
    CHECK(decoded(raw("90808000818000")).i32 == 1);                          // long tags and numbers
    CHECK(decoded(raw("1001100a")).i32 == 10);                               // the last one wins
    CHECK(decoded(raw("6202010260036204ffff0308")).numbers == std::vector<std::int64_t>{1, 2, 3, 65535, 8});  // packed, not, mixed
    CHECK(decoded(raw("8a010201028801038a0100")).loose == std::vector<std::uint32_t>{1, 2, 3});
    CHECK(decoded(raw("4a0208014a04120261625a00")).in == inner{1, inline_bytes<4>(view("ab"))});  // parts of a message are merged
    CHECK(decoded(raw("18ffffffffffffffffff01")).u32 == UINT32_MAX);         // bits past the type are dropped
    CHECK(decoded(raw("0802")).flag);
    CHECK(decoded(raw("7200")).time == timestamp::unix_epoch());
}

TEST_CASE("unknown fields of every wire type are skipped") {
    const auto prefix = encode(full());
    for (const auto unknown : {"c03e01", "c13e0102030405060708", "c23e03010203", "c53e01020304",
                               "c33e0801120378797a1d01020304c43e",          // a group with a varint, bytes and fixed32 inside
                               "c33ec33ec33ec43ec43ec43e"}) {               // groups in groups
        INFO(unknown);
        auto in = prefix;
        append(in, raw(unknown));
        append(in, raw("1005"));
        auto expected = full();
        expected.i32 = 5;
        CHECK(decoded(in) == expected);
    }
}

TEST_CASE("what is malformed is refused") {
    for (const auto bad : {"00",                            // field 0
                           "0001", "08",                    // no value
                           "0c",                            // an end of a group that did not start
                           "0e00", "0f00",                  // wire types 6 and 7
                           "0a01",                          // a bool as bytes
                           "42",                            // bytes without a length
                           "4205616263",                    // fewer than promised
                           "42ffffffffffffffffff01",        // a length past everything
                           "4208",                          // the same
                           "4806",                          // a message as a varint
                           "80010500000000000000",          // sfixed64 as a varint
                           "8101050000000000",              // half of it
                           "6203010280",                    // packed numbers that end too soon
                           "4a02088a",                      // a message whose field ends too soon
                           "4a0712056162636465",            // five bytes for a member of at most four
                           "c33e0801",                      // a group without an end
                           "c33e09c43e",                    // a group that ends inside a field
                           "10ffffffffffffffffffffff01",    // a varint of twelve bytes
                           "fcffffffffffffffff01",          // tag with a field number past 2^31
                           "720608ffffffff1f10",            // a time that ends too soon
                           "720610ffffffff0f", "721008ffffffffffffffff7f10ffffffff07",  // nanoseconds past a second; far future
                           "7a0408011001ff",                // rest behind a duration
                           "7a0d08011080b6ca91feffffffff01",  // a duration whose signs disagree
                           "7a0a08808080808080808001"}) {   // a duration past 64 bits of nanoseconds
        INFO(bad);
        CHECK(!decode<all>(raw(bad)));
    }
}

TEST_CASE("a message cut at any byte never reads past its end, and is not what it was") {
    const auto whole = raw(full_hex);
    for (std::size_t cut = 0; cut < whole.size(); ++cut) {
        const bytes part(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(cut));  // of its own, so that asan sees its end
        const auto m = decode<all>(part);
        if (m)
            CHECK(!(*m == full()));
    }
}

TEST_CASE("random bytes neither crash a decoder nor change what it makes of its own output") {
    seeded_random random(17);
    const auto whole = raw(full_hex);
    int accepted = 0;
    for (int round = 0; round < 20'000; ++round) {
        auto in = whole;
        for (auto flips = 1 + random.below(3); flips > 0; --flips)
            in[random.below(in.size())] ^= static_cast<std::uint8_t>(1u << random.below(8));
        in.resize(random.below(in.size() + 1));
        if (const auto m = decode<all>(in)) {
            ++accepted;
            REQUIRE(decoded(encode(*m)) == *m);
        }
    }
    CHECK(accepted > 100);
}

TEST_CASE("fixed lengths are all or nothing, slices share their owner") {
    const slice message(raw("0a03616263120201ff"));
    const auto shared = decode_shared<holder>(message);
    REQUIRE(shared);
    CHECK(text(shared->body) == "abc");
    CHECK(shared->body.data() == message.data() + 2);
    CHECK(shared->pair == fixed<2>{{1, 255}});
    const auto copied = decode<holder>(message);
    REQUIRE(copied);
    CHECK(copied->body.data() != message.data() + 2);
    CHECK(copied->body == shared->body);
    CHECK(!decode<holder>(raw("120101")));
    CHECK(!decode<holder>(raw("1203010203")));
}

TEST_CASE("the depth of messages is bounded") {
    auto nest = [](int levels) {
        bytes in;
        for (int i = 0; i < levels; ++i) {
            bytes outer{0x0a};
            append_uvarint(outer, in.size());
            append(outer, in);
            in = outer;
        }
        return in;
    };
    CHECK(decode<nested>(nest(31)));
    CHECK(!decode<nested>(nest(32)));
    CHECK(!decode<nested>(nest(20'000)));
}

TEST_CASE("unknown groups are skipped however deep they nest and whatever their numbers are, as gogoproto does") {
    for (const std::size_t levels : {1, 31, 100, 1'000'000}) {
        bytes in(levels, 0x13);             // field 2 opens
        in.insert(in.end(), levels, 0x14);  // and closes
        CHECK(decode<nested>(in));
        in.pop_back();
        CHECK(!decode<nested>(in));
    }
    CHECK(decode<nested>(raw("13000014")));  // field 0 inside
    CHECK(decode<nested>(raw("131c")));        // field 3 closes what field 2 opened
    CHECK(!decode<nested>(raw("131414")));
}

TEST_CASE("a small message cannot become a large one") {
    // Two bytes for each empty element, which takes sizeof(inner) in memory.
    auto elements = [](std::size_t count) {
        bytes in;
        for (std::size_t i = 0; i < count; ++i)
            append(in, raw("5a00"));
        return in;
    };
    CHECK(decode<all>(elements(1000)));
    const std::size_t many = 1'000'000;
    bytes in(2 * many);
    for (std::size_t i = 0; i < many; ++i)
        in[2 * i] = 0x0a;
    const auto big = decode<wide_list>(in);
    REQUIRE(!big);
    CHECK(big.error().code == errc::too_large);

    bytes packed{0x0a};
    append_uvarint(packed, 1'000'000);
    packed.resize(packed.size() + 1'000'000, 1);
    const auto numbers = decode<list_of_numbers>(packed);  // eight bytes of memory for one: within the budget
    REQUIRE(numbers);
    CHECK(numbers->numbers.size() == 1'000'000);
}

TEST_CASE("vectors: timestamp_proto") {
    for (const auto& c : vectors::group("timestamp_proto")) {
        const auto t = vectors::time(c, "time");
        CHECK(encode(detail::split(t)) == vectors::hex(c, "proto"));
        bytes in{0x72};
        append_uvarint(in, vectors::hex(c, "proto").size());
        append(in, vectors::hex(c, "proto"));
        CHECK(decoded(in).time == t);
    }
}

TEST_CASE("vectors: mconn_packets and mconn_delimited, whose data is borrowed both ways") {
    auto coded = [](const packet& p, bool with_length) { return with_length ? encode_delimited(p) : encode(p); };
    auto data = [](std::int32_t channel, bool eof, byte_view d) {
        packet p;
        p.sum.emplace<3>(packet_data{channel, eof, d});
        return p;
    };
    packet ping, pong;
    ping.sum.emplace<1>();
    pong.sum.emplace<2>();

    const vectors::group plain("mconn_packets"), delimited("mconn_delimited");
    const auto text = to_bytes("data transmitted over the wire");
    CHECK(coded(ping, false) == vectors::hex(plain[0], "hex"));
    CHECK(coded(pong, false) == vectors::hex(plain[1], "hex"));
    CHECK(coded(data(1, false, text), false) == vectors::hex(plain[2], "hex"));
    const auto wire_bytes = vectors::hex(plain[2], "hex");
    const auto back = decode<packet>(wire_bytes);
    REQUIRE(back);
    CHECK(equal(std::get<3>(back->sum).data, text));
    CHECK(std::get<3>(back->sum).data.data() == wire_bytes.data() + wire_bytes.size() - text.size());

    CHECK(coded(ping, true) == vectors::hex(delimited[0], "hex"));
    CHECK(coded(pong, true) == vectors::hex(delimited[1], "hex"));
    CHECK(coded(data(0x20, true, raw("0a0a08011001180120012801")), true) == vectors::hex(delimited[2], "hex"));
    CHECK(coded(data(0, true, raw("0a00")), true) == vectors::hex(delimited[3], "hex"));
    const auto largest = coded(data(0x20, true, bytes(1024, 0xaa)), false);
    CHECK(static_cast<std::int64_t>(largest.size()) == vectors::int64(delimited[4], "packet_len"));
    CHECK(to_hex(crypto::sha256(coded(data(0x20, true, bytes(1024, 0xaa)), true))) == vectors::text(delimited[4], "sha256"));
}
