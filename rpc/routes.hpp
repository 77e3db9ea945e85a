// SPDX-License-Identifier: Apache-2.0
// The table of methods: name, arguments, whether an answer may be cached, handler. Both the JSON-RPC body and the URL form use it.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "base/result.hpp"
#include "base/wire/json_text.hpp"
#include "rpc/arguments.hpp"
#include "rpc/http/message.hpp"
#include "runtime/task.hpp"

namespace tetrad::rpc {

/// A method with its arguments bound: what is left is to run it. It writes the result's JSON.
struct bound_call {
    std::function<runtime::task<result<void>>(json::writer&)> run;
    bool cacheable = false;
};

class route {
public:
    virtual ~route() = default;
    virtual result<bound_call> bind(const json::value& params) const = 0;
    virtual result<bound_call> bind(const http::request& url) const = 0;
    /// No parameters at all were given.
    virtual bound_call bind() const = 0;
    virtual std::vector<std::string> argument_names() const = 0;
};

using route_table = std::map<std::string, std::unique_ptr<route>, std::less<>>;

/// When an answer may be kept by caches.
enum class caching : std::uint8_t { never, always, with_height };

template <wire::message Arguments>
class typed_route final : public route {
public:
    using handler = std::function<runtime::task<result<void>>(Arguments, json::writer&)>;
    typed_route(handler h, caching c) : handler_(std::make_shared<const handler>(std::move(h))), caching_(c) {}

    result<bound_call> bind(const json::value& params) const override {
        TRY(auto arguments, arguments_from_json<Arguments>(params));
        return bound(std::move(arguments));
    }
    result<bound_call> bind(const http::request& url) const override {
        TRY(auto arguments, arguments_from_url<Arguments>(url));
        return bound(std::move(arguments));
    }
    bound_call bind() const override { return bound({}); }
    std::vector<std::string> argument_names() const override {
        std::vector<std::string> names;
        wire::for_each_field<Arguments>([&](const auto& f) { names.emplace_back(f.name); });
        return names;
    }

private:
    bound_call bound(Arguments a) const {
        bool cacheable = caching_ == caching::always;
        if constexpr (requires { a.height.has_value(); })
            cacheable = cacheable || (caching_ == caching::with_height && a.height.has_value());
        return {[h = handler_, arguments = std::move(a)](json::writer& out) { return (*h)(arguments, out); }, cacheable};
    }
    std::shared_ptr<const handler> handler_;
    caching caching_;
};

template <wire::message Arguments>
void add_route(route_table& to, std::string name, caching c, typename typed_route<Arguments>::handler h) {
    to.emplace(std::move(name), std::make_unique<typed_route<Arguments>>(std::move(h), c));
}

}  // namespace tetrad::rpc
