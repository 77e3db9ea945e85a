// SPDX-License-Identifier: Apache-2.0
#include "rpc/http/parser.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include "base/text.hpp"

namespace tetrad::rpc::http {

namespace beast = boost::beast::http;

struct request_parser::impl {
    beast::request_parser<beast::string_body> parser;
    bool expects_continue_seen = false;
    bool body_too_large = false;
};

request_parser::request_parser(parser_limits limits) : impl_(std::make_unique<impl>()) {
    impl_->parser.header_limit(static_cast<std::uint32_t>(std::min<std::size_t>(limits.header_bytes_max, UINT32_MAX)));
    impl_->parser.body_limit(limits.body_bytes_max);
    impl_->parser.eager(true);
}
request_parser::~request_parser() = default;

result<request_parser::progress> request_parser::feed(byte_view in, std::size_t& used) {
    auto& parser = impl_->parser;
    used = 0;
    while (used < in.size() && !parser.is_done()) {
        boost::system::error_code problem;
        const auto rest = in.subspan(used);
        used += parser.put(boost::asio::const_buffer(rest.data(), rest.size()), problem);
        if (problem == beast::error::need_more)
            break;
        if (problem == beast::error::body_limit) {
            impl_->body_too_large = true;
            return progress::complete;
        }
        if (problem == beast::error::header_limit)
            return fail(errc::too_large, "request headers are too large");
        if (problem == beast::error::bad_version)
            return fail(errc::unsupported, "HTTP version");
        if (problem)
            return fail(errc::invalid, problem.message());
    }
    if (parser.is_header_done()) {
        const auto encoding = parser.get()[beast::field::transfer_encoding];
        if (!encoding.empty() && !boost::beast::iequals(encoding, "chunked"))
            return fail(errc::not_found, "transfer encoding");
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

request request_parser::take() {
    auto& message = impl_->parser.get();
    const auto text_of = [&](beast::field f) { return std::string(message[f]); };
    request r;
    r.method = std::string(message.method_string());
    r.host = text_of(beast::field::host);
    r.origin = text_of(beast::field::origin);
    r.access_control_request_method = text_of(beast::field::access_control_request_method);
    r.content_type = text_of(beast::field::content_type);
    r.keep_alive = message.keep_alive() && !impl_->body_too_large;
    r.body_too_large = impl_->body_too_large;
    r.body = std::move(message.body());

    std::string_view target(message.target().data(), message.target().size());
    if (const auto fragment = target.find('#'); fragment != target.npos)
        target = target.substr(0, fragment);
    const auto mark = target.find('?');
    if (auto path = percent_decode(target.substr(0, mark), /*plus_is_space=*/false))
        r.path = std::move(*path);
    if (mark != target.npos)
        parse_query(target.substr(mark + 1), r.query);
    if (r.method == "POST" && r.content_type.starts_with("application/x-www-form-urlencoded"))
        parse_query(r.body, r.query);
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
        auto value = percent_decode(equals == pair.size() ? std::string_view{} : pair.substr(equals + 1), true);
        if (name && value && !pair.empty())
            out.emplace_back(std::move(*name), std::move(*value));
    }
}

}  // namespace tetrad::rpc::http
