// SPDX-License-Identifier: Apache-2.0
// HTTP/1.1 requests out of a byte stream, over Boost.Beast's parser, without I/O. One object a request.
//
//   bounds: header_bytes_max for the request line and all headers, 64 KiB for one of them, headers_max for their number (each costs
//   some 80 bytes beside its text), body_bytes_max for the body, 4 KiB for what surrounds a chunk: a body over the limit or with broken
//   chunks is not kept, and the request says so.
#pragma once

#include <memory>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "rpc/http/message.hpp"

namespace tetrad::rpc::http {

struct parser_limits {
    std::size_t header_bytes_max = 1 << 20;
    std::size_t body_bytes_max = 1'000'000;
    std::size_t headers_max = 1000;
};

class request_parser {
public:
    explicit request_parser(parser_limits limits);
    ~request_parser();

    enum class progress : std::uint8_t { more, complete };
    /// Takes bytes from the front of `in` and says how many in `used`. Fails on what is no HTTP request; errc::too_large: headers;
    /// errc::unsupported: another version of HTTP; errc::not_found: a transfer encoding that is not known here. The text of the
    /// error is what the client is told beside the status, if anything.
    result<progress> feed(byte_view in, std::size_t& used);
    /// The client waits for "100 Continue" before it sends the body. True once.
    bool take_expects_continue();
    /// After complete. Fails where the path has escapes that are none.
    result<request> take();

private:
    struct impl;
    std::unique_ptr<impl> impl_;
};

/// Appends name=value pairs of a query or a form, escapes undone ("+" is a blank). One that is broken, or has a semicolon, is left out.
void parse_query(std::string_view text, std::vector<std::pair<std::string, std::string>>& out);

}  // namespace tetrad::rpc::http
