// SPDX-License-Identifier: Apache-2.0
// The tables of CometBFT's libs/json (encoder_test.go, decoder_test.go) where a schema can say the same, and our attributes.
#include "base/wire/json.hpp"

#include "base/strong.hpp"
#include "base/text.hpp"

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::wire;

namespace things {

struct car {
    std::int32_t wheels = 0;
    static constexpr auto schema = fields(json_field("Wheels", &car::wheels));
    bool operator==(const car&) const = default;
};
struct boat {
    bool sail = false;
    static constexpr auto schema = fields(json_field("Sail", &boat::sail));
    bool operator==(const boat&) const = default;
};
struct vehicle {
    std::variant<std::monostate, car, boat> is;
    static constexpr auto schema = fields(one_of("", &vehicle::is, alternative{1, "vehicle/car"}, alternative{2, "vehicle/boat"}));
    bool operator==(const vehicle&) const = default;
};
struct tags {
    std::string json_name, omit, hidden;
    static constexpr auto schema = fields(field<1>("name", &tags::json_name), field<2>("OmitEmpty", &tags::omit, omit_empty),
                                          field<3>("", &tags::hidden));
    bool operator==(const tags&) const = default;
};
enum class color : std::int32_t { red, green };
struct custom {
    std::string is;
    bool operator==(const custom&) const = default;
};
void write_json(json::writer& w, const custom&) { w.string("custom"); }
result<void> read_json(const json::value& v, custom& to) {
    if (!v.is(json::kind::string))
        return fail(errc::unsupported, "not my kind");
    to.is = v.string();
    return {};
}
struct inside {
    std::int32_t deep = 0;
    std::string note;
    static constexpr auto schema = fields(json_field("deep", &inside::deep), json_field("note", &inside::note, omit_empty));
    bool operator==(const inside&) const = default;
};
struct everything {
    bool flag = false;
    std::int32_t i32 = 0;
    std::uint32_t u32 = 0;
    std::int64_t i64 = 0;
    std::uint64_t u64 = 0;
    height_t height;
    std::optional<std::int64_t> maybe;
    std::string name;
    bytes data;
    inline_bytes<20> address;
    inline_bytes<64> sig;
    fixed<2> pair;
    timestamp time;
    duration span{};
    color paint{};
    car own;
    vehicle any;
    std::vector<vehicle> vehicles;
    std::vector<bytes> txs;
    std::vector<std::int64_t> numbers;
    std::variant<std::monostate, car, bytes> choice;
    custom special;
    std::string state;
    inside in;

    static constexpr auto schema = fields(
        json_field("flag", &everything::flag), json_field("i32", &everything::i32), json_field("u32", &everything::u32),
        json_field("i64", &everything::i64), json_field("u64", &everything::u64), json_field("height", &everything::height),
        json_field("maybe", &everything::maybe), json_field("name", &everything::name), json_field("data", &everything::data),
        json_field("address", &everything::address), json_field("sig", &everything::sig), json_field("pair", &everything::pair),
        json_field("time", &everything::time), json_field("span", &everything::span), json_field("paint", &everything::paint),
        json_field("own", &everything::own), json_field("any", &everything::any),
        json_field("vehicles", &everything::vehicles, null_empty), json_field("txs", &everything::txs),
        json_field("numbers", &everything::numbers),
        one_of("choice", &everything::choice, alternative{1, "car"}, alternative{2, "key"}),
        json_field("special", &everything::special), json_field("state", &everything::state, raw_json),
        json_field("in", &everything::in, inlined));
    bool operator==(const everything&) const = default;
};
struct attributes {
    std::int64_t bare = 0;
    inline_bytes<20> coded;
    bytes upper, lower;
    std::vector<bytes> list;
    static constexpr auto schema =
        fields(json_field("bare", &attributes::bare, number), json_field("coded", &attributes::coded, base64),
               json_field("upper", &attributes::upper, hex), json_field("lower", &attributes::lower, hex_lower),
               json_field("list", &attributes::list, hex));
    bool operator==(const attributes&) const = default;
};
struct optional_all {
    bool a = false;
    std::int64_t b = 0;
    std::string c;
    std::vector<std::int64_t> d;
    std::optional<car> e;
    car f;
    timestamp g;
    bytes h;
    static constexpr auto schema =
        fields(json_field("a", &optional_all::a, omit_empty), json_field("b", &optional_all::b, omit_empty),
               json_field("c", &optional_all::c, omit_empty), json_field("d", &optional_all::d, omit_empty),
               json_field("e", &optional_all::e, omit_empty), json_field("f", &optional_all::f, omit_empty),
               json_field("g", &optional_all::g, omit_empty), json_field("h", &optional_all::h, omit_empty));
};
struct full_form {
    optional_all below;
    std::int32_t own = 0;
    static constexpr bool json_emit_defaults = true;
    static constexpr auto schema = fields(json_field("below", &full_form::below), json_field("own", &full_form::own, omit_empty));
};
struct validator {
    std::int64_t power = 0;
    static constexpr auto schema = fields(json_field("power", &validator::power));
};
struct validators {
    std::vector<validator> list;
    std::vector<std::vector<std::int32_t>> grid;
    vehicle any;
    static constexpr auto schema = fields(json_field("validators", &validators::list), json_field("grid", &validators::grid), json_field("any", &validators::any));
};

}  // namespace things

using namespace things;

namespace {
template <class T>
std::string problem(std::string_view text) {
    INFO(text);
    const auto r = from_json<T>(text);
    REQUIRE(!r);
    return r.error().text;
}
}  // namespace

TEST_CASE("values are written as libs/json writes them") {
    CHECK(to_json(std::string("foo")) == R"("foo")");
    CHECK(to_json(std::int32_t{32}) == "32");
    CHECK(to_json(std::uint32_t{32}) == "32");
    CHECK(to_json(std::int64_t{64}) == R"("64")");
    CHECK(to_json(std::int64_t{-64}) == R"("-64")");
    CHECK(to_json(std::uint64_t{64}) == R"("64")");
    CHECK(to_json(std::optional<std::int64_t>{64}) == R"("64")");
    CHECK(to_json(std::optional<std::int64_t>{}) == "null");
    CHECK(to_json(timestamp{1591113913, 4'346'374}) == R"("2020-06-02T16:05:13.004346374Z")");
    CHECK(to_json(timestamp{}) == R"("0001-01-01T00:00:00Z")");
    CHECK(to_json(duration(48h)) == R"("172800000000000")");
    CHECK(to_json(bytes{1, 2, 3}) == R"("AQID")");
    CHECK(to_json(bytes{}) == "null");
    CHECK(to_json(fixed<3>{{1, 2, 3}}) == R"("AQID")");
    CHECK(to_json(std::vector<std::int64_t>{1, 2, 3}) == R"(["1","2","3"])");
    CHECK(to_json(std::vector<std::int32_t>{1, 2, 3}) == "[1,2,3]");
    CHECK(to_json(std::vector<std::int64_t>{}) == "[]");
    CHECK(to_json(std::vector<std::optional<std::int64_t>>{64, {}}) == R"(["64",null])");
    CHECK(to_json(std::vector<bytes>{{1}, {}}) == R"(["AQ==",""])");
    CHECK(to_json(vehicle{car{4}}) == R"({"type":"vehicle/car","value":{"Wheels":4}})");
    CHECK(to_json(vehicle{boat{true}}) == R"({"type":"vehicle/boat","value":{"Sail":true}})");
    CHECK(to_json(vehicle{}) == "null");
    CHECK(to_json(car{4}) == R"({"Wheels":4})");
    CHECK(to_json(tags{"name", "foo", "bar"}) == R"({"name":"name","OmitEmpty":"foo"})");
    CHECK(to_json(tags{}) == R"({"name":""})");
    CHECK(to_json(custom{"x"}) == R"("custom")");
    CHECK(to_json(color::green) == "1");
    CHECK(to_json(height_t(5)) == R"("5")");
}

TEST_CASE("a message is written member by member") {
    CHECK(to_json(everything{}) ==
          R"({"flag":false,"i32":0,"u32":0,"i64":"0","u64":"0","height":"0","maybe":null,"name":"","data":null,"address":"","sig":null,)"
          R"("pair":"AAA=","time":"0001-01-01T00:00:00Z","span":"0","paint":0,"own":{"Wheels":0},"any":null,"vehicles":null,"txs":[],)"
          R"("numbers":[],"choice":null,"special":"custom","state":null,"deep":0})");
    everything e;
    e.flag = true;
    e.i32 = -1;
    e.u32 = UINT32_MAX;
    e.i64 = INT64_MIN;
    e.u64 = UINT64_MAX;
    e.height = height_t(7);
    e.maybe = 0;
    e.name = "<x>";
    e.data = {255};
    e.address.assign(bytes{0xab, 0xcd});
    e.sig.assign(bytes{1});
    e.pair = {{1, 2}};
    e.time = {1591113913, 500'000'000};
    e.span = -1ns;
    e.paint = color::green;
    e.own = {4};
    e.any.is = boat{true};
    e.vehicles = {vehicle{car{3}}, vehicle{}};
    e.txs = {{}, {0}};
    e.numbers = {-9};
    e.choice = bytes{1, 2, 3};
    e.special.is = "custom";
    e.state = R"({"a":[1,2.50]})";
    e.in = {9, "n"};
    const auto text = to_json(e);
    CHECK(text ==
          R"({"flag":true,"i32":-1,"u32":4294967295,"i64":"-9223372036854775808","u64":"18446744073709551615","height":"7","maybe":"0",)"
          R"("name":"\u003cx\u003e","data":"/w==","address":"ABCD","sig":"AQ==","pair":"AQI=","time":"2020-06-02T16:05:13.5Z","span":"-1",)"
          R"("paint":1,"own":{"Wheels":4},"any":{"type":"vehicle/boat","value":{"Sail":true}},)"
          R"("vehicles":[{"type":"vehicle/car","value":{"Wheels":3}},null],"txs":["","AA=="],"numbers":["-9"],)"
          R"("choice":{"type":"key","value":"AQID"},"special":"custom","state":{"a":[1,2.50]},"deep":9,"note":"n"})");
    const auto back = from_json<everything>(text);
    REQUIRE(back);
    CHECK(*back == e);
    const auto indented = from_json<everything>(to_json_indented(e));
    REQUIRE(indented);
    auto with_layout = e;
    with_layout.state = indented->state;  // raw JSON is kept as it stood
    CHECK(*indented == with_layout);
    CHECK(with_layout.state.find("\n") != std::string::npos);
    CHECK(to_json(*indented) == text);
}

TEST_CASE("attributes change how a member is written and read") {
    attributes a{-5, {}, {0xab}, {0xcd}, {{0xef}, {}}};
    a.coded.assign(bytes{1, 2, 3});
    CHECK(to_json(a) == R"({"bare":-5,"coded":"AQID","upper":"AB","lower":"cd","list":["EF",""]})");
    CHECK(to_json(attributes{}) == R"({"bare":0,"coded":null,"upper":"","lower":"","list":[]})");
    const auto back = from_json<attributes>(to_json(a));
    REQUIRE(back);
    CHECK(*back == a);
    CHECK(problem<attributes>(R"({"bare":"5"})") == "bare: expected a number, got a string");
}

TEST_CASE("what is empty is omitted, except where everything is written") {
    CHECK(to_json(optional_all{}) == "{}");
    CHECK(to_json(full_form{}) ==
          R"({"below":{"a":false,"b":"0","c":"","d":[],"e":null,"f":{"Wheels":0},"g":"0001-01-01T00:00:00Z","h":null},"own":0})");
    optional_all o;
    o.a = true;
    o.e = car{0};
    o.f = {1};
    o.g = timestamp::unix_epoch();
    CHECK(to_json(o) == R"({"a":true,"e":{"Wheels":0},"f":{"Wheels":1},"g":"1970-01-01T00:00:00Z"})");
}

TEST_CASE("values are read as libs/json reads them") {
    CHECK(*from_json<bool>("true"));
    CHECK(*from_json<std::int32_t>("32") == 32);
    CHECK(*from_json<std::int64_t>(R"("64")") == 64);
    CHECK(*from_json<std::int64_t>("null") == 0);
    CHECK(!*from_json<std::optional<std::int64_t>>("null"));
    CHECK(**from_json<std::optional<std::int64_t>>(R"("64")") == 64);
    CHECK(*from_json<std::string>(R"("foo")") == "foo");
    CHECK(*from_json<bytes>(R"("AQID")") == bytes{1, 2, 3});
    CHECK(*from_json<std::vector<bytes>>(R"(["AQID"])") == std::vector<bytes>{{1, 2, 3}});
    CHECK(*from_json<std::vector<std::int32_t>>("[1,2,3]") == std::vector<std::int32_t>{1, 2, 3});
    CHECK(*from_json<std::vector<std::int64_t>>(R"(["1","2","3"])") == std::vector<std::int64_t>{1, 2, 3});
    CHECK(from_json<std::vector<std::int64_t>>("null")->empty());
    CHECK(from_json<fixed<3>>(R"("AQID")")->data == std::array<std::uint8_t, 3>{1, 2, 3});
    CHECK(*from_json<timestamp>(R"("2020-06-03T17:35:30Z")") == timestamp{1591205730, 0});
    CHECK(*from_json<vehicle>(R"({"type":"vehicle/car","value":{"Wheels":4}})") == vehicle{car{4}});
    CHECK(*from_json<vehicle>(R"({"value":{"Sail":true},"type":"vehicle/boat"})") == vehicle{boat{true}});
    CHECK(*from_json<vehicle>("null") == vehicle{});
    CHECK(*from_json<tags>(R"({"name":"name","OmitEmpty":"foo","Hidden":"bar","tags":{"name":"child"}})") == tags{"name", "foo", ""});
    CHECK(*from_json<tags>(R"({"JSONName":"name"})") == tags{});
    CHECK(*from_json<tags>(R"({"NAME":"a"})") == tags{"a", "", ""});
    CHECK(*from_json<tags>(R"({"name":"a","Name":"b"})") == tags{"a", "", ""});
    CHECK(from_json<custom>(R"("foo")")->is == "foo");
}

TEST_CASE("what libs/json refuses is refused") {
    for (const auto bad : {"\"32\"", "3.5", "2147483648", "-2147483649", "1e2", "true", "[]"})
        CHECK(!from_json<std::int32_t>(bad));
    for (const auto bad : {"64", "\"64", "\"\"", "\"+6\"", "\" 64\"", "\"6.0\"", "\"064\"", "\"9223372036854775808\"", "\"\\u0036\"", "true"})
        CHECK(!from_json<std::int64_t>(bad));
    CHECK(!from_json<std::uint64_t>("\"-1\""));
    CHECK(!from_json<std::uint32_t>("-1"));
    CHECK(!from_json<bool>("1"));
    CHECK(!from_json<std::string>("1"));
    CHECK(!from_json<std::vector<std::int64_t>>("[1,2,3]"));
    CHECK(!from_json<std::vector<std::int64_t>>("{}"));
    CHECK(!from_json<fixed<4>>(R"("AQID")"));
    CHECK(!from_json<fixed<2>>(R"("AQID")"));
    CHECK(!from_json<inline_bytes<2>>(R"("AQID")"));
    CHECK(!from_json<bytes>(R"("AQI")"));
    CHECK(!from_json<inline_bytes<20>>(R"("xy")"));
    CHECK(!from_json<timestamp>(R"("2020-06-03T17:35:30+02:00")"));
    CHECK(!from_json<timestamp>(R"("2020-06-03T17:35:30")"));
    CHECK(!from_json<timestamp>("5"));
    CHECK(!from_json<vehicle>(R"({"type":"vehicle/shoes","value":{"Soles":"rubber"}})"));
    CHECK(!from_json<car>(R"("foo")"));
    CHECK(!from_json<car>("[1]"));
    CHECK(!from_json<car>(""));
}

TEST_CASE("an error names its place, in words that clients of CometBFT know") {
    CHECK(problem<validators>(R"({"validators":[{"power":"1"},{},{"power":"3"},{"power":5}]})") ==
          "validators[3].power: invalid 64-bit integer encoding \"5\", expected string");
    CHECK(problem<validators>(R"({"grid":[[1],[2,"x"]]})") == "grid[1][1]: expected a number, got a string");
    CHECK(problem<validators>(R"({"validators":3})") == "validators: expected an array, got a number");
    CHECK(problem<validators>(R"({"any":{"type":"vehicle/car","value":{"Wheels":true}}})") == "any.value.Wheels: expected a number, got a boolean");
    CHECK(problem<validators>(R"({"any":{"type":"x","value":1}})") == "any: unknown type \"x\"");
    CHECK(problem<validators>(R"({"any":{"value":1}})") == "any: interface type cannot be empty");
    CHECK(problem<validators>(R"({"any":{"type":"vehicle/car"}})") == "any: interface value cannot be empty");
    CHECK(problem<std::int64_t>("5") == "invalid 64-bit integer encoding \"5\", expected string");
    CHECK(problem<timestamp>("5") == "JSON time must be an RFC3339 string, but got \"5\"");
    CHECK(problem<timestamp>(R"("2020-06-03T17:35:30+02:00")") ==
          R"(JSON time must be UTC and end with 'Z', but got "\"2020-06-03T17:35:30+02:00\"")");
    CHECK(problem<std::vector<custom>>("[\"a\",1]") == "[1]: not my kind");
    CHECK(from_json<std::vector<custom>>("[1]").error().code == errc::unsupported);
    CHECK(problem<std::int32_t>("4294967296") == "number 4294967296 is out of range");
}

TEST_CASE("a member that is missing or null becomes zero; unknown ones are passed over") {
    everything e;
    e.i64 = 5;
    e.in = {3, "kept"};
    e.vehicles.resize(2);
    e.choice = car{1};
    const auto d = json::parse(R"({"unknown":{"i64":[1]},"i32":4,"name":null})");
    REQUIRE(d);
    REQUIRE(json::read(d->root(), e));
    everything expected;
    expected.i32 = 4;
    expected.in.note = "kept";  // omit_empty: left as it was
    CHECK(e == expected);
}
