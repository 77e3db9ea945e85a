// SPDX-License-Identifier: Apache-2.0
#include "rpc/http/parser.hpp"

#include "base/random.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::rpc::http;

namespace {

constexpr parser_limits limits{300, 50};

std::string shown(const request& q) {
    std::string out = q.method + " " + q.path;
    for (const auto* pairs : {&q.query, &q.form})
        for (const auto& [name, value] : *pairs)
            out += " " + name + "=" + value;
    return out + " [" + q.body + "]" + q.body_problem + (q.keep_alive ? "" : " closes");
}

/// Every request of a stream that comes in these pieces, up to the first that is none.
std::vector<std::string> parsed(const std::vector<std::string_view>& pieces) {
    std::vector<std::string> out;
    bytes rest;
    auto parser = std::make_unique<request_parser>(limits);
    for (const auto piece : pieces) {
        append(rest, view(piece));
        while (!rest.empty()) {
            std::size_t used = 0;
            const auto at = parser->feed(rest, used);
            if (!at) {
                out.push_back(format("error {}", static_cast<int>(at.error().code)));
                return out;
            }
            REQUIRE(used <= rest.size());
            rest.erase(rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(used));
            if (*at == request_parser::progress::more)
                break;
            const auto q = parser->take();
            out.push_back(q ? shown(*q) : "error of the path");
            if (!q || !q->keep_alive)
                return out;
            parser = std::make_unique<request_parser>(limits);
        }
    }
    return out;
}

const std::vector<std::string> streams = {
    "GET /a?b=c&d=%20+e HTTP/1.1\r\nHost: x\r\n\r\nPOST /f HTTP/1.1\r\nHost: x\r\nContent-Length: "
    "3\r\n\r\nabcGET /g HTTP/1.1\r\nHost: x\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: "
    "chunked\r\n\r\n3\r\nabc\r\nA;e=1\r\n0123456789\r\n0\r\nT: r\r\n\r\nGET /n HTTP/1.1\r\nHost: "
    "x\r\n\r\n",
    "POST /h HTTP/1.1\r\nHost: x\r\nContent-Type: "
    "application/x-www-form-urlencoded\r\nContent-Length: 7\r\n\r\ni=j&k=l",
    "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 51\r\n\r\n" + std::string(51, 'x'),
    "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n30\r\n" +
        std::string(48, 'x') + "\r\n3\r\nabc\r\n0\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    "GET / HTTP/1.1\r\nHost: x\r\nA: " + std::string(400, 'a') + "\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "GET /" + std::string(273, 'p') + " HTTP/1.1\r\nHost: x\r\n\r\n",
    "GET /" + std::string(274, 'p') + " HTTP/1.1\r\nHost: x\r\n\r\n",
    "GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n",
    "GET / HTTP/2.0\r\nHost: x\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n",
    "GET / HTTP/1.1\r\n\r\n",
    "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nHost: x\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding:\r\nContent-Length: 3\r\n\r\nabc",
    "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
    "POST /t HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nContent-Type: "
    "application/x-www-form-urlencoded\r\nConnection: close\r\n\r\nGET /n HTTP/1.1\r\nHost: "
    "x\r\n\r\n",
};

}  // namespace

TEST_CASE("however a stream is cut, its requests are the same") {
    for (const auto& stream : streams) {
        const auto whole = parsed({stream});
        CAPTURE(stream, whole);
        std::vector<std::string_view> single;
        for (std::size_t i = 0; i < stream.size(); ++i)
            single.push_back(std::string_view(stream).substr(i, 1));
        CHECK(parsed(single) == whole);
        for (std::size_t cut = 1; cut < stream.size(); ++cut) {
            INFO("cut at " << cut);
            CHECK(parsed({std::string_view(stream).substr(0, cut),
                          std::string_view(stream).substr(cut)}) == whole);
        }
    }
}

TEST_CASE("what the streams say is what is read") {
    using list = std::vector<std::string>;
    CHECK(parsed({streams[0]}) == list{"GET /a b=c d=  e []", "POST /f [abc]", "GET /g []"});
    CHECK(parsed({streams[1]}) == list{"POST / [abc0123456789]", "GET /n []"});
    CHECK(parsed({streams[2]}) == list{"POST /h i=j k=l [i=j&k=l]"});
    CHECK(parsed({streams[5]}) == list{"POST / []invalid byte in chunk length closes"});
    CHECK(parsed({streams[7]}) == list{"POST / []"});
    CHECK(streams[8].size() == limits.header_bytes_max);
    CHECK(parsed({streams[8]}) == list{"GET /" + std::string(273, 'p') + " []"});
    CHECK(parsed({streams[9]}) == list{format("error {}", static_cast<int>(errc::too_large))});
    CHECK(parsed({streams[10]}) == list{"error of the path"});
    CHECK(parsed({streams[14]}) == list{format("error {}", static_cast<int>(errc::invalid))});
    CHECK(parsed({streams[15]}) == list{format("error {}", static_cast<int>(errc::not_found))});
    CHECK(parsed({streams[16]}) == list{format("error {}", static_cast<int>(errc::not_found))});
    CHECK(parsed({streams[17]}) == list{"POST /t []", "GET /n []"});
    for (const auto i : {3, 4})
        CHECK(parsed({streams[i]}).at(0).find("http: request body too large closes") !=
              std::string::npos);
}

TEST_CASE("one header is at most 64 KiB long, whatever all of them may be") {
    for (const std::size_t size : {65'533, 65'534, 65'536, 1'000'000})
        for (const bool is_name : {false, true}) {
            const std::string many(size, 'a');
            const auto stream = "GET / HTTP/1.1\r\nHost: x\r\n" +
                                (is_name ? many + ": b" : "A: " + many) + "\r\n\r\n";
            INFO(size << (is_name ? " bytes of a name" : " bytes of a value"));
            request_parser parser({});
            std::size_t used = 0;
            const auto at = parser.feed(view(stream), used);
            CHECK(at.has_value() == (size == 65'533));
            if (!at)
                CHECK(at.error().code == errc::too_large);
        }
}

TEST_CASE("a Host is what Go takes for one, and at most 1 KiB long") {
    const auto says = [](const std::string& host) {
        request_parser parser({});
        std::size_t used = 0;
        const auto at = parser.feed(view("GET / HTTP/1.1\r\nHost:" + host + "\r\n\r\n"), used);
        return at ? "" : at.error().text;
    };
    for (const auto& good : {std::string(), std::string("a-b.c:80"),
                             std::string("[fe80::1%25en0]:1"), std::string(1024, 'a')})
        CHECK(says(good).empty());
    for (const auto& bad : {std::string("a b"), std::string("a\"b"), std::string("<a>"),
                            std::string("a/b"), std::string("\xc3\xa9"), std::string(1025, 'a')})
        CHECK(says(bad) == "malformed Host header");
}

TEST_CASE("headers are so many at most, and more are refused before they are all there") {
    const auto with = [](std::size_t headers) {
        std::string out = "GET / HTTP/1.1\r\nHost: x\r\n";
        for (std::size_t i = 1; i < headers; ++i)
            out += "a:\r\n";
        return out;
    };
    const auto fed = [](const std::string& stream) {
        request_parser parser({});
        std::size_t used = 0;
        return parser.feed(view(stream), used);
    };
    CHECK(fed(with(1000) + "\r\n") == request_parser::progress::complete);
    for (const auto& stream : {with(1001) + "\r\n", with(1003)}) {
        const auto at = fed(stream);
        REQUIRE(!at);
        CHECK(at.error().code == errc::too_large);
    }
}

TEST_CASE("what surrounds chunks is at most 4 KiB long, however it comes") {
    using list = std::vector<std::string>;
    const std::string head = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
    const auto with = [&](std::size_t size, std::string_view before, std::string_view after) {
        return head + std::string(before) + std::string(size - before.size() - after.size(), 'a') +
               std::string(after);
    };
    const std::string end = "b\r\n0\r\n\r\n";
    const auto cut_everywhere = [&](const std::string& stream, const list& wanted) {
        CHECK(parsed({stream}) == wanted);
        for (std::size_t cut = head.size(); cut < stream.size(); cut += 101)
            CHECK(parsed({std::string_view(stream).substr(0, cut),
                          std::string_view(stream).substr(cut)}) == wanted);
    };
    cut_everywhere(with(4096, "1;", "\r\n") + end, {"POST / [b]"});
    cut_everywhere(with(4096, "0\r\nT: ", "\r\n\r\n"), {"POST / []"});
    const list refused{"POST / []header line too long closes"};
    cut_everywhere(with(4097, "1;", "\r\n") + end, refused);
    cut_everywhere(with(4097, "0\r\nT: ", "\r\n\r\n"), refused);
    cut_everywhere(with(5000, "1;", ""), refused);
}

TEST_CASE("changed bytes are a request or an error, never more than the limits") {
    const auto seed = GENERATE(1, 2, 3);
    INFO("seed " << seed);
    seeded_random random(static_cast<std::uint64_t>(seed));
    for (int round = 0; round < 3000; ++round) {
        std::string stream = streams[random.below(streams.size())];
        for (std::size_t changes = 1 + random.below(4); changes > 0; --changes)
            stream[random.below(stream.size())] = static_cast<char>(random.below(256));
        const auto cut = random.below(stream.size());
        for (const auto& q : parsed(
                 {std::string_view(stream).substr(0, cut), std::string_view(stream).substr(cut)}))
            CHECK(q.size() < limits.header_bytes_max + limits.body_bytes_max + 100);
    }
}

TEST_CASE("pairs of a query are taken apart as Go does, and only so many") {
    std::vector<std::pair<std::string, std::string>> pairs;
    parse_query("a=1&b&=c&&d=%41+b&%zz=1&e=%zz&f;g=2&a=2", pairs);
    CHECK(pairs == std::vector<std::pair<std::string, std::string>>{
                       {"a", "1"}, {"b", ""}, {"", "c"}, {"d", "A b"}, {"a", "2"}});
    std::string many;
    for (int i = 0; i < 10'000; ++i)
        many += "x=y&";
    pairs.clear();
    parse_query(many, pairs);
    CHECK(pairs.size() == 64);
}

TEST_CASE("a parameter is the first of its name, and the form's where the URL's is empty") {
    request q;
    q.query = {{"a", ""}, {"a", "2"}, {"b", "3"}, {"b", "4"}};
    q.form = {{"a", "5"}, {"b", "6"}, {"c", "7"}};
    CHECK(q.parameter("a") == "5");
    CHECK(q.parameter("b") == "3");
    CHECK(q.parameter("c") == "7");
    CHECK(q.parameter("d").empty());
    q.form.clear();
    CHECK(q.parameter("a").empty());
}
