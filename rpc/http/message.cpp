// SPDX-License-Identifier: Apache-2.0
#include "rpc/http/message.hpp"

#include <algorithm>
#include <chrono>

#include "base/text.hpp"

namespace tetrad::rpc::http {

namespace {

/// RFC 9110's date: "Tue, 15 Nov 1994 08:12:31 GMT".
std::string http_date(timestamp t) {
    static constexpr const char* days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static constexpr const char* months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    using namespace std::chrono;
    const sys_seconds at{seconds(t.seconds)};
    const auto day = floor<std::chrono::days>(at);
    const year_month_day ymd(day);
    const hh_mm_ss time(at - day);
    return format("{}, {:02} {} {} {:02}:{:02}:{:02} GMT", days[weekday(day).c_encoding()], static_cast<unsigned>(ymd.day()),
                  months[static_cast<unsigned>(ymd.month()) - 1], static_cast<int>(ymd.year()), time.hours().count(),
                  time.minutes().count(), time.seconds().count());
}

}  // namespace

std::string_view request::parameter(std::string_view name) const {
    const auto first = [name](const auto& pairs) {
        const auto at = std::ranges::find(pairs, name, [](const auto& pair) { return std::string_view(pair.first); });
        return at == pairs.end() ? std::string_view() : std::string_view(at->second);
    };
    const auto of_url = first(query);
    return of_url.empty() ? first(form) : of_url;
}

std::string_view reason(int status) {
    switch (status) {
        case 200: return "OK";
        case 204: return "No Content";
        case 307: return "Temporary Redirect";
        case 400: return "Bad Request";
        case 404: return "Not Found";
        case 408: return "Request Timeout";
        case 413: return "Request Entity Too Large";
        case 431: return "Request Header Fields Too Large";
        case 500: return "Internal Server Error";
        case 501: return "Not Implemented";
        case 505: return "HTTP Version Not Supported";
        case 503: return "Service Unavailable";
        default: return "Status";
    }
}

std::string clean_path(std::string_view path) {
    std::vector<std::string_view> kept;
    for (const auto part : split(path, '/')) {
        if (part == ".." && !kept.empty())
            kept.pop_back();
        else if (!part.empty() && part != "." && part != "..")
            kept.push_back(part);
    }
    return "/" + join(kept, "/") + (path.ends_with('/') && !kept.empty() ? "/" : "");
}

std::string render(const response& r, timestamp now, bool keep_alive, bool head_only) {
    std::string out;
    out.reserve(256 + (head_only ? 0 : r.body.size()));
    out += format("HTTP/1.1 {} {}\r\n", r.status, reason(r.status));
    if (!r.content_type.empty())
        out += "Content-Type: " + r.content_type + "\r\n";
    for (const auto& [name, value] : r.headers)
        out += name + ": " + value + "\r\n";
    if (r.tells_time)
        out += format("X-Server-Time: {}\r\n", now.seconds);
    out += format("Date: {}\r\nContent-Length: {}\r\n", http_date(now), r.body.size());
    if (!keep_alive)
        out += "Connection: close\r\n";
    out += "\r\n";
    if (!head_only)
        out += r.body;
    return out;
}

}  // namespace tetrad::rpc::http
