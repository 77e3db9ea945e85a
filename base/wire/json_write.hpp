// SPDX-License-Identifier: Apache-2.0
// The writing half of base/wire/json.hpp, which is what others include.
#pragma once

#include <concepts>
#include <type_traits>

#include "base/bytes.hpp"
#include "base/time.hpp"
#include "base/wire/json_text.hpp"
#include "base/wire/schema.hpp"

namespace tetrad::json::detail {

template <class T>
concept writes_itself = requires(writer& w, const T& v) { write_json(w, v); };
template <class T>
concept text_like = std::is_convertible_v<const T&, std::string_view>;

template <class T>
constexpr bool is_hex(unsigned attributes) {
    if (attributes & (wire::hex | wire::hex_lower))
        return true;
    return !(attributes & wire::base64) &&
           (std::is_base_of_v<inline_bytes<20>, T> || std::is_base_of_v<inline_bytes<32>, T>);
}

template <class T>
byte_view bytes_of(const T& v) {
    if constexpr (text_like<T>)
        return view(std::string_view(v));
    else
        return byte_view(v);
}

/// The message is nothing but a {"type", "value"} object.
template <class M>
constexpr bool is_wrapper() {
    if constexpr (M::schema.size == 1) {
        constexpr const auto& entry = M::schema.template at<0>();
        if constexpr (wire::is_one_of<std::remove_cvref_t<decltype(entry)>>::value)
            return entry.name.empty();
    }
    return false;
}

template <class T>
bool is_empty(const T& v) {
    if constexpr (wire::scalar<T>) {
        return v == T{};
    } else if constexpr (wire::optional_message<T>) {
        return !v.has_value();
    } else if constexpr (wire::message<T>) {
        bool empty = true;
        wire::for_each_field<T>([&](const auto& entry) { empty = empty && is_empty(v.*entry.member); });
        return empty;
    } else if constexpr (requires { v.index(); }) {
        return v.index() == 0;
    } else if constexpr (requires { v.empty(); }) {
        return v.empty();
    } else {
        return v == T{};  // timestamp, duration, fixed<N>
    }
}

template <wire::message M>
void write_message(writer& w, const M& m, bool everything);

template <class T>
void write_any(writer& w, const T& v, unsigned attributes, bool everything, bool in_list = false) {
    if constexpr (writes_itself<T>) {
        write_json(w, v);
    } else if constexpr (wire::optional_message<T>) {
        v ? write_any(w, *v, attributes, everything, in_list) : w.null();
    } else if constexpr (std::is_same_v<T, timestamp>) {
        char text[rfc3339_max];
        w.string({text, put_rfc3339(text, v)});
    } else if constexpr (std::is_same_v<T, duration>) {
        const std::int64_t ns = v.count();
        attributes & wire::number ? w.number(ns) : w.quoted(ns);
    } else if constexpr (wire::is_strong<T>::value) {
        write_any(w, v.v, attributes, everything);
    } else if constexpr (std::is_same_v<T, bool>) {
        w.boolean(v);
    } else if constexpr (std::is_enum_v<T>) {
        w.number(static_cast<std::int64_t>(v));
    } else if constexpr (std::is_integral_v<T>) {
        using wide = std::conditional_t<std::is_signed_v<T>, std::int64_t, std::uint64_t>;
        if (sizeof(T) == 8 && !(attributes & wire::number))
            w.quoted(static_cast<wide>(v));
        else
            w.number(static_cast<wide>(v));
    } else if constexpr (wire::repeated<T>) {
        if (v.empty() && (attributes & wire::null_empty))
            return w.null();
        w.begin_array();
        for (const auto& element : v)
            write_any<typename T::value_type>(w, element, attributes, everything, true);
        w.end_array();
    } else if constexpr (wire::message<T>) {
        write_message(w, v, everything);
    } else {
        static_assert(wire::byte_like<T>);
        const auto raw = bytes_of(v);
        if (attributes & wire::raw_json)
            raw.empty() ? w.null() : w.raw(text(raw));
        else if (text_like<T>)
            w.string(text(raw));
        else if (is_hex<T>(attributes))
            w.hex(raw, !(attributes & wire::hex_lower));
        else if (raw.empty() && !in_list)
            w.null();
        else
            w.base64(raw);
    }
}

template <class Entry, class Variant>
void write_one_of(writer& w, const Entry& entry, const Variant& chosen, bool everything) {
    if (chosen.index() == 0)
        return w.null();
    w.begin_object();
    w.key("type");
    w.string(entry.alternatives[chosen.index() - 1].json_type);
    w.key("value");
    std::visit(
        [&]<class A>(const A& alternative) {
            if constexpr (!std::is_same_v<A, std::monostate>)
                write_any(w, alternative, wire::plain, everything);
        },
        chosen);
    w.end_object();
}

template <wire::message M>
void write_members(writer& w, const M& m, bool everything) {
    everything = everything || wire::emits_defaults<M>;
    wire::for_each_field<M>([&]<class E>(const E& entry) {
        const auto& member = m.*entry.member;
        using member_type = std::remove_cvref_t<decltype(member)>;
        if constexpr (wire::is_one_of<E>::value) {
            if (!entry.name.empty()) {
                w.key(entry.name);
                write_one_of(w, entry, member, everything);
            }
        } else {
            if constexpr (wire::message<member_type>) {
                if (entry.attributes & wire::inlined)
                    return write_members(w, member, everything);
            }
            if (entry.name.empty() || ((entry.attributes & wire::omit_empty) && !everything && is_empty(member)))
                return;
            w.key(entry.name);
            write_any(w, member, entry.attributes, everything);
        }
    });
}

template <wire::message M>
void write_message(writer& w, const M& m, bool everything) {
    if constexpr (is_wrapper<M>()) {
        const auto& entry = M::schema.template at<0>();
        write_one_of(w, entry, m.*entry.member, everything);
    } else {
        w.begin_object();
        write_members(w, m, everything);
        w.end_object();
    }
}

}  // namespace tetrad::json::detail
