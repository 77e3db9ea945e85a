// SPDX-License-Identifier: Apache-2.0
// result<T>: what may happen (a peer, a user, a full disk, the network) is a value. An error has a code that callers decide
// by and a text for people; it is handled or passed up, and logged once, where it is handled.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <utility>

#include "base/check.hpp"

namespace tetrad {

enum class errc : std::uint8_t {
    invalid,        // malformed or against a rule: a peer's message, a file, a request
    not_found,      // what was asked for does not exist
    exists,         // what was to be made is there already
    too_large,      // over a limit
    full,           // a bounded queue, pool or table has no room
    closed,         // the other end is gone, or the object is stopping
    cancelled,      // the operation was cancelled by its owner
    timed_out,      // the deadline passed
    unsupported,    // a feature this build or configuration does not have
    io,             // the operating system refused; the text holds errno's message
    corrupt,        // stored data does not decode or disagrees with itself
    fatal,          // cannot be gone on from: the node stops with this text
};

std::string_view name(errc);

struct error {
    errc code = errc::invalid;
    std::string text;

    error(errc c, std::string t) : code(c), text(std::move(t)) {}
    bool operator==(const error&) const = default;
};

template <class T = void>
using result = std::expected<T, error>;

/// `return fail(errc::invalid, "wrong height");`
[[nodiscard]] inline std::unexpected<error> fail(errc code, std::string text) {
    return std::unexpected<error>(error(code, std::move(text)));
}

/// Passes an error up: `if (!r) return pass(r);`
template <class T>
[[nodiscard]] std::unexpected<error> pass(result<T>& failed) {
    return std::unexpected<error>(std::move(failed.error()));
}

template <class T>
[[nodiscard]] std::unexpected<error> pass(result<T>&& failed) {
    return std::unexpected<error>(std::move(failed.error()));
}

/// Passes an error up with what was being done in front: "open wal: no such file".
template <class T>
[[nodiscard]] std::unexpected<error> pass(result<T>& failed, std::string_view doing) {
    auto& e = failed.error();
    return std::unexpected<error>(error(e.code, std::string(doing) + ": " + e.text));
}

/// errno's message, as errc::io (ENOENT becomes not_found, ECANCELED cancelled, and so on).
[[nodiscard]] error system_error(int errno_value, std::string_view doing);

/// In functions that return result<...> (not in coroutines, which write `co_await ok(...)`):
/// TRY_VOID(check(x)); TRY(auto v, parse(x));
#define TETRAD_CONCAT2(a, b) a##b
#define TETRAD_CONCAT(a, b) TETRAD_CONCAT2(a, b)
#define TRY_IMPL(tmp, declaration, ...)                                                        \
    auto tmp = (__VA_ARGS__);                                                                  \
    if (!tmp) [[unlikely]]                                                                     \
        return ::tetrad::pass(tmp);                                                            \
    declaration = std::move(*tmp)
#define TRY(declaration, ...) TRY_IMPL(TETRAD_CONCAT(try_, __LINE__), declaration, __VA_ARGS__)
#define TRY_VOID(...)                                                                          \
    do {                                                                                       \
        if (auto try_result = (__VA_ARGS__); !try_result) [[unlikely]]                         \
            return ::tetrad::pass(try_result);                                                 \
    } while (false)

}  // namespace tetrad
