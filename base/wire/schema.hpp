// SPDX-License-Identifier: Apache-2.0
// A type is described once. A message is a plain aggregate with `static constexpr auto schema = fields(...)`; its protobuf form
// (base/wire/protobuf.hpp), its JSON form (base/wire/json.hpp), and what else needs to walk its members derive from that list.
//
//     struct part_set_header {
//         std::uint32_t total = 0;
//         inline_bytes<32> hash;
//         static constexpr auto schema = fields(field<1>("total", &part_set_header::total),
//                                               field<2>("hash", &part_set_header::hash));
//     };
//
// The member's C++ type says how it is written (gogoproto's rules):
//
//     member type                         protobuf                                   JSON (libs/json of CometBFT)
//     bool, (u)int32, (u)int64, enum      varint, omitted when zero                  64-bit as string, else number
//     strong<>                            as its representation                      as its representation
//     bytes, slice, inline_bytes, fixed   length-delimited, omitted when empty       see `hex`; else base64, null when empty
//     byte_view                           the same; decoded, it borrows the input    the same
//     std::string                         the same                                   string
//     timestamp, duration                 message {seconds, nanos}, always written   RFC 3339 / string of nanoseconds
//     a message M                         always written, also when empty            object
//     std::optional<M>                    written when present                       object or null
//     std::vector<X>                      repeated (scalars packed)                  array
//     std::variant<monostate, ...>        one_of: the alternative's own number       {"type": name, "value": ...}
//
// inline_bytes<20> and <32> (addresses and hashes) are upper-case hex in JSON without being told; other bytes are base64.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace tetrad::wire {

/// Attributes of a field, or-ed together. Most concern JSON only.
enum attribute : unsigned {
    plain = 0,
    omit_empty = 1u << 0,      // JSON: left out when zero, empty or absent (but see emit_defaults)
    hex = 1u << 1,             // JSON: upper-case hex, "" when empty
    base64 = 1u << 2,          // JSON: base64 (for a type that would be hex)
    null_empty = 1u << 3,      // JSON: an empty vector is null
    number = 1u << 4,          // JSON: a 64-bit integer as a bare number
    hex_lower = 1u << 5,       // JSON: lower-case hex
    raw_json = 1u << 6,        // JSON: a std::string or bytes that holds JSON text, kept byte for byte
    sfixed64 = 1u << 7,        // protobuf: sfixed64, little endian, omitted when zero
    not_packed = 1u << 8,      // protobuf: repeated scalars one by one
    write_zero = 1u << 9,      // protobuf: written also when zero or empty (a member of a oneof)
    inlined = 1u << 10,        // JSON: the members of this message stand in the enclosing object
};

constexpr std::size_t any_number = SIZE_MAX;

/// Number 0: JSON only. An empty name: protobuf only.
template <class Owner, class Member>
struct field_t {
    std::uint32_t number;
    std::string_view name;
    Member Owner::*member;
    unsigned attributes;
    std::size_t elements_max;  // of a repeated member: protobuf with more is refused before they are stored
};

template <std::uint32_t Number, class Owner, class Member>
constexpr auto field(std::string_view name, Member Owner::*member, unsigned attributes = plain,
                     std::size_t elements_max = any_number) {
    return field_t<Owner, Member>{Number, name, member, attributes, elements_max};
}

template <class Owner, class Member>
constexpr auto json_field(std::string_view name, Member Owner::*member, unsigned attributes = plain) {
    return field_t<Owner, Member>{0, name, member, attributes, any_number};
}

/// One alternative of a oneof: its field number and the name of its type in JSON.
struct alternative {
    std::uint32_t number;
    std::string_view json_type = {};
};

/// A std::variant whose index 0 is std::monostate ("none") and whose index i+1 is alternatives[i].
template <class Owner, class Variant, std::size_t Count>
struct one_of_t {
    std::string_view name;  // JSON name; empty: the message is the {"type","value"} object itself
    Variant Owner::*member;
    std::array<alternative, Count> alternatives;
};

template <class Owner, class Variant, class... Alternatives>
constexpr auto one_of(std::string_view name, Variant Owner::*member, Alternatives... a) {
    static_assert(std::variant_size_v<Variant> == sizeof...(a) + 1);
    static_assert(std::is_same_v<std::variant_alternative_t<0, Variant>, std::monostate>);
    return one_of_t<Owner, Variant, sizeof...(a)>{name, member, {a...}};
}

/// What fields() returns: entries by position. A std::tuple does the same; its templates, once a type,
/// took a third of the time of compiling whatever includes messages.
template <std::size_t Index, class Entry>
struct entry_at {
    Entry entry;
};
template <class Indices, class... Entries>
struct field_list;
template <std::size_t... Index, class... Entries>
struct field_list<std::index_sequence<Index...>, Entries...> : entry_at<Index, Entries>... {
    static constexpr std::size_t size = sizeof...(Entries);

    template <class F>
    constexpr decltype(auto) apply(F&& f) const {
        return f(static_cast<const entry_at<Index, Entries>&>(*this).entry...);
    }
    template <std::size_t I>
    constexpr const auto& at() const {
        return pick<I>(*this);
    }

private:
    template <std::size_t I, class Entry>
    static constexpr const Entry& pick(const entry_at<I, Entry>& e) {
        return e.entry;
    }
};

template <class... Fields>
constexpr auto fields(Fields... f) {
    return field_list<std::index_sequence_for<Fields...>, Fields...>{{f}...};
}

template <class T>
concept message = requires { T::schema; };

/// A message that is always written to JSON in full: `omit_empty` is ignored in it and below it.
template <class T>
concept emits_defaults = message<T> && requires { requires T::json_emit_defaults; };

template <class F>
struct is_one_of : std::false_type {};
template <class O, class V, std::size_t N>
struct is_one_of<one_of_t<O, V, N>> : std::true_type {};

/// Calls f(descriptor) for each entry of M's list, in order.
template <message M, class F>
constexpr void for_each_field(F&& f) {
    M::schema.apply([&](const auto&... entry) { (f(entry), ...); });
}

template <class T> struct is_vector : std::false_type {};
template <class T, class A> struct is_vector<std::vector<T, A>> : std::bool_constant<!std::is_same_v<T, std::uint8_t>> {};
template <class T> struct is_optional : std::false_type {};
template <class T> struct is_optional<std::optional<T>> : std::true_type {};
template <class T> struct is_strong : std::false_type {};
template <class T> requires requires { typename T::rep; T{}.v; } && (!message<T>)
struct is_strong<T> : std::true_type {};

template <class T>
concept repeated = is_vector<T>::value;
template <class T>
concept optional_message = is_optional<T>::value;
template <class T>
concept scalar = std::is_integral_v<T> || std::is_enum_v<T> || is_strong<T>::value;
/// bytes, std::string, fixed, inline_bytes, slice and types derived from them.
template <class T>
concept byte_like = (!scalar<T> && !repeated<T> && !message<T> && requires(const T& t) {
    t.size();
    std::data(t);
}) || requires(const T& t) { t.data.data(); T::size(); };

}  // namespace tetrad::wire
