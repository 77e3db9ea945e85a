// SPDX-License-Identifier: Apache-2.0
#include "rpc/jsonrpc.hpp"

#include <charconv>
#include <cmath>

#include "base/text.hpp"
#include "runtime/shard.hpp"

namespace tetrad::rpc {

using runtime::task;

namespace {

enum code : int { parse_error = -32700, invalid_request = -32600, method_not_found = -32601, invalid_params = -32602, internal = -32603 };

std::string_view message_of(int c) {
    switch (c) {
        case parse_error: return "Parse error. Invalid JSON";
        case invalid_request: return "Invalid Request";
        case method_not_found: return "Method not found";
        case invalid_params: return "Invalid params";
        default: return "Internal error";
    }
}

constexpr std::string_view url_id = "-1";

// {"jsonrpc":"2.0","id":...,"error":{...}}; no id where it is not known.
void append_error(std::string& out, std::string_view id, int c, std::string_view data) {
    json::writer w(out);
    w.begin_object();
    w.key("jsonrpc");
    w.string("2.0");
    if (!id.empty()) {
        w.key("id");
        w.verbatim(id);
    }
    w.key("error");
    w.begin_object();
    w.key("code");
    w.number(static_cast<std::int64_t>(c));
    w.key("message");
    w.string(message_of(c));
    if (!data.empty()) {
        w.key("data");
        w.string(data);
    }
    w.end_object();
    w.end_object();
}

http::response error_response(int status, std::string_view id, int c, std::string_view data) {
    http::response r;
    r.status = status;
    append_error(r.body, id, c, data);
    return r;
}

std::string html(std::string_view text) {
    std::string out;
    for (const char c : text)
        out += c == '<' ? "&lt;" : c == '>' ? "&gt;" : c == '"' ? "&#34;" : c == '\'' ? "&#39;" : c == '&' ? "&amp;" : std::string(1, c);
    return out;
}

void allow_caching(http::response& r) { r.headers.emplace_back("Cache-Control", "public, max-age=86400"); }

/// A result goes straight into the body; a failure takes back what was written and leaves an error object.
task<bool> append_call(std::string& out, std::string_view id, const bound_call& call) {
    const std::size_t before = out.size();
    out += "{\"jsonrpc\":\"2.0\",\"id\":";
    out += id;
    out += ",\"result\":";
    json::writer w(out);
    auto running = call.run(w);
    result<void> done = co_await running;
    if (done) {
        out += '}';
        co_return true;
    }
    out.resize(before);
    append_error(out, id, internal, done.error().text);
    co_return false;
}

struct request_envelope {
    std::string id;      // as it is echoed; empty: a notification
    std::string method;
    std::optional<json::value> params;
};

/// A number is cut to an integer, as Go's float64 is.
result<std::string> id_text(const json::value& v) {
    std::string out;
    if (v.is(json::kind::string)) {
        json::writer(out).string(v.string());
        return out;
    }
    if (!v.is(json::kind::number))
        return fail(errc::invalid, format("json-rpc ID ({}) is of unknown type ({})", v.raw(), name(v.type())));
    if (const auto whole = v.int64()) {
        json::writer(out).number(*whole);
        return out;
    }
    double number = 0;
    const auto raw = v.raw();
    std::from_chars(raw.data(), raw.data() + raw.size(), number);
    // What does not fit becomes the least number, as on amd64.
    json::writer(out).number(std::abs(number) < 0x1p63 ? static_cast<std::int64_t>(number) : INT64_MIN);
    return out;
}

/// A member that is a text, or "".
result<std::string> read_text(const json::value& v, std::string_view member) {
    const auto found = v.find_fold(member);
    if (!found || found->is_null())
        return std::string();
    if (!found->is(json::kind::string))
        return fail(errc::invalid,
                    format("json: cannot unmarshal {} into Go struct field .{} of type string", name(found->type()), member));
    return std::string(found->string());
}

result<request_envelope> envelope_of(const json::value& v) {
    if (v.is_null())
        return request_envelope{};  // as a request without an id
    if (!v.is(json::kind::object))
        return fail(errc::invalid, format("json: cannot unmarshal {} into Go value of type types.RPCRequest", name(v.type())));
    request_envelope e;
    TRY_VOID(read_text(v, "jsonrpc"));
    TRY(e.method, read_text(v, "method"));
    if (const auto id = v.find_fold("id"); id && !id->is_null()) {
        TRY(e.id, id_text(*id));
    }
    if (const auto params = v.find_fold("params"); params && !params->is_null())
        e.params = *params;
    return e;
}

/// A request of a body with its arguments bound: the body's JSON, which takes many times its text, is gone while it runs.
struct bound_request {
    std::string id;
    int refused_as = invalid_params;
    result<bound_call> call;
};

bound_request bind(const route_table& routes, request_envelope e) {
    const auto at = routes.find(e.method);
    if (at == routes.end())
        return {std::move(e.id), method_not_found, fail(errc::not_found, "")};
    if (!e.params)
        return {std::move(e.id), invalid_params, at->second->bind()};
    if (e.params->is(json::kind::object) || e.params->is(json::kind::array))
        return {std::move(e.id), invalid_params, at->second->bind(*e.params)};
    return {std::move(e.id), invalid_params,
            fail(errc::invalid, format("unknown type for JSON params: json: cannot unmarshal {} into Go value of type "
                                       "[]json.RawMessage. Expected map or array", name(e.params->type())))};
}

/// The requests of a body that want an answer (one without an id is a notification: nothing runs), or the answer to all of it.
std::expected<std::vector<bound_request>, http::response> read_body(const route_table& routes, std::size_t batch_max,
                                                                    std::string_view body) {
    const auto unreadable = [](const error& why) {
        return std::unexpected(error_response(500, {}, parse_error, "error unmarshaling request: " + why.text));
    };
    const auto parsed = json::parse(body);
    if (!parsed)
        return unreadable(parsed.error());
    std::vector<bound_request> requests;
    const auto add = [&](const json::value& v) -> result<void> {
        TRY(auto e, envelope_of(v));
        if (!e.id.empty())
            requests.push_back(bind(routes, std::move(e)));
        return {};
    };
    const json::value root = parsed->root();
    if (!root.is(json::kind::array)) {
        if (auto added = add(root); !added)
            return unreadable(added.error());
        return requests;
    }
    std::size_t count = 0;
    for (const auto v : root.elements()) {
        if (batch_max != 0 && count++ == batch_max) {
            http::response refused = error_response(
                200, {}, invalid_request, format("batch request exceeds maximum ({}) allowed number of requests", batch_max));
            refused.tells_time = false;
            return std::unexpected(std::move(refused));
        }
        if (auto added = add(v); !added)
            return unreadable(added.error());
    }
    return requests;
}

/// Where a path is not clean the client is sent to the one that is, as by Go's multiplexer (since Go 1.26 with 307).
std::optional<http::response> redirect(const http::request& q) {
    const std::string_view target(q.target);
    const auto path = target.substr(0, target.find('?'));
    const std::string clean = http::clean_path(path);
    if (clean == path || q.method == "CONNECT")
        return std::nullopt;
    const std::string location = clean + std::string(target.substr(path.size()));
    http::response r{307, {}, {{"Location", location}}, {}};
    if (q.method == "GET" || q.method == "HEAD") {
        r.content_type = "text/html; charset=utf-8";
        r.body = "<a href=\"" + html(location) + "\">" + std::string(http::reason(r.status)) + "</a>.\n\n";
    }
    return r;
}

}  // namespace

bool is_websocket_method(std::string_view name) {
    return name == "subscribe" || name == "unsubscribe" || name == "unsubscribe_all";
}

task<http::response> jsonrpc::answer(const http::request& q) const {
    if (!q.body_problem.empty()) {
        http::response refused = error_response(400, {}, invalid_request, "error reading request body: " + q.body_problem);
        refused.tells_time = false;
        co_return refused;
    }
    if (auto elsewhere = redirect(q))
        co_return std::move(*elsewhere);
    if (q.path == "/" || q.path.empty()) {
        auto body = answer_body(q);
        http::response r = co_await body;
        co_return r;
    }
    const std::string_view name = std::string_view(q.path).substr(1);
    if (is_websocket_method(name))
        co_return error_response(404, url_id, method_not_found, {});
    const auto at = routes_.find(name);
    if (at == routes_.end()) {
        http::response r{404, "text/plain; charset=utf-8", {}, "404 page not found\n"};
        r.headers.emplace_back("X-Content-Type-Options", "nosniff");
        co_return r;
    }
    auto by_url = answer_url(q, *at->second);
    http::response r = co_await by_url;
    co_return r;
}

task<http::response> jsonrpc::answer_url(const http::request& q, const route& method) const {
    auto call = method.bind(q);
    if (!call)
        co_return error_response(500, url_id, invalid_params, "error converting http params to arguments: " + call.error().text);
    http::response r;
    auto calling = append_call(r.body, url_id, *call);
    const bool good = co_await calling;
    if (!good)
        r.status = 500;
    else if (call->cacheable)
        allow_caching(r);
    co_return r;
}

task<http::response> jsonrpc::answer_body(const http::request& q) const {
    if (q.body.empty())
        co_return list_of_methods(q);
    const auto requests = read_body(routes_, batch_max_, q.body);
    if (!requests)
        co_return requests.error();
    http::response r;
    std::size_t answers = 0;
    bool cacheable = true;
    for (const auto& request : *requests) {
        if (answers++ > 0)
            r.body += ',';
        if (!request.call) {
            const auto& why = request.call.error();
            append_error(r.body, request.id, request.refused_as,
                         request.refused_as == method_not_found ? "" : "error converting json params to arguments: " + why.text);
            cacheable = false;
            continue;
        }
        cacheable = cacheable && request.call->cacheable;
        auto calling = append_call(r.body, request.id, *request.call);
        (void)co_await calling;
    }
    if (answers == 0)
        r.content_type.clear();
    else if (answers > 1)
        r.body = "[" + r.body + "]";
    if (answers > 0 && cacheable)
        allow_caching(r);
    co_return r;
}

http::response jsonrpc::list_of_methods(const http::request& q) const {
    http::response r;
    r.content_type = "text/html";
    r.body = "<html><body><br>Available endpoints:<br><br>Endpoints that require arguments:<br>";
    const std::string host = html(q.host);
    for (const auto& [name, route] : routes_) {
        std::string link = "//" + host + "/" + name + "?", arguments;
        for (const auto& a : route->argument_names())
            arguments += (arguments.empty() ? "" : "&") + a + "=_";
        link += arguments;
        r.body += "<a href=\"" + link + "\">" + link + "</a></br>";
    }
    r.body += "</body></html>";
    return r;
}

}  // namespace tetrad::rpc
