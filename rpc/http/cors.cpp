// SPDX-License-Identifier: Apache-2.0
#include "rpc/http/cors.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace tetrad::rpc::http {

namespace {

bool has(const std::vector<std::string>& list, std::string_view one) {
    return std::ranges::find(list, one) != list.end();
}

bool allows_origin(const cors_rules& rules, std::string_view given) {
    const auto origin = to_lower(given);
    return std::ranges::any_of(rules.origins, [&](const std::string& each) {
        const auto rule = to_lower(each);
        const auto star = rule.find('*');
        if (star == rule.npos)
            return rule == origin;
        const auto head = std::string_view(rule).substr(0, star),
                   tail = std::string_view(rule).substr(star + 1);
        return origin.size() >= head.size() + tail.size() && origin.starts_with(head) &&
               origin.ends_with(tail);
    });
}

bool allows_method(const cors_rules& rules, std::string_view method) {
    static const std::vector<std::string> simple = {"HEAD", "GET", "POST"};
    return method == "OPTIONS" || has(rules.methods.empty() ? simple : rules.methods, method);
}

/// A list of allowed names in lower case, as browsers send it: sorted, each once, at most one blank around each.
bool allows_headers(const cors_rules& rules, std::string_view asked) {
    if (has(rules.headers, "*"))
        return true;
    std::vector<std::string> allowed = {"accept", "content-type", "x-requested-with"};
    if (!rules.headers.empty()) {
        allowed.clear();
        for (const auto& h : rules.headers)
            allowed.push_back(to_lower(h));
    }
    std::string_view last;
    for (const auto each : split_list(asked)) {
        if (!has(allowed, each) || each <= last)
            return false;
        last = each;
    }
    return true;
}

void add_origin(const cors_rules& rules, const request& q, response& r) {
    r.headers.emplace_back("Access-Control-Allow-Origin", has(rules.origins, "*") ? "*" : q.origin);
}

}  // namespace

bool is_preflight(const request& q) {
    return q.method == "OPTIONS" && !q.access_control_request_method.empty();
}

response answer_preflight(const cors_rules& rules, const request& q) {
    response r{204,
               {},
               {{"Vary", "Origin, Access-Control-Request-Method, Access-Control-Request-Headers"}},
               {}};
    const auto& method = q.access_control_request_method;
    const auto& headers = q.access_control_request_headers;
    if (q.origin.empty() || !allows_origin(rules, q.origin) || !allows_method(rules, method) ||
        !allows_headers(rules, headers))
        return r;
    add_origin(rules, q, r);
    r.headers.emplace_back("Access-Control-Allow-Methods", method);
    if (!headers.empty())
        r.headers.emplace_back("Access-Control-Allow-Headers", headers);
    return r;
}

void add_cors_headers(const cors_rules& rules, const request& q, response& r) {
    r.headers.emplace_back("Vary", "Origin");
    if (!q.origin.empty() && allows_origin(rules, q.origin) && allows_method(rules, q.method))
        add_origin(rules, q, r);
}

}  // namespace tetrad::rpc::http
