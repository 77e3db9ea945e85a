// SPDX-License-Identifier: Apache-2.0
#include "rpc/http/parser.hpp"

#include <algorithm>

#include <boost/beast/core/string.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include "base/text.hpp"
#include "rpc/http/put.hpp"

namespace tetrad::rpc::http {

namespace beast = boost::beast::http;

struct request_parser::impl {
    beast::request_parser<beast::string_body> parser;
    request head;  // as it was before the body: Beast puts trailers among the headers
    std::ptrdiff_t head_bytes_left = 0, headers_left = 0;
    bool expects_continue_seen = false;
    std::string body_problem;
};

namespace {

/// "HTTP/9.9" is another version; what has no version there, or ours and is broken otherwise, is no request.
result<request_parser::progress> refuse_version(std::string_view head) {
    const auto line = trim(head.substr(0, head.find('\n')));
    const auto version = line.substr(line.rfind(' ') + 1);
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    if (version.size() == 8 && version.starts_with("HTTP/") && is_digit(version[5]) &&
        version[6] == '.' && is_digit(version[7]) && version != "HTTP/1.1" && version != "HTTP/1.0")
        return fail(errc::unsupported, "unsupported protocol version");
    return fail(errc::invalid, "");
}

/// What Go lets stand in a Host header (httpguts.ValidHostHeader), and no more than a name and a port can take with room to spare:
/// GET / repeats it in every line of its answer.
bool is_host(std::string_view host) {
    constexpr std::size_t host_bytes_max = 1024;
    return host.size() <= host_bytes_max &&
           host.find_first_not_of(
               "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
               "!$%&()*+,-.:;=[']_~") == host.npos;
}

/// The rules of RFC 9112 that the parser below leaves to its user.
template <class Message>
result<void> check_head(const Message& m) {
    // In HTTP/1.0 it means nothing, to others on the way too: where such a message ends nobody can tell.
    const auto encoding = m.find(beast::field::transfer_encoding);
    if (encoding != m.end() &&
        (m.version() < 11 || !boost::beast::iequals(encoding->value(), "chunked")))
        return fail(errc::not_found, "");
    const auto hosts = m.count(beast::field::host);
    if (hosts == 0 && m.version() >= 11)
        return fail(errc::invalid, "missing required Host header");
    if (hosts > 1)
        return fail(errc::invalid, "");
    const auto host = m[beast::field::host];
    if (!is_host({host.data(), host.size()}))
        return fail(errc::invalid, "malformed Host header");
    return {};
}

template <class Message>
request head_of(const Message& m) {
    const auto text_of = [&](beast::field f) { return std::string(m[f]); };
    request r;
    r.method = std::string(m.method_string());
    r.target = std::string(m.target());
    r.host = text_of(beast::field::host);
    r.origin = text_of(beast::field::origin);
    r.access_control_request_method = text_of(beast::field::access_control_request_method);
    r.access_control_request_headers = text_of(beast::field::access_control_request_headers);
    r.content_type = text_of(beast::field::content_type);
    r.keep_alive = m.keep_alive();
    return r;
}

/// Path and query of "/path?query" and of "http://host/path?query".
std::string_view origin_form(std::string_view target) {
    for (const std::string_view scheme : {"http://", "https://"})
        if (target.starts_with(scheme)) {
            const auto host_end = target.find_first_of("/?", scheme.size());
            return host_end == target.npos ? "/" : target.substr(host_end);
        }
    return target;
}

}  // namespace

request_parser::request_parser(parser_limits limits) : impl_(std::make_unique<impl>()) {
    impl_->parser.header_limit(
        static_cast<std::uint32_t>(std::min<std::size_t>(limits.header_bytes_max, UINT32_MAX)));
    impl_->parser.body_limit(limits.body_bytes_max);
    // Beast's own limit is for what it takes at a time: a request line and headers that come at once may have it each.
    impl_->head_bytes_left = static_cast<std::ptrdiff_t>(limits.header_bytes_max);
    // The request line and the empty one at the end are no headers.
    impl_->headers_left = static_cast<std::ptrdiff_t>(limits.headers_max) + 2;
}
request_parser::~request_parser() = default;

result<request_parser::progress> request_parser::feed(byte_view in, std::size_t& used) {
    auto& parser = impl_->parser;
    used = 0;
    while (used < in.size() && !parser.is_done()) {
        boost::system::error_code problem;
        const auto rest = in.subspan(used);
        const bool in_head = !parser.is_header_done();
        const auto taken = put(parser, rest, problem);
        used += taken;
        if (in_head) {
            impl_->head_bytes_left -= static_cast<std::ptrdiff_t>(taken);
            impl_->headers_left -= std::ranges::count(rest.first(taken), '\n');
            if (problem == beast::error::header_limit || impl_->head_bytes_left < 0 ||
                impl_->headers_left < 0)
                return fail(errc::too_large, "");
            // A length over the limit is told before the head counts as done.
            if (parser.is_header_done() || problem == beast::error::body_limit) {
                TRY_VOID(check_head(parser.get()));
                impl_->head = head_of(parser.get());
            }
        }
        if (problem == beast::error::need_more)
            break;
        if (problem == beast::error::body_limit || (problem && parser.is_header_done())) {
            impl_->body_problem =
                problem == beast::error::body_limit     ? "http: request body too large"
                : problem == beast::error::header_limit ? "header line too long"
                                                        : "invalid byte in chunk length";
            return progress::complete;
        }
        if (problem == beast::error::bad_version)
            return refuse_version(text(rest));
        if (problem)
            return fail(errc::invalid, "");
    }
    return parser.is_done() ? progress::complete : progress::more;
}

bool request_parser::take_expects_continue() {
    const auto& parser = impl_->parser;
    if (impl_->expects_continue_seen || !parser.is_header_done() || parser.is_done())
        return false;
    impl_->expects_continue_seen = true;
    const auto field = parser.get()[beast::field::expect];
    return field.size() == 12 && (field[0] == '1') && field.starts_with("100-");
}

result<request> request_parser::take() {
    request r = std::move(impl_->head);
    r.keep_alive = r.keep_alive && impl_->body_problem.empty();
    r.body_problem = impl_->body_problem;
    r.body = std::move(impl_->parser.get().body());

    r.target = std::string(origin_form(r.target));
    const std::string_view target = r.target;
    const auto mark = target.find('?');
    auto path = percent_decode(target.substr(0, mark), /*plus_is_space=*/false);
    const bool has_path = target.empty() || target.starts_with('/') || target.starts_with('?');
    if (!path || !(has_path || r.method == "CONNECT"))
        return fail(errc::invalid, "");
    r.path = std::move(*path);
    if (mark != target.npos)
        parse_query(target.substr(mark + 1), r.query);
    if (r.method == "POST" && r.content_type.starts_with("application/x-www-form-urlencoded"))
        parse_query(r.body, r.form);
    return r;
}

void parse_query(std::string_view given, std::vector<std::pair<std::string, std::string>>& out) {
    constexpr std::size_t parameters_max = 64;
    while (!given.empty() && out.size() < parameters_max) {
        const auto end = std::min(given.find('&'), given.size());
        const auto pair = given.substr(0, end);
        given.remove_prefix(std::min(end + 1, given.size()));
        const auto equals = std::min(pair.find('='), pair.size());
        auto name = percent_decode(pair.substr(0, equals), true);
        auto value = percent_decode(
            equals == pair.size() ? std::string_view{} : pair.substr(equals + 1), true);
        if (name && value && !pair.empty() && pair.find(';') == pair.npos)
            out.emplace_back(std::move(*name), std::move(*value));
    }
}

}  // namespace tetrad::rpc::http
