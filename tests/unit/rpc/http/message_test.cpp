// SPDX-License-Identifier: Apache-2.0
#include "rpc/http/message.hpp"

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::rpc::http;

TEST_CASE("a response is written with its length, its time and the date of RFC 9110") {
    response r;
    r.headers.emplace_back("A", "b");
    r.body = "{}";
    const timestamp now{784887151, 999'999'999};
    const std::string head =
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nA: b\r\nX-Server-Time: 784887151\r\n"
        "Date: Tue, 15 Nov 1994 08:12:31 GMT\r\nContent-Length: 2\r\n";
    CHECK(render(r, now, true, false) == head + "\r\n{}");
    CHECK(render(r, now, false, false) == head + "Connection: close\r\n\r\n{}");
    CHECK(render(r, now, true, true) == head + "\r\n");
    r.tells_time = false;
    r.content_type.clear();
    CHECK(render(r, now, true, false).find("X-Server-Time") == std::string::npos);
    CHECK(render(r, now, true, false).find("Content-Type") == std::string::npos);
}

TEST_CASE("dates are right over leap years and the turn of a day") {
    const auto date_of = [](std::int64_t seconds) {
        const auto text = render({}, {seconds, 0}, true, false);
        const auto at = text.find("Date: ") + 6;
        return text.substr(at, 29);
    };
    CHECK(date_of(0) == "Thu, 01 Jan 1970 00:00:00 GMT");
    CHECK(date_of(951868799) == "Tue, 29 Feb 2000 23:59:59 GMT");
    CHECK(date_of(951868800) == "Wed, 01 Mar 2000 00:00:00 GMT");
    CHECK(date_of(4107542399) == "Sun, 28 Feb 2100 23:59:59 GMT");
    CHECK(date_of(4107542400) == "Mon, 01 Mar 2100 00:00:00 GMT");
}
