// SPDX-License-Identifier: Apache-2.0
// What CometBFT's server answered to the requests of tests/vectors/rpc_oracle.json, and the same methods on ours: their results are
// their arguments. Included last of our headers, as http/site.hpp.
#pragma once

#include "rpc/jsonrpc.hpp"
#include "tests/unit/rpc/http/site.hpp"
#include "tests/vectors/vectors.hpp"

#include <array>
#include <map>
#include <string>

namespace tetrad::rpc::test {

template <class T>
struct echoed {
    T value{};
    static constexpr auto schema = wire::fields(wire::json_field("value", &echoed::value));
};

#define TETRAD_ARGUMENT(name, type, ...)                                               \
    struct name##_argument {                                                           \
        type name{};                                                                   \
        static constexpr auto schema =                                                 \
            wire::fields(wire::json_field(#name, &name##_argument::name __VA_ARGS__)); \
    }
TETRAD_ARGUMENT(plain, std::int64_t);
TETRAD_ARGUMENT(count, std::uint64_t);
TETRAD_ARGUMENT(flag, bool);
TETRAD_ARGUMENT(text, std::string);
TETRAD_ARGUMENT(raw, bytes);
TETRAD_ARGUMENT(hex, bytes, , wire::hex);
#undef TETRAD_ARGUMENT
struct number_argument {
    std::optional<std::int64_t>
        height;  // the name by which routes know what makes an answer cacheable
    static constexpr auto schema =
        wire::fields(wire::json_field("number", &number_argument::height));
};
struct two_arguments {
    std::string text;
    std::int64_t plain = 0;
    static constexpr auto schema = wire::fields(wire::json_field("text", &two_arguments::text),
                                                wire::json_field("plain", &two_arguments::plain));
};
struct hex_result {
    bytes value;
    static constexpr auto schema =
        wire::fields(wire::json_field("value", &hex_result::value, wire::hex));
};

template <class A, class Result, auto Member>
task<result<void>> echo(A a, json::writer& w) {
    const Result r{a.*Member};
    json::write(w, r);
    co_return result<void>{};
}
inline task<result<void>> nothing(no_arguments, json::writer& w) {
    const echoed<bool> r;
    json::write(w, r);
    co_return result<void>{};
}
inline task<result<void>> fails(no_arguments, json::writer& w) {
    w.begin_object();  // what was written before a failure is taken back
    co_return fail(errc::not_found, "no such <block>");
}

inline route_table oracle_routes() {
    route_table r;
    add_route<no_arguments>(r, "nothing", caching::never, nothing);
    add_route<no_arguments>(r, "fails", caching::never, fails);
    add_route<number_argument>(
        r, "number", caching::with_height,
        echo<number_argument, echoed<std::optional<std::int64_t>>, &number_argument::height>);
    add_route<plain_argument>(r, "plain", caching::always,
                              echo<plain_argument, echoed<std::int64_t>, &plain_argument::plain>);
    add_route<count_argument>(r, "count", caching::never,
                              echo<count_argument, echoed<std::uint64_t>, &count_argument::count>);
    add_route<flag_argument>(r, "flag", caching::never,
                             echo<flag_argument, echoed<bool>, &flag_argument::flag>);
    add_route<text_argument>(r, "text", caching::never,
                             echo<text_argument, echoed<std::string>, &text_argument::text>);
    add_route<raw_argument>(r, "raw", caching::never,
                            echo<raw_argument, echoed<bytes>, &raw_argument::raw>);
    add_route<hex_argument>(r, "hex", caching::never,
                            echo<hex_argument, hex_result, &hex_argument::hex>);
    add_route<two_arguments>(r, "two", caching::never,
                             echo<two_arguments, echoed<std::int64_t>, &two_arguments::plain>);
    return r;
}

/// The limits that the oracle's servers had.
inline http::server_options oracle_options(bool cors) {
    http::server_options o;
    o.limits = {1 << 12, 1000};
    if (cors)
        o.cors = {{"*"},
                  {"HEAD", "GET", "POST"},
                  {"Origin", "Accept", "Content-Type", "X-Requested-With", "X-Server-Time"}};
    return o;
}
constexpr std::size_t oracle_batch_max = 3;

/// Where a text that is Go's own begins (encoding/json, encoding/hex, encoding/base64): it may be ours.
inline std::size_t gos_own(std::string_view body) {
    std::size_t at = body.size();
    for (const auto* text : {": json: ", ": invalid character ", ": unexpected end of JSON ",
                             ": json-rpc ID (", ": encoding/hex: ", ": illegal base64 data",
                             ": invalid hex string: ", ": invalid byte in chunk "})
        at = std::min(at, body.find(text));
    return at;
}

inline std::vector<answer> expected_answers(const json::value& c) {
    std::vector<answer> out;
    for (const auto v : vectors::at(c, "answers").elements()) {
        answer a{static_cast<int>(vectors::int64(v, "status")), {}, vectors::text(v, "body")};
        // The methods of WebSockets, which we do not have yet, are not in our list.
        constexpr std::string_view listed =
            R"(<a href="//x/subscribe?query=_">//x/subscribe?query=_</a></br>)";
        if (const auto at = a.body.find(listed); at != a.body.npos)
            a.body.erase(at, listed.size());
        for (const auto& [name, value] : vectors::at(v, "headers").members())
            a.headers[std::string(name)] = vectors::text(value);
        if (vectors::has(v, "closes"))
            a.headers["Connection"] = "close";
        out.push_back(std::move(a));
    }
    return out;
}

/// Without what names a time or how the body ends.
inline std::vector<answer> comparable(std::vector<answer> all) {
    for (auto& a : all) {
        a.headers.erase("Date");
        a.headers.erase("Content-Length");
        if (a.headers.contains("X-Server-Time"))
            a.headers["X-Server-Time"] = "TIME";
    }
    return all;
}

inline std::string shown(const std::vector<answer>& all) {
    std::string out;
    for (const auto& a : all) {
        out += format("{}", a.status);
        for (const auto& [name, value] : a.headers)
            out += format(" [{}: {}]", name, value);
        out += " " + a.body + "\n";
    }
    return out;
}

/// By name: where we answer otherwise, and why.
using differences = std::map<std::string, std::string>;

/// Sends every request of a group, and compares the answers but for those that differ for a reason.
inline void check_oracle(std::string_view group, const differences& listed) {
    std::ifstream in(TETRAD_TESTS_DIR "/vectors/rpc_oracle.json", std::ios::binary);
    REQUIRE(in);
    const auto file = json::parse(std::string(std::istreambuf_iterator<char>(in), {}));
    REQUIRE(file);
    const auto routes = oracle_routes();
    auto known = listed;
    const jsonrpc rpc(routes, oracle_batch_max);
    site plain(oracle_options(false), [&](const http::request& q) { return rpc.answer(q); });
    site cors(oracle_options(true), [&](const http::request& q) { return rpc.answer(q); });
    for (const auto c : vectors::at(file->root(), "cases").elements()) {
        if (vectors::text(c, "group") != group)
            continue;
        const auto name = vectors::text(c, "name"), send = vectors::text(c, "send");
        auto wanted = expected_answers(c);
        auto got = comparable(answers_of((vectors::has(c, "cors") ? cors : plain).talk(send),
                                         send.starts_with("HEAD ")));
        const auto as_sent = shown(got);
        for (std::size_t i = 0; i < std::min(wanted.size(), got.size()); ++i)
            if (const auto at = gos_own(wanted[i].body); at < wanted[i].body.size()) {
                wanted[i].body.resize(at);
                got[i].body.resize(std::min(at, got[i].body.size()));
            }
        INFO(name << "\nsent " << send << "\nCometBFT " << shown(expected_answers(c))
                  << "\ntetrad   " << as_sent);
        if (known.erase(name) > 0)
            CHECK_FALSE(got == wanted);  // no difference any more: take it off the list
        else
            CHECK(got == wanted);
    }
    for (const auto& [name, why] : known)
        FAIL_CHECK("no case of this name: " << name);
}

}  // namespace tetrad::rpc::test
