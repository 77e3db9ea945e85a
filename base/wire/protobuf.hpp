// SPDX-License-Identifier: Apache-2.0
// Protobuf derived from a schema, byte for byte as gogoproto writes it: ascending fields, zero scalars omitted, plain message
// members always present. Encoding is canonical, because hashes and signatures run over it. Decoding accepts every valid
// encoding (any field order, long varints, unknown fields skipped, packed or not), bounds depth, and bounds memory: what the
// decoded elements take may not exceed a multiple of the input, so a small message cannot become a large one.
#pragma once

#include <array>
#include <bit>
#include <limits>
#include <string>

#include "base/bytes.hpp"
#include "base/check.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "base/wire/schema.hpp"
#include "base/wire/varint.hpp"

namespace tetrad::wire {

namespace detail {

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
    constexpr auto count = std::tuple_size_v<decltype(M::schema)>;
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
        (write_one(std::get<count - 1 - I>(M::schema)), ...);
    }(std::make_index_sequence<count>{});
}

// ---- decoding ----

/// What a decode may cost, and whose memory slices may share.
struct decode_state {
    const slice* owner = nullptr;  // slices decoded point into it; without it they copy
    std::int64_t budget = 0;       // bytes that decoded elements may still take
    int depth = 0;
};

constexpr int depth_max = 32;
constexpr std::int64_t budget_factor = 16;
constexpr std::int64_t budget_floor = 64 * 1024;

class reader {
public:
    explicit reader(byte_view b) : rest_(b) {}
    bool done() const { return rest_.empty(); }
    bool uvarint(std::uint64_t& value) {
        const auto used = get_uvarint_wrapping(rest_, value);
        rest_ = rest_.subspan(used);
        return used != 0;
    }
    bool take(std::size_t count, byte_view& out) {
        if (count > rest_.size())
            return false;
        out = rest_.first(count);
        rest_ = rest_.subspan(count);
        return true;
    }
    bool delimited(byte_view& out) {
        std::uint64_t length = 0;
        return uvarint(length) && length <= rest_.size() && take(length, out);
    }
    bool little64(std::uint64_t& value) {
        byte_view b;
        if (!take(8, b))
            return false;
        value = 0;
        for (int i = 0; i < 8; ++i)
            value |= static_cast<std::uint64_t>(b[i]) << (8 * i);
        return true;
    }
    bool skip(std::uint32_t type, int depth);

private:
    byte_view rest_;
};

template <message M>
bool read_body(byte_view body, M& m, decode_state& state);

template <class T>
bool read_body_of(byte_view body, T& value, decode_state& state) {
    if constexpr (std::is_same_v<T, timestamp>) {
        seconds_nanos parts;
        if (!read_body(body, parts, state))
            return false;
        value = timestamp{parts.seconds, parts.nanos};
        return value.is_encodable();
    } else if constexpr (std::is_same_v<T, duration>) {
        seconds_nanos parts;
        if (!read_body(body, parts, state) || parts.nanos <= -1'000'000'000 || parts.nanos >= 1'000'000'000 ||
            (parts.seconds < 0 && parts.nanos > 0) || (parts.seconds > 0 && parts.nanos < 0))
            return false;
        const auto ns = static_cast<__int128>(parts.seconds) * 1'000'000'000 + parts.nanos;
        value = duration(static_cast<std::int64_t>(ns));
        return value.count() == ns;
    } else if constexpr (message<T>) {
        return read_body(body, value, state);
    } else if constexpr (std::is_same_v<T, slice>) {
        state.budget -= state.owner ? 0 : static_cast<std::int64_t>(body.size());
        value = state.owner ? state.owner->share(body) : slice(to_bytes(body));
        return true;
    } else if constexpr (std::is_same_v<T, byte_view>) {  // borrowed: lives as long as the input
        value = body;
        return true;
    } else if constexpr (requires { value.assign(body); }) {  // inline_bytes: false where it does not fit
        return value.assign(body);
    } else if constexpr (requires { value.assign(body.begin(), body.end()); }) {
        value.assign(body.begin(), body.end());
        return true;
    } else {  // fixed<N>: all or nothing
        if (body.size() != T::size())
            return false;
        std::copy(body.begin(), body.end(), value.data.begin());
        return true;
    }
}

template <class T>
bool read_member(reader& in, std::uint32_t type, T& value, unsigned attributes, decode_state& state) {
    if constexpr (scalar<T>) {
        std::uint64_t raw = 0;
        if (attributes & sfixed64) {
            if (type != fixed64 || !in.little64(raw))
                return false;
        } else if (type != varint || !in.uvarint(raw)) {
            return false;
        }
        value = from_varint<T>(raw);
        return true;
    } else if constexpr (optional_message<T>) {
        if (!value)
            value.emplace();
        return read_member(in, type, *value, attributes, state);
    } else if constexpr (repeated<T>) {
        using element = typename T::value_type;
        if constexpr (scalar<element>) {
            auto add = [&](std::uint64_t raw) {
                state.budget -= sizeof(element);
                value.push_back(from_varint<element>(raw));
                return state.budget >= 0;
            };
            std::uint64_t raw = 0;
            if (type == varint)
                return in.uvarint(raw) && add(raw);
            byte_view packed;
            if (type != delimited || !in.delimited(packed))
                return false;
            for (reader elements(packed); !elements.done();)
                if (!elements.uvarint(raw) || !add(raw))
                    return false;
            return true;
        } else {
            byte_view body;
            state.budget -= sizeof(element);
            if (type != delimited || !in.delimited(body) || state.budget < 0)
                return false;
            value.emplace_back();
            return read_body_of(body, value.back(), state);
        }
    } else {
        byte_view body;
        return type == delimited && in.delimited(body) && read_body_of(body, value, state);
    }
}

template <message M, class E>
bool read_entry(const E& entry, std::uint32_t number, reader& in, std::uint32_t type, M& m, decode_state& state, bool& known) {
    if constexpr (is_one_of<E>::value) {
        bool good = true;
        [&]<std::size_t... I>(std::index_sequence<I...>) {
            auto try_one = [&]<std::size_t J>(std::integral_constant<std::size_t, J>) {
                if (entry.alternatives[J].number != number)
                    return false;
                known = true;
                good = read_member(in, type, (m.*entry.member).template emplace<J + 1>(), write_zero, state);
                return true;
            };
            (try_one(std::integral_constant<std::size_t, I>{}) || ...);
        }(std::make_index_sequence<std::tuple_size_v<decltype(entry.alternatives)>>{});
        return good;
    } else {
        if (entry.number == 0 || entry.number != number)
            return true;
        known = true;
        return read_member(in, type, m.*entry.member, entry.attributes, state);
    }
}

template <message M>
bool read_body(byte_view body, M& m, decode_state& state) {
    if (++state.depth > depth_max)
        return false;
    for (reader in(body); !in.done();) {
        std::uint64_t key = 0;
        if (!in.uvarint(key))
            return false;
        const auto number = static_cast<std::uint32_t>(key >> 3);
        const auto type = static_cast<std::uint32_t>(key & 7);
        if (number == 0 || static_cast<std::int32_t>(number) < 0)
            return false;
        bool known = false, good = true;
        for_each_field<M>([&](const auto& entry) {
            if (!known)
                good = read_entry(entry, number, in, type, m, state, known);
        });
        if (!good || (!known && !in.skip(type, state.depth)))
            return false;
    }
    --state.depth;
    return true;
}

}  // namespace detail

template <message M>
std::size_t encoded_size(const M& m) {
    return detail::body_size(m);
}

/// Appends the encoding of m.
template <message M>
void encode_to(bytes& out, const M& m) {
    const auto before = out.size(), size = detail::body_size(m);
    out.resize(before + size);
    detail::reverse_writer w(byte_span(out).subspan(before));
    detail::write_body(w, m);
    DCHECK(w.at() == 0);
}

template <message M>
bytes encode(const M& m) {
    bytes out;
    encode_to(out, m);
    return out;
}

/// Appends m with a uvarint of its length in front (libs/protoio).
template <message M>
void encode_delimited_to(bytes& out, const M& m) {
    append_uvarint(out, detail::body_size(m));
    encode_to(out, m);
}

template <message M>
bytes encode_delimited(const M& m) {
    bytes out;
    encode_delimited_to(out, m);
    return out;
}

/// Decodes all of `in` into `m`, which keeps what it had where a field does not occur. The text names the failure only
/// roughly: a caller adds what was being decoded.
template <message M>
result<void> decode_into(byte_view in, M& m, const slice* owner = nullptr) {
    detail::decode_state state{owner, static_cast<std::int64_t>(in.size()) * detail::budget_factor + detail::budget_floor, 0};
    if (!detail::read_body(in, m, state)) [[unlikely]]
        return state.budget < 0 ? fail(errc::too_large, "message has too many elements for its size")
                                : fail(errc::invalid, "malformed protobuf message");
    return {};
}

template <message M>
result<M> decode(byte_view in) {
    M m;
    TRY_VOID(decode_into(in, m));
    return m;
}

/// As decode, but `slice` members share the memory of `in` instead of copying.
template <message M>
result<M> decode_shared(const slice& in) {
    M m;
    TRY_VOID(decode_into(in.view(), m, &in));
    return m;
}

}  // namespace tetrad::wire
