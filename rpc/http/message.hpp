// SPDX-License-Identifier: Apache-2.0
// An HTTP request and response as the handlers see them. Plain values.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.hpp"

namespace tetrad::rpc::http {

struct request {
    std::string method;         // "GET"
    std::string target;         // "/block?height=5", as it came, without scheme and host
    std::string path;           // "/block", escapes undone
    std::vector<std::pair<std::string, std::string>> query, form;  // of the URL and of a form body, escapes undone
    std::string host;
    std::string origin, access_control_request_method, access_control_request_headers;  // CORS
    std::string content_type;
    std::string body;
    bool keep_alive = true;
    std::string body_problem;     // why there is no body: "http: request body too large"

    /// The first value of that name in the URL; where that is empty or missing the first in the form, else "".
    std::string_view parameter(std::string_view name) const;
};

struct response {
    int status = 200;
    std::string content_type = "application/json";
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;
    bool tells_time = true;  // X-Server-Time
};

std::string_view reason(int status);
/// Without empty, "." and ".." parts, as Go's multiplexer wants it. It begins with a slash; one at its end stays.
std::string clean_path(std::string_view path);
/// Status line, headers, and for other requests than HEAD the body.
std::string render(const response&, timestamp now, bool keep_alive, bool head_only);

}  // namespace tetrad::rpc::http
