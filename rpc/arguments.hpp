// SPDX-License-Identifier: Apache-2.0
// Arguments of a method: a struct with a field list, filled from JSON parameters (an object by names, an array by position) or from
// the query of a URL, by the rules of CometBFT's rpc/jsonrpc/server. Missing ones stay as they are.
//
//   member type                 in JSON                        in a URL
//   std::int64_t                "5"                            5 or "5"
//   std::optional<int64_t>      "5" or null                    the same; absent: none
//   bool                        true                           true
//   std::string                 "text"                         "text" (JSON), or 0x and hex
//   bytes                       base64                         0x and hex, or "raw text"
//   bytes with wire::hex        hex                            the same
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "base/text.hpp"
#include "base/wire/json.hpp"
#include "base/wire/schema.hpp"
#include "rpc/http/message.hpp"

namespace tetrad::rpc {

struct no_arguments {
    static constexpr auto schema = wire::fields();
};

namespace detail {

/// The word by which Go names the kind in "got a hex string arg, but expected '%s'".
template <class T>
constexpr std::string_view go_kind() {
    if constexpr (std::is_same_v<T, bool>)
        return "bool";
    else if constexpr (std::is_same_v<T, std::int64_t>)
        return "int64";
    else if constexpr (std::is_same_v<T, std::uint64_t>)
        return "uint";
    else
        return "ptr";
}

template <class T>
struct unwrapped {
    using type = T;
};
template <class T>
struct unwrapped<std::optional<T>> {
    using type = T;
};

bool is_integer_text(std::string_view);
bool is_quoted(std::string_view);
/// A json.RawMessage as Go's %v prints it: "[34 53 34]".
std::string as_go_bytes(std::string_view);

template <class T>
result<void> from_json_text(std::string_view text, T& out, unsigned attributes) {
    TRY(const auto parsed, json::parse(text));
    return json::read(parsed.root(), out, attributes);
}

template <class T>
result<void> from_url(std::string_view text, T& out, unsigned attributes) {
    using inner = typename unwrapped<T>::type;
    constexpr bool is_int = std::is_same_v<inner, std::int64_t> || std::is_same_v<inner, std::uint64_t>;
    constexpr bool is_string = std::is_same_v<inner, std::string>;
    constexpr bool is_bytes = std::is_same_v<inner, bytes>;
    if (is_int && is_integer_text(text))
        return from_json_text("\"" + std::string(text) + "\"", out, attributes);
    if (text.starts_with("0x") || text.starts_with("0X")) {
        if constexpr (is_string || is_bytes) {
            TRY(auto raw, from_hex(text.substr(2)));
            if constexpr (is_string)
                out = std::string(tetrad::text(raw));
            else
                out = std::move(raw);
            return {};
        } else {
            return fail(errc::invalid, format("got a hex string arg, but expected '{}'", go_kind<inner>()));
        }
    }
    if constexpr (is_bytes) {
        if (is_quoted(text)) {
            std::string said;
            TRY_VOID(from_json_text(text, said, wire::plain));
            out = to_bytes(said);
            return {};
        }
    }
    if (is_int && text != "null" && !is_quoted(text))
        return fail(errc::invalid, format("invalid 64-bit integer encoding {}, expected string", quote(text)));
    return from_json_text(text, out, attributes);
}

}  // namespace detail

template <wire::message Arguments>
constexpr std::size_t argument_count() {
    return Arguments::schema.size;
}

/// "[height page per_page]", as Go prints the list of names.
template <wire::message Arguments>
std::string argument_names() {
    std::string names = "[";
    wire::for_each_field<Arguments>([&](const auto& f) { names += (names.size() > 1 ? " " : "") + std::string(f.name); });
    return names + "]";
}

template <wire::message Arguments>
result<Arguments> arguments_from_json(const json::value& params) {
    Arguments out;
    if (params.is(json::kind::array)) {
        std::vector<json::value> given;
        for (const auto v : params.elements())
            given.push_back(v);
        if (given.size() != argument_count<Arguments>()) {
            std::string listed;
            for (const auto v : given)
                listed += (listed.empty() ? "" : " ") + detail::as_go_bytes(v.raw());
            return fail(errc::invalid, format("expected {} parameters ({}), got {} ([{}])", argument_count<Arguments>(),
                                              argument_names<Arguments>(), given.size(), listed));
        }
        std::size_t i = 0;
        result<void> good;
        wire::for_each_field<Arguments>([&](const auto& f) {
            if (good)
                good = json::read(given[i++], out.*f.member, f.attributes);
        });
        TRY_VOID(good);
        return out;
    }
    result<void> good;
    wire::for_each_field<Arguments>([&](const auto& f) {
        if (!good)
            return;
        if (const auto v = params.find(f.name))
            good = json::read(*v, out.*f.member, f.attributes);
    });
    TRY_VOID(good);
    return out;
}

template <wire::message Arguments>
result<Arguments> arguments_from_url(const http::request& q) {
    Arguments out;
    result<void> good;
    wire::for_each_field<Arguments>([&](const auto& f) {
        if (!good)
            return;
        if (const auto text = q.parameter(f.name); !text.empty())
            good = detail::from_url(text, out.*f.member, f.attributes);
    });
    TRY_VOID(good);
    return out;
}

}  // namespace tetrad::rpc
