// SPDX-License-Identifier: Apache-2.0
// The reading half of base/wire/json.hpp, which is what others include. Functions return false after they have said why.
#pragma once

#include <concepts>
#include <limits>
#include <type_traits>

#include "base/bytes.hpp"
#include "base/text.hpp"
#include "base/time.hpp"
#include "base/wire/json_text.hpp"
#include "base/wire/json_write.hpp"
#include "base/wire/schema.hpp"

namespace tetrad::json::detail {

template <class T>
concept reads_itself = requires(const value& v, T& to) {
    { read_json(v, to) } -> std::same_as<result<void>>;
};

/// Where and why: the path is put together while the calls return.
struct failure {
    std::string path;
    std::string text;
    errc code = errc::invalid;

    bool because(std::string why) {
        text = std::move(why);
        return false;
    }
    bool under(std::string_view name) {
        path.insert(0, path.empty() || path.front() == '[' ? std::string(name) : std::string(name) + ".");
        return false;
    }
    bool at(std::size_t index) {
        return under(format("[{}]", index));
    }
};

inline bool wrong_kind(failure& f, const value& v, std::string_view wanted) {
    return f.because(format("expected {}, got {}", wanted, name(v.type())));
}

bool read_signed(const value& v, std::int64_t low, std::int64_t high, bool in_quotes, std::int64_t& out, failure& f);
bool read_unsigned(const value& v, std::uint64_t high, bool in_quotes, std::uint64_t& out, failure& f);
bool read_time(const value& v, timestamp& out, failure& f);
bool read_bytes(const value& v, bool as_hex, bytes& out, failure& f);
void wipe(bytes&);
/// The two members of {"type", "value"}.
bool read_wrapper(const value& v, std::string_view& type, std::optional<value>& inner, failure& f);

template <wire::message M>
bool read_message(const value& v, M& m, failure& f);

template <class T>
bool read_any(const value& v, T& out, unsigned attributes, failure& f) {
    if (v.is_null()) {
        out = T{};
        return true;
    }
    if constexpr (reads_itself<T>) {
        auto done = read_json(v, out);
        if (done)
            return true;
        f.code = done.error().code;
        return f.because(std::move(done.error().text));
    } else if constexpr (wire::optional_message<T>) {
        return read_any(v, out.emplace(), attributes, f);
    } else if constexpr (std::is_same_v<T, timestamp>) {
        return read_time(v, out, f);
    } else if constexpr (std::is_same_v<T, duration>) {
        std::int64_t ns = 0;
        using wide = std::numeric_limits<std::int64_t>;
        if (!read_signed(v, wide::min(), wide::max(), !(attributes & wire::number), ns, f))
            return false;
        out = duration(ns);
        return true;
    } else if constexpr (wire::is_strong<T>::value) {
        return read_any(v, out.v, attributes, f);
    } else if constexpr (std::is_same_v<T, bool>) {
        if (!v.is(kind::boolean))
            return wrong_kind(f, v, "a boolean");
        out = v.boolean();
        return true;
    } else if constexpr (std::is_enum_v<T>) {
        std::underlying_type_t<T> number{};
        if (!read_any(v, number, wire::number, f))
            return false;
        out = static_cast<T>(number);
        return true;
    } else if constexpr (std::is_integral_v<T>) {
        const bool in_quotes = sizeof(T) == 8 && !(attributes & wire::number);
        if constexpr (std::is_signed_v<T>) {
            std::int64_t wide = 0;
            if (!read_signed(v, std::numeric_limits<T>::min(), std::numeric_limits<T>::max(), in_quotes, wide, f))
                return false;
            out = static_cast<T>(wide);
        } else {
            std::uint64_t wide = 0;
            if (!read_unsigned(v, std::numeric_limits<T>::max(), in_quotes, wide, f))
                return false;
            out = static_cast<T>(wide);
        }
        return true;
    } else if constexpr (wire::repeated<T>) {
        if (!v.is(kind::array))
            return wrong_kind(f, v, "an array");
        out.clear();
        for (const value element : v.elements()) {
            typename T::value_type one{};
            if (!read_any(element, one, attributes, f))
                return f.at(out.size());
            out.push_back(std::move(one));
        }
        return true;
    } else if constexpr (wire::message<T>) {
        return read_message(v, out, f);
    } else {
        static_assert(wire::byte_like<T> && !std::is_same_v<T, byte_view>, "decoded text cannot be borrowed");
        bytes raw;
        if (attributes & wire::raw_json) {
            raw = to_bytes(v.raw());
        } else if constexpr (text_like<T>) {
            if (!v.is(kind::string))
                return wrong_kind(f, v, "a string");
            out = T(v.string());
            return true;
        } else if (!read_bytes(v, is_hex<T>(attributes), raw, f)) {
            return false;
        }
        if constexpr (text_like<T>) {
            out = T(text(raw));
        } else if constexpr (requires { out.assign(byte_view(raw)); }) {
            const bool fits = out.assign(byte_view(raw));
            if constexpr (requires { T::is_secret; })
                wipe(raw);
            if (!fits)
                return f.because(format("{} bytes are not of the right length here", raw.size()));
        } else if constexpr (requires { out.data.data(); T::size(); }) {
            if (raw.size() != T::size())
                return f.because(format("got {} bytes, expected {}", raw.size(), T::size()));
            std::copy(raw.begin(), raw.end(), out.data.begin());
        } else {
            out = T(std::move(raw));
        }
        return true;
    }
}

template <class Entry, class Variant>
bool read_one_of(const value& v, const Entry& entry, Variant& out, failure& f) {
    out = Variant{};
    if (v.is_null())
        return true;
    std::string_view type;
    std::optional<value> inner;
    if (!read_wrapper(v, type, inner, f))
        return false;
    bool known = false, good = true;
    [&]<std::size_t... I>(std::index_sequence<I...>) {
        auto try_one = [&]<std::size_t J>(std::integral_constant<std::size_t, J>) {
            if (entry.alternatives[J].json_type != type)
                return false;
            good = read_any(*inner, out.template emplace<J + 1>(), wire::plain, f) || f.under("value");
            return known = true;
        };
        (try_one(std::integral_constant<std::size_t, I>{}) || ...);
    }(std::make_index_sequence<std::variant_size_v<Variant> - 1>{});
    return known ? good : f.because(format("unknown type {}", quote(type)));
}

template <wire::message M>
bool read_members(const value& v, M& m, failure& f) {
    return M::schema.apply([&](const auto&... entry) {
        auto read_entry = [&]<class E>(const E& e) {
            auto& member = m.*e.member;
            using member_type = std::remove_cvref_t<decltype(member)>;
            if constexpr (!wire::is_one_of<E>::value && wire::message<member_type>) {
                if (e.attributes & wire::inlined)
                    return read_members(v, member, f);
            }
            if (e.name.empty())
                return true;
            const auto found = v.find_fold(e.name);
            if constexpr (wire::is_one_of<E>::value) {
                if (!found)
                    member = member_type{};
                return !found || read_one_of(*found, e, member, f) || f.under(e.name);
            } else {
                if (!found && !(e.attributes & wire::omit_empty))
                    member = member_type{};
                return !found || read_any(*found, member, e.attributes, f) || f.under(e.name);
            }
        };
        return (read_entry(entry) && ...);
    });
}

template <wire::message M>
bool read_message(const value& v, M& m, failure& f) {
    if constexpr (is_wrapper<M>()) {
        const auto& entry = M::schema.template at<0>();
        return read_one_of(v, entry, m.*entry.member, f);
    } else {
        return v.is(kind::object) ? read_members(v, m, f) : wrong_kind(f, v, "an object");
    }
}

}  // namespace tetrad::json::detail
