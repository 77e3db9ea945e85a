// SPDX-License-Identifier: Apache-2.0
// Which pages of other origins may read our answers: [rpc] cors_allowed_*, by the rules of CometBFT's middleware (rs/cors). Pure.
#pragma once

#include <string>
#include <vector>

#include "rpc/http/message.hpp"

namespace tetrad::rpc::http {

struct cors_rules {
    std::vector<std::string> origins;  // "*", or with one "*" inside; empty: no CORS at all
    std::vector<std::string> methods;  // as browsers spell them: "GET"; empty: HEAD, GET and POST
    std::vector<std::string>
        headers;  // in any case; "*": all; empty: accept, content-type and x-requested-with

    bool enabled() const { return !origins.empty(); }
};

/// A browser asks before it sends a request that a form could not have sent.
bool is_preflight(const request&);
/// The whole answer to that: 204, and what is allowed where all of it is.
response answer_preflight(const cors_rules&, const request&);
/// What an answer to any other request says beside.
void add_cors_headers(const cors_rules&, const request&, response&);

}  // namespace tetrad::rpc::http
