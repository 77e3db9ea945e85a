// SPDX-License-Identifier: Apache-2.0
// Boost.Beast's parser of HTTP/1.1 given bytes that a stranger chose. Beast 1.74 aborts where the last chunk comes in three bytes and
// then one (boostorg/beast#2861), throws at a header of 64 KiB, and waits without end for the end of a chunk's line or of the
// trailers, which its caller has to keep.
#pragma once

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>

#include <algorithm>
#include <stdexcept>

#include "base/bytes.hpp"

namespace tetrad::rpc::http {

/// A chunk's line, and the last one with all trailers, are at most this long (Go's net/http: the same).
inline constexpr std::size_t chunk_line_bytes_max = 4096;

/// Takes one step through `rest`, as much as the parser can tell of, and says how many bytes that was. The parser is not eager, and
/// not done. need_more: nothing else can be said before more is there; header_limit: also one header of 64 KiB, or a chunk's line
/// over the limit.
template <class Parser>
std::size_t put(Parser& parser, byte_view rest, boost::system::error_code& problem) {
    using boost::beast::http::error;
    const bool in_chunks = parser.is_header_done() && parser.chunked();
    if (in_chunks && rest.size() < 5 && text(rest).starts_with("0\r\n")) {
        problem = error::need_more;
        return 0;
    }
    if (in_chunks)
        rest = rest.first(std::min(rest.size(), chunk_line_bytes_max));
    try {
        const std::size_t used =
            parser.put(boost::asio::const_buffer(rest.data(), rest.size()), problem);
        if (in_chunks && problem == error::need_more && used == 0 &&
            rest.size() == chunk_line_bytes_max)
            problem = error::header_limit;
        return used;
    } catch (const std::length_error&) {
        problem = error::header_limit;
        return 0;
    }
}

}  // namespace tetrad::rpc::http
