// SPDX-License-Identifier: Apache-2.0
// The encoding half of base/wire/protobuf.hpp, which is what others include. A message is written from its end towards its
// start, so that a nested one's length is known when its prefix is due; the sizes are summed up once before.
#pragma once

#include <array>
#include <cstring>

#include "base/bytes.hpp"
#include "base/time.hpp"
#include "base/wire/schema.hpp"
#include "base/wire/varint.hpp"

namespace tetrad::wire::detail {

enum wire_type : std::uint32_t { varint = 0, fixed64 = 1, delimited = 2, fixed32 = 5 };

constexpr std::uint32_t tag(std::uint32_t number, wire_type type) { return number << 3 | type; }

template <scalar T>
constexpr std::uint64_t to_varint(T value) {
    if constexpr (is_strong<T>::value)
        return to_varint(value.v);
    else if constexpr (std::is_enum_v<T>)
        return to_varint(static_cast<std::underlying_type_t<T>>(value));
    else if constexpr (std::is_signed_v<T>)
        return static_cast<std::uint64_t>(static_cast<std::int64_t>(value));  // negative: ten bytes
    else
        return static_cast<std::uint64_t>(value);
}

template <scalar T>
constexpr T from_varint(std::uint64_t raw) {
    if constexpr (is_strong<T>::value)
        return T(from_varint<typename T::rep>(raw));
    else if constexpr (std::is_enum_v<T>)
        return static_cast<T>(static_cast<std::underlying_type_t<T>>(raw));
    else if constexpr (std::is_same_v<T, bool>)
        return raw != 0;
    else
        return static_cast<T>(raw);
}

template <byte_like T>
byte_view view_of(const T& value) {
    if constexpr (std::is_convertible_v<const T&, byte_view>)
        return value;
    else
        return view(std::string_view(value));
}

// Writes from the end of a buffer towards its start, so that a nested message's length is known when its prefix is written.
class reverse_writer {
public:
    explicit reverse_writer(byte_span buffer) : buffer_(buffer), at_(buffer.size()) {}
    std::size_t at() const { return at_; }
    void raw(byte_view b) {
        at_ -= b.size();
        if (!b.empty())
            std::memcpy(buffer_.data() + at_, b.data(), b.size());
    }
    void uvarint(std::uint64_t value) {
        std::array<std::uint8_t, uvarint_max> scratch;
        raw({scratch.data(), put_uvarint(scratch.data(), value)});
    }
    void little64(std::uint64_t value) {
        std::array<std::uint8_t, 8> b;
        for (int i = 0; i < 8; ++i)
            b[i] = static_cast<std::uint8_t>(value >> (8 * i));
        raw(b);
    }

private:
    byte_span buffer_;
    std::size_t at_;
};

// Timestamps and durations are the message {int64 seconds = 1, int32 nanos = 2}.
struct seconds_nanos {
    std::int64_t seconds = 0;
    std::int32_t nanos = 0;
    static constexpr auto schema = fields(field<1>("", &seconds_nanos::seconds), field<2>("", &seconds_nanos::nanos));
};
inline seconds_nanos split(timestamp t) { return {t.seconds, t.nanos}; }
inline seconds_nanos split(duration d) {
    return {d.count() / 1'000'000'000, static_cast<std::int32_t>(d.count() % 1'000'000'000)};
}

template <class T>
concept time_like = std::is_same_v<T, timestamp> || std::is_same_v<T, duration>;

template <message M>
std::size_t body_size(const M& m);
template <message M>
void write_body(reverse_writer& w, const M& m);

template <class T>
std::size_t body_size_of(const T& value) {
    if constexpr (time_like<T>)
        return body_size(split(value));
    else if constexpr (message<T>)
        return body_size(value);
    else
        return view_of(value).size();
}

template <class T>
void write_body_of(reverse_writer& w, const T& value) {
    if constexpr (time_like<T>)
        write_body(w, split(value));
    else if constexpr (message<T>)
        write_body(w, value);
    else
        w.raw(view_of(value));
}

inline std::size_t delimited_size(std::uint32_t number, std::size_t body) {
    return uvarint_size(tag(number, delimited)) + uvarint_size(body) + body;
}

template <class T>
void write_delimited(reverse_writer& w, std::uint32_t number, const T& value) {
    const auto end = w.at();
    write_body_of(w, value);
    w.uvarint(end - w.at());
    w.uvarint(tag(number, delimited));
}

template <class T>
std::size_t member_size(std::uint32_t number, const T& value, unsigned attributes) {
    if constexpr (scalar<T>) {
        const auto raw = to_varint(value);
        if (raw == 0 && !(attributes & write_zero))
            return 0;
        return uvarint_size(tag(number, varint)) + (attributes & sfixed64 ? 8 : uvarint_size(raw));
    } else if constexpr (optional_message<T>) {
        return value ? member_size(number, *value, attributes | write_zero) : 0;
    } else if constexpr (repeated<T>) {
        using element = typename T::value_type;
        std::size_t total = 0;
        if constexpr (scalar<element>) {
            if (value.empty())
                return 0;
            for (const auto& e : value)
                total += uvarint_size(to_varint(static_cast<element>(e)));
            return attributes & not_packed ? total + value.size() * uvarint_size(tag(number, varint))
                                           : delimited_size(number, total);
        } else {
            for (const auto& e : value)
                total += delimited_size(number, body_size_of(e));
            return total;
        }
    } else if constexpr (message<T> || time_like<T>) {
        return delimited_size(number, body_size_of(value));
    } else {
        const auto size = view_of(value).size();
        return size == 0 && !(attributes & write_zero) ? 0 : delimited_size(number, size);
    }
}

template <class T>
void write_member(reverse_writer& w, std::uint32_t number, const T& value, unsigned attributes) {
    if constexpr (scalar<T>) {
        const auto raw = to_varint(value);
        if (raw == 0 && !(attributes & write_zero))
            return;
        if (attributes & sfixed64) {
            w.little64(raw);
            w.uvarint(tag(number, fixed64));
        } else {
            w.uvarint(raw);
            w.uvarint(tag(number, varint));
        }
    } else if constexpr (optional_message<T>) {
        if (value)
            write_member(w, number, *value, attributes | write_zero);
    } else if constexpr (repeated<T>) {
        using element = typename T::value_type;
        if constexpr (scalar<element>) {
            if (value.empty())
                return;
            const auto end = w.at();
            for (auto it = value.rbegin(); it != value.rend(); ++it) {
                w.uvarint(to_varint(static_cast<element>(*it)));
                if (attributes & not_packed)
                    w.uvarint(tag(number, varint));
            }
            if (!(attributes & not_packed)) {
                w.uvarint(end - w.at());
                w.uvarint(tag(number, delimited));
            }
        } else {
            for (auto it = value.rbegin(); it != value.rend(); ++it)
                write_delimited(w, number, *it);
        }
    } else if constexpr (message<T> || time_like<T>) {
        write_delimited(w, number, value);
    } else {
        if (!view_of(value).empty() || (attributes & write_zero))
            write_delimited(w, number, value);
    }
}

template <message M>
std::size_t body_size(const M& m) {
    std::size_t total = 0;
    for_each_field<M>([&]<class E>(const E& entry) {
        if constexpr (is_one_of<E>::value) {
            std::visit(
                [&]<class A>(const A& chosen) {
                    if constexpr (!std::is_same_v<A, std::monostate>)
                        total += member_size(entry.alternatives[(m.*entry.member).index() - 1].number, chosen, write_zero);
                },
                m.*entry.member);
        } else {
            if (entry.number != 0)
                total += member_size(entry.number, m.*entry.member, entry.attributes);
        }
    });
    return total;
}

template <message M>
void write_body(reverse_writer& w, const M& m) {
    constexpr auto count = M::schema.size;
    auto write_one = [&]<class E>(const E& entry) {
        if constexpr (is_one_of<E>::value) {
            std::visit(
                [&]<class A>(const A& chosen) {
                    if constexpr (!std::is_same_v<A, std::monostate>)
                        write_member(w, entry.alternatives[(m.*entry.member).index() - 1].number, chosen, write_zero);
                },
                m.*entry.member);
        } else {
            if (entry.number != 0)
                write_member(w, entry.number, m.*entry.member, entry.attributes);
        }
    };
    [&]<std::size_t... I>(std::index_sequence<I...>) {
        (write_one(M::schema.template at<count - 1 - I>()), ...);
    }(std::make_index_sequence<count>{});
}

}  // namespace tetrad::wire::detail
